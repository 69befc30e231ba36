//! Writing: values become ciphertext in their place, the MAC and the seal go over the result. Ciphertext of
//! values that did not change is kept as text, so a file differs only where its meaning does.

use std::collections::HashSet;

use super::reuse::{Kept, Reuse};
use super::seal::Sealer;
use super::walk::{Role, Visit, walk};
use super::{EncryptError, Metadata, Opened, Plain, Sealed};
use crate::base::ports::{Clock, Random};
use crate::base::span::line_of;
use crate::base::{DataKey, Event, Kind, Scalar, Style, Type};
use crate::cipher::{Cipher, Mac, Nonces};
use crate::document::{Content, Document, Splice, splice};
use crate::policy::{Matcher, Selector};

/// Ciphertexts are drawn again this often when, by chance, one matches the comment selector itself.
const REDRAWS: usize = 16;

/// What is written, and how much of it is ciphertext.
#[derive(Debug)]
pub struct Written {
    /// The text of the encrypted file.
    pub text: Vec<u8>,
    /// Values that stand encrypted in it. None at all is seldom what the user wants.
    pub encrypted: usize,
}

/// Encrypts a whole plaintext under `metadata`, whose keys wrap `key`.
///
/// # Errors
/// When the selector is no expression, the format cannot hold the result, or there is no randomness.
pub fn encrypt(
    plain: &Plain,
    metadata: Metadata,
    key: &DataKey,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Written, EncryptError> {
    let metadata = fitting(metadata, plain);
    Writer::new(plain.document(), &metadata, key, random, None)?.write(metadata, key, clock)
}

/// Encrypts `plain` as the next version of `old`, under `metadata`: leaves whose path and value are as in `old`
/// keep their ciphertext.
///
/// # Errors
/// As `encrypt`.
pub fn reencrypt(
    plain: &Plain,
    (old, opened): (&Sealed, &Opened),
    metadata: Metadata,
    key: &DataKey,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Written, EncryptError> {
    reencrypt_from(plain, &[(old, opened)], metadata, key, clock, random)
}

/// The same, as the next version of several that have this data key: of two that say the same, the first counts.
///
/// # Errors
/// As `encrypt`.
pub fn reencrypt_from(
    plain: &Plain,
    versions: &[(&Sealed, &Opened)],
    metadata: Metadata,
    key: &DataKey,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Written, EncryptError> {
    let metadata = fitting(metadata, plain);
    let reuse = Reuse::of(versions);
    Writer::new(plain.document(), &metadata, key, random, Some(reuse))?.write(metadata, key, clock)
}

/// `metadata` as the format of `plain` has it: a file that is one value has no selector.
fn fitting(metadata: Metadata, plain: &Plain) -> Metadata {
    if plain.document().format().is_whole() {
        Metadata { selector: Selector::everything(), mac_only_encrypted: false, ..metadata }
    } else {
        metadata
    }
}

/// What the last step needs, whichever way the values became ciphertext.
pub(super) struct Finish<'a> {
    pub(super) key: &'a DataKey,
    pub(super) cipher: Cipher,
    pub(super) nonces: Nonces<'a>,
    pub(super) clock: &'a dyn Clock,
}

impl Finish<'_> {
    /// `body` with its metadata: the time of now, the encrypted MAC with its mark, and the seal over it all.
    pub(super) fn seal(
        &mut self,
        body: &Document,
        mut metadata: Metadata,
        mac: Mac,
    ) -> Result<Vec<u8>, EncryptError> {
        metadata.touch(self.clock.now());
        let sealer = Sealer::new(self.key);
        let mut nonce = self.nonces.next_nonce()?;
        sealer.mark(&mut nonce);
        metadata.mac.clear();
        let aad = metadata.mac_aad();
        self.cipher.encrypt(Type::Str, mac.finish().as_bytes(), &aad, nonce, &mut metadata.mac)?;
        metadata.extension.seal = Some(sealer.seal(body, &metadata, &metadata.to_node()));
        let splices = body.format().put_metadata(body, Some(&metadata.to_node()))?;
        Ok(splice(body.text(), splices))
    }
}

/// An encrypted document without its metadata, and what the last step needs to add it.
pub(super) struct Body<'a> {
    pub(super) document: Document,
    pub(super) mac: Mac,
    pub(super) nonces: Nonces<'a>,
    pub(super) cipher: Cipher,
    pub(super) encrypted: usize,
}

