//! Block scalars: their header, their indentation, and where their content ends. The parser's span of one begins at
//! the content and runs into the next line.

use super::lexeme;

/// `|` or `>`, with what follows on its line.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// Where the `|` or `>` stands.
    pub start: usize,
    /// Where the `#` of a comment on the line stands.
    pub comment: Option<usize>,
    /// Where the line ends.
    pub line_end: usize,
    /// The indentation asked for.
    pub indent: Option<usize>,
    /// `-`, `+` or nothing.
    pub chomp: Chomp,
}

/// What happens to the line ends at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chomp {
    /// One stays.
    Clip,
    /// All stay: `+`.
    Keep,
    /// None stays: `-`.
    Strip,
}

impl Header {
    /// The header that begins at `start`.
    pub fn read(text: &[u8], start: usize) -> Self {
        let rest = text.get(start + 1..).unwrap_or_default();
        let indicators = rest.iter().take_while(|byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'));
        let end = (start + 1 + indicators.clone().count()).min(text.len());
        let chomp = indicators.clone().fold(Chomp::Clip, |chomp, byte| match byte {
            b'-' => Chomp::Strip,
            b'+' => Chomp::Keep,
            _ => chomp,
        });
        let digit = indicators.copied().find(u8::is_ascii_digit);
        let behind = lexeme::skip_blanks(text, end);
        Self {
            start,
            comment: (text.get(behind) == Some(&b'#')).then_some(behind),
            line_end: lexeme::line_end(text, end),
            indent: digit.map(|digit| usize::from(digit - b'0')),
            chomp,
        }
    }
}

impl Chomp {
    /// As it stands in a header.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Clip => "",
            Self::Keep => "+",
            Self::Strip => "-",
        }
    }
}

/// Where the block's content ends, before its last line end; `parsed` is where the parser saw its end.
pub fn end(text: &[u8], header: &Header, parsed: usize) -> usize {
    let content = lexeme::next_line(text, header.line_end);
    let Some(mut body) = text.get(content..parsed).filter(|body| !body.is_empty()) else {
        return header.line_end;
    };
    let indent = indentation(body);
    // The rest of a line that belongs to what follows.
    let tail = body.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    if tail.iter().all(|byte| *byte == b' ') && parsed < text.len() {
        body = body.get(..body.len() - tail.len()).unwrap_or_default();
    }
    body = without_line_end(body);
    if header.chomp != Chomp::Keep {
        loop {
            let line = body.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
            let blank = line.iter().all(|byte| matches!(byte, b' ' | b'\r'));
            if !blank || indent.is_some_and(|indent| line.len() > indent && line != b"\r") {
                break;
            }
            if line.len() == body.len() {
                return header.line_end;
            }
            body = without_line_end(body.get(..body.len() - line.len()).unwrap_or_default());
        }
    }
    content + body.len()
}

/// The blanks before the first line of `body` that holds more.
pub fn indentation(body: &[u8]) -> Option<usize> {
    body.split(|byte| *byte == b'\n').find_map(|line| {
        let blanks = line.iter().take_while(|byte| **byte == b' ').count();
        (!matches!(line.get(blanks..), None | Some([] | [b'\r']))).then_some(blanks)
    })
}

fn without_line_end(body: &[u8]) -> &[u8] {
    body.strip_suffix(b"\r\n").or_else(|| body.strip_suffix(b"\n")).unwrap_or(body)
}
