/// How many faults are told one by one.
const TOLD: usize = 5;

/// So many faults are enough: what follows is not worth reading.
const ENOUGH: u64 = 10_000;

/// What is wrong with a file, as far as it is worth telling.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    told: Vec<String>,
    count: u64,
    /// Why what follows was not read.
    over: bool,
}

impl Faults {
    /// Whether a further fault would be told with its place: finding that out costs.
    pub(super) fn wants_place(&self) -> bool {
        self.told.len() < TOLD
    }

    /// One more, at a line and column, both from 1. The place is only asked for where it is told.
    pub(super) fn add(&mut self, place: impl FnOnce() -> (u64, u64), what: impl FnOnce() -> String) {
        self.count += 1;
        if self.wants_place() {
            let (line, column) = place();
            self.told.push(format!("line {line}, column {column}: {}", what()));
        }
        self.over |= self.count >= ENOUGH;
    }

    /// One more, about the file as a whole.
    pub(super) fn whole(&mut self, what: impl Into<String>) {
        self.count += 1;
        self.told.push(what.into());
    }

    /// The last one: nothing after it can be read.
    pub(super) fn last(&mut self) {
        self.over = true;
    }

    /// Whether reading on makes no sense.
    pub(super) fn over(&self) -> bool {
        self.over
    }

    /// All of them in one sentence; `None` where there is none.
    pub(super) fn said(&self) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let mut said = self.told.join("; ");
        let more = self.count - self.told.len() as u64;
        if more > 0 {
            said.push_str(&format!("; and {more} more"));
        }
        if self.over {
            said.push_str("; what follows was not read");
        }
        Some(said)
    }
}
