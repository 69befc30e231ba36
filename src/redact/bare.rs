//! A text as a terminal shows it: without control sequences, such as the colours that `grep` writes into a secret.

use aho_corasick::automaton::StateID;

use super::search::Search;

/// What begins a sequence.
pub(super) const ESCAPE: u8 = 0x1b;

/// Most bytes of sequences within a pending form: what is held stays bounded.
const MOST_HIDDEN: u64 = 16 * 1024;

/// A sequence; places count from the start of the stream.
struct Gap {
    start: u64,
    end: u64,
    /// It is whole and no part of a secret: a terminal may still get it.
    kept: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Reading {
    #[default]
    Text,
    /// Behind an escape, which is text unless a bracket follows.
    Escape,
    Sequence,
}

/// The search in what is shown, beside the one in what is there.
#[derive(Default)]
pub(super) struct Bare {
    /// `None` where both are one.
    state: Option<StateID>,
    reading: Reading,
    /// In order: the last ones, as long as something may be found round them.
    gaps: Vec<Gap>,
    /// Where the last secret that is there ends.
    secret: u64,
}

impl Bare {
    /// Whether what is shown may differ from what is there.
    pub(super) const fn is_apart(&self) -> bool {
        self.state.is_some()
    }

    /// An escape follows, behind this state.
    pub(super) const fn part(&mut self, state: StateID) {
        self.state = Some(state);
    }

    /// The end of a form that is there, from `start` to `end`: what it takes of a sequence is none.
    pub(super) fn found(&mut self, start: u64, end: u64) {
        self.secret = end;
        self.gaps.iter_mut().rev().take_while(|gap| gap.end > start).for_each(|gap| gap.kept = false);
    }

    /// One byte more, which ends at `end`, where the search in what is there is in state `there`. Of a form that is
    /// complete with it: where it begins, and whose it is.
    pub(super) fn next(
        &mut self,
        search: &Search,
        byte: u8,
        end: u64,
        there: StateID,
    ) -> Option<(u64, usize)> {
        let mut state = self.state?;
        match (self.reading, byte) {
            (Reading::Text | Reading::Sequence, ESCAPE) => {
                self.reading = Reading::Escape;
                return None;
            }
            (Reading::Escape, b'[') => {
                self.gaps.push(Gap { start: end - 2, end, kept: false });
                self.reading = Reading::Sequence;
                return None;
            }
            (Reading::Sequence, 0x20..=0x7e) => {
                let is_whole = byte >= 0x40;
                if let Some(gap) = self.gaps.last_mut() {
                    gap.end = end;
                    gap.kept = is_whole && gap.start >= self.secret;
                }
                self.reading = if is_whole { Reading::Text } else { Reading::Sequence };
                return None;
            }
            (Reading::Escape, _) => state = search.next(state, ESCAPE),
            _ => {}
        }
        self.reading = if byte == ESCAPE { Reading::Escape } else { Reading::Text };
        if byte != ESCAPE {
            state = search.next(state, byte);
        }
        self.state = Some(state);
        let found = search.found(state).filter(|_| byte != ESCAPE);
        let found = found.map(|(length, owner)| (self.start(length, end), owner));
        let depth = search.depth(state) as u64;
        if state == there && byte != ESCAPE && self.gaps.last().is_none_or(|gap| gap.end <= end - depth) {
            self.state = None;
        }
        found
    }

    /// Of a text that ends at `end`: how many of the last bytes that are shown may become a form, and where they begin.
    pub(super) fn pending(&mut self, search: &Search, end: u64) -> Option<(usize, u64)> {
        let depth = search.depth(self.state?);
        let start = self.start(depth, end - u64::from(self.reading == Reading::Escape));
        if end - start > MOST_HIDDEN + depth as u64 {
            (self.state, self.reading) = (None, Reading::Text);
            return None;
        }
        Some((depth, start))
    }

    /// Where the last `shown` bytes that are shown before `end` begin.
    fn start(&self, shown: usize, end: u64) -> u64 {
        let (mut at, mut left) = (end, shown as u64);
        for gap in self.gaps.iter().rev() {
            if at.saturating_sub(gap.end) >= left {
                break;
            }
            left -= at.saturating_sub(gap.end);
            at = gap.start;
        }
        at.saturating_sub(left)
    }

    /// The sequences between two places that a terminal may still get.
    pub(super) fn kept(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, u64)> {
        let first = self.gaps.partition_point(|gap| gap.end <= from);
        let gaps = self.gaps.iter().skip(first).take_while(move |gap| gap.start < to);
        gaps.filter(|gap| gap.kept).map(move |gap| (gap.start.max(from), gap.end.min(to)))
    }

    /// Nothing that is found from now on begins before `pending`.
    pub(super) fn forget(&mut self, pending: u64) {
        self.gaps.retain(|gap| gap.end >= pending);
    }
}