impl<'a> Body<'a> {
    /// Every value that the selector wants encrypted becomes ciphertext in its place.
    pub(super) fn of(
        plain: &'a Plain,
        metadata: &Metadata,
        key: &DataKey,
        random: &'a dyn Random,
    ) -> Result<Self, EncryptError> {
        Writer::new(plain.document(), metadata, key, random, None)?.body()
    }
}

/// Puts a fresh ciphertext into `out`. One that a comment selector would take for a marker is drawn again.
pub(super) fn fresh(
    (cipher, nonces): (&mut Cipher, &mut Nonces<'_>),
    matcher: &Matcher,
    kind: Type,
    plain: &[u8],
    aad: &[u8],
    out: &mut String,
) -> Result<(), EncryptError> {
    for _ in 0..REDRAWS {
        out.clear();
        cipher.encrypt(kind, plain, aad, nonces.next_nonce()?, out)?;
        let is_marker = kind == Type::Comment && matcher.looks_at_comments() && matcher.hits(out.as_bytes());
        if !is_marker {
            return Ok(());
        }
    }
    Err(EncryptError::SelectorMatchesCiphertext)
}

struct Writer<'a> {
    document: &'a Document,
    matcher: Matcher,
    cipher: Cipher,
    nonces: Nonces<'a>,
    mac: Mac,
    mac_only_encrypted: bool,
    reuse: Option<Reuse<'a>>,
    splices: Vec<Splice>,
    encrypted: usize,
    /// Events that became ciphertext, where aliases may lead to them.
    targets: Option<HashSet<usize>>,
    buffer: String,
}

impl<'a> Writer<'a> {
    fn new(
        document: &'a Document,
        metadata: &Metadata,
        key: &DataKey,
        random: &'a dyn Random,
        reuse: Option<Reuse<'a>>,
    ) -> Result<Self, EncryptError> {
        let events = &document.outline().events;
        let has_alias = events.iter().any(|event| matches!(event.kind, Kind::Alias));
        Ok(Self {
            document,
            matcher: metadata.selector.matcher()?,
            cipher: Cipher::new(key),
            nonces: Nonces::new(random),
            mac: Mac::new(metadata.mac_only_encrypted),
            mac_only_encrypted: metadata.mac_only_encrypted,
            reuse,
            splices: Vec::with_capacity(events.len() / 2),
            encrypted: 0,
            targets: has_alias.then(HashSet::new),
            buffer: String::new(),
        })
    }

    fn write(self, metadata: Metadata, key: &DataKey, clock: &dyn Clock) -> Result<Written, EncryptError> {
        let Body { document, mac, nonces, cipher, encrypted } = self.body()?;
        let mut finish = Finish { key, cipher, nonces, clock };
        Ok(Written { text: finish.seal(&document, metadata, mac)?, encrypted })
    }

