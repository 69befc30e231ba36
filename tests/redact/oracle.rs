//! What must come out, found by looking for every form at every place.

use std::collections::HashMap;

use lacre::redact::forms;

use super::colours::{is_whole, sequences};

/// A mask that stands in no text.
pub const MASK: &str = "\u{f8ff}";

pub struct Oracle {
    /// Forms by their first bytes, the longest first, with the number of the secret.
    forms: HashMap<[u8; 4], Vec<(Vec<u8>, usize)>>,
}

/// A run of masked bytes.
struct Run {
    start: usize,
    end: usize,
    owner: usize,
}

impl Oracle {
    pub fn new(values: &[String]) -> Self {
        let mut all: HashMap<[u8; 4], Vec<(Vec<u8>, usize)>> = HashMap::new();
        for (owner, value) in values.iter().enumerate() {
            for form in forms(value.as_bytes()) {
                let alike = all.entry(*form.expose().first_chunk().unwrap()).or_default();
                if alike.iter().all(|(other, _)| other != form.expose()) {
                    alike.push((form.expose().clone(), owner));
                }
            }
        }
        for alike in all.values_mut() {
            alike.sort_by_key(|(form, _)| std::cmp::Reverse(form.len()));
        }
        Self { forms: all }
    }

    /// Whether `form` is one that is looked for.
    pub fn knows(&self, form: &[u8]) -> bool {
        self.beginning(form).any(|(found, _)| found == form.len())
    }

    /// The lengths of the forms that `text` begins with, the longest first, and whose they are.
    fn beginning(&self, text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
        let alike = text.first_chunk().and_then(|first| self.forms.get(first));
        let alike = alike.into_iter().flatten().filter(move |(form, _)| text.starts_with(form));
        alike.map(|(form, owner)| (form.len(), *owner))
    }

    /// Every form that stands in the text, or in what a terminal shows of it, the first and longest first.
    /// Every form that stands in the text, or in what a terminal shows of it, the first and longest first.
    fn found(&self, text: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        self.find_in(text, |at| at, &mut found);
        let sequences = sequences(text);
        if !sequences.is_empty() {
            let is_hidden = |at: &usize| sequences.iter().any(|(start, end)| (*start..*end).contains(at));
            let places: Vec<usize> = (0..text.len()).filter(|at| !is_hidden(at)).collect();
            let shown: Vec<u8> = places.iter().map(|at| text[*at]).collect();
            self.find_in(&shown, |at| places[at], &mut found);
            found.sort_by_key(|found| (found.start(), std::cmp::Reverse(found.end())));
        }
        found
    }

    fn find_in(&self, text: &[u8], place: impl Fn(usize) -> usize, found: &mut Vec<Found>) {
        for first in 0..text.len() {
            for (length, owner) in self.beginning(&text[first..]) {
                found.push(Found { places: (first..first + length).map(&place).collect(), owner });
            }
        }
    }

    /// `text` with every run replaced by the name of the secret that begins it, and the sequences in it.
    pub fn masked(&self, text: &[u8]) -> String {
        let (mut out, mut at) = (Vec::new(), 0);
        let found = self.found(text);
        let runs = runs(&found);
        let fates = fates(&[text], text, &found, &runs);
        for run in runs {
            out.extend(&text[at..run.start]);
            out.extend(format!("[{}]", ('A'..).nth(run.owner).unwrap()).bytes());
            out.extend((run.start..run.end).filter(|at| fates[*at] == Fate::Stays).map(|at| text[at]));
            at = run.end;
        }
        out.extend(&text[at..]);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Whether `out` may come of `pieces`: one mask a run, all that is not masked, and of a secret at most its first
    /// three bytes, where a piece ends with them.
    pub fn allows(&self, pieces: &[&[u8]], out: &[u8]) -> bool {
        let text = pieces.concat();
        let (masks, out) = without_masks(out);
        let found = self.found(&text);
        let runs = runs(&found);
        masks == runs.len() && may_become(&fates(pieces, &text, &found, &runs), &text, &out)
    }
}

fn runs(all: &[Found]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for found in all {
        let (start, end) = (found.start(), found.end());
        match runs.last_mut().filter(|last| last.end > start) {
            Some(last) => last.end = last.end.max(end),
            None => runs.push(Run { start, end, owner: found.owner }),
        }
    }
    runs
}

/// What may become of each byte.
fn fates(pieces: &[&[u8]], text: &[u8], found: &[Found], runs: &[Run]) -> Vec<Fate> {
    let mut ends = Vec::with_capacity(text.len());
    for piece in pieces {
        let end = ends.len() + piece.len();
        ends.resize(end, end);
    }
    let mut fates = vec![Fate::Stays; text.len()];
    for found in found {
        let (end, places) = (found.end(), &found.places);
        for at in places {
            let handed_on = places.partition_point(|place| *place < ends[*at]);
            let fate = if end > ends[*at] && handed_on <= 3 { Fate::Either } else { Fate::Goes };
            fates[*at] = fates[*at].max(fate);
        }
    }
    // What is cut short would take from what stands behind it; what a secret is part of is none.
    for (first, last) in sequences(text) {
        if !is_whole(&text[first..last]) || fates[first..last].iter().any(|fate| *fate != Fate::Stays) {
            for at in (first..last).filter(|at| runs.iter().any(|run| (run.start..run.end).contains(at))) {
                fates[at] = fates[at].max(Fate::Either);
            }
        }
    }
    fates
}

/// A form in a text.
struct Found {
    /// Where its bytes stand.
    places: Vec<usize>,
    owner: usize,
}

impl Found {
    fn start(&self) -> usize {
        self.places[0]
    }

    fn end(&self) -> usize {
        self.places[self.places.len() - 1] + 1
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Stays,
    Either,
    Goes,
}

/// How many masks there are, and what is left without them.
fn without_masks(out: &[u8]) -> (usize, Vec<u8>) {
    let (mut masks, mut left, mut rest) = (0, Vec::new(), out);
    while let Some((first, behind)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(MASK.as_bytes()) {
            masks += 1;
            rest = behind;
        } else {
            left.push(*first);
            rest = behind;
        }
    }
    (masks, left)
}

fn may_become(fates: &[Fate], text: &[u8], out: &[u8]) -> bool {
    // How much of `out` may be explained by the text so far.
    let mut reached = std::collections::BTreeSet::from([0]);
    for (fate, byte) in fates.iter().zip(text) {
        let one_more = reached.iter().filter(|at| out.get(**at) == Some(byte)).map(|at| at + 1);
        reached = match fate {
            Fate::Goes => reached,
            Fate::Stays => one_more.collect(),
            Fate::Either => one_more.chain(reached.iter().copied()).collect(),
        };
    }
    reached.contains(&out.len())
}
