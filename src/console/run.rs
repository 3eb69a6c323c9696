//! The loop: keys, reports and signals in; frames, commands and jobs out. It sleeps until one of them comes.

use std::io;
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossterm::Command as _;
use crossterm::clipboard::CopyToClipboard;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

pub mod files;
mod lend;
mod options;

pub use self::options::{ExitKind, Options, Rules};

use self::files::{exported, write_private};
use super::app::action::Action;
use super::app::keys::Keymap;
use super::app::text::text;
use super::app::{App, Copied, Msg, Setup, Wish, update};
use super::term::{self, Held, Input, Pace, Reader, Screen};
use super::view::{self, Themes};
use crate::engine::protocol::{Command, Report};

/// Frames that only reports ask for come at most so often; a key is answered at once.
const PACE: Duration = Duration::from_millis(50);
/// Longer texts are not copied: terminals take about 75,000 bytes of base64 (k9s measured 74,994).
const LONGEST_COPY: usize = 56_000;
/// Messages taken in before a frame is drawn at the latest.
const MOST: usize = 4096;

enum Event {
    Msg(Msg),
    /// The terminal has shown what it was sent.
    Answer,
    Gone,
    Terminated,
    /// Somebody asks it to stop (SIGTSTP from outside; ctrl-z comes as a key).
    Stop,
    Continued,
}

/// Opens the console on this thread and stays until it is left.
///
/// `send` hands a command to the engine and returns at once; `reports` is what the engine reports. When it returns, the
/// terminal is given back, and [`Command::Quit`] has been sent.
///
/// # Errors
/// [`term::NoTerminal`] where standard input or output is no terminal; otherwise when the terminal fails.
pub fn run(
    send: Box<dyn Fn(Command)>,
    reports: UnboundedReceiver<Report>,
    options: Options,
) -> anyhow::Result<ExitKind> {
    term::ready()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async { Loop::open(send, reports, options)?.run().await });
    // Threads that wait for the terminal are not waited for.
    runtime.shutdown_background();
    // A frame may hit the lost line before the reader tells of it.
    outcome.or_else(|fault| if lost(&fault) { Ok(ExitKind::HangUp) } else { Err(fault) })
}

/// Whether a fault means that the terminal is gone.
fn lost(fault: &anyhow::Error) -> bool {
    fault.downcast_ref::<io::Error>().is_some_and(|fault| {
        fault.kind() == io::ErrorKind::BrokenPipe || fault.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
    })
}

struct Signals {
    size: Signal,
    again: Signal,
    stop: Signal,
    end: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

struct Loop {
    send: Box<dyn Fn(Command)>,
    reports: UnboundedReceiver<Report>,
    reporting: bool,
    inputs: UnboundedReceiver<Event>,
    jobs: UnboundedSender<Event>,
    /// Where searches and orders are worked off. The engine's own threads give way to others, and somebody waits for these.
    workers: rayon::ThreadPool,
    signals: Signals,
    app: App,
    exports: PathBuf,
    rules: Option<Rules>,
    themes: Themes,
    reader: Reader,
    kept: Option<std::path::PathBuf>,
    screen: Screen<std::fs::File>,
    // Dropped last, and with it the terminal is given back.
    held: Held,
}

impl Loop {
    fn open(send: Box<dyn Fn(Command)>, reports: UnboundedReceiver<Report>, options: Options) -> io::Result<Self> {
        let (jobs, inputs) = mpsc::unbounded_channel();
        let signals = Signals {
            size: signal(SignalKind::window_change())?,
            again: signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?,
            stop: signal(SignalKind::from_raw(rustix::process::Signal::TSTP.as_raw()))?,
            end: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        };
        let out = std::fs::File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let title = if options.demo { text!("header.demo").trim() } else { options.title.as_str() };
        let held = Held::take(&format!("{} {title}", text!("header.brand")))?;
        let keys = jobs.clone();
        let reader = Reader::start(move |input| {
            // Nobody listening means that the console has ended.
            let _ = keys.send(match input {
                Input::Key(key, number) => Event::Msg(Msg::Key { key, number }),
                Input::Paste(text) => Event::Msg(Msg::Paste(text)),
                Input::Answer => Event::Answer,
                Input::Gone => Event::Gone,
            });
        })?;
        let themes = options.themes;
        let setup = Setup {
            demo: options.demo,
            forgets: options.forgets,
            title: options.title,
            lenses: options.lenses,
            keymap: options.keymap,
            themes: themes.names(),
            salt: salt(),
        };
        let mut app = App::new(setup, term::size()?, jiff::Timestamp::now());
        if let Some(kept) = options.kept.as_ref().and_then(|path| std::fs::read_to_string(path).ok()) {
            app.take_up(&kept);
        }
        Ok(Self {
            send,
            reports,
            reporting: true,
            inputs,
            jobs,
            workers: rayon::ThreadPoolBuilder::new().build().map_err(io::Error::other)?,
            signals,
            app,
            exports: options.exports,
            rules: options.rules,
            themes,
            reader,
            kept: options.kept,
            screen: Screen::new(out, options.compat_draw, Pace::of_environment()),
            held,
        })
    }

