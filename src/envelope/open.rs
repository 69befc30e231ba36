//! Opening: seal first, then every value, then the MAC. What does not fit is refused as a whole.

use super::seal::Sealer;
use super::walk::{Role, Visit, walk};
use super::{OpenError, Sealed};
use crate::base::{DataKey, Event, Kind, Scalar, Type, Value};
use crate::cipher::{Cipher, Ciphertext, Mac};
use crate::document::{Content, EditError, splice};

/// An opened file: its plain values, and what vouches for the rest.
#[derive(Debug)]
pub struct Opened {
    /// Every value and encrypted comment, in document order.
    pub leaves: Vec<Leaf>,
    /// Whether names, structure and recipients are vouched for.
    pub verdict: Verdict,
    /// Comments that look encrypted but do not open; sops keeps them as they are, and so do we.
    pub stuck_comments: usize,
}

/// One value or comment of an opened file.
#[derive(Debug)]
pub struct Leaf {
    /// Its event in the sealed document.
    pub event: usize,
    /// What it says; of a comment, its text.
    pub value: Value,
    /// It stands as ciphertext in the file.
    pub encrypted: bool,
    /// It is a comment.
    pub comment: bool,
}

/// What is known about names, structure, types and recipients of an opened file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The seal fits: nothing was changed since lacre wrote it.
    Sealed,
    /// Another tool wrote it last, so there is no seal. Values are vouched for by the MAC, nothing else is.
    Unsealed,
}

impl Sealed {
    /// Decrypts and verifies everything.
    ///
    /// # Errors
    /// When anything does not fit: the file was tampered with, or the key is not its key.
    pub fn open(&self, key: &DataKey) -> Result<Opened, OpenError> {
        match self.verdict(key) {
            // Refused in any case; a value that does not fit its own place has a name to tell.
            Err(OpenError::SealBroken) => {
                Err(self.values(key, Verdict::Unsealed).err().unwrap_or(OpenError::SealBroken))
            }
            verdict => self.open_as(key, verdict?),
        }
    }

    /// The same, but a seal that was removed is no failure; one that does not fit is.
    ///
    /// # Errors
    /// When a value, the MAC or the seal does not fit.
    pub fn open_without_seal(&self, key: &DataKey) -> Result<Opened, OpenError> {
        let verdict = match self.verdict(key) {
            Err(OpenError::SealRemoved) => Verdict::Unsealed,
            other => other?,
        };
        self.open_as(key, verdict)
    }

    fn open_as(&self, key: &DataKey, verdict: Verdict) -> Result<Opened, OpenError> {
        let (mac, opened) = self.values(key, verdict)?;
        let stored = self.stored_mac(key)?;
        if stored == Value::str(&mac) { Ok(opened) } else { Err(OpenError::MacMismatch) }
    }

    /// Decrypts everything without looking at MAC and seal; for rescue only, and for files that another program wrote
    /// anew on their way. Every value still has to fit its own place.
    ///
    /// # Errors
    /// When a value does not decrypt.
    pub fn open_ignoring_mac(&self, key: &DataKey) -> Result<Opened, OpenError> {
        Ok(self.values(key, self.verdict(key).unwrap_or(Verdict::Unsealed))?.1)
    }

    /// The plaintext, with every byte that is not a value or metadata as it stands in the file.
    ///
    /// # Errors
    /// When a value cannot be written in the format of the file.
    pub fn plaintext(&self, opened: &Opened) -> Result<Vec<u8>, EditError> {
        let document = self.document();
        let format = document.format();
        let mut splices = format.put_metadata(document, None)?;
        splices.reserve(opened.leaves.len());
        for leaf in opened.leaves.iter().filter(|leaf| leaf.encrypted) {
            let text;
            let content = if leaf.comment {
                text = leaf.value.plain_bytes();
                Content::Comment(&text)
            } else {
                Content::Value(&leaf.value)
            };
            splices.push(format.replace(document, leaf.event, content)?);
        }
        Ok(splice(document.text(), splices))
    }

