//! One stream of bytes on its way through a search: what may be handed on, what is held, what is masked.

use std::sync::Arc;

use aho_corasick::automaton::StateID;

use super::bare::{Bare, ESCAPE};
use super::search::Search;

/// A pending form of so few bytes is handed on at once, so that a prompt never waits for an answer.
const HANDED_ON: usize = 3;

/// Where masked text goes.
pub(super) trait Sink {
    /// Text that is no secret.
    fn text(&mut self, text: &[u8]);

    /// A secret stood here, and this stands in its place.
    fn mask(&mut self, mask: &str);
}

impl Sink for Vec<u8> {
    fn text(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }

    fn mask(&mut self, mask: &str) {
        self.extend_from_slice(mask.as_bytes());
    }
}

/// Bytes that are masked as one: an occurrence, or several that overlap. Places count from the start of the stream.
#[derive(Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
    /// The secret of the occurrence that begins first; of several, the longest.
    owner: usize,
    /// Its mask was handed on.
    shown: bool,
}

/// A stream and what is held of it: never more than the longest form, with 16 KiB of control sequences in
/// it, and the piece that was pushed last.
pub(super) struct Stream {
    search: Arc<Search>,
    masks: Arc<Vec<String>>,
    /// What was not handed on.
    text: Vec<u8>,
    /// Where it begins.
    base: u64,
    state: StateID,
    bare: Bare,
    /// Occurrences that were not handed on, or that another may still overlap; disjoint, in order.
    runs: Vec<Run>,
}

impl Stream {
    pub(super) fn new(search: Arc<Search>, masks: Arc<Vec<String>>) -> Self {
        let state = search.start();
        Self { search, masks, text: Vec::new(), base: 0, state, bare: Bare::default(), runs: Vec::new() }
    }

    pub(super) fn push(&mut self, piece: &[u8], sink: &mut impl Sink) {
        let from = self.text.len();
        self.text.extend_from_slice(piece);
        self.scan(from);
        let end = self.base + self.text.len() as u64;
        let depth = self.search.depth(self.state);
        let there = (depth, end.saturating_sub(depth as u64));
        let shown = self.bare.pending(&self.search, end).unwrap_or(there);
        let pending = there.1.min(shown.1);
        let held = [there, shown].into_iter().filter(|(depth, _)| *depth > HANDED_ON);
        let held = held.map(|(_, start)| end - start.max(self.base)).max().unwrap_or_default();
        self.hand_on(self.text.len() - usize::try_from(held).unwrap_or_default(), sink);
        // Nothing that is found from now on begins before what is pending.
        self.runs.retain(|run| run.end > pending || !run.shown);
        self.bare.forget(pending);
    }

    pub(super) fn finish(&mut self, sink: &mut impl Sink) {
        self.hand_on(self.text.len(), sink);
        self.runs.clear();
        self.state = self.search.start();
        self.bare = Bare::default();
    }

    /// Reads the text from `from` on.
    fn scan(&mut self, from: usize) {
        let mut at = from;
        while let Some(byte) = self.text.get(at).copied() {
            if byte == ESCAPE && !self.bare.is_apart() {
                self.bare.part(self.state);
            }
            if self.bare.is_apart() {
                at += 1;
                self.scan_byte(byte, self.base + at as u64);
            } else {
                at = self.scan_text(at);
            }
        }
    }

    /// Reads a byte that ends at `end`, as it is there and as it is shown.
    fn scan_byte(&mut self, byte: u8, end: u64) {
        self.state = self.search.next(self.state, byte);
        if let Some((length, owner)) = self.search.found(self.state) {
            let start = end.saturating_sub(length as u64);
            self.bare.found(start, end);
            self.found(Run { start, end, owner, shown: false });
        }
        if let Some((start, owner)) = self.bare.next(&self.search, byte, end, self.state) {
            self.found(Run { start, end, owner, shown: false });
        }
    }

    /// Reads the text from `from` up to the next escape, and says where that is.
    fn scan_text(&mut self, from: usize) -> usize {
        let search = Arc::clone(&self.search);
        let text = self.text.get(from..).unwrap_or_default();
        let until = memchr::memchr(ESCAPE, text).map_or(self.text.len(), |length| from + length);
        let (mut at, mut state) = (from, self.state);
        // Where the automaton was started, or 0 if before this text.
        let mut started = 0;
        let skip = |text: &[u8], at| search.skip(text.get(..until).unwrap_or(text), at);
        if state == search.start() {
            at = skip(&self.text, at);
            started = at;
        }
        while let Some(byte) = self.text.get(at).filter(|_| at < until) {
            state = search.next(state, *byte);
            at += 1;
            if let Some((length, owner)) = search.found(state) {
                let end = self.base + at as u64;
                self.found(Run { start: end.saturating_sub(length as u64), end, owner, shown: false });
            }
            let depth = search.depth(state);
            // The place where the automaton was started is none, and few bytes are to be read again.
            if depth <= HANDED_ON && at - started > depth && at >= depth {
                at = skip(&self.text, at - depth);
                started = at;
                state = search.start();
            }
        }
        self.state = state;
        until
    }

    /// One occurrence more, which ends behind all others.
    fn found(&mut self, mut run: Run) {
        while let Some(last) = self.runs.last().copied().filter(|last| last.end > run.start) {
            self.runs.pop();
            if last.start < run.start {
                run.owner = last.owner;
                run.start = last.start;
            }
            run.shown |= last.shown;
        }
        self.runs.push(run);
    }

    /// Hands on the first `length` bytes, masked.
    fn hand_on(&mut self, length: usize, sink: &mut impl Sink) {
        let end = self.base + length as u64;
        let mut at = self.base;
        for run in &mut self.runs {
            // One whose first bytes were handed on already may still become a part of what is pending.
            if run.start.max(self.base) >= end {
                break;
            }
            sink_text(&self.text, self.base, at, run.start, sink);
            if !run.shown {
                sink.mask(self.masks.get(run.owner).map_or("", String::as_str));
                run.shown = true;
            }
            for (from, to) in self.bare.kept(run.start.max(self.base), run.end.min(end)) {
                sink_text(&self.text, self.base, from, to, sink);
            }
            at = at.max(run.end);
        }
        sink_text(&self.text, self.base, at, end, sink);
        self.text.drain(..length);
        self.base = end;
    }
}

/// Hands on what stands between two places of the stream.
fn sink_text(text: &[u8], base: u64, from: u64, to: u64, sink: &mut impl Sink) {
    let place = |at: u64| usize::try_from(at.saturating_sub(base)).unwrap_or(usize::MAX);
    if let Some(text) = text.get(place(from)..place(to)).filter(|text| !text.is_empty()) {
        sink.text(text);
    }
}
