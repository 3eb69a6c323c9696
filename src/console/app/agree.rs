//! Values with characters that could hurt a terminal: shown harmless, with their codes, and written only if that is meant.

use crate::compare::Agreement;
use crate::model::text::{clean, is_hostile};
use crate::plan::{Change, unagreed};

use super::confirm::{Ask, Question};
use super::lines::{Line, Tone};
use super::popup::Popup;
use super::text::text;
use super::{App, Wish};

/// Cells of a line of the question.
const WIDTH: usize = 64;

impl App {
    /// Asks whether the odd values of these changes are meant; says so where there are none.
    pub(super) fn ask_agree<'a>(&mut self, changes: impl IntoIterator<Item = &'a Change>) -> bool {
        let agreed = self.world.as_ref().map(|world| world.compared.inputs.agreed.clone()).unwrap_or_default();
        let odd: Vec<_> = changes.into_iter().flat_map(|change| unagreed(change, &agreed)).collect();
        if odd.is_empty() {
            self.say(Tone::Plain, text!("agree.nothing"));
            return false;
        }
        let mut lines: Vec<Line> = Vec::new();
        for (_, path, value) in odd.iter().take(4) {
            let codes: Vec<String> =
                value.chars().filter(|c| is_hostile(*c)).map(|c| format!("U+{:04X}", c as u32)).collect();
            lines.push(Line::plain(text!("agree.holds", attribute = path.local(&[]), codes = codes.join(" "))));
            lines.push(Line::plain(format!("  {}", clean(value))));
        }
        if odd.len() > 4 {
            lines.push(Line::plain(text!("confirm.more", n = odd.len() - 4)));
        }
        lines.push(Line::plain(text!("agree.ask")));
        let words: Vec<String> = lines.iter().flat_map(|line| line.wrapped(WIDTH)).map(|line| line.text()).collect();
        let agreements = odd.into_iter().map(|(record, path, value)| Agreement::to(record, path, &value, self.now));
        self.popup = Some(Popup::Ask(Ask::new(Question::Agree(agreements.collect()), words.join("\n"))));
        true
    }

    /// The odd values of the change under the plan's cursor.
    pub(super) fn agree_here(&mut self) {
        let id = self.plan.change_here();
        let planned = self.plan.plan().and_then(|plan| plan.change(id.as_ref()?).cloned());
        let staged = || id.as_ref().and_then(|id| self.staged.get(id)).cloned();
        let change = planned.or_else(staged);
        self.ask_agree(change.iter());
    }

    /// They are meant.
    pub(super) fn agreed(&mut self, agreements: Vec<Agreement>, wishes: &mut Vec<Wish>) {
        self.say(Tone::Good, text!("agree.done"));
        let decisions = agreements.into_iter().map(crate::compare::Decision::Agree).collect();
        Self::decided(decisions, wishes);
        if self.tab == super::Tab::Plan {
            // The guards are worked out anew.
            self.prepare(wishes);
        }
    }
}
