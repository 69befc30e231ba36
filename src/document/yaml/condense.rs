//! Ciphertext is most of an encrypted file and says nothing to a parser. It is taken out before parsing, a short word
//! stands in its place, and the spans are brought back afterwards: the same events from a fraction of the text.
//!
//! Only what is certainly one plain scalar is taken: all of a line behind `: ` or `- `. Where the events show that
//! it was anything else (in a block scalar, a flow collection, over several lines), the whole text is read instead.

use memchr::{memchr3, memmem};

use crate::base::outline::Quotes;
use crate::base::{Kind, Outline, Scalar, Shape, Span, Style, Text};

/// What ciphertext begins with.
const MARK: &[u8] = b"ENC[AES256_GCM,";

/// What stands for one: plain, a string, and as little a key as the ciphertext.
const WORD: &str = "ENC";

/// A text without its ciphertexts.
pub struct Condensed {
    /// The short text.
    pub text: String,
    sites: Vec<Site>,
}

/// Where one was taken out.
struct Site {
    /// In the short text, one past the word that stands for it.
    end: usize,
    /// Bytes that the short text lacks up to here.
    missing: usize,
}

impl Condensed {
    /// `None`: there is nothing to take out.
    pub fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut short = String::with_capacity(bytes.len() / 2);
        let mut sites = Vec::new();
        let mut at = 0;
        for start in memmem::find_iter(bytes, MARK) {
            let Some(end) = site(bytes, start).filter(|_| start >= at) else { continue };
            short.push_str(text.get(at..start)?);
            short.push_str(WORD);
            sites.push(Site { end: short.len(), missing: end - short.len() });
            at = end;
        }
        short.push_str(text.get(at..)?);
        (!sites.is_empty()).then_some(Self { text: short, sites })
    }

    /// The outline of the short text as that of the whole one. `None`: some ciphertext was not what it looked like.
    pub fn expanded(&self, mut outline: Outline) -> Option<Outline> {
        let mut shapes = Vec::new();
        let mut next = 0;
        for event in &mut outline.events {
            let Span { start, end } = event.span;
            match &event.kind {
                Kind::Map(shape) | Kind::List(shape) => shapes.push(*shape),
                Kind::End => drop(shapes.pop()),
                Kind::Scalar(Style::Plain, Scalar::Str(Text::Verbatim(Quotes::None)))
                    if self.sites.get(next).is_some_and(|site| site.end == end as usize)
                        && (end - start) as usize == WORD.len()
                        && shapes.last() == Some(&Shape::Block) =>
                {
                    next += 1;
                }
                _ => {}
            }
            event.span = self.whole(event.span, next);
        }
        for span in &mut outline.metadata_spans {
            *span = self.whole(*span, next);
        }
        (next == self.sites.len()).then_some(outline)
    }

    /// `span` in the whole text. Most spans are near the site with the number `near`.
    fn whole(&self, span: Span, near: usize) -> Span {
        Span::new(self.offset(span.start, near), self.offset(span.end, near))
    }

    fn offset(&self, offset: u32, near: usize) -> usize {
        let offset = offset as usize;
        let is_before = |site: &Site| site.end <= offset;
        let (low, high) = (near.saturating_sub(4), (near + 4).min(self.sites.len()));
        let is_near = low.checked_sub(1).is_none_or(|below| self.sites.get(below).is_some_and(is_before))
            && self.sites.get(high).is_none_or(|site| !is_before(site));
        let (from, among) = if is_near { (low, self.sites.get(low..high)) } else { (0, self.sites.get(..)) };
        let before = from + among.unwrap_or_default().partition_point(is_before);
        let last = before.checked_sub(1).and_then(|last| self.sites.get(last));
        offset + last.map_or(0, |site| site.missing)
    }
}

