//! Draws the state, and nothing else: pure, from `&App` into a buffer.
//!
//! ```text
//!  trueup  acme            hr ok 2m | aha ok 2m | litmos 620/1,000 | kingdee auth!     FULL    header
//!  1 Users 1,203  2 Groups 31  3 Roles 23  4 Products 88  5 Plan 2  6 History  7 Systems       tabs
//!  [All] hr (source)  aha  litmos  kingdee     141 out of true: 12 missing 9 extra 120 differ  strip
//!    NAME            USERNAME                     aha    litmos  kingdee  OUT OF TRUE           list
//!    Lena Fischer    lena.fischer@example.com     ~2     =       -        productRoles, email
//!  * 王小明          wang.xiaoming@example.com    =      !       =        missing in litmos
//!  > Omar Haddad     omar.haddad@example.com      ~1     ~1      =        active
//!  -- Omar Haddad -- aha 7310..02, linked by userName ------------------------------------     detail
//!    ATTRIBUTE            hr (source)        aha                WHY
//!  ~ active               false              true               source changed 3 h ago
//!  / filter  Space stage  v range  p plan  w why  y native  ? help                    3/141    footer
//! ```
//!
//! On the tabs 5 to 7 the space between tabs and footer belongs to the plan, the history or the systems. Under 100
//! columns the detail fills it. Popups lie over everything but the header.

mod asking;
pub mod cells;
mod checklist;
mod detail;
mod footer;
mod frame;
mod history;
mod links;
mod list;
mod native;
mod note;
mod password;
mod plan;
mod popup;
mod survey;
mod systems;
mod theme;
mod top;
mod trial;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::console::app::lines::Tone;
use crate::console::app::text::text;
use crate::console::app::{App, Focus, Tab};

use self::cells::Pen;
pub use self::theme::{Borders, Theme, Themes};

/// The least screen that is drawn.
pub const LEAST: (u16, u16) = (40, 10);

/// Draws one frame; gives the place of the terminal's cursor where a text is being typed.
pub fn draw(app: &App, theme: &Theme, buf: &mut Buffer) -> Option<Position> {
    let area = buf.area;
    let mut pen = Pen { buf, theme, mask: app.mask.then_some(app.setup.salt), spot: None };
    if area.width < LEAST.0 || area.height < LEAST.1 {
        let words =
            text!("screen.small", width = area.width, height = area.height, least = format!("{}x{}", LEAST.0, LEAST.1));
        small(&mut pen, area, &words);
        return None;
    }
    top::header(app, &mut pen, row(area, 0));
    top::tabs(app, &mut pen, row(area, 1));
    let body = Rect { y: area.y + 2, height: area.height - 3, ..area };
    match app.tab {
        Tab::Kind(_) if app.focus == Focus::Detail && !app.wide() => detail::draw(app, &mut pen, body),
        Tab::Kind(_) => {
            top::strip(app, &mut pen, row(area, 2));
            let below = app.detail_height() as u16;
            let list = Rect { y: area.y + 3, height: area.height - 4 - below, ..area };
            list::draw(app, &mut pen, list);
            if below > 0 {
                let detail = Rect { y: list.bottom(), height: below, ..area };
                detail::draw(app, &mut pen, detail);
            }
        }
        Tab::Plan => plan::draw(app, &mut pen, body),
        Tab::History => history::draw(app, &mut pen, body),
        Tab::Systems => systems::draw(app, &mut pen, body),
    }
    footer::draw(app, &mut pen, row(area, area.height - 1));
    let place = popup::draw(app, &mut pen, area);
    // A screen reader follows the terminal's cursor: without frames it stands on the row that is chosen.
    place.or_else(|| pen.spot.filter(|_| theme.borders == Borders::Plain))
}

/// That the screen is too small, word by word in as many rows as that takes.
fn small(pen: &mut Pen<'_>, area: Rect, words: &str) {
    let mut rows: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match rows.last_mut() {
            Some(row) if cells::width(row) + 1 + cells::width(word) <= usize::from(area.width) => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.push(word.to_owned()),
        }
    }
    let top = area.height.saturating_sub(rows.len() as u16) / 2;
    for (y, row) in (area.y + top..area.bottom()).zip(&rows) {
        pen.put(area.x, y, area.width, row, pen.theme.tone(Tone::Plain));
    }
}

fn row(area: Rect, at: u16) -> Rect {
    Rect { y: area.y + at, height: 1, ..area }
}
