//! Control sequences in a text, as programs write them that colour what they print.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// What programs write; the last two are cut short, which a line feed or a letter of another script ends.
const SEQUENCES: [&str; 8] = [
    "\x1b[m",
    "\x1b[0m",
    "\x1b[01;31m\x1b[K",
    "\x1b[38;5;214m",
    "\x1b[?25l",
    "\x1b[1 q",
    "\x1b[3\n",
    "\x1b[é",
];

static SEQUENCE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u)\x1b\[[ -?]*[@-~]?").unwrap());

/// `text` with a sequence at some of its places; `below` says a number below its argument.
pub fn painted(text: &[u8], mut below: impl FnMut(usize) -> usize) -> Vec<u8> {
    let often = 1 + below(12);
    let mut painted = Vec::new();
    for byte in text {
        if below(often) == 0 {
            painted.extend(SEQUENCES[below(if often == 1 { 6 } else { 8 })].bytes());
        }
        painted.push(*byte);
    }
    painted
}

/// Where the sequences of a text begin and end.
pub fn sequences(text: &[u8]) -> Vec<(usize, usize)> {
    if !text.contains(&0x1b) {
        return Vec::new();
    }
    SEQUENCE.find_iter(text).map(|found| (found.start(), found.end())).collect()
}

/// Whether a terminal takes all of it, and nothing behind it.
pub fn is_whole(sequence: &[u8]) -> bool {
    sequence.len() > 2 && sequence.last().is_some_and(|last| (b'@'..=b'~').contains(last))
}
