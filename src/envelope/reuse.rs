//! The ciphertexts of the version before, found again by place and value.

use std::collections::{HashMap, VecDeque};

use sha2::{Digest, Sha256};

use super::walk::{AliasBomb, Role, walk};
use super::{Opened, Sealed};
use crate::base::{Kind, Scalar, Style, Type, Value};
use crate::cipher::Ciphertext;

/// A hash of AAD, type and plain bytes: no plaintext is kept here.
type Fingerprint = [u8; 32];

/// A version that was written under the same data key, and what is in it.
pub type Version<'a> = (&'a Sealed, &'a Opened);

/// Ciphertexts by what they say and where. Equal list items are kept apart by their order.
pub struct Reuse<'a> {
    versions: &'a [Version<'a>],
    /// Versions, and positions among their leaves.
    kept: HashMap<Fingerprint, VecDeque<(usize, usize)>>,
    /// By which version each ciphertext was given out: others may have the very same.
    used: HashMap<&'a [u8], usize>,
    clear_comments: HashMap<Fingerprint, usize>,
}

/// A ciphertext that still says what it shall say.
pub struct Kept<'a> {
    pub text: String,
    /// What is inside, for the MAC: its spelling in plaintext may be another.
    pub value: &'a Value,
    /// The style it was written in.
    pub style: Option<Style>,
}

impl<'a> Reuse<'a> {
    /// All ciphertexts of these versions; where several have one that says the same, that of the first comes first.
    pub fn of(versions: &'a [Version<'a>]) -> Self {
        let leaves = versions.iter().map(|(_, opened)| opened.leaves.len()).max().unwrap_or_default();
        let kept = HashMap::with_capacity(leaves);
        let mut reuse = Self { versions, kept, used: HashMap::new(), clear_comments: HashMap::new() };
        for number in 0..versions.len() {
            reuse.add(number);
        }
        reuse
    }

    fn add(&mut self, number: usize) {
        let Some((old, opened)) = self.versions.get(number) else { return };
        let document = old.document();
        let format = document.format();
        let mut leaves = opened.leaves.iter().enumerate().peekable();
        let mut clear_comments: HashMap<Fingerprint, usize> = HashMap::new();
        let result: Result<(), AliasBomb> =
            walk(document, &old.metadata().selector.lenient_matcher(), |visit| {
                match leaves.next_if(|(_, leaf)| leaf.event == visit.event) {
                    Some((position, leaf)) if leaf.encrypted => {
                        let (kind, plain) = match format.printed(&leaf.value) {
                            _ if leaf.comment => (Type::Comment, leaf.value.plain_bytes()),
                            Some(text) => (Type::Str, text),
                            None => (leaf.value.kind().unwrap_or(Type::Str), leaf.value.plain_bytes()),
                        };
                        let mark = fingerprint(visit.aad(), kind, &plain);
                        self.kept.entry(mark).or_default().push_back((number, position));
                    }
                    Some(_) => {}
                    None => {
                        if let (Role::Comment, Some(event)) =
                            (visit.role, document.outline().events.get(visit.event))
                        {
                            let bytes = event.span.of(document.text());
                            let mark = fingerprint(visit.aad(), Type::Comment, bytes);
                            *clear_comments.entry(mark).or_default() += 1;
                        }
                    }
                }
                Ok(())
            });
        // `old` was opened, so its aliases have been walked before.
        debug_assert!(result.is_ok());
        for (mark, count) in clear_comments {
            let most = self.clear_comments.entry(mark).or_default();
            *most = count.max(*most);
        }
    }

    /// The next unused ciphertext of these plain bytes, as the plaintext spells them, at this place.
    pub fn ciphertext(&mut self, aad: &[u8], kind: Type, plain: &[u8]) -> Option<Kept<'a>> {
        let waiting = self.kept.get_mut(&fingerprint(aad, kind, plain))?;
        while let Some((number, position)) = waiting.pop_front() {
            let (old, opened) = self.versions.get(number)?;
            let leaf = opened.leaves.get(position)?;
            let document = old.document();
            let event = document.outline().events.get(leaf.event)?;
            let (bytes, style) = match &event.kind {
                Kind::Scalar(style, Scalar::Str(text)) => {
                    (text.bytes(event.span, document.text()), Some(*style))
                }
                _ => (event.span.of(document.text()), None),
            };
            let text = Ciphertext::parse(bytes).filter(Ciphertext::can_be_kept)?.text;
            if self.versions.len() > 1 && *self.used.entry(text).or_insert(number) != number {
                continue;
            }
            return Some(Kept { text: String::from_utf8(text.to_vec()).ok()?, value: &leaf.value, style });
        }
        None
    }

    /// Whether such a comment stood there in the clear, written by hand: it stays so.
    pub fn was_clear_comment(&mut self, aad: &[u8], text: &[u8]) -> bool {
        match self.clear_comments.get_mut(&fingerprint(aad, Type::Comment, text)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        }
    }
}

