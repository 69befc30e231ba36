//! Text with secrets in it, in colours too, and in pieces of any size.
#![no_main]

use std::sync::LazyLock;

use lacre::base::Secret;
use lacre::redact::{Known, Options, Redactor, forms};
use libfuzzer_sys::Corpus;

/// One is the beginning of another, one begins where another ends, and one with what ends a control sequence.
const VALUES: [&str; 4] = ["abcdef", "abcdefgh", "efabc/?", "31mabcx"];

/// Stands in no text.
const MASK: &str = "\u{1}";

/// Ends a piece of the input, and stands in no form.
const CUT: u8 = b'|';

static REDACTORS: LazyLock<[Redactor; 2]> = LazyLock::new(|| {
    let known = VALUES.map(|value| Known { name: value.to_owned(), value: Secret::new(value.into()) });
    [false, true].map(|patterns| {
        let (redactor, unmasked) = Redactor::new(&known, &Options { mask: Some(MASK.to_owned()), patterns });
        assert!(unmasked.is_empty());
        redactor
    })
});

static FORMS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    VALUES.iter().flat_map(|value| forms(value.as_bytes())).map(|form| form.expose().clone()).collect()
});

fn filtered(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    pieces.iter().for_each(|piece| stream.push(piece, &mut out));
    stream.finish(&mut out);
    out
}

fn holds_a_secret(text: &[u8]) -> bool {
    FORMS.iter().any(|form| text.windows(form.len()).any(|part| part == form))
}

/// The text without control sequences.
fn bare(text: &[u8]) -> Vec<u8> {
    let (mut bare, mut rest) = (Vec::new(), text);
    while let Some((first, behind)) = rest.split_first() {
        if let Some(behind) = rest.strip_prefix(b"\x1b[") {
            let length = behind.iter().take_while(|byte| (0x20..=0x3f).contains(*byte)).count();
            let ends = behind.get(length).is_some_and(|byte| (0x40..=0x7e).contains(byte));
            rest = &behind[length + usize::from(ends)..];
        } else {
            bare.push(*first);
            rest = behind;
        }
    }
    bare
}

fn masks(text: &[u8]) -> usize {
    text.iter().filter(|byte| MASK.as_bytes().contains(byte)).count()
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| -> Corpus {
    if masks(input) > 0 {
        return Corpus::Reject;
    }
    let pieces: Vec<&[u8]> = input.split(|byte| *byte == CUT).collect();
    let text = pieces.concat();
    let [known, guessing] = &*REDACTORS;
    let (whole, cut) = (filtered(known, &[&text]), filtered(known, &pieces));
    for out in [&whole, &cut, &filtered(guessing, &pieces)] {
        assert!(!holds_a_secret(out));
        assert!(!holds_a_secret(&bare(out)));
    }
    assert_eq!(masks(&whole), masks(&cut));
    // Of a secret, a piece may end with its first three bytes.
    assert!(cut.len() >= whole.len() && cut.len() <= whole.len() + 3 * pieces.len());
    if !holds_a_secret(&text) && !holds_a_secret(&bare(&text)) {
        assert!(whole == text && cut == text);
    }
    Corpus::Keep
});
