//! A range of bytes in a document.

/// Bytes `start..end` of a text of at most 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span of `start..end`. Texts are limited to 4 GiB, so a larger offset is cut to that.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: narrow(start), end: narrow(end) }
    }

    /// The bytes of `text` it covers; empty where it reaches outside.
    #[must_use]
    pub fn of(self, text: &[u8]) -> &[u8] {
        text.get(self.range()).unwrap_or_default()
    }

    /// As a range of indices.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Without its first `front` and last `back` bytes.
    #[must_use]
    pub const fn shrunk(self, front: u32, back: u32) -> Self {
        Self { start: self.start.saturating_add(front), end: self.end.saturating_sub(back) }
    }

    /// Whether it covers nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.end <= self.start
    }
}

/// The lines of a text, for who asks for many of them, mostly in order.
#[derive(Debug)]
pub struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    /// Of `text`.
    #[must_use]
    pub const fn of(text: &'t [u8]) -> Self {
        Self { text, at: 0, line: 1 }
    }

    /// As [`line_of`].
    pub fn line_of(&mut self, offset: usize) -> usize {
        if offset < self.at {
            (self.at, self.line) = (0, 1);
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        self.line += line_of(rest, offset - self.at) - 1;
        self.at = offset;
        self.line
    }
}

/// The line, counted from 1, in which the byte at `offset` stands.
#[must_use]
pub fn line_of(text: &[u8], offset: usize) -> usize {
    1 + memchr::memchr_iter(b'\n', text.get(..offset).unwrap_or(text)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_the_same_in_whatever_order_they_are_asked_for() {
        let text = b"a\nb\n\nc";
        let mut lines = Lines::of(text);
        for offset in [0, 1, 2, 2, 5, 4, 0, 6, 99, 3] {
            assert_eq!(lines.line_of(offset), line_of(text, offset), "{offset}");
        }
    }
}
