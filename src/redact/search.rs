//! All forms of all secrets in one automaton, and how deep in a form each of its states is.

use std::collections::HashSet;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::noncontiguous::{Builder, NFA};
use aho_corasick::{Anchored, BuildError, MatchKind};

use super::skip::Skip;

/// Finds every form, also where several overlap.
pub(super) struct Search {
    automaton: NFA,
    start: StateID,
    /// By state: how many of the last bytes are the beginning of some form, and not all of it.
    depths: Vec<u32>,
    /// By form: which secret it is of.
    owners: Vec<usize>,
    skip: Skip,
}

impl Search {
    /// For `forms`, each with the number of its secret. `None` if there are none.
    pub(super) fn new(forms: &[(&[u8], usize)]) -> Result<Option<Self>, BuildError> {
        if forms.is_empty() {
            return Ok(None);
        }
        let texts = forms.iter().map(|(form, _)| *form);
        let automaton = Builder::new()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .dense_depth(2)
            .build(texts.clone())?;
        let Ok(start) = automaton.start_state(Anchored::No) else { return Ok(None) };
        let depths = depths(&automaton, start, texts.clone().collect());
        let owners = forms.iter().map(|(_, owner)| *owner).collect();
        Ok(Some(Self { start, depths, owners, skip: Skip::new(texts), automaton }))
    }

    /// The state before anything was read.
    pub(super) const fn start(&self) -> StateID {
        self.start
    }

    /// The state behind one byte more.
    pub(super) fn next(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte)
    }

    /// How many of the last bytes may become a form.
    pub(super) fn depth(&self, state: StateID) -> usize {
        self.depths.get(state.as_usize()).map_or(0, |depth| *depth as usize)
    }

    /// The longest form that ends here: its length, and whose it is.
    pub(super) fn found(&self, state: StateID) -> Option<(usize, usize)> {
        if !self.automaton.is_match(state) {
            return None;
        }
        // The longest comes first.
        let form = self.automaton.match_pattern(state, 0);
        let owner = self.owners.get(form.as_usize())?;
        Some((self.automaton.pattern_len(form), *owner))
    }

    /// The first place at or behind `from` where a form may begin.
    pub(super) fn skip(&self, text: &[u8], from: usize) -> usize {
        self.skip.find(text, from)
    }
}

impl Search {
    /// Every form in `text`, of those that end together the longest: where it begins, where it ends, and whose it is.
    pub(super) fn each(&self, text: &[u8], mut found: impl FnMut(usize, usize, usize)) {
        let mut at = self.skip(text, 0);
        // Where the automaton was started.
        let mut started = at;
        let mut state = self.start();
        while let Some(byte) = text.get(at) {
            state = self.next(state, *byte);
            at += 1;
            if let Some((length, owner)) = self.found(state) {
                found(at.saturating_sub(length), at, owner);
            }
            let depth = self.depth(state);
            if depth <= READ_AGAIN && at - started > depth {
                at = self.skip(text, at - depth);
                started = at;
                state = self.start();
            }
        }
    }
}

/// So few bytes are read again rather than followed.
const READ_AGAIN: usize = 3;

/// By state, how many of the last bytes are the beginning of one of `forms`, and not all of it.
fn depths(automaton: &NFA, start: StateID, mut forms: Vec<&[u8]>) -> Vec<u32> {
    let mut depths = Vec::new();
    for form in &forms {
        let mut state = start;
        for (depth, byte) in (1..).zip(*form) {
            state = automaton.next_state(Anchored::No, state, *byte);
            if depths.len() <= state.as_usize() {
                depths.resize(state.as_usize() + 1, 0);
            }
            if let Some(known) = depths.get_mut(state.as_usize()) {
                *known = depth;
            }
        }
    }
    // Where a form is complete and no other goes on, only the end of it may become another. What may, is shorter.
    forms.sort_unstable();
    let goes_on = forms.iter().zip(forms.iter().skip(1)).filter(|(form, next)| next.starts_with(form));
    let going_on: HashSet<&[u8]> = goes_on.map(|(form, _)| *form).collect();
    forms.retain(|form| !going_on.contains(form));
    forms.sort_unstable_by_key(|form| form.len());
    let walk = |form: &[u8]| {
        form.iter().fold(start, |state, byte| automaton.next_state(Anchored::No, state, *byte)).as_usize()
    };
    for form in forms {
        let rest = form.get(1..).map_or(0, |rest| depths.get(walk(rest)).copied().unwrap_or_default());
        if let Some(known) = depths.get_mut(walk(form)) {
            *known = rest;
        }
    }
    depths
}
