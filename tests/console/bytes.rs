//! What is written to the terminal for a key: on a slow line every byte is waited for (DESIGN.md section 6).

use crossterm::event::KeyCode;
use trueup::console::term::{Pace, Screen};

use crate::desk::Desk;
use crate::monkey;

/// The bytes of so many moves of the cursor within a page at 120x40, the detail beside the list.
fn moves(many: usize) -> Vec<usize> {
    let mut desk = Desk::with(120, 40, monkey::demo());
    let mut screen = Screen::new(std::io::sink(), false, Pace::new(false));
    screen.draw(&desk.draw().0, None).unwrap();
    let mut bytes = Vec::new();
    for _ in 0..many {
        desk.press(KeyCode::Down);
        bytes.push(screen.draw(&desk.draw().0, None).unwrap());
    }
    bytes
}

#[test]
fn a_move_of_the_cursor_with_the_detail_open_takes_few_bytes() {
    let bytes = moves(12);
    let mean = bytes.iter().sum::<usize>() / bytes.len();
    assert!(mean <= 300, "{mean} on average: {bytes:?}");
}