    async fn run(mut self) -> anyhow::Result<ExitKind> {
        self.draw()?;
        // What follows upon the empty frame of the start is waited for.
        let mut drawn: Option<Instant> = None;
        loop {
            let mut came = Some(self.wait().await);
            let (mut changed, mut urgent) = (false, false);
            // All that lies there is taken in before a frame; what only reports ask for waits for its turn, and every frame
            // waits until the line has carried those before it.
            loop {
                let mut most = MOST;
                while let Some(event) = came.take() {
                    let answer = matches!(event, Event::Answer);
                    changed |= !answer;
                    urgent |= !answer && !matches!(event, Event::Msg(Msg::Report(_)));
                    if let Some(end) = self.take(event).await? {
                        self.quiet().await;
                        return Ok(end);
                    }
                    most -= 1;
                    came = if most > 0 { self.more() } else { None };
                }
                if !changed {
                    break;
                }
                let rest =
                    drawn.filter(|_| !urgent).map_or(Duration::ZERO, |drawn| PACE.saturating_sub(drawn.elapsed()));
                let early = rest.max(self.screen.pace.hold(Instant::now()));
                if early.is_zero() {
                    break;
                }
                came = tokio::time::timeout(early, self.wait()).await.ok();
            }
            if changed {
                self.draw()?;
                drawn = Some(Instant::now());
            }
        }
    }

    /// Sleeps until something comes.
    async fn wait(&mut self) -> Event {
        let tick = self.app.next_tick().map(|seconds| Duration::from_secs(seconds.max(1) as u64));
        tokio::select! {
            biased;
            Some(event) = self.inputs.recv() => event,
            _ = self.signals.hang_up.recv() => Event::Gone,
            _ = self.signals.end.recv() => Event::Terminated,
            _ = self.signals.interrupt.recv() => Event::Terminated,
            _ = self.signals.stop.recv() => Event::Stop,
            _ = self.signals.again.recv() => Event::Continued,
            _ = self.signals.size.recv() => resized(),
            report = self.reports.recv(), if self.reporting => {
                self.reporting = report.is_some();
                Event::Msg(Msg::Report(report.unwrap_or_else(|| Report::Crashed {
                    part: text!("run.engine").to_owned(),
                    text: text!("run.engine-gone").to_owned(),
                })))
            },
            () = sleep(tick) => Event::Msg(Msg::Tick),
        }
    }

    /// What lies there already.
    fn more(&mut self) -> Option<Event> {
        if let Ok(event) = self.inputs.try_recv() {
            return Some(event);
        }
        self.reports.try_recv().ok().map(|report| Event::Msg(Msg::Report(report)))
    }

