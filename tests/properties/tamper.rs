//! What somebody without the key can do to a sealed file: it is noticed, or it changes nothing that the seal promises.

use std::ops::Range;

use lacre::base::flatten::flatten;
use lacre::base::{Kind, Scalar, Type};
use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::document::{Document, Format, Json, splice};
use lacre::envelope::Sealed;
use proptest::prelude::*;
use proptest::sample::Index;

use super::cases;
use super::scene::{Case, cases as sealing, ciphertexts, key, promise, shown, try_open};

/// Something done to a text. An `Index` picks where.
#[derive(Clone, Debug)]
enum Deed {
    AddComment(Index),
    AddNull(Index),
    ChangeType(Index, Type),
    CopyCiphertext(Index, Index),
    DropCiphertext(Index),
    DropLine(Index),
    Flip(Index, u8),
    Insert(Index, u8),
    MoveLine(Index, Index),
    Remove(Index),
    RenameKey(Index),
    RepeatLine(Index),
    SetClear(Index),
    SwapCiphertexts(Index, Index),
}

const KINDS: [Type; 6] = [Type::Bool, Type::Comment, Type::Float, Type::Int, Type::Str, Type::Time];

fn deed() -> impl Strategy<Value = Deed> {
    let at = any::<Index>;
    prop_oneof![
        at().prop_map(Deed::AddComment),
        at().prop_map(Deed::AddNull),
        (at(), prop::sample::select(&KINDS[..])).prop_map(|(at, kind)| Deed::ChangeType(at, kind)),
        (at(), at()).prop_map(|(from, to)| Deed::CopyCiphertext(from, to)),
        at().prop_map(Deed::DropCiphertext),
        at().prop_map(Deed::DropLine),
        (at(), 0..8u8).prop_map(|(at, bit)| Deed::Flip(at, bit)),
        (at(), prop::sample::select(&b" \n\r\t#:,'\"-[]{}&*!|>=a1."[..]))
            .prop_map(|(at, byte)| Deed::Insert(at, byte)),
        (at(), at()).prop_map(|(from, to)| Deed::MoveLine(from, to)),
        at().prop_map(Deed::Remove),
        at().prop_map(Deed::RenameKey),
        at().prop_map(Deed::RepeatLine),
        at().prop_map(Deed::SetClear),
        (at(), at()).prop_map(|(one, two)| Deed::SwapCiphertexts(one, two)),
    ]
}

/// One of `places`, if there are any.
fn pick<T: Clone>(places: &[T], at: Index) -> Option<T> {
    places.get(at.index(places.len().max(1))).cloned()
}

