//! The seal: what sops's MAC leaves open. It covers names, structure, types, comments, selector and recipients, as
//! ciphertext text, with a key made from the data key. Every sops ignores it; the mark in the MAC's nonce tells
//! when somebody took it off.

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Metadata, Sealed};
use crate::base::flatten::flatten;
use crate::base::{DataKey, Kind, Node, Scalar, Step, Type};
use crate::cipher::{Ciphertext, NONCE_LENGTH};
use crate::document::Document;

const VERSION: &str = "v1:";
const STREAM: &[u8] = b"lacre/seal/v1";
const MARK: &[u8] = b"lacre/sealed/v1";
const MARK_LENGTH: usize = 16;

/// Where the seal itself stands, flattened.
const SEAL_FIELD: &str = "lacre__map_seal";

/// Makes and checks the seals and marks of one data key.
pub struct Sealer(Zeroizing<[u8; 32]>);

impl Sealer {
    /// Derives the sealing key (HKDF-SHA-256, RFC 5869).
    pub fn new(key: &DataKey) -> Self {
        let mut derived = Zeroizing::new([0; 32]);
        // 32 bytes are far below the 8160 that HKDF-SHA-256 gives; it cannot fail.
        let expanded = Hkdf::<Sha256>::new(None, key.expose()).expand(STREAM, &mut *derived);
        debug_assert!(expanded.is_ok());
        Self(derived)
    }

    /// The seal over `document` under `metadata`, which stands in the file as `spelled`; a seal in there does not count.
    pub fn seal(&self, document: &Document, metadata: &Metadata, spelled: &Node) -> String {
        let mut stream = Stream { hash: self.hmac() };
        stream.hash.update(STREAM);
        stream.document(document, metadata);
        stream.metadata(spelled);
        format!("{VERSION}{}", STANDARD.encode(stream.hash.finalize().into_bytes()))
    }

    /// Whether `seal` is the one over `sealed`, in constant time. Its metadata counts as it is spelled, whatever we
    /// make of it.
    pub fn verify(&self, seal: &str, sealed: &Sealed) -> bool {
        let document = sealed.document();
        let Some(spelled) = &document.outline().metadata else { return false };
        self.seal(document, sealed.metadata(), spelled).as_bytes().ct_eq(seal.as_bytes()).into()
    }

    /// Puts the mark into the second half of a fresh nonce for the MAC.
    pub fn mark(&self, nonce: &mut [u8; NONCE_LENGTH]) {
        let (random, mark) = nonce.split_at_mut(NONCE_LENGTH - MARK_LENGTH);
        mark.copy_from_slice(&self.mark_of(random));
    }

    /// Whether the nonce of a MAC that has been authenticated carries the mark.
    pub fn is_marked(&self, nonce: &[u8; NONCE_LENGTH]) -> bool {
        let (random, mark) = nonce.split_at(NONCE_LENGTH - MARK_LENGTH);
        self.mark_of(random).ct_eq(mark).into()
    }

    fn mark_of(&self, random: &[u8]) -> [u8; MARK_LENGTH] {
        let code = self.hmac().chain_update(MARK).chain_update(random).finalize().into_bytes();
        code.first_chunk().copied().unwrap_or_default()
    }

    fn hmac(&self) -> Hmac<Sha256> {
        // By way of the key block: HMAC takes keys of any length, but only this constructor cannot fail.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        if let Some(start) = block.get_mut(..self.0.len()) {
            start.copy_from_slice(&*self.0);
        }
        Hmac::new(&block)
    }
}

/// The stream of records, straight into the HMAC.
struct Stream {
    hash: Hmac<Sha256>,
}

impl Stream {
    fn record(&mut self, kind: u8, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.hash.update(&[kind]);
        self.hash.update(&(length as u64).to_le_bytes());
        for part in parts {
            self.hash.update(part);
        }
    }