/// The end of the ciphertext at `start`, if it is all that stands behind a key or dash to the end of its line. The MAC
/// stays: it is metadata.
fn site(text: &[u8], start: usize) -> Option<usize> {
    let before = text.get(..start)?;
    if !before.ends_with(b": ") && !before.ends_with(b"- ") || before.ends_with(b"mac: ") {
        return None;
    }
    let rest = text.get(start..)?;
    // Not to the end of the line: there may be thousands of them in it.
    let word = rest.get(..memchr3(b' ', b'\t', b'\n', rest).unwrap_or(rest.len()))?;
    let is_last = matches!(rest.get(word.len()), None | Some(b'\n'));
    let line = word.strip_suffix(b"\r").unwrap_or(word);
    // What is not ASCII may be something to the parser that it is not to us.
    let is_one_word = is_last && line.ends_with(b"]") && line.iter().all(u8::is_ascii_graphic);
    is_one_word.then_some(start + line.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::reading::{outline, outline_of};
    use super::*;
    use crate::base::ParseError;
    use crate::base::flatten::flatten;

    const ENC: &str = "ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]";

    #[test]
    fn the_events_are_those_of_the_whole_text() {
        for text in [
            "a: ENC\n",
            "a: ENC",
            "a: ENC\r\nb: ENC\r\n",
            "\u{feff}ä: ENC\n# c: d\nl:\n  - ENC\n  - x: ENC\n    y: 1 # e\n  # f\nz: ENC\n---\nb: ENC\n",
            "a: ENC\nsops:\n    mac: ENC\n    version: 3.11.0\nz: ENC\n",
            "a: \"ENC\"\nb: 'ENC'\nc: |\n  ENC\nd: {e: \"ENC\"}\nf: ENC # ENC\n#ENC\ng: ENC\n",
            "a: |\n  b: ENC\nc: ENC\n",
            "a: \"x\n  b: ENC\n  y\"\nc: ENC\n",
            "a: ENC\n  and: more\n",
            "a: ENC\n  and more\nb: ENC\n",
            "a: {\n  b: ENC\n  }\n",
            "a: [\n  - ENC\n  ]\n",
            "- ENC\n",
            "? ENC\n: ENC\n",
            "a: &x ENC\nb: !!str ENC\nc: *x\n",
            "a: ENC\n# b: ENC\nc: ENC\n",
        ] {
            let text = text.replace("ENC", ENC);
            let (short, whole) = (outline(text.as_bytes()), outline_of(&text));
            assert_eq!(format!("{short:?}"), format!("{whole:?}"), "{text}");
        }
    }

    #[test]
    fn thousands_in_one_line_take_linear_time() {
        let text = format!("a: b {}\n", "- ENC[AES256_GCM,x".repeat(500_000));
        let started = std::time::Instant::now();
        assert!(Condensed::of(&text).is_none());
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
    }

    /// Everything that an outline says, contents included.
    fn said(outline: Result<Outline, ParseError>, text: &[u8]) -> String {
        let Ok(outline) = outline else { return format!("{outline:?}") };
        let contents: Vec<String> = outline
            .events
            .iter()
            .map(|event| match &event.kind {
                Kind::Key(key) => String::from_utf8_lossy(key.bytes(event.span, text)).into_owned(),
                Kind::Scalar(_, scalar) => {
                    String::from_utf8_lossy(&scalar.value(event.span, text).plain_bytes()).into_owned()
                }
                _ => String::new(),
            })
            .collect();
        let metadata = outline.metadata.as_ref().map(|metadata| flatten("", metadata));
        format!("{outline:?} {contents:?} {metadata:?}")
    }

    /// Lines that nearly encrypted files are made of; `@` is a name that stands nowhere else.
    const LINES: [&str; 44] = [
        "@: ENC",
        "@: ENC",
        "@: ENC",
        "- ENC",
        "- ENC",
        "- @: ENC",
        "- - ENC",
        "? ENC",
        ": ENC",
        "? @",
        "@:",
        "@:",
        "-",
        "@: |",
        "@: >-",
        "@: |2+",
        "- |",
        "@: \"x",
        "y\"",
        "@: 'x",
        "y'",
        "@: {",
        "}",
        "@: [",
        "]",
        "@: \"ENC\"",
        "@: ENC # ENC",
        "# @: ENC",
        "# - ENC",
        "@: &x ENC",
        "@: *x",
        "@: !!str ENC",
        "@: !!binary",
        "x ENC",
        "x- ENC",
        "@: x",
        "",
        "sops:",
        "mac: ENC",
        "--- ENC",
        "---",
        "...",
        "@: ENC\u{85}]",
        "@: ENC,",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn texts_that_look_nearly_encrypted_read_the_same(
            lines in proptest::collection::vec((0..3usize, proptest::sample::select(&LINES[..])), 1..9),
            end in proptest::sample::select(&["\n", "\r\n"][..]),
        ) {
            let line = |(number, (depth, line)): (usize, (usize, &str))| {
                let line = line.replace("ENC", ENC).replace('@', &format!("k{number}"));
                format!("{}{line}{end}", "  ".repeat(depth))
            };
            let text: String = lines.into_iter().enumerate().map(line).collect();
            if let Some(condensed) = Condensed::of(&text)
                && let Ok(short) = outline_of(&condensed.text)
                && let Some(short) = condensed.expanded(short)
            {
                prop_assert_eq!(said(Ok(short), text.as_bytes()), said(outline_of(&text), text.as_bytes()));
            }
        }
    }

    #[test]
    fn what_is_certainly_a_scalar_is_taken_out() {
        let text = format!("a: {ENC}\nb:\n  - {ENC}\n  - \"{ENC}\"\nc: {ENC} # d\n");
        let condensed = Condensed::of(&text).unwrap();
        assert_eq!(condensed.text, format!("a: ENC\nb:\n  - ENC\n  - \"{ENC}\"\nc: {ENC} # d\n"));
        assert!(Condensed::of("a: b\n").is_none());
    }
}