    /// Takes in an event; `Some`: the console ends.
    async fn take(&mut self, event: Event) -> anyhow::Result<Option<ExitKind>> {
        let msg = match event {
            Event::Msg(msg) => {
                if matches!(msg, Msg::Key { .. }) {
                    self.screen.pace.typed();
                }
                msg
            }
            Event::Answer => {
                self.screen.pace.answered();
                self.reader.expect(self.screen.pace.awaits());
                return Ok(None);
            }
            Event::Gone => {
                self.screen.pace.forget();
                return Ok(Some(self.end(ExitKind::HangUp)));
            }
            Event::Terminated => return Ok(Some(self.end(ExitKind::Terminated))),
            Event::Stop => match self.app.disabled(Action::Suspend) {
                // A push is not stopped half way.
                Some(why) => Msg::Report(Report::Notice(why)),
                None => {
                    self.suspend(false).await?;
                    return Ok(None);
                }
            },
            Event::Continued => {
                self.held.again()?;
                self.screen.forget();
                resized_msg()
            }
        };
        for wish in update(&mut self.app, msg, jiff::Timestamp::now()) {
            match wish {
                Wish::Engine(command) => (self.send)(command),
                Wish::Order(job) => self.job(move || Msg::Ordered(job.run())),
                Wish::Gather(job) => self.job(move || Msg::Gathered(job.run())),
                Wish::Export { what, name, mask } => {
                    let folder = self.exports.clone();
                    self.job(move || Msg::Report(Report::Notice(exported(&folder, &what, &name, mask))));
                }
                Wish::Survey(job) => self.job(move || Msg::Surveyed(job.run())),
                Wish::Keep(text) => self.keep(&text),
                Wish::Copy(text) => self.copy(text)?,
                Wish::Edit(text) => self.edit(&text).await?,
                Wish::EditRules(system) => self.edit_rules(system.as_ref()).await?,
                Wish::Repaint => self.screen.forget(),
                Wish::Theme(named) => {
                    match named {
                        None => self.themes.next(),
                        Some(name) => drop(self.themes.choose(&name)),
                    }
                    self.screen.forget();
                }
                Wish::Suspend => self.suspend(true).await?,
                Wish::Leave => return Ok(Some(ExitKind::Quit)),
            }
        }
        Ok(None)
    }

    fn end(&self, kind: ExitKind) -> ExitKind {
        (self.send)(Command::Quit);
        kind
    }

    /// Works off the UI thread; a panic there is a report and not the end.
    fn job(&self, work: impl FnOnce() -> Msg + Send + 'static) {
        let jobs = self.jobs.clone();
        self.workers.spawn(move || {
            let msg = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                Msg::Report(Report::Crashed {
                    part: text!("run.job").to_owned(),
                    text: text!("run.job-gone").to_owned(),
                })
            });
            let _ = jobs.send(Event::Msg(msg));
        });
    }

    /// Writes down what is kept of the screen; where that fails nothing is lost but comfort.
    fn keep(&self, text: &str) {
        if let Some(path) = &self.kept
            && let Err(fault) = write_private(path, text)
        {
            let _ = self.jobs.send(Event::Msg(Msg::Report(Report::Notice(text!(
                "run.not-kept",
                path = path.display(),
                why = fault
            )))));
        }
    }

    /// Hands a text to the clipboard of the operator's terminal; the console has said so, and is told where it was otherwise.
    fn copy(&mut self, copied: String) -> io::Result<()> {
        if copied.len() > LONGEST_COPY {
            let _ = self.jobs.send(Event::Msg(Msg::Copied(Copied::TooLong(copied.len()))));
            return Ok(());
        }
        if term::in_tmux() {
            let how = if term::to_tmux(&copied) { Copied::Tmux } else { Copied::TmuxUnsure };
            let _ = self.jobs.send(Event::Msg(Msg::Copied(how)));
            if how == Copied::Tmux {
                return Ok(());
            }
        }
        let mut sequence = String::new();
        if CopyToClipboard::to_clipboard_from(copied).write_ansi(&mut sequence).is_ok() {
            self.screen.aside(sequence.as_bytes())?;
        }
        Ok(())
    }

    fn draw(&mut self) -> io::Result<()> {
        for (thread, message) in term::panics() {
            let report = Report::Crashed { part: thread, text: message };
            update(&mut self.app, Msg::Report(report), jiff::Timestamp::now());
        }
        let (columns, rows) = self.app.size;
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let cursor = view::draw(&self.app, self.themes.now(), &mut buffer);
        // What was typed up to here was typed before the question could be read. What comes once the frame is out may be
        // an answer to it, so the line is drawn right before the write and not after it.
        let read = self.app.awaits_draw().then(|| self.reader.settle());
        self.screen.draw(&buffer, cursor)?;
        self.reader.expect(self.screen.pace.awaits());
        if let Some(read) = read {
            update(&mut self.app, Msg::Drawn { read }, jiff::Timestamp::now());
        }
        Ok(())
    }
}

/// Another number in each session.
pub fn salt() -> u64 {
    let now = jiff::Timestamp::now().as_nanosecond();
    (u64::from(std::process::id()) << 32) ^ now as u64
}

fn resized_msg() -> Msg {
    let (columns, rows) = term::size().unwrap_or((80, 24));
    Msg::Resize(columns, rows)
}

fn resized() -> Event {
    Event::Msg(resized_msg())
}

async fn sleep(duration: Option<Duration>) {
    match duration {
        Some(duration) => tokio::time::sleep(duration).await,
        None => std::future::pending().await,
    }
}
