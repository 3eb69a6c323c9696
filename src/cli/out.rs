//! Standard output and standard error: what a command prints goes there through one door, and a full disk or a reader that
//! has gone is no crash.

use std::io::{BufWriter, ErrorKind, StdoutLock, Write as _};

use anyhow::Context as _;

/// Where a command prints.
pub type Out = BufWriter<StdoutLock<'static>>;

/// Has something printed; `None` where whoever reads has gone (`| head`), which is no fault: they have had enough.
///
/// # Errors
/// What `body` says, and when standard output takes no more (a full disk).
pub fn print<T>(body: impl FnOnce(&mut Out) -> anyhow::Result<T>) -> anyhow::Result<Option<T>> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let printed = body(&mut out).and_then(|value| Ok(out.flush().map(|()| value)?));
    // What is left in it was refused already, and must not be tried again when it is dropped.
    let _ = out.into_parts();
    match printed {
        Ok(value) => Ok(Some(value)),
        Err(error) => match error.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
            Some(ErrorKind::BrokenPipe) => Ok(None),
            Some(_) => Err(error).context("cannot write the result"),
            None => Err(error),
        },
    }
}

/// Prints a text as it is.
///
/// # Errors
/// When standard output takes no more.
pub fn text(text: &str) -> anyhow::Result<()> {
    print(|out| Ok(out.write_all(text.as_bytes())?)).map(|_| ())
}

/// Says something beside what is printed, on standard error. Whoever it was for may have gone; the work goes on all the same.
pub fn aside(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
