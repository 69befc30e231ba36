//! The laws that every fuzz target of documents checks, and the fixed key they share.

use std::collections::HashMap;

use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::base::{DataKey, Event, Kind, Node, Path, Value};
use lacre::document::{Content, Document, Format, splice};
use lacre::envelope::{Metadata, Opened, Plain, Sealed, encrypt};
use lacre::policy::Selector;
use libfuzzer_sys::Corpus;

/// Nodes of a text that are changed one by one: each change reads the text anew.
const MOST_CHANGES: usize = 24;

/// The key of every file here.
pub fn key() -> DataKey {
    DataKey::from_bytes(&[7; 32]).expect("32 bytes")
}

/// The encrypted text; `None` where it is refused.
pub fn seal(plain: &Plain, mac_only_encrypted: bool, selector: Selector) -> Option<Vec<u8>> {
    let clock = FrozenClock(time::OffsetDateTime::UNIX_EPOCH);
    let metadata = Metadata::new(Vec::new(), selector, mac_only_encrypted);
    encrypt(plain, metadata, &key(), &clock, &CountedRandom::default()).ok().map(|written| written.text)
}

/// What a text says, apart from blanks, quotes, comments and core tags.
pub fn meaning(document: &Document) -> Vec<Vec<u8>> {
    let text = document.text();
    let line = |Event { span, kind }: &Event| match kind {
        Kind::Comment { .. } => None,
        Kind::Tag if span.of(text).starts_with(b"!!") || span.of(text) == b"!" => None,
        Kind::Tag | Kind::Alias | Kind::Anchor => Some(span.of(text).to_vec()),
        Kind::Key(key) => Some([b"key ", key.bytes(*span, text)].concat()),
        Kind::Scalar(_, scalar) => {
            let value = scalar.value(*span, text);
            let kind = value.kind().map_or("null", |kind| kind.name());
            Some([kind.as_bytes(), b" ", &value.plain_bytes()].concat())
        }
        Kind::Document => Some(b"document".to_vec()),
        Kind::End => Some(b"end".to_vec()),
        Kind::List(_) => Some(b"list".to_vec()),
        Kind::Map(_) => Some(b"map".to_vec()),
    };
    document.outline().events.iter().filter_map(line).collect()
}

/// What the seal promises of an opened text.
pub fn promise(sealed: &Sealed, opened: &Opened) -> Vec<Vec<u8>> {
    let document = sealed.document();
    let paths: HashMap<usize, Path> =
        document.nodes().into_iter().map(|(path, event)| (event, path)).collect();
    let mut lines = Vec::new();
    for leaf in opened.leaves.iter().filter(|leaf| leaf.encrypted) {
        let place = format!("{:?} {} {:?} ", paths[&leaf.event], leaf.comment, leaf.value.kind());
        lines.push([place.as_bytes(), &leaf.value.plain_bytes()].concat());
    }
    if !sealed.metadata().mac_only_encrypted {
        let text = sealed.plaintext(opened).expect("what was encrypted can be written");
        lines.extend(meaning(&Document::parse(text, document.format()).expect("plaintext reads back")));
    }
    lines
}

/// Reading keeps the text; every scalar can be changed in its place; what is encrypted comes back.
pub fn document(text: &[u8], format: &'static dyn Format) -> Corpus {
    let _ = Sealed::parse(text.to_vec(), format).map(|sealed| drop(sealed.open(&key())));
    let Ok(document) = Document::parse(text.to_vec(), format) else { return Corpus::Keep };
    assert_eq!(splice(document.text(), Vec::new()), text);
    if document.outline().metadata.is_some() {
        return Corpus::Keep;
    }
    let value = Value::str("x");
    let scalars = document.outline().events.iter().enumerate();
    for (event, _) in scalars.filter(|(_, event)| matches!(event.kind, Kind::Scalar(..))).take(MOST_CHANGES) {
        let Ok(change) = format.replace(&document, event, Content::Value(&value)) else { continue };
        let changed = document.spliced(vec![change]).expect("a changed text reads back");
        let path = document.path_of(event);
        // Of equal names, a path means the last.
        if document.find(&path) == Some(event) {
            let node = changed.find(&path).expect("the changed value is still there");
            assert!(changed.scalar(node).is_some_and(|node| *node.plain_bytes() == *b"x"));
        }
    }
    let prepared = format.prepare(text.to_vec());
    if let Ok(plain) = Plain::parse(prepared.text.expose().clone(), format) {
        // Metadata belongs below ciphertext: dotenv has one line for each value then, and a YAML block that ends the text
        // says that it has no line end.
        if format.name() != "dotenv" && text.ends_with(b"\n") {
            metadata(plain.document());
        }
        round_trip(&plain);
    }
    Corpus::Keep
}

/// Metadata comes and goes.
fn metadata(document: &Document) {
    let node = Node::Map(vec![(b"mac".to_vec(), Node::str("1")), (b"version".to_vec(), Node::str("3.11.0"))]);
    let Ok(splices) = document.format().put_metadata(document, Some(&node)) else { return };
    let with = document.spliced(splices).expect("a text with metadata reads back");
    assert_eq!(with.outline().metadata.as_ref(), Some(&node));
    assert_eq!(meaning(&with), meaning(document));
    let splices = with.format().put_metadata(&with, None).expect("metadata can be taken out");
    let without = with.spliced(splices).expect("a text without metadata reads back");
    assert!(without.outline().metadata.is_none());
    assert_eq!(meaning(&without), meaning(document));
}

fn round_trip(plain: &Plain) {
    let format = plain.document().format();
    let Some(text) = seal(plain, false, Selector::default()) else { return };
    let sealed = Sealed::parse(text, format).expect("what was encrypted reads back");
    let opened = sealed.open(&key()).expect("what was encrypted opens");
    let text = sealed.plaintext(&opened).expect("what was encrypted can be written");
    let after = Plain::parse(text.clone(), format).expect("plaintext reads back");
    if format.name() != "dotenv" {
        assert_eq!(meaning(after.document()), meaning(plain.document()));
    }
    let again = seal(&after, false, Selector::default()).expect("what was decrypted can be encrypted");
    let sealed = Sealed::parse(again, format).expect("what was encrypted reads back");
    let opened = sealed.open(&key()).expect("what was encrypted opens");
    assert_eq!(sealed.plaintext(&opened).expect("it can be written"), text, "decrypting is stable");
}
