//! The same data key for other recipients: only the metadata block changes. Values, MAC and time stay byte for byte, so
//! the mark in the MAC's nonce stays too, and with it what is known about the file.

use super::seal::Sealer;
use super::{EncryptError, Metadata, OpenError, Sealed};
use crate::base::DataKey;
use crate::document::splice;

/// Why a file was not rewrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RewrapError {
    /// Its seal does not fit, or its MAC does not decrypt.
    #[error("{0}")]
    Open(#[from] OpenError),
    /// The format cannot hold the metadata.
    #[error("{0}")]
    Write(#[from] EncryptError),
}

/// The text of `sealed` with the key groups and the threshold of `metadata`, which wrap its own data key `key`; nothing
/// else of `metadata` counts.
///
/// A file whose seal fits is sealed again. One without a seal stays without: nobody has verified its names here, so
/// nobody vouches for them, and a file whose seal was removed goes on saying so.
///
/// # Errors
/// When the seal does not fit, or the MAC does not decrypt with `key`.
pub fn rewrap(sealed: &Sealed, metadata: Metadata, key: &DataKey) -> Result<Vec<u8>, RewrapError> {
    let is_sealed = sealed.carries_seal(key)?;
    let Metadata { groups, threshold, .. } = metadata;
    let mut metadata = Metadata { groups, threshold, ..sealed.metadata().clone() };
    metadata.extension.seal = None;
    let document = sealed.document();
    if is_sealed {
        let seal = Sealer::new(key).seal(document, &metadata, &metadata.to_node());
        metadata.extension.seal = Some(seal);
    }
    let splices = document.format().put_metadata(document, Some(&metadata.to_node()));
    Ok(splice(document.text(), splices.map_err(EncryptError::from)?))
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::super::{Plain, Verdict, encrypt};
    use super::*;
    use crate::base::ports::{CountedRandom, FrozenClock};
    use crate::document::dotenv::Dotenv;
    use crate::document::yaml::Yaml;
    use crate::document::{Format, Json};
    use crate::keys::{KeyKind, WrappedKey};
    use crate::policy::Selector;

    fn entry(recipient: &str) -> WrappedKey {
        WrappedKey {
            kind: KeyKind::Age,
            recipient: recipient.to_owned(),
            enc: "x\ny\n".into(),
            other: Vec::new(),
        }
    }

    fn key() -> DataKey {
        DataKey::from_bytes(&[7; 32]).unwrap()
    }

    const TEXTS: [(&dyn Format, &str); 3] = [
        (&Dotenv, "A=x\n# c\nB_unencrypted=a\\nb\n"),
        (&Yaml, "a: x # c\nl:\n- 1\n# i\n- 2\n---\nb: 'y'\n...\n"),
        (&Json, "{\"a\": 1, \"n\": null}"),
    ];

    fn sealed(format: &'static dyn Format, text: &str) -> Sealed {
        let plain = Plain::parse(text.into(), format).unwrap();
        let metadata = Metadata::new(vec![vec![entry("one")]], Selector::default(), false);
        let clock = FrozenClock(OffsetDateTime::UNIX_EPOCH);
        let written = encrypt(&plain, metadata, &key(), &clock, &CountedRandom::default()).unwrap();
        Sealed::parse(written.text, format).unwrap()
    }

    fn groups() -> Metadata {
        let mut metadata =
            Metadata::new(vec![vec![entry("two")], vec![entry("three")]], Selector::default(), true);
        metadata.threshold = 2;
        metadata.touch(OffsetDateTime::UNIX_EPOCH);
        metadata
    }

    #[test]
    fn a_sealed_file_stays_sealed_and_only_its_keys_change() {
        for (format, text) in TEXTS {
            let old = sealed(format, text);
            let new = Sealed::parse(rewrap(&old, groups(), &key()).unwrap(), format).unwrap();
            let opened = new.open(&key()).unwrap();
            assert_eq!(opened.verdict, Verdict::Sealed);
            assert_eq!(new.plaintext(&opened).unwrap(), text.as_bytes());
            let mut expected = old.metadata().clone();
            (expected.groups, expected.threshold) = (groups().groups, 2);
            expected.extension.seal = new.metadata().extension.seal.clone();
            assert_eq!(new.metadata(), &expected);
            let body = |sealed: &Sealed| {
                let document = sealed.document();
                splice(document.text(), format.put_metadata(document, None).unwrap())
            };
            assert_eq!(body(&new), body(&old));
        }
    }

    #[test]
    fn a_file_whose_seal_was_removed_goes_on_saying_so() {
        for (format, text) in TEXTS {
            let old = sealed(format, text);
            let mut metadata = old.metadata().clone();
            metadata.extension.seal = None;
            let document = old.document();
            let bare =
                splice(document.text(), format.put_metadata(document, Some(&metadata.to_node())).unwrap());
            let bare = Sealed::parse(bare, format).unwrap();
            let new = Sealed::parse(rewrap(&bare, groups(), &key()).unwrap(), format).unwrap();
            assert_eq!(new.metadata().extension.seal, None);
            assert_eq!(new.open(&key()).unwrap_err(), OpenError::SealRemoved);
        }
    }

    #[test]
    fn a_file_with_a_broken_seal_is_refused() {
        let old = sealed(&Json, "{\"a\": 1, \"n\": null}");
        let text = String::from_utf8(old.document().text().to_vec()).unwrap().replace("\"n\"", "\"m\"");
        let changed = Sealed::parse(text.into_bytes(), &Json).unwrap();
        assert_eq!(rewrap(&changed, groups(), &key()), Err(RewrapError::Open(OpenError::SealBroken)));
        let other = DataKey::from_bytes(&[8; 32]).unwrap();
        assert!(rewrap(&old, groups(), &other).is_err());
    }
}
