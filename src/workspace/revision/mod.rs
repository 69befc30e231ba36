//! What one version of an encrypted file holds, without its values: enough to tell it from another version. With an
//! identity, values are compared by keyed digests; without one, by their ciphertexts.

mod difference;
mod reader;

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use super::digest::Digester;
use super::members::Members;
use crate::base::{DataKey, Kind, Path, Scalar, Type};
use crate::cipher::Ciphertext;
use crate::envelope::{Opened, Sealed};
use crate::policy::Selector;

pub use difference::{Change, Difference, between, is_same_key};
pub use reader::{Held, Reader};

/// A version of an encrypted file.
#[derive(Debug)]
pub struct Revision {
    /// Its values, sorted by where they stand; aliases too, comments not.
    pub leaves: Vec<Leaf>,
    /// Who could read it.
    pub members: Members,
    /// Which of its values are encrypted.
    pub selector: Selector,
    /// The MAC covers nothing else.
    pub mac_only_encrypted: bool,
    /// When it was written, by its own word.
    pub last_modified: String,
    /// It carries a seal.
    pub is_sealed: bool,
    /// The hash of its encrypted MAC, which no other writing has; `None` without one.
    pub mac: Option<Hash>,
    /// What could be learnt of its values.
    pub state: State,
    /// The wrapped keys, each hashed.
    wrapped: BTreeSet<Hash>,
    /// The data key, of one that was opened.
    key: Option<DataKey>,
}

/// One value of it.
#[derive(Debug)]
pub struct Leaf {
    /// Where it stands, by the names that people use.
    pub path: Path,
    /// How many of that name stand before it.
    nth: usize,
    /// Its event in the document.
    pub event: usize,
    /// The hash of its ciphertext; of a clear value there is none.
    pub cipher: Option<Hash>,
    /// It says nothing, in the clear.
    is_empty: bool,
    /// Its type; an alias and null have none.
    kind: Option<Type>,
    /// The digest of what it says, where that is known.
    value: Option<Hash>,
}

/// What could be learnt of the values of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was tampered with, in words.
    Broken(String),
    /// No identity opens it, in words.
    Closed(Rc<str>),
    /// All; everything was verified.
    Opened,
    /// It was not tried.
    Unasked,
}

/// Of a text.
pub type Hash = [u8; 32];

impl Revision {
    /// Of `sealed`, whose values nobody has looked at.
    #[must_use]
    pub fn of(sealed: &Sealed, digester: &Digester) -> Self {
        let metadata = sealed.metadata();
        Self {
            leaves: leaves(sealed, digester),
            members: Members::of_file(metadata),
            selector: metadata.selector.clone(),
            mac_only_encrypted: metadata.mac_only_encrypted,
            last_modified: metadata.last_modified.clone(),
            is_sealed: metadata.extension.seal.is_some(),
            mac: (!metadata.mac.is_empty()).then(|| hash(metadata.mac.as_bytes())),
            state: State::Unasked,
            wrapped: metadata.keys().map(|key| hash(key.enc.as_bytes())).collect(),
            key: None,
        }
    }

    /// Now that it was opened.
    fn learn(&mut self, opened: &Opened, key: DataKey, digester: &Digester) {
        for leaf in self.leaves.iter_mut().filter(|leaf| leaf.cipher.is_some()) {
            let found = opened.leaves.binary_search_by_key(&leaf.event, |opened| opened.event);
            if let Some(opened) = found.ok().and_then(|at| opened.leaves.get(at)) {
                leaf.value = Some(digester.of(&opened.value));
                leaf.kind = opened.value.kind();
            }
        }
        self.state = State::Opened;
        self.key = Some(key);
    }

    /// The ciphertexts and wrapped keys that stand in `other` too. Chance never makes one of them twice, so one is
    /// enough to prove that one version was made from the other.
    #[must_use]
    pub fn shared_with(&self, other: &Self) -> usize {
        let marks: BTreeSet<&Hash> = other.marks().collect();
        self.marks().filter(|mark| marks.contains(mark)).count()
    }

    /// Everything of it that chance never makes twice.
    pub fn marks(&self) -> impl Iterator<Item = &Hash> {
        self.leaves.iter().filter_map(|leaf| leaf.cipher.as_ref()).chain(&self.wrapped)
    }

    /// Whether some value of it is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.leaves.iter().any(|leaf| leaf.cipher.is_some())
    }
}

impl Leaf {
    /// By where they stand.
    fn cmp_place(&self, other: &Self) -> Ordering {
        (&self.path, self.nth).cmp(&(&other.path, other.nth))
    }
}

fn leaves(sealed: &Sealed, digester: &Digester) -> Vec<Leaf> {
    let document = sealed.document();
    let (events, text) = (&document.outline().events, document.text());
    let leaf = |(path, at): (Path, usize)| {
        let event = events.get(at)?;
        let mut is_empty = false;
        let (cipher, kind, value) = match &event.kind {
            Kind::Alias => (None, None, Some(hash(event.span.of(text)))),
            Kind::Scalar(_, scalar) => {
                let cipher = match scalar {
                    Scalar::Str(string) => Ciphertext::parse(string.bytes(event.span, text)),
                    Scalar::Other(_) => None,
                };
                match cipher {
                    Some(cipher) if cipher.kind == Type::Comment => return None,
                    Some(cipher) => (Some(hash(cipher.text)), Some(cipher.kind), None),
                    None => {
                        let value = scalar.value(event.span, text);
                        is_empty = value.plain_bytes().is_empty();
                        (None, value.kind(), Some(digester.of(&value)))
                    }
                }
            }
            _ => return None,
        };
        Some(Leaf { path: document.named(path), nth: 0, event: at, cipher, is_empty, kind, value })
    };
    let mut leaves: Vec<Leaf> = document.nodes().into_iter().filter_map(leaf).collect();
    // Those of one name stay in the order of the file.
    leaves.sort_by(|one, two| one.path.cmp(&two.path));
    let mut before: Option<(&Path, usize)> = None;
    for leaf in &mut leaves {
        leaf.nth = match before {
            Some((path, nth)) if *path == leaf.path => nth + 1,
            _ => 0,
        };
        before = Some((&leaf.path, leaf.nth));
    }
    leaves
}

fn hash(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}