    fn body(mut self) -> Result<Body<'a>, EncryptError> {
        let matcher = self.matcher.clone();
        walk(self.document, &matcher, |visit| self.visit(visit)).map_err(|error| match error {
            EncryptError::Alias { line: 0 } => EncryptError::Alias { line: self.first_alias() },
            other => other,
        })?;
        let body = splice(self.document.text(), std::mem::take(&mut self.splices));
        let document = Document::parse(body, self.document.format()).map_err(EncryptError::ReadBack)?;
        let Self { mac, nonces, cipher, encrypted, .. } = self;
        Ok(Body { document, mac, nonces, cipher, encrypted })
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), EncryptError> {
        let Some(event) = self.document.outline().events.get(visit.event) else { return Ok(()) };
        match (visit.role, &event.kind) {
            (Role::Comment, Kind::Comment { .. }) => self.comment(visit, event),
            // Also a plaintext list item that says `ENC[…,type:comment]`: data like any other.
            (_, Kind::Scalar(style, scalar)) => self.leaf(visit, event, *style, scalar),
            _ => Ok(()),
        }
    }

    fn leaf(
        &mut self,
        visit: &Visit<'_>,
        event: &Event,
        style: Style,
        scalar: &Scalar,
    ) -> Result<(), EncryptError> {
        let text = self.document.text();
        let owned;
        let (kind, plain) = match scalar {
            Scalar::Str(string) => (Type::Str, string.bytes(event.span, text)),
            Scalar::Other(value) => {
                let Some(kind) = value.kind() else { return Ok(()) };
                owned = value.plain_bytes();
                (kind, &*owned)
            }
        };
        if visit.aliased && (visit.selected || self.is_target(visit.event)) {
            let line = line_of(text, event.span.range().start);
            return Err(EncryptError::Alias { line });
        }
        let encrypts = visit.selected && !plain.is_empty();
        let kept = match &mut self.reuse {
            Some(reuse) if encrypts => reuse.ciphertext(visit.aad(), kind, plain),
            _ => None,
        };
        if encrypts {
            self.mac.feed_bytes(kept.as_ref().map_or(plain.into(), |kept| kept.value.plain_bytes()).as_ref());
        } else if !self.mac_only_encrypted && kind == Type::Str {
            self.mac.feed_bytes(&self.document.format().stored_string(plain));
        } else if !self.mac_only_encrypted {
            self.mac.feed_bytes(plain);
        }
        if visit.aliased || plain.is_empty() {
            return Ok(());
        }
        let document = self.document;
        if !encrypts {
            self.splices.extend(document.format().stay_clear(document, visit.event)?);
            return Ok(());
        }
        if let Some(targets) = &mut self.targets {
            targets.insert(visit.event);
        }
        self.encrypted += 1;
        let splice = if let Some(Kept { text, style: old, .. }) = kept {
            let style = old.filter(|old| *old != style);
            document.format().replace(document, visit.event, Content::Cipher { text: &text, style })?
        } else {
            self.seal_value(kind, plain, visit.aad())?;
            let content = Content::Cipher { text: &self.buffer, style: None };
            document.format().replace(document, visit.event, content)?
        };
        self.splices.push(splice);
        Ok(())
    }

    fn comment(&mut self, visit: &Visit<'_>, event: &Event) -> Result<(), EncryptError> {
        let document = self.document;
        let bytes = event.span.of(document.text());
        if !visit.selected || bytes.is_empty() {
            return Ok(());
        }
        let stored = document.format().stored_comment(bytes);
        let reuse = self.reuse.as_mut();
        let text = match reuse.and_then(|reuse| reuse.ciphertext(visit.aad(), Type::Comment, &stored)) {
            Some(kept) => kept.text,
            None if self.reuse.as_mut().is_some_and(|reuse| reuse.was_clear_comment(visit.aad(), bytes)) => {
                return Ok(());
            }
            None => {
                self.seal_value(Type::Comment, &stored, visit.aad())?;
                self.buffer.clone()
            }
        };
        let content = Content::Cipher { text: &text, style: None };
        self.splices.push(document.format().replace(document, visit.event, content)?);
        Ok(())
    }

    fn seal_value(&mut self, kind: Type, plain: &[u8], aad: &[u8]) -> Result<(), EncryptError> {
        fresh((&mut self.cipher, &mut self.nonces), &self.matcher, kind, plain, aad, &mut self.buffer)
    }

    fn is_target(&self, event: usize) -> bool {
        self.targets.as_ref().is_some_and(|targets| targets.contains(&event))
    }

    fn first_alias(&self) -> usize {
        let mut events = self.document.outline().events.iter();
        let alias = events.find(|event| matches!(event.kind, Kind::Alias));
        alias.map_or(1, |event| line_of(self.document.text(), event.span.range().start))
    }
}
