//! Whether a page was the last one, where a service states no total. One that is not full should be, but for a service that
//! makes its pages smaller than it was asked to: there the first page would pass for all of it. So a first page that is not
//! full is followed by one more look.

use crate::plan::Reply;

/// What comes after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// Another one.
    More,
    /// It was the last one.
    End,
    /// All of it was there before, so that nobody knows what else there is.
    Again,
}

/// Where a listing without a total stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Last {
    pages: u64,
    first: u64,
    /// The first page was not full.
    looks: bool,
    /// The look brought the first page again: the service knows no pages, and that was everything.
    repeated: bool,
}

impl Last {
    /// Takes a page in: so many records, so many of them not there before, and so many were asked for.
    pub(super) fn take(&mut self, records: u64, fresh: u64, asked: u64) -> After {
        self.pages += 1;
        let full = records >= asked;
        if records == 0 {
            return After::End;
        }
        if self.pages == 1 {
            self.first = records;
            self.looks = !full;
            return if fresh == 0 { After::Again } else { After::More };
        }
        if fresh == 0 {
            self.repeated = self.pages == 2 && self.looks && records == self.first;
            return if self.repeated { After::End } else { After::Again };
        }
        if full || self.looks { After::More } else { After::End }
    }

    /// Whether the page just taken was another copy of the first, which counts for nothing.
    pub(super) fn repeated(&self) -> bool {
        self.repeated
    }

    /// Whether this reply to the look behind a page that was not full only says that there is nothing there.
    pub(super) fn nothing_there(&self, reply: &Reply) -> bool {
        self.pages == 1 && self.looks && matches!(reply.status, 400 | 404 | 416 | 422)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn walk(pages: &[(u64, u64)]) -> (Vec<After>, bool) {
        let mut last = Last::default();
        let after = pages.iter().map(|(records, fresh)| last.take(*records, *fresh, 10)).collect();
        (after, last.repeated())
    }

    #[test]
    fn a_first_page_that_is_not_full_is_looked_behind_and_a_later_one_is_the_last() {
        assert_eq!(walk(&[(4, 4), (0, 0)]), (vec![After::More, After::End], false));
        assert_eq!(walk(&[(10, 10), (4, 4)]), (vec![After::More, After::End], false));
        assert_eq!(walk(&[(0, 0)]), (vec![After::End], false));
    }

    #[test]
    fn a_service_that_makes_its_pages_smaller_is_read_until_nothing_comes() {
        let after = vec![After::More, After::More, After::More, After::End];
        assert_eq!(walk(&[(4, 4), (4, 4), (2, 2), (0, 0)]), (after, false));
    }

    #[test]
    fn what_comes_again_is_the_end_where_it_was_all_at_once_and_a_doubt_everywhere_else() {
        assert_eq!(walk(&[(4, 4), (4, 0)]), (vec![After::More, After::End], true));
        assert_eq!(walk(&[(4, 4), (3, 0)]), (vec![After::More, After::Again], false));
        assert_eq!(walk(&[(10, 10), (10, 0)]), (vec![After::More, After::Again], false));
    }
}
