//! Conflict markers as git writes them: put round the lines in which two texts differ, and taken apart again.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::envelope::lines;

/// The words and the length of the markers.
#[derive(Clone, Debug)]
pub struct Labels {
    /// Behind `<<<<<<<`.
    pub ours: String,
    /// Behind `>>>>>>>`.
    pub theirs: String,
    /// How many signs; no parser would stumble over fewer than seven.
    pub size: usize,
}

/// A marked text taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parted {
    /// With ours in every place.
    pub ours: Vec<u8>,
    /// With theirs in every place.
    pub theirs: Vec<u8>,
    /// How many places there are.
    pub conflicts: usize,
}

/// Signs of a marker, at least.
const SHORTEST: usize = 7;

/// `ours`, with the lines marked where `theirs` has others. Taking ours in every place gives `ours` byte for byte, but
/// for an end of the last line that was not there.
#[must_use]
pub fn marked(ours: &[u8], theirs: &[u8], labels: &Labels) -> Vec<u8> {
    let (our_lines, their_lines) = (lines(ours), lines(theirs));
    let end: &[u8] =
        if our_lines.first().is_some_and(|line| line.ends_with(b"\r\n")) { b"\r\n" } else { b"\n" };
    let sign_line = |sign: &str, label: &str| {
        let label = if label.is_empty() { String::new() } else { format!(" {}", harmless(label)) };
        let mut line = sign.repeat(labels.size.max(SHORTEST)).into_bytes();
        line.extend(label.as_bytes());
        line.extend(end);
        line
    };
    let mut text = Vec::with_capacity(ours.len() + theirs.len());
    let put = |lines: &[&[u8]], text: &mut Vec<u8>| {
        text.extend(lines.concat());
        if !text.ends_with(b"\n") && !lines.is_empty() {
            text.extend(end);
        }
    };
    for op in capture_diff_slices(Algorithm::Patience, &our_lines, &their_lines) {
        let ours = our_lines.get(op.old_range()).unwrap_or_default();
        if matches!(op, DiffOp::Equal { .. }) {
            text.extend(ours.concat());
            continue;
        }
        text.extend(sign_line("<", &labels.ours));
        put(ours, &mut text);
        text.extend(sign_line("=", ""));
        put(their_lines.get(op.new_range()).unwrap_or_default(), &mut text);
        text.extend(sign_line(">", &labels.theirs));
    }
    text
}

/// A label in which no parser finds a name and a value.
fn harmless(label: &str) -> String {
    label
        .chars()
        .map(|sign| if matches!(sign, '=' | ':') || sign.is_control() { '-' } else { sign })
        .collect()
}

/// Whether git or we left markers in `text`.
#[must_use]
pub fn is_marked(text: &[u8]) -> bool {
    first_marker(text).is_some()
}

/// Where the first line of such markers begins.
#[must_use]
pub fn first_marker(text: &[u8]) -> Option<usize> {
    // Most texts have none, and need not be taken apart.
    let at = if text.starts_with(b"<<<<<<<") { 0 } else { memchr::memmem::find(text, b"\n<<<<<<<")? + 1 };
    part(text).map(|_| at)
}

/// Takes a marked text apart; `None` when it holds no complete set of markers. The common base, which git may put
/// between `|||||||` and `=======`, is left out.
#[must_use]
pub fn part(text: &[u8]) -> Option<Parted> {
    let mut parted = Parted { ours: Vec::new(), theirs: Vec::new(), conflicts: 0 };
    let mut place = Place::Outside;
    for line in lines(text) {
        let size = line.iter().take_while(|byte| Some(*byte) == line.first()).count();
        let rest = line.get(size..).unwrap_or_default();
        let is_bare = rest.trim_ascii().is_empty();
        let sign = line.first().filter(|_| size >= SHORTEST && (is_bare || rest.starts_with(b" ")));
        place = match (place, sign) {
            (Place::Outside, Some(b'<')) => Place::Ours(size),
            (Place::Ours(known), Some(b'|')) if known == size => Place::Base(size),
            (Place::Ours(known) | Place::Base(known), Some(b'=')) if known == size && is_bare => {
                Place::Theirs(size)
            }
            (Place::Theirs(known), Some(b'>')) if known == size => {
                parted.conflicts += 1;
                Place::Outside
            }
            (place, _) => {
                if matches!(place, Place::Outside | Place::Ours(_)) {
                    parted.ours.extend(line);
                }
                if matches!(place, Place::Outside | Place::Theirs(_)) {
                    parted.theirs.extend(line);
                }
                place
            }
        };
    }
    (place == Place::Outside && parted.conflicts > 0).then_some(parted)
}

/// Where a line stands, and how long the markers round it are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Base(usize),
    Ours(usize),
    Outside,
    Theirs(usize),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marked_text_comes_apart_into_what_it_was_made_of() {
        let labels = Labels { ours: "HEAD".into(), theirs: "a=b".into(), size: 7 };
        for (ours, theirs, expected) in [
            ("a\nb\nc\n", "a\nB\nc\n", "a\n<<<<<<< HEAD\nb\n=======\nB\n>>>>>>> a-b\nc\n"),
            ("a\nc\n", "a\nb\nc\n", "a\n<<<<<<< HEAD\n=======\nb\n>>>>>>> a-b\nc\n"),
            ("a\r\n", "b\r\n", "<<<<<<< HEAD\r\na\r\n=======\r\nb\r\n>>>>>>> a-b\r\n"),
        ] {
            let text = marked(ours.as_bytes(), theirs.as_bytes(), &labels);
            assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
            let parted = Parted { ours: ours.into(), theirs: theirs.into(), conflicts: 1 };
            assert_eq!(part(&text), Some(parted));
        }
        assert_eq!(part(b"a\n"), None);
        assert_eq!(part(b"<<<<<<< x\na\n=======\n"), None);
    }

    #[test]
    fn the_base_that_git_may_show_is_left_out() {
        let text = b"<<<<<<<< x\na\n|||||||| y\n<<<<<<<\nb\n========\nc\n>>>>>>>> z\n";
        let parted = Parted { ours: b"a\n".to_vec(), theirs: b"c\n".to_vec(), conflicts: 1 };
        assert_eq!(part(text), Some(parted));
    }
}
