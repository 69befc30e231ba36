//! One value that is looked for, in other values and in text: as it is, in another form, or as a part.

use super::decoded::decoded;
use super::forms::{forms, is_maskable};
use super::search::Search;
use crate::base::Secret;

/// What is looked for. Blanks round it are no part of it.
pub struct Needle {
    value: Secret<Vec<u8>>,
    /// What it says if it is an encoding itself.
    decoded: Vec<Secret<Vec<u8>>>,
    /// All its forms; `None` where it is too short or too common to be found by chance only.
    search: Option<Search>,
}

/// How a value is like the one that is looked for; the least like it first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Likeness {
    /// It is nothing else; `false`: a part of it is.
    pub whole: bool,
    /// As it is; `false`: in another form, encoded or decoded.
    pub plain: bool,
}

/// Where the needle begins in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The first byte of it.
    pub start: usize,
    /// Behind the last.
    end: usize,
    /// As it is; `false`: in another form.
    pub plain: bool,
}

/// The owners of forms.
const PLAIN: usize = 0;
const OTHER: usize = 1;

impl Needle {
    /// Looks for `value`.
    #[must_use]
    pub fn new(value: &[u8]) -> Self {
        let text = value.trim_ascii();
        let mut decoded = decoded(text);
        decoded.iter_mut().for_each(trim);
        // What stands behind a value is part of what was encoded.
        let search = is_maskable(text).then(|| search(value, &decoded)).flatten();
        Self { value: Secret::new(text.to_vec()), decoded, search }
    }

    /// Whether it has nothing but blanks.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.value.expose().is_empty()
    }

    /// Whether it is looked for within other text too: [`is_maskable`] says what is.
    #[must_use]
    pub const fn is_searchable(&self) -> bool {
        self.search.is_some()
    }

    /// How `value` is like it; `None` where it is not.
    #[must_use]
    pub fn likeness(&self, value: &[u8]) -> Option<Likeness> {
        let value = value.trim_ascii();
        if value.is_empty() {
            return None;
        }
        if value == self.value.expose() {
            return Some(Likeness { whole: true, plain: true });
        }
        let readings = decoded(value);
        let is_needle = |reading: &Secret<Vec<u8>>| reading.expose().trim_ascii() == self.value.expose();
        if readings.iter().any(is_needle) || self.decoded.iter().any(|other| other.expose() == value) {
            return Some(Likeness { whole: true, plain: false });
        }
        let hits = self.hits(value);
        // A form that lacks the last letter of an encoding may cover less; a line of several is shorter.
        let is_whole = |hit: &Hit| hit.start == 0 && hit.end == value.len();
        if value.len() >= self.value.expose().len() && hits.iter().any(is_whole) {
            return Some(Likeness { whole: true, plain: false });
        }
        let plain = hits.iter().any(|hit| hit.plain);
        let is_part =
            !hits.is_empty() || readings.iter().any(|reading| !self.hits(reading.expose()).is_empty());
        is_part.then_some(Likeness { whole: false, plain })
    }

    /// Where it stands in `text`, in any form, in order; of what overlaps, the first.
    #[must_use]
    pub fn hits(&self, text: &[u8]) -> Vec<Hit> {
        let Some(search) = &self.search else { return Vec::new() };
        let mut hits: Vec<Hit> = Vec::new();
        search.each(text, |start, end, owner| join(&mut hits, Hit { start, end, plain: owner == PLAIN }));
        hits
    }
}

/// All forms in one automaton; `None` where no automaton holds them.
fn search(value: &[u8], decoded: &[Secret<Vec<u8>>]) -> Option<Search> {
    let forms = forms(value);
    let owned = forms.iter().map(|form| form.expose().as_slice());
    let owned = owned.map(|form| (form, if form == value.trim_ascii() { PLAIN } else { OTHER }));
    let others = decoded.iter().map(|other| other.expose().as_slice()).filter(|other| is_maskable(other));
    let others = others.filter(|other| !forms.iter().any(|form| form.expose() == other));
    let all: Vec<_> = owned.chain(others.map(|other| (other, OTHER))).collect();
    Search::new(&all).ok().flatten()
}

