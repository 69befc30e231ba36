//! Secrets in every encoding, in pieces of any size: nothing leaks, and everything else passes byte for byte. The
//! encodings are made here by other means than in the program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::cast_possible_truncation, clippy::format_collect, clippy::string_slice)]

#[path = "redact/colours.rs"]
mod colours;
#[path = "redact/encodings.rs"]
mod encodings;
#[path = "redact/needle.rs"]
mod needle;
#[path = "redact/oracle.rs"]
mod oracle;

use lacre::base::Secret;
use lacre::redact::{Known, Options, Redactor, forms, is_maskable};
use oracle::Oracle;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }

    fn letters(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    /// Cuts `text` into pieces: none, halves, single bytes, or anything.
    fn pieces<'t>(&mut self, text: &'t [u8]) -> Vec<&'t [u8]> {
        let longest = match self.below(4) {
            0 => return vec![text],
            1 => {
                let (one, other) = text.split_at(self.below(text.len() + 1));
                return vec![one, other];
            }
            2 => 1,
            _ => 12,
        };
        let (mut rest, mut pieces) = (text, Vec::new());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at((1 + self.below(longest)).min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        pieces
    }
}

const WORDS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const SIGNS: &str = "aZ09 /+-_.~!*'()\"\\$`&<>?=%#@:;,|{}[]^\t";
const FOREIGN: &str = "aé漢😀ß/ \"";

fn secret(dice: &mut Dice, others: &[String]) -> String {
    let length = 8 + dice.below(24);
    let new = match dice.below(8) {
        0 => dice.letters(SIGNS, length),
        1 => dice.letters(FOREIGN, length),
        2 => {
            let lines: Vec<String> = (0..3).map(|_| dice.letters(WORDS, 14 + length / 4)).collect();
            format!("-----BEGIN X KEY-----\n{}\n-----END X KEY-----\n", lines.join("\n"))
        }
        // Longer than another, in the middle of another, or beginning where another ends.
        3 if !others.is_empty() => format!("{}{}", others[0], dice.letters(WORDS, 4)),
        4 if !others.is_empty() => others[0].chars().skip(2).take(9).collect(),
        5 if !others.is_empty() => {
            let skipped = others[0].chars().count() - 4;
            format!("{}{}", others[0].chars().skip(skipped).collect::<String>(), dice.letters(WORDS, 8))
        }
        6 => format!("{}[A]{}", dice.letters(WORDS, 5), dice.letters(WORDS, 5)),
        _ => dice.letters(WORDS, length),
    };
    if is_maskable(new.as_bytes()) { new } else { dice.letters(WORDS, 16) }
}

fn known(values: &[String]) -> Vec<Known> {
    let one = |(name, value): (char, &String)| Known {
        name: name.to_string(),
        value: Secret::new(value.clone().into_bytes()),
    };
    ('A'..).zip(values).map(one).collect()
}

fn filter(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    for piece in pieces {
        stream.push(piece, &mut out);
    }
    stream.finish(&mut out);
    out
}

/// Secrets among other text, whole and in parts.
fn text(dice: &mut Dice, encoded: &[Vec<u8>]) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..=dice.below(4) {
        let form = &encoded[dice.below(encoded.len())];
        match dice.below(6) {
            0 => {
                let length = dice.below(20);
                text.extend(dice.letters(SIGNS, length).bytes());
            }
            1 => text.extend(&form[..dice.below(form.len())]),
            2 => text.extend(&form[dice.below(form.len())..]),
            3 => text.extend(form.repeat(2)),
            _ => text.extend(form),
        }
    }
    text
}

const GROUPS: usize = 100;
const CASES: usize = 1010;

#[test]
fn nothing_leaks_in_any_encoding_and_any_pieces() {
    let mut dice = Dice(0x5eed);
    let (mut masked, mut coloured) = (0, 0);
    for _ in 0..GROUPS {
        let mut values: Vec<String> = Vec::new();
        for _ in 0..=dice.below(3) {
            let value = secret(&mut dice, &values);
            values.push(value);
        }
        let encoded: Vec<Vec<u8>> = values.iter().flat_map(|value| encodings::all(value)).collect();
        let (redactor, left) = Redactor::new(&known(&values), &Options::default());
        assert_eq!(left, [""; 0]);
        let (hidden, _) = Redactor::new(
            &known(&values),
            &Options { mask: Some(oracle::MASK.to_owned()), ..Options::default() },
        );
        let oracle = Oracle::new(&values);
        for form in &encoded {
            assert!(oracle.knows(form), "{values:?} {:?}", String::from_utf8_lossy(form));
        }
        for _ in 0..CASES {
            let mut text = text(&mut dice, &encoded);
            if dice.below(6) == 0 {
                text = colours::painted(&text, |end| dice.below(end));
                coloured += 1;
            }
            assert_eq!(
                oracle.masked(&text),
                String::from_utf8_lossy(&filter(&redactor, &[&text])),
                "{values:?} {:?}",
                String::from_utf8_lossy(&text)
            );
            let pieces = dice.pieces(&text);
            let out = filter(&hidden, &pieces);
            assert!(
                oracle.allows(&pieces, &out),
                "{values:?}\n{pieces:?}\n{:?}",
                String::from_utf8_lossy(&out)
            );
            masked += usize::from(out != text);
        }
    }
    // The cases are about something.
    assert!(masked > GROUPS * CASES / 2, "{masked}");
    assert!(coloured > GROUPS * CASES / 8, "{coloured}");
}

