//! What looks like a secret, though it is none of ours: a value behind a telling name, behind the beginning that a
//! service gives its tokens, or between the armor of a private key. A guess.

use std::sync::Arc;

use regex::bytes::Regex;

use super::stream::Sink;

/// What stands before a value, and ends where it begins; in each group another kind.
const HEADS: &str = concat!(
    r#"(?i:(?:passwor[dt]|passwd|passphrase|pwd|secret|token|credentials?|(?:api|auth|access|private|secret)[_-]?key)"#,
    r#"(?:\\?["'])?[ \t]{0,3}(?:=>|[:=]{1,2})[ \t]{0,3}(?P<assigned>\\?["'])?)"#,
    r#"|(?P<bearer>(?i:authorization\\?["']?[ \t]{0,3}[:=][ \t]{0,3}\\?["']?(?:basic|bearer|token)|\bbearer)[ \t]{1,3})"#,
    r"|(?P<token>\b(?:A[KS]IA|gh[opsur]_|github_pat_|glpat-|xox[abeoprs]-|[rs]k_live_|sk-(?:ant|proj)-|AIza|npm_|eyJ",
    r"|AGE-SECRET-KEY-(?:PQ-)?1|age-secret-key-(?:pq-)?1))",
    r"|(?P<pem>-----BEGIN [A-Z0-9 ]{0,32}PRIVATE KEY(?: BLOCK)?-----)",
);

/// Bytes that are remembered of what was handed on: no head is longer, but for odd blanks.
const REMEMBERED: usize = 128;

/// Where a value without an end is taken for none.
const LONGEST: usize = 64 * 1024;

/// What of a stream is held: a value that is too short to be one, at the end of what was read.
pub(super) struct Patterns {
    heads: Arc<Regex>,
    mask: Arc<str>,
    /// The last bytes that were handed on, then those that were not.
    text: Vec<u8>,
    /// Where the latter begin.
    held: usize,
    /// The rest of a value is swallowed: its kind, its last byte, and how many bytes more it may have.
    inside: Option<(Kind, u8, usize)>,
}

/// A kind of value.
#[derive(Clone, Copy)]
enum Kind {
    /// A word.
    Bare,
    /// Up to this quote, which may stand behind a backslash within; or not, where all of it is within quotes.
    Quoted(u8, bool),
    /// Letters, digits and what else stands in tokens.
    Token,
    /// Up to the armor.
    Pem,
}

impl Kind {
    /// Fewest bytes of a value.
    const fn fewest(self) -> usize {
        match self {
            Self::Bare | Self::Quoted(..) => 6,
            Self::Token => 12,
            Self::Pem => 16,
        }
    }

    /// Whether `byte` behind `before` belongs to the value.
    const fn takes(self, before: u8, byte: u8) -> bool {
        match self {
            Self::Bare => {
                !byte.is_ascii_whitespace()
                    && !matches!(byte, b'"' | b'\'' | b',' | b';' | b'&' | b'<' | b'>' | 0x1b)
            }
            Self::Quoted(_, _) if matches!(byte, b'\n' | b'\r') => false,
            Self::Quoted(quote, true) => byte != quote || before == b'\\',
            Self::Quoted(quote, false) => byte != quote && byte != b'\\',
            Self::Token => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'+' | b'/' | b'=' | b'~')
            }
            Self::Pem => byte != b'-' || before != b'-',
        }
    }

    /// Whether `last`, with which a value seems to end, is the first dash of the armor; a single one is none, as in the
    /// lines that a diff takes away.
    const fn is_armor(self, last: u8) -> bool {
        matches!(self, Self::Pem) && last == b'-'
    }

    /// How many of the first bytes of `text` belong to the value, and the last of them.
    fn extent(self, text: &[u8], mut before: u8) -> (usize, u8) {
        for (length, byte) in text.iter().enumerate() {
            if !self.takes(before, *byte) {
                return (length, before);
            }
            before = *byte;
        }
        (text.len(), before)
    }
}

