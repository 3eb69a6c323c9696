//! What is written to the terminal for a key: on a slow line every byte is waited for (DESIGN.md section 6).

use std::cell::RefCell;
use std::io::Write;
use std::rc::Rc;

use crossterm::event::KeyCode;
use trueup::console::term::{Pace, Screen};

use trueup::engine::protocol::World;

use crate::desk::Desk;
use crate::{monkey, world};

/// What is written, where it can be seen.
#[derive(Clone, Default)]
struct Line(Rc<RefCell<Vec<u8>>>);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What so many moves of the cursor within a page write at 120x40, the detail beside the list.
fn moves(world: World, many: usize) -> Vec<String> {
    let mut desk = Desk::with(120, 40, world);
    let line = Line::default();
    let mut screen = Screen::new(line.clone(), false, Pace::new(false));
    screen.draw(&desk.draw().0, None).unwrap();
    let mut written = Vec::new();
    for _ in 0..many {
        line.0.take();
        desk.press(KeyCode::Down);
        screen.draw(&desk.draw().0, None).unwrap();
        written.push(String::from_utf8(line.0.take()).unwrap());
    }
    written
}

#[test]
fn a_move_of_the_cursor_with_the_detail_open_takes_few_bytes() {
    let mean = |written: &[String]| written.iter().map(String::len).sum::<usize>() / written.len();
    let alike = moves(world::large(2_000), 12);
    assert!(mean(&alike) <= 300, "{} on average: {alike:#?}", mean(&alike));
    // People who have nothing in common, with twelve attributes of each on the screen.
    let people = moves(monkey::demo(), 12);
    assert!(mean(&people) <= 400, "{} on average: {people:#?}", mean(&people));
}
