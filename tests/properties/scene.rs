//! One key, one recipient, a frozen clock: what every law needs to seal a text and open it again.

use std::collections::HashMap;

use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::base::{DataKey, Event, Kind, Path, Scalar};
use lacre::cipher::Ciphertext;
use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::document::{Document, Format, Ini, Json, Layout};
use lacre::envelope::{EncryptError, Metadata, OpenError, Opened, Plain, Sealed, encrypt};
use lacre::keys::{KeyKind, WrappedKey};
use lacre::policy::{Selector, SelectorKind};
use proptest::prelude::*;
use proptest::sample::select;

use super::samples;

/// 2026-01-02T03:04:05Z.
pub fn clock() -> FrozenClock {
    FrozenClock(time::OffsetDateTime::from_unix_timestamp(1_767_323_045).unwrap())
}

/// A plaintext, and how it is to be encrypted.
#[derive(Clone)]
pub struct Case {
    pub format: &'static dyn Format,
    pub text: String,
    pub selector: Selector,
    pub only_encrypted: bool,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, text) = (self.format.name(), &self.text);
        write!(f, "{name}, {:?}, only encrypted: {}, {text:?}\n{text}", self.selector, self.only_encrypted)
    }
}

pub fn selector() -> impl Strategy<Value = Selector> {
    use SelectorKind as Kind;
    select(vec![
        (Kind::UnencryptedSuffix, "_unencrypted"),
        (Kind::EncryptedSuffix, "_enc"),
        (Kind::EncryptedRegex, "^[a-m]"),
        (Kind::UnencryptedRegex, "_(unencrypted|url)$"),
        (Kind::EncryptedCommentRegex, "sops:enc"),
        (Kind::UnencryptedCommentRegex, "OLD|sops:"),
    ])
    .prop_map(|(kind, text)| Selector { kind, text: text.to_owned() })
}

/// Documents of every format under every selector; `exact`: only what comes back byte for byte.
pub fn cases(exact: bool) -> impl Strategy<Value = Case> {
    let documents = prop_oneof![
        samples::dotenv().prop_map(|text| Case::new(&Dotenv, text)),
        samples::ini().prop_map(|text| Case::new(&Ini, text)),
        samples::json(exact, false).prop_map(|text| Case::new(&Json, text)),
        samples::yaml(exact, false).prop_map(|text| Case::new(&Yaml, text)),
    ];
    let selectors = prop_oneof![2 => Just(Selector::default()), 3 => selector()];
    (documents, selectors, prop::bool::weighted(0.3)).prop_map(|(case, selector, only_encrypted)| Case {
        selector,
        only_encrypted,
        ..case
    })
}

pub fn key() -> DataKey {
    DataKey::from_bytes(&[7; 32]).unwrap()
}

pub fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

pub fn parse(text: &[u8], format: &'static dyn Format) -> Document {
    Document::parse(text.to_vec(), format).unwrap_or_else(|error| panic!("{error}\n{}", shown(text)))
}

pub fn plain(text: &[u8], format: &'static dyn Format) -> Plain {
    Plain::parse(text.to_vec(), format).unwrap_or_else(|error| panic!("{error}\n{}", shown(text)))
}

impl Case {
    fn new(format: &'static dyn Format, text: String) -> Self {
        Self { format, text, selector: Selector::default(), only_encrypted: false }
    }

    pub fn metadata(&self) -> Metadata {
        let key = WrappedKey {
            kind: KeyKind::Age,
            recipient: "age1example".to_owned(),
            enc: "-----BEGIN AGE ENCRYPTED FILE-----\nQUJD\n-----END AGE ENCRYPTED FILE-----\n".to_owned(),
            other: Vec::new(),
        };
        Metadata::new(vec![vec![key]], self.selector.clone(), self.only_encrypted)
    }

    /// The plaintext as it goes into encryption, and the form of lines set aside.
    pub fn prepared(&self) -> (Plain, Layout) {
        let prepared = self.format.prepare(self.text.clone().into_bytes());
        (plain(prepared.text.expose(), self.format), prepared.layout)
    }

