//! A new data key: every ciphertext made anew in its place, under a new MAC and seal. Not by way of the plaintext, so
//! that whatever another tool laid out in its own way stays so, byte for byte, round the ciphertexts.

use std::iter::Peekable;
use std::slice::Iter;

use super::open::Leaf;
use super::walk::{Role, Visit, walk};
use super::write::{Finish, fresh};
use super::{EncryptError, Metadata, Opened, Sealed, Written};
use crate::base::ports::{Clock, Random};
use crate::base::{DataKey, Event, Kind, Scalar, Span, Type, Value};
use crate::cipher::{Cipher, Ciphertext, Mac, Nonces};
use crate::document::{Content, Splice};
use crate::policy::Matcher;

/// The text of `old` under `new_key`, which the key groups and the threshold of `metadata` wrap; nothing else of
/// `metadata` counts. Values keep their types. A comment that another writer had bound elsewhere is bound to where it
/// stands; one that does not open stays as it is.
///
/// # Errors
/// When the format cannot hold the result, or there is no randomness.
pub fn rekey(
    (old, opened): (&Sealed, &Opened),
    metadata: Metadata,
    new_key: &DataKey,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Written, EncryptError> {
    let document = old.document();
    let matcher = old.metadata().selector.lenient_matcher();
    let only_encrypted = old.metadata().mac_only_encrypted;
    let mut rekeyer = Rekeyer {
        old,
        leaves: opened.leaves.iter().peekable(),
        cipher: Cipher::new(new_key),
        nonces: Nonces::new(random),
        matcher: &matcher,
        mac: Mac::new(only_encrypted),
        splices: Vec::with_capacity(opened.leaves.len()),
        encrypted: 0,
        buffer: String::new(),
    };
    walk(document, &matcher, |visit| rekeyer.visit(visit))?;
    let Rekeyer { cipher, nonces, mac, splices, encrypted, .. } = rekeyer;
    let body = document.spliced(splices).map_err(EncryptError::ReadBack)?;
    let Metadata { groups, threshold, .. } = metadata;
    let metadata = Metadata { groups, threshold, ..old.metadata().clone() };
    let mut finish = Finish { key: new_key, cipher, nonces, clock };
    Ok(Written { text: finish.seal(&body, metadata, mac)?, encrypted })
}

struct Rekeyer<'a> {
    old: &'a Sealed,
    leaves: Peekable<Iter<'a, Leaf>>,
    cipher: Cipher,
    nonces: Nonces<'a>,
    matcher: &'a Matcher,
    mac: Mac,
    splices: Vec<Splice>,
    encrypted: usize,
    buffer: String,
}

impl Rekeyer<'_> {
    /// Every value counts for the MAC where the opening walk counted it; what an alias reaches has no leaf of its own.
    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), EncryptError> {
        let document = self.old.document();
        let Some(event) = document.outline().events.get(visit.event) else { return Ok(()) };
        if visit.aliased {
            if let (Role::Leaf(_), Kind::Scalar(_, scalar)) = (visit.role, &event.kind) {
                self.feed(&scalar.value(event.span, document.text()), false);
            }
            return Ok(());
        }
        let Some(leaf) = self.leaves.next_if(|leaf| leaf.event == visit.event) else { return Ok(()) };
        if !leaf.comment {
            self.feed(&leaf.value, leaf.encrypted);
        }
        if !leaf.encrypted {
            return Ok(());
        }
        let kind = if leaf.comment { Type::Comment } else { leaf.value.kind().unwrap_or(Type::Str) };
        let plain = leaf.value.plain_bytes();
        let (cipher, nonces) = (&mut self.cipher, &mut self.nonces);
        fresh((cipher, nonces), self.matcher, kind, &plain, visit.aad(), &mut self.buffer)?;
        self.encrypted += usize::from(!leaf.comment);
        let splice = if let Some(span) = verbatim(event, document.text()) {
            Splice::new(span, self.buffer.as_bytes())
        } else {
            let content = Content::Cipher { text: &self.buffer, style: None };
            document.format().replace(document, visit.event, content)?
        };
        self.splices.push(splice);
        Ok(())
    }

    fn feed(&mut self, value: &Value, encrypted: bool) {
        if encrypted || !self.old.metadata().mac_only_encrypted {
            self.mac.feed(value);
        }
    }
}