fn replaced(text: &[u8], span: Range<usize>, with: &[u8]) -> Vec<u8> {
    [&text[..span.start], with, &text[span.end..]].concat()
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

/// Where keys stand, or clear scalars.
fn places(document: &Document, wanted: impl Fn(&Kind, &[u8]) -> bool) -> Vec<Range<usize>> {
    let text = document.text();
    let events = document.outline().events.iter();
    events.filter(|event| wanted(&event.kind, event.span.of(text))).map(|event| event.span.range()).collect()
}

impl Deed {
    /// The text after it; `None` when there is nothing to do it to.
    fn done(self, document: &Document) -> Option<Vec<u8>> {
        let text = document.text();
        let mut lines = lines(text);
        let places = text.len();
        match self {
            Self::AddComment(at) => lines.insert(at.index(lines.len() + 1), b"# added by hand\n"),
            Self::AddNull(at) => {
                let line: &[u8] = match document.format().name() {
                    "json" => b"\"zz\": null,\n",
                    "yaml" => b"zz: null\n",
                    _ => b"ZZ=\n",
                };
                lines.insert(at.index(lines.len() + 1), line);
            }
            Self::DropLine(at) => drop(lines.remove(at.index(lines.len()))),
            Self::Flip(at, bit) => {
                let at = at.index(places);
                return Some(replaced(text, at..at + 1, &[text[at] ^ 1 << bit]));
            }
            Self::Insert(at, byte) => {
                return Some(replaced(text, at.index(places)..at.index(places), &[byte]));
            }
            Self::MoveLine(from, to) => {
                let line = lines.remove(from.index(lines.len()));
                lines.insert(to.index(lines.len() + 1), line);
            }
            Self::Remove(at) => return Some(replaced(text, at.index(places)..at.index(places) + 1, b"")),
            Self::RepeatLine(at) => lines.insert(at.index(lines.len()), lines[at.index(lines.len())]),
            other => return other.done_to_a_node(document),
        }
        Some(lines.concat())
    }

    fn done_to_a_node(self, document: &Document) -> Option<Vec<u8>> {
        let text = document.text();
        let ciphers = ciphertexts(document);
        match self {
            Self::ChangeType(at, kind) => {
                let span = pick(&ciphers, at)?;
                let cipher = shown(&text[span.clone()]);
                let (front, _) = cipher.rsplit_once("type:")?;
                Some(replaced(text, span, format!("{front}type:{}]", kind.name()).as_bytes()))
            }
            Self::CopyCiphertext(from, to) => {
                let from = pick(&ciphers, from)?;
                Some(replaced(text, pick(&ciphers, to)?, &text[from]))
            }
            Self::DropCiphertext(at) => Some(replaced(text, pick(&ciphers, at)?, b"")),
            Self::RenameKey(at) => {
                let keys = places(document, |kind, _| matches!(kind, Kind::Key(_)));
                let end = pick(&keys, at)?.end - usize::from(document.format().name() == "json");
                Some(replaced(text, end..end, b"x"))
            }
            Self::SetClear(at) => {
                let clear = places(document, |kind, bytes| {
                    matches!(kind, Kind::Scalar(_, Scalar::Str(_))) && !shown(bytes).contains("ENC[")
                });
                Some(replaced(text, pick(&clear, at)?, b"\"changed\""))
            }
            Self::SwapCiphertexts(one, two) => {
                let (one, two) = (pick(&ciphers, one)?, pick(&ciphers, two)?);
                let (one, two) = if one.start <= two.start { (one, two) } else { (two, one) };
                let swapped = replaced(text, two.clone(), &text[one.clone()]);
                (one != two).then(|| replaced(&swapped, one, &text[two]))
            }
            _ => None,
        }
    }
}

/// Whether a tampered text is refused, or promises what the untouched one does.
fn noticed_or_harmless(case: &Case, sealed: &[u8], tampered: &[u8]) -> Result<(), TestCaseError> {
    let (untouched, opened) = case.open(sealed);
    let Some((read, Ok(after))) = try_open(tampered.to_vec(), case.format) else { return Ok(()) };
    prop_assert_eq!(
        promise(&read, &after),
        promise(&untouched, &opened),
        "\n{}\n---\n{}",
        shown(sealed),
        shown(tampered)
    );
    prop_assert_eq!(flatten("", &read.metadata().to_node()), flatten("", &untouched.metadata().to_node()));
    Ok(())
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn what_is_done_to_a_sealed_file_is_noticed_or_harmless(case in sealing(false), deeds in prop::collection::vec(deed(), 16)) {
        let Some(sealed) = case.seal() else { return Ok(()) };
        let document = case.parse_sealed(&sealed).document().clone();
        for deed in deeds {
            if let Some(tampered) = deed.done(&document) {
                noticed_or_harmless(&case, &sealed, &tampered)?;
            }
        }
    }

    #[test]
    fn two_deeds_together_are_noticed_too(case in sealing(false), pairs in prop::collection::vec((deed(), deed()), 8)) {
        let Some(sealed) = case.seal() else { return Ok(()) };
        let document = case.parse_sealed(&sealed).document().clone();
        for (one, two) in pairs {
            let Some(once) = one.done(&document) else { continue };
            let Ok(once) = Document::parse(once, case.format) else { continue };
            if let Some(twice) = two.done(&once) {
                noticed_or_harmless(&case, &sealed, &twice)?;
            }
        }
    }

    #[test]
    fn a_changed_ciphertext_never_opens(case in sealing(true), (at, offset, bit) in (any::<Index>(), any::<Index>(), 0..6u8)) {
        let Some(sealed) = case.seal() else { return Ok(()) };
        let document = case.parse_sealed(&sealed).document().clone();
        let Some(span) = pick(&ciphertexts(&document), at) else { return Ok(()) };
        let mut tampered = sealed.clone();
        tampered[span.start + offset.index(span.len())] ^= 1 << bit;
        if let Some((_, opened)) = try_open(tampered.clone(), case.format) {
            prop_assert!(opened.is_err(), "{}", shown(&tampered));
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), letters in "[ a-e\n\r:=#'\"{}\\[\\],&*!|>-]{0,80}") {
        for format in [&Dotenv as &'static dyn Format, &Json, &Yaml] {
            for text in [bytes.clone(), letters.clone().into_bytes()] {
                if let Ok(document) = Document::parse(text.clone(), format) {
                    prop_assert_eq!(splice(document.text(), Vec::new()), text);
                }
            }
        }
    }

    #[test]
    fn damaged_files_never_panic(case in sealing(false), places in prop::collection::vec((any::<Index>(), any::<u8>()), 1..6), cut in any::<Index>()) {
        let Some(mut text) = case.seal() else { return Ok(()) };
        for (at, byte) in places {
            let at = at.index(text.len());
            text[at] = byte;
        }
        let end = cut.index(text.len() * 2).min(text.len());
        text.truncate(end.max(1));
        for format in [&Dotenv as &'static dyn Format, &Json, &Yaml] {
            if let Ok(sealed) = Sealed::parse(text.clone(), format) {
                drop((sealed.open(&key()), sealed.open_ignoring_mac(&key()), sealed.open_without_seal(&key())));
            }
        }
    }
}