/// One hit more, which ends behind all others: a longer form of what ended within it takes its place.
fn join(hits: &mut Vec<Hit>, mut hit: Hit) {
    while let Some(last) = hits.last().copied().filter(|last| last.end > hit.start) {
        hits.pop();
        hit.start = hit.start.min(last.start);
        hit.plain |= last.plain;
    }
    hits.push(hit);
}

fn trim(text: &mut Secret<Vec<u8>>) {
    let trimmed = text.expose().trim_ascii();
    if trimmed.len() < text.expose().len() {
        *text = Secret::new(trimmed.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SAME: Option<Likeness> = Some(Likeness { whole: true, plain: true });
    const ENCODED: Option<Likeness> = Some(Likeness { whole: true, plain: false });
    const PART: Option<Likeness> = Some(Likeness { whole: false, plain: true });
    const ENCODED_PART: Option<Likeness> = Some(Likeness { whole: false, plain: false });

    #[test]
    fn values_are_told_apart() {
        let needle = Needle::new(b"hunter22-secret\n");
        let inside = STANDARD.encode("user:hunter22-secret@host");
        let twice = STANDARD.encode(STANDARD.encode("hunter22-secret"));
        for (value, expected) in [
            ("hunter22-secret", SAME),
            (" hunter22-secret\n", SAME),
            ("aHVudGVyMjItc2VjcmV0", ENCODED),
            ("aHVudGVyMjIt\nc2VjcmV0\n", ENCODED),
            ("68756e74657232322d736563726574", ENCODED),
            ("postgres://u:hunter22-secret@h/db", PART),
            (&inside, ENCODED_PART),
            (&twice, ENCODED_PART),
            ("hunter2-secret", None),
            ("", None),
        ] {
            assert_eq!(needle.likeness(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn an_encoded_needle_finds_the_value_it_was_made_of() {
        for needle in ["aHVudGVyMjItc2VjcmV0", "68756e74657232322d736563726574", "hunter22%2Dsecret"] {
            let needle = Needle::new(needle.as_bytes());
            assert_eq!(needle.likeness(b"hunter22-secret"), ENCODED);
            assert_eq!(needle.likeness(b"u:hunter22-secret"), ENCODED_PART);
        }
    }

    #[test]
    fn a_short_needle_matches_whole_values_only() {
        let needle = Needle::new(b"1234");
        assert!(!needle.is_searchable());
        assert_eq!(needle.likeness(b"1234"), SAME);
        assert_eq!(needle.likeness(b"MTIzNA=="), ENCODED);
        assert_eq!(needle.likeness(b"12345"), None);
        assert_eq!(needle.hits(b"1234"), []);
    }

    #[test]
    fn a_line_of_several_is_a_part() {
        let needle = Needle::new(b"-----BEGIN X-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END X-----\n");
        assert_eq!(needle.likeness(b"MIIEvQIBADANBgkqhkiG9w0B"), ENCODED_PART);
    }

    #[test]
    fn every_place_of_a_text_is_found_once() {
        let needle = Needle::new(b"hunter22-secret");
        for gap in 0..40 {
            let gap = "x".repeat(gap);
            let text =
                format!("{gap}hunter22-secret{gap}aHVudGVyMjItc2VjcmV0{gap}hunter22%2Dsecret hunter22");
            let starts: Vec<_> =
                needle.hits(text.as_bytes()).iter().map(|hit| (hit.start, hit.plain)).collect();
            let second = gap.len() * 2 + 15;
            assert_eq!(starts, [(gap.len(), true), (second, false)], "{text}");
        }
        assert_eq!(needle.hits(b"hunter22-secre"), []);
    }
}