impl Patterns {
    /// `None` only if the heads were no expression.
    pub(super) fn new(mask: Option<&str>) -> Option<Self> {
        let heads = Arc::new(Regex::new(HEADS).ok()?);
        let mask = mask.unwrap_or("[secret]").into();
        Some(Self { heads, mask, text: Vec::new(), held: 0, inside: None })
    }

    /// The same for another stream.
    pub(super) fn fresh(&self) -> Self {
        let (heads, mask) = (Arc::clone(&self.heads), Arc::clone(&self.mask));
        Self { heads, mask, text: Vec::new(), held: 0, inside: None }
    }

    /// Text that is no secret of ours.
    fn push(&mut self, mut text: &[u8], out: &mut impl Sink) {
        if let Some((kind, before, room)) = self.inside {
            let (length, last) = kind.extent(text, before);
            if length < text.len() && kind.is_armor(last) {
                self.text.push(last);
            }
            self.inside = (length == text.len() && length < room).then(|| (kind, last, room - length));
            text = text.get(length..).unwrap_or_default();
        }
        self.text.extend_from_slice(text);
        let mut from = 0;
        while let Some((start, kind, quote)) = self.head(from) {
            let (length, last) = kind.extent(self.text.get(start..).unwrap_or_default(), quote);
            let mut end = start + length;
            if length >= kind.fewest() {
                self.hand_on(start, out);
                out.mask(&self.mask);
                end -= usize::from(end < self.text.len() && kind.is_armor(last));
                self.text.drain(..end);
                (self.held, from) = (0, 0);
                if self.text.is_empty() {
                    self.inside = Some((kind, last, LONGEST));
                }
            } else if end == self.text.len() {
                self.hand_on(start, out);
                self.forget(start);
                return;
            } else {
                from = start;
            }
        }
        self.hand_on(self.text.len(), out);
        self.forget(self.text.len());
    }

    /// Another secret stands here, or the end.
    fn interrupt(&mut self, out: &mut impl Sink) {
        self.hand_on(self.text.len(), out);
        self.text.clear();
        self.held = 0;
    }

    /// The next head from `from` on: where its value begins, of which kind that is, and the byte before.
    fn head(&self, from: usize) -> Option<(usize, Kind, u8)> {
        let found = self.heads.captures_at(&self.text, from)?;
        let end = found.get(0)?.end();
        let last = self.text.get(..end)?.last().copied()?;
        let kind = if found.name("pem").is_some() {
            Kind::Pem
        } else if found.name("token").is_some() || found.name("bearer").is_some() {
            Kind::Token
        } else {
            found.name("assigned").map_or(Kind::Bare, |quote| Kind::Quoted(last, quote.len() == 1))
        };
        // The armor's last dash is none of the value's.
        Some((end, kind, if matches!(kind, Kind::Pem) { b'\n' } else { last }))
    }

    fn hand_on(&mut self, end: usize, out: &mut impl Sink) {
        if let Some(text) = self.text.get(self.held..end).filter(|text| !text.is_empty()) {
            out.text(text);
        }
        self.held = self.held.max(end);
    }

    /// Remembers the last bytes before `end` only.
    fn forget(&mut self, end: usize) {
        let forgotten = end.saturating_sub(REMEMBERED);
        self.text.drain(..forgotten);
        self.held -= forgotten.min(self.held);
    }
}

/// A sink whose text goes through patterns.
pub(super) struct Guessed<'a, S> {
    pub(super) patterns: &'a mut Patterns,
    pub(super) out: &'a mut S,
}

impl<S: Sink> Sink for Guessed<'_, S> {
    fn text(&mut self, text: &[u8]) {
        self.patterns.push(text, self.out);
    }

    fn mask(&mut self, mask: &str) {
        self.patterns.interrupt(self.out);
        self.out.mask(mask);
    }
}

impl<S: Sink> Guessed<'_, S> {
    pub(super) fn finish(&mut self) {
        self.patterns.interrupt(self.out);
    }
}

#[cfg(test)]
mod tests;