/// Where the ciphertext of `event` stands, if it stands there without escapes and in one line.
fn verbatim(event: &Event, text: &[u8]) -> Option<Span> {
    let bytes = match &event.kind {
        Kind::Scalar(_, Scalar::Str(string)) => string.bytes(event.span, text),
        _ => event.span.of(text),
    };
    let cipher = Ciphertext::parse(bytes)?.text;
    let offset = memchr::memmem::find(event.span.of(text), cipher)?;
    let start = event.span.range().start + offset;
    Some(Span::new(start, start + cipher.len()))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::{Plain, Verdict, encrypt};
    use super::*;
    use crate::base::ports::{CountedRandom, FrozenClock};
    use crate::document::dotenv::Dotenv;
    use crate::document::yaml::Yaml;
    use crate::document::{Format, Json, splice};
    use crate::policy::Selector;

    fn clock() -> FrozenClock {
        FrozenClock(OffsetDateTime::UNIX_EPOCH)
    }

    fn keys() -> (DataKey, DataKey) {
        let key = |byte| DataKey::from_bytes(&[byte; 32]).unwrap();
        (key(7), key(8))
    }

    fn metadata() -> Metadata {
        Metadata::new(vec![Vec::new()], Selector::default(), false)
    }

    fn sealed(text: &str, format: &'static dyn Format, metadata: Metadata) -> Sealed {
        let plain = Plain::parse(text.into(), format).unwrap();
        let written = encrypt(&plain, metadata, &keys().0, &clock(), &CountedRandom::default()).unwrap();
        Sealed::parse(written.text, format).unwrap()
    }

    /// The text without metadata, and with every ciphertext named by its type alone.
    fn masked(sealed: &Sealed) -> String {
        let document = sealed.document();
        let bare = splice(document.text(), document.format().put_metadata(document, None).unwrap());
        let mut rest = String::from_utf8(bare).unwrap();
        let mut masked = String::new();
        while let Some(start) = rest.find("ENC[") {
            let kind = start + rest[start..].find(",type:").unwrap();
            masked += &rest[..start];
            rest = rest.split_off(kind);
        }
        masked + &rest
    }

    fn rekeyed(old: &Sealed) -> (Sealed, usize) {
        let (old_key, new_key) = keys();
        let opened = old.open(&old_key).unwrap();
        let written =
            rekey((old, &opened), metadata(), &new_key, &clock(), &CountedRandom::default()).unwrap();
        (Sealed::parse(written.text, old.document().format()).unwrap(), written.encrypted)
    }

    #[test]
    fn every_ciphertext_is_new_and_nothing_else_is() {
        let yaml = "# top\na: x # c\nn: 12\nf: 1.5\nb: true\nz: null\ne: \"\"\nl:\n- 'q'\n# i\n- |\n  two\n  \
                    lines\nc_unencrypted: &k {d: 1}\ng_unencrypted: *k\nm: {x: \"y\", w: [1, 2]}\n---\ns: t\n";
        for (format, text, encrypted) in [
            (&Dotenv as &dyn Format, "A=x\n# c\nB_unencrypted=a\\nb\nC=\"p\nq\"\n", 2),
            (&Yaml, yaml, 10),
            (&Json, "{\"a\": 1, \"n\": null, \"o\": {\"s\": \"\\u0041\"}}", 2),
        ] {
            for only_encrypted in [false, true] {
                let old = sealed(text, format, Metadata { mac_only_encrypted: only_encrypted, ..metadata() });
                let (new, count) = rekeyed(&old);
                assert_eq!(count, encrypted, "{text}");
                assert_eq!(masked(&new), masked(&old));
                let opened = new.open(&keys().1).unwrap();
                assert_eq!(opened.verdict, Verdict::Sealed);
                let before = old.plaintext(&old.open(&keys().0).unwrap()).unwrap();
                assert_eq!(new.plaintext(&opened).unwrap(), before);
                assert!(new.open(&keys().0).is_err());
                let new_text = String::from_utf8(new.document().text().to_vec()).unwrap();
                let old_text = String::from_utf8(old.document().text().to_vec()).unwrap();
                let ciphertexts = |text: &str| -> Vec<String> {
                    let parts = text.split("ENC[").skip(1);
                    parts.map(|part| part[..part.find(']').unwrap()].to_owned()).collect()
                };
                let old_ones = ciphertexts(&old_text);
                assert!(ciphertexts(&new_text).iter().all(|new| !old_ones.contains(new)));
            }
        }
    }

    /// What sops stores after `A="open` is a value that no dotenv reader takes; it must not be read as plaintext.
    #[test]
    fn values_that_would_not_read_back_in_the_clear_survive() {
        let (key, _) = keys();
        let (mut cipher, mut mac, mut metadata) = (Cipher::new(&key), Mac::new(false), metadata());
        metadata.touch(OffsetDateTime::UNIX_EPOCH);
        let mut text = String::from("#ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:comment]\n");
        for (number, value) in [Value::str("\"open"), Value::str("b\n\"c"), Value::Int(5)].iter().enumerate()
        {
            mac.feed(value);
            let name = format!("N{number}");
            text += &name;
            text += "=";
            let nonce = [u8::try_from(number).unwrap(); 32];
            let kind = value.kind().unwrap();
            cipher
                .encrypt(kind, &value.plain_bytes(), format!("{name}:").as_bytes(), nonce, &mut text)
                .unwrap();
            text += "\n";
        }
        let mac = mac.finish();
        cipher.encrypt(Type::Str, mac.as_bytes(), &metadata.mac_aad(), [9; 32], &mut metadata.mac).unwrap();
        let body = crate::document::Document::parse(text.into_bytes(), &Dotenv).unwrap();
        let text = splice(body.text(), Dotenv.put_metadata(&body, Some(&metadata.to_node())).unwrap());
        let old = Sealed::parse(text, &Dotenv).unwrap();
        let (new, _) = rekeyed(&old);
        assert_eq!(masked(&new), masked(&old));
        let (before, after) = (old.open(&keys().0).unwrap(), new.open(&keys().1).unwrap());
        let values =
            |opened: &Opened| opened.leaves.iter().map(|leaf| leaf.value.clone()).collect::<Vec<_>>();
        assert_eq!(values(&before), values(&after));
        assert_eq!((before.stuck_comments, after.stuck_comments), (1, 1));
    }

    #[test]
    fn a_comment_bound_to_another_place_is_bound_to_its_own() {
        let (key, _) = keys();
        let mut elsewhere = String::new();
        let mut cipher = Cipher::new(&key);
        cipher.encrypt(Type::Comment, b" note", b"m:a:", [3; 32], &mut elsewhere).unwrap();
        let old = sealed("m:\n  a: 1\n  # note\n  b: 2\n", &Yaml, metadata());
        let text = String::from_utf8(old.document().text().to_vec()).unwrap();
        let start = text.find("#ENC[").unwrap();
        let end = start + text[start..].find('\n').unwrap();
        let text = format!("{}#{elsewhere}{}", &text[..start], &text[end..]);
        // Another writer leaves no seal, and draws a MAC nonce without a mark.
        let foreign = Sealed::parse(text.into_bytes(), &Yaml).unwrap();
        let mut metadata = foreign.metadata().clone();
        metadata.extension.seal = None;
        let mac = cipher
            .decrypt(&Ciphertext::parse(metadata.mac.as_bytes()).unwrap(), &metadata.mac_aad())
            .unwrap();
        metadata.mac.clear();
        cipher
            .encrypt(Type::Str, &mac.plain_bytes(), &metadata.mac_aad(), [4; 32], &mut metadata.mac)
            .unwrap();
        let document = foreign.document();
        let text = splice(document.text(), Yaml.put_metadata(document, Some(&metadata.to_node())).unwrap());
        let (new, _) = rekeyed(&Sealed::parse(text, &Yaml).unwrap());
        let opened = new.open(&keys().1).unwrap();
        assert_eq!(opened.stuck_comments, 0);
        let comment = opened.leaves.iter().find(|leaf| leaf.comment).unwrap();
        let event = &new.document().outline().events[comment.event];
        let cipher_text = Ciphertext::parse(event.span.of(new.document().text())).unwrap();
        assert!(Cipher::new(&keys().1).decrypt(&cipher_text, b"m:").is_ok());
    }
}