    /// Whether it has a seal, and it fits; without one, whether the MAC decrypts at all.
    pub(super) fn carries_seal(&self, key: &DataKey) -> Result<bool, OpenError> {
        match self.verdict(key) {
            Ok(verdict) => Ok(verdict == Verdict::Sealed),
            Err(OpenError::SealRemoved) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn verdict(&self, key: &DataKey) -> Result<Verdict, OpenError> {
        let sealer = Sealer::new(key);
        match &self.metadata().extension.seal {
            Some(seal) if sealer.verify(seal, self) => Ok(Verdict::Sealed),
            Some(_) => Err(OpenError::SealBroken),
            None => {
                // The nonce counts only once GCM has vouched for it.
                self.stored_mac(key)?;
                let nonce = Ciphertext::parse(self.metadata().mac.as_bytes())
                    .and_then(|cipher| Cipher::nonce_of(&cipher));
                match nonce {
                    Some(nonce) if sealer.is_marked(&nonce) => Err(OpenError::SealRemoved),
                    _ => Ok(Verdict::Unsealed),
                }
            }
        }
    }

    fn stored_mac(&self, key: &DataKey) -> Result<Value, OpenError> {
        let metadata = self.metadata();
        if metadata.mac.is_empty() {
            return Err(OpenError::MacMissing);
        }
        let cipher = Ciphertext::parse(metadata.mac.as_bytes()).ok_or(OpenError::MacDamaged)?;
        Cipher::new(key).decrypt(&cipher, &metadata.mac_aad()).map_err(|_| OpenError::MacDamaged)
    }

    fn values(&self, key: &DataKey, verdict: Verdict) -> Result<(String, Opened), OpenError> {
        let document = self.document();
        let only_encrypted = self.metadata().mac_only_encrypted;
        let mut opener = Opener {
            sealed: self,
            cipher: Cipher::new(key),
            before: Vec::new(),
            mac: Mac::new(only_encrypted),
            opened: Opened { leaves: Vec::new(), verdict, stuck_comments: 0 },
        };
        let matcher = self.metadata().selector.lenient_matcher();
        opener.opened.leaves.reserve(document.outline().events.len() / 2);
        walk(document, &matcher, |visit| opener.visit(visit)).map_err(|error| self.with_place(error))?;
        Ok((opener.mac.finish(), opener.opened))
    }

    fn with_place(&self, error: OpenError) -> OpenError {
        match error {
            OpenError::Alias(path) if path.steps.is_empty() => {
                let aliases = self.document().outline().events.iter();
                let alias = aliases.clone().position(|event| matches!(event.kind, Kind::Alias));
                OpenError::Alias(alias.map(|event| self.document().path_of(event)).unwrap_or_default())
            }
            other => other,
        }
    }
}

struct Opener<'a> {
    sealed: &'a Sealed,
    cipher: Cipher,
    /// AAD of the entry before, for comments that another writer bound to it.
    before: Vec<u8>,
    mac: Mac,
    opened: Opened,
}

impl Opener<'_> {
    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), OpenError> {
        let document = self.sealed.document();
        let Some(event) = document.outline().events.get(visit.event) else { return Ok(()) };
        match (visit.role, &event.kind) {
            // In the clear, a list item is data whatever it looks like, and the MAC covers it.
            (Role::Leaf(scalar), _) => self.leaf(visit, event, scalar),
            (Role::Comment, Kind::Scalar(_, scalar)) if !visit.selected => self.leaf(visit, event, scalar),
            (Role::Comment, _) => {
                self.comment(visit, event);
                Ok(())
            }
        }
    }

    fn leaf(&mut self, visit: &Visit<'_>, event: &Event, scalar: &Scalar) -> Result<(), OpenError> {
        let document = self.sealed.document();
        let bytes = match scalar {
            Scalar::Str(text) => text.bytes(event.span, document.text()),
            Scalar::Other(Value::Null) => {
                if !visit.aliased {
                    let value = Value::Null;
                    self.opened.leaves.push(Leaf {
                        event: visit.event,
                        value,
                        encrypted: false,
                        comment: false,
                    });
                }
                return Ok(());
            }
            Scalar::Other(_) if visit.selected => {
                return Err(OpenError::NotEncrypted(document.path_of(visit.event)));
            }
            Scalar::Other(_) => &[],
        };
        if visit.aliased && Ciphertext::is_meant(bytes) {
            return Err(OpenError::Alias(document.path_of(visit.event)));
        }
        let encrypted = visit.selected && !bytes.is_empty();
        let value = if encrypted {
            let cipher = Ciphertext::parse(bytes)
                .ok_or_else(|| OpenError::NotEncrypted(document.path_of(visit.event)))?;
            self.cipher
                .decrypt(&cipher, visit.aad())
                .map_err(|cause| OpenError::Value { path: document.path_of(visit.event), cause })?
        } else {
            scalar.value(event.span, document.text())
        };
        if encrypted || !self.sealed.metadata().mac_only_encrypted {
            self.mac.feed(&value);
        }
        if !visit.aliased {
            self.opened.leaves.push(Leaf { event: visit.event, value, encrypted, comment: false });
        }
        self.before.clear();
        self.before.extend_from_slice(visit.aad());
        Ok(())
    }

    /// A comment that does not open stays as it is: people may add clear ones by hand.
    fn comment(&mut self, visit: &Visit<'_>, event: &Event) {
        let text = self.sealed.document().text();
        let bytes = match &event.kind {
            Kind::Scalar(_, Scalar::Str(string)) => string.bytes(event.span, text),
            _ => event.span.of(text),
        };
        if !visit.selected || visit.aliased || !Ciphertext::is_meant(bytes) {
            return;
        }
        let opened =
            Ciphertext::parse(bytes).filter(|cipher| cipher.kind == Type::Comment).and_then(|cipher| {
                let mut places = std::iter::once(visit.aad()).chain(visit.nearby_aads(&self.before));
                places.find_map(|aad| self.cipher.decrypt(&cipher, aad).ok())
            });
        match opened {
            Some(value) => {
                self.opened.leaves.push(Leaf { event: visit.event, value, encrypted: true, comment: true });
            }
            None => self.opened.stuck_comments += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::{Metadata, Plain, encrypt};
    use super::*;
    use crate::base::ports::{CountedRandom, FrozenClock};
    use crate::document::yaml::Yaml;
    use crate::policy::Selector;

    #[test]
    fn a_clear_list_item_that_looks_like_a_comment_is_data() {
        let text =
            "a_unencrypted:\n  - \"ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:comment]\"\n  - x\nb: y\n";
        let plain = Plain::parse(text.into(), &Yaml).unwrap();
        let key = DataKey::from_bytes(&[7; 32]).unwrap();
        let metadata = Metadata::new(Vec::new(), Selector::default(), false);
        let clock = FrozenClock(OffsetDateTime::UNIX_EPOCH);
        let written = encrypt(&plain, metadata, &key, &clock, &CountedRandom::default()).unwrap().text;
        let sealed = Sealed::parse(written, &Yaml).unwrap();
        let opened = sealed.open(&key).unwrap();
        assert_eq!(opened.leaves.len(), 3);
        assert_eq!(sealed.plaintext(&opened).unwrap(), text.as_bytes());
    }
}