    fn document(&mut self, document: &Document, metadata: &Metadata) {
        self.record(b'F', &[document.format().name().as_bytes()]);
        if metadata.mac_only_encrypted {
            self.encrypted_only(document);
            return;
        }
        let text = document.text();
        let clear_comments = metadata.selector.lenient_matcher().looks_at_comments();
        for event in &document.outline().events {
            let bytes = event.span.of(text);
            match &event.kind {
                Kind::Alias => self.record(b'*', &[bytes]),
                Kind::Anchor => self.record(b'&', &[bytes]),
                Kind::Comment { .. } => match comment_cipher(bytes) {
                    Some(cipher) => self.record(b'#', &[cipher.text]),
                    None if clear_comments => self.record(b';', &[bytes]),
                    None => {}
                },
                Kind::Document => self.record(b'D', &[]),
                Kind::End => self.record(b'E', &[]),
                Kind::Key(key) => self.record(b'K', &[key.bytes(event.span, text)]),
                Kind::List(_) => self.record(b'[', &[]),
                Kind::Map(_) => self.record(b'{', &[]),
                Kind::Scalar(_, Scalar::Str(string)) => {
                    let bytes = string.bytes(event.span, text);
                    // Until its metadata stands in it, a text is read as plaintext.
                    if document.outline().metadata.is_none() {
                        self.string(&document.format().stored_string(bytes));
                    } else {
                        self.string(bytes);
                    }
                }
                Kind::Scalar(_, Scalar::Other(value)) => match value.kind() {
                    None => self.record(b'N', &[]),
                    Some(kind) => {
                        self.record(b'V', &[kind.name().as_bytes(), &[0], &value.plain_bytes()]);
                    }
                },
                Kind::Tag => self.record(b'T', &[bytes]),
            }
        }
    }

    fn string(&mut self, bytes: &[u8]) {
        match Ciphertext::parse(bytes) {
            Some(cipher) if cipher.kind == Type::Comment => self.record(b'#', &[cipher.text]),
            Some(cipher) => self.record(b'C', &[cipher.text]),
            None => self.record(b'V', &[Type::Str.name().as_bytes(), &[0], bytes]),
        }
    }

    /// Under `mac_only_encrypted` the clear parts may be edited by hand; encrypted nodes stay bound to their paths.
    fn encrypted_only(&mut self, document: &Document) {
        let text = document.text();
        for (path, index) in document.nodes() {
            let Some(event) = document.outline().events.get(index) else { continue };
            let cipher = match &event.kind {
                Kind::Comment { .. } => comment_cipher(event.span.of(text)),
                Kind::Scalar(_, Scalar::Str(string)) => Ciphertext::parse(string.bytes(event.span, text)),
                _ => None,
            };
            let Some(cipher) = cipher else { continue };
            let kind = if cipher.kind == Type::Comment { b'#' } else { b'C' };
            let mut place = (path.document as u64).to_le_bytes().to_vec();
            for step in &path.steps {
                match step {
                    Step::Index(index) => {
                        place.push(b'i');
                        place.extend((*index as u64).to_le_bytes());
                    }
                    Step::Key(key) => {
                        place.push(b'k');
                        place.extend((key.len() as u64).to_le_bytes());
                        place.extend(key);
                    }
                }
            }
            self.record(b'P', &[&place]);
            self.record(kind, &[cipher.text]);
        }
    }

    fn metadata(&mut self, spelled: &Node) {
        let mut fields = flatten("", spelled);
        fields.retain(|(name, _)| name != SEAL_FIELD);
        fields.sort();
        for (name, text) in fields {
            self.record(b'M', &[name.as_bytes(), &[0], &text]);
        }
    }
}

fn comment_cipher(bytes: &[u8]) -> Option<Ciphertext<'_>> {
    Ciphertext::parse(bytes).filter(|cipher| cipher.kind == Type::Comment)
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::{Plain, Sealed, Verdict, encrypt};
    use super::*;
    use crate::base::ports::{CountedRandom, FrozenClock};
    use crate::document::dotenv::Dotenv;
    use crate::policy::Selector;

    #[test]
    fn clear_values_with_line_feeds_are_sealed_as_they_are_stored() {
        let text = b"A=x\nB_unencrypted=a\\nb\nC_unencrypted=\"p\nq\"\n";
        let plain = Plain::parse(text.to_vec(), &Dotenv).unwrap();
        let key = DataKey::from_bytes(&[7; 32]).unwrap();
        let metadata = Metadata::new(Vec::new(), Selector::default(), false);
        let clock = FrozenClock(OffsetDateTime::UNIX_EPOCH);
        let written = encrypt(&plain, metadata, &key, &clock, &CountedRandom::default()).unwrap();
        let sealed = Sealed::parse(written.text, &Dotenv).unwrap();
        assert_eq!(sealed.open(&key).unwrap().verdict, Verdict::Sealed);
    }
}