fn fingerprint(aad: &[u8], kind: Type, plain: &[u8]) -> Fingerprint {
    let hash = Sha256::new().chain_update((aad.len() as u64).to_le_bytes()).chain_update(aad);
    hash.chain_update(kind.name()).chain_update([0]).chain_update(plain).finalize().into()
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::{Metadata, Plain, reencrypt};
    use super::*;
    use crate::base::DataKey;
    use crate::base::ports::{CountedRandom, FrozenClock};
    use crate::cipher::{Cipher, Mac};
    use crate::document::dotenv::Dotenv;
    use crate::document::{Document, Format};
    use crate::policy::Selector;

    /// As sops writes it: a line feed where the plaintext says `\n`, and a number that `sops set` made.
    fn by_sops(key: &DataKey) -> Sealed {
        let (mut cipher, mut mac) = (Cipher::new(key), Mac::new(false));
        let mut metadata = Metadata::new(Vec::new(), Selector::default(), false);
        metadata.touch(OffsetDateTime::UNIX_EPOCH);
        let mut text = String::new();
        for (name, value) in [("A", Value::str("a\nb")), ("N", Value::Float(5.0))] {
            mac.feed(&value);
            text.push_str(name);
            text.push('=');
            let aad = format!("{name}:");
            cipher
                .encrypt(value.kind().unwrap(), &value.plain_bytes(), aad.as_bytes(), [1; 32], &mut text)
                .unwrap();
            text.push('\n');
        }
        let mac = mac.finish();
        cipher.encrypt(Type::Str, mac.as_bytes(), &metadata.mac_aad(), [2; 32], &mut metadata.mac).unwrap();
        let body = Document::parse(text.into_bytes(), &Dotenv).unwrap();
        let sealed = body.spliced(Dotenv.put_metadata(&body, Some(&metadata.to_node())).unwrap()).unwrap();
        Sealed::parse(sealed.text().to_vec(), &Dotenv).unwrap()
    }

    #[test]
    fn dotenv_values_that_print_as_before_keep_their_ciphertext() {
        let key = DataKey::from_bytes(&[7; 32]).unwrap();
        let old = by_sops(&key);
        let opened = old.open(&key).unwrap();
        let mut plain = old.plaintext(&opened).unwrap();
        assert_eq!(plain, b"A=a\\nb\nN=5.0\n");
        plain.extend_from_slice(b"NEW=x\n");
        let plain = Plain::parse(plain, &Dotenv).unwrap();
        let clock = FrozenClock(OffsetDateTime::UNIX_EPOCH);
        let metadata = old.metadata().clone();
        let random = CountedRandom::default();
        let new = reencrypt(&plain, (&old, &opened), metadata, &key, &clock, &random).unwrap().text;
        let body = String::from_utf8_lossy(old.document().text()).into_owned();
        let body = body.split("sops_").next().unwrap();
        assert!(String::from_utf8_lossy(&new).starts_with(body));
        let new = Sealed::parse(new, &Dotenv).unwrap();
        assert_eq!(new.open(&key).unwrap().leaves[0].value, Value::str("a\nb"));
    }
}