#[test]
fn a_coloured_secret_is_masked_and_the_colours_stay() {
    let (redactor, _) = Redactor::new(&known(&["correct horse".to_owned()]), &Options::default());
    for (text, expected) in [
        ("a cor\x1b[01;31m\x1b[Krect\x1b[m\x1b[K horse b", "a [A]\x1b[01;31m\x1b[K\x1b[m\x1b[K b"),
        ("\x1b[1mcorrect\x1b[0m horse\x1b[m", "\x1b[1m[A]\x1b[0m\x1b[m"),
        // This is no sequence.
        ("correct\x1b horse", "correct\x1b horse"),
        // These would take what stands behind the secret.
        ("correct hors\x1b[3\u{e9}", "correct hors\x1b[3\u{e9}"),
        ("correct\x1b[3\x1b[m horse7m", "[A]\x1b[m7m"),
        // The first letter ends a sequence, and is there.
        ("\x1b[correct horse", "\x1b[[A]"),
    ] {
        assert_eq!(String::from_utf8(filter(&redactor, &[text.as_bytes()])).unwrap(), expected);
        let letters: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        let out = String::from_utf8(filter(&redactor, &letters)).unwrap();
        assert!(!out.contains("correct horse") && out.contains("[A]") == expected.contains("[A]"), "{out}");
    }
}

#[test]
fn a_secret_full_of_colours_is_not_held_for_ever() {
    let (redactor, _) = Redactor::new(&known(&["correct horse".to_owned()]), &Options::default());
    for endless in ["\x1b[0m", "1"] {
        let (mut stream, mut out, mut pushed) = (redactor.stream(), Vec::new(), 9);
        stream.push(b"correct\x1b[", &mut out);
        for _ in 0..20_000 {
            stream.push(endless.as_bytes(), &mut out);
            pushed += endless.len();
            assert!(pushed - out.len() < 20_000);
        }
    }
}

#[test]
fn text_without_secrets_passes_byte_for_byte() {
    let mut dice = Dice(0xfeed);
    let values: Vec<String> = (0..20).map(|_| dice.letters("abcdef0123456789", 24)).collect();
    let (redactor, _) = Redactor::new(&known(&values), &Options::default());
    for case in 0..20_000 {
        let alphabet = [SIGNS, FOREIGN, "ab0", "\u{0}\u{1b}[m\r\n x"][case % 4];
        let length = dice.below(120);
        let mut text = dice.letters(alphabet, length).into_bytes();
        if case % 3 == 0 {
            text.push(dice.below(256) as u8);
        }
        let pieces = dice.pieces(&text);
        assert_eq!(filter(&redactor, &pieces), text);
    }
}

#[test]
fn ten_million_bytes_of_one_secret_are_held_for_no_longer_than_one_form() {
    let value = "correct horse battery staple".to_owned();
    let longest = forms(value.as_bytes()).iter().map(|form| form.expose().len()).max().unwrap();
    let (redactor, _) = Redactor::new(&known(std::slice::from_ref(&value)), &Options::default());
    let text = value.repeat(1000);
    let (mut stream, mut out, mut pushed, mut labels) = (redactor.stream(), Vec::new(), 0, 0);
    for _ in 0..400 {
        out.clear();
        // A piece ends in the middle of a secret.
        stream.push(&text.as_bytes()[..text.len() - 10], &mut out);
        stream.push(&text.as_bytes()[text.len() - 10..], &mut out);
        pushed += text.len();
        labels += out.len() / 3;
        assert!(out.chunks(3).all(|label| label == b"[A]"));
        assert!(pushed - labels * value.len() <= longest);
    }
    assert_eq!((labels, pushed), (400_000, 11_200_000));
}

#[test]
fn output_without_line_feeds_is_handed_on_as_it_comes() {
    let (redactor, _) = Redactor::new(&known(&["correct horse".to_owned()]), &Options::default());
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    for _ in 0..1000 {
        out.clear();
        stream.push(&[b'x'; 4096], &mut out);
        assert_eq!(out.len(), 4096);
    }
}

#[test]
fn a_pending_secret_is_held_from_the_fourth_byte_on() {
    let (redactor, _) = Redactor::new(&known(&["correct horse".to_owned()]), &Options::default());
    let mut stream = redactor.stream();
    let mut push = |piece: &str| {
        let mut out = Vec::new();
        stream.push(piece.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(push("Password: cor"), "Password: cor");
    assert_eq!(push("r"), "");
    assert_eq!(push("ect hors"), "");
    assert_eq!(push("e!"), "[A]!");
    assert_eq!(push("corr"), "");
    assert_eq!(push("al"), "corral");
}