    /// The encrypted text; `None` where the closed list of refusals applies.
    pub fn seal(&self) -> Option<Vec<u8>> {
        let (plain, layout) = self.prepared();
        let mut metadata = self.metadata();
        metadata.extension.layout = layout;
        match encrypt(&plain, metadata, &key(), &clock(), &CountedRandom::default()) {
            Ok(written) => Some(written.text),
            // An alias to something that this selector encrypts; in dotenv, a clear value of several lines.
            Err(EncryptError::Alias { .. }) => None,
            Err(EncryptError::Edit(_)) if self.format.name() == "dotenv" => None,
            Err(error) => panic!("{error}\n{self:?}"),
        }
    }

    pub fn parse_sealed(&self, text: &[u8]) -> Sealed {
        Sealed::parse(text.to_vec(), self.format).unwrap_or_else(|error| panic!("{error}\n{}", shown(text)))
    }

    pub fn open(&self, text: &[u8]) -> (Sealed, Opened) {
        let sealed = self.parse_sealed(text);
        let opened = sealed.open(&key()).unwrap_or_else(|error| panic!("{error}\n{}", shown(text)));
        (sealed, opened)
    }

    /// The plaintext of an encrypted text, its form of lines restored.
    pub fn decrypt(&self, text: &[u8]) -> Vec<u8> {
        let (sealed, opened) = self.open(text);
        let plain = sealed.plaintext(&opened).unwrap_or_else(|error| panic!("{error}\n{}", shown(text)));
        self.format.restore(plain, sealed.metadata().extension.layout)
    }
}

/// What a text says, apart from blanks, quotes and comments: one line an event.
pub fn meaning(document: &Document) -> Vec<String> {
    let text = document.text();
    let line = |Event { span, kind }: &Event| {
        Some(match kind {
            Kind::Alias => format!("*{}", shown(span.of(text))),
            Kind::Anchor => format!("&{}", shown(span.of(text))),
            Kind::Comment { .. } => return None,
            Kind::Document => "document".to_owned(),
            Kind::End => "end".to_owned(),
            Kind::Key(key) => format!("key {:?}", shown(key.bytes(*span, text))),
            Kind::List(_) => "list".to_owned(),
            Kind::Map(_) => "map".to_owned(),
            Kind::Scalar(_, scalar) => {
                let value = scalar.value(*span, text);
                format!("{:?} {:?}", value.kind(), shown(&value.plain_bytes()))
            }
            // Core tags say how to read a value, which the value shows.
            Kind::Tag if span.of(text).starts_with(b"!!") => return None,
            Kind::Tag => shown(span.of(text)),
        })
    };
    document.outline().events.iter().filter_map(line).collect()
}

/// What the selector and the seal promise to keep of a sealed text: under `mac_only_encrypted` the encrypted leaves with
/// their paths, else everything that it means, and the encrypted comments.
pub fn promise(sealed: &Sealed, opened: &Opened) -> Vec<String> {
    let document = sealed.document();
    let paths: HashMap<usize, Path> =
        document.nodes().into_iter().map(|(path, event)| (event, path)).collect();
    let mut lines = Vec::new();
    for leaf in opened.leaves.iter().filter(|leaf| leaf.encrypted) {
        let path = &paths[&leaf.event];
        let (document, value) = (path.document, shown(&leaf.value.plain_bytes()));
        lines.push(format!("{document} {path} {} {:?} {value:?}", leaf.comment, leaf.value.kind()));
    }
    if !sealed.metadata().mac_only_encrypted {
        let text = sealed.plaintext(opened).unwrap();
        lines.extend(meaning(&parse(&text, document.format())));
    }
    lines
}

/// Opens a text that may have been tampered with.
pub fn try_open(text: Vec<u8>, format: &'static dyn Format) -> Option<(Sealed, Result<Opened, OpenError>)> {
    let sealed = Sealed::parse(text, format).ok()?;
    let opened = sealed.open(&key());
    Some((sealed, opened))
}

/// Where ciphertext stands in a sealed text: values and comments.
pub fn ciphertexts(document: &Document) -> Vec<std::ops::Range<usize>> {
    let text = document.text();
    let found = document.outline().events.iter().filter_map(|event| {
        let (bytes, inner) = match &event.kind {
            Kind::Scalar(_, Scalar::Str(_)) | Kind::Comment { .. } => {
                (event.span.of(text), event.span.start as usize)
            }
            _ => return None,
        };
        let at = memchr::memmem::find(bytes, b"ENC[")?;
        let cipher = Ciphertext::parse(&bytes[at..])?;
        Some(inner + at..inner + at + cipher.text.len())
    });
    found.collect()
}
