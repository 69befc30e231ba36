//! The seal against vectors that another program made (`vectors/seal.py`): every record of its stream, the mark, and
//! the table of verdicts.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, missing_docs, reason = "tests")]

use lacre::base::DataKey;
use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::document::{Binary, Format, Ini, Json};
use lacre::envelope::{Metadata, OpenError, Plain, Sealed, Verdict, encrypt};
use lacre::policy::Selector;

fn vectors() -> serde_json::Value {
    serde_json::from_str(include_str!("vectors/seal.json")).unwrap()
}

fn key() -> DataKey {
    let bytes: Vec<u8> = (0..32).collect();
    assert_eq!(vectors()["data_key_hex"], "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    DataKey::from_bytes(&bytes).unwrap()
}

#[test]
fn every_vector_gets_its_verdict() {
    for vector in vectors()["vectors"].as_array().unwrap() {
        let (name, text) = (&vector["name"], vector["text"].as_str().unwrap());
        let format: &'static dyn Format = match vector["format"].as_str().unwrap() {
            "dotenv" => &Dotenv,
            "binary" => &Binary,
            "ini" => &Ini,
            "json" => &Json,
            "yaml" => &Yaml,
            other => panic!("{other}"),
        };
        let sealed = Sealed::parse(text.into(), format).unwrap_or_else(|error| panic!("{name}: {error}"));
        let opened = sealed.open(&key());
        let verdict = match &opened {
            Ok(opened) if opened.verdict == Verdict::Sealed => "sealed",
            Ok(_) => "unsealed",
            Err(OpenError::SealBroken) => "broken",
            Err(OpenError::SealRemoved) => "removed",
            Err(error) => panic!("{name}: {error}"),
        };
        assert_eq!(verdict, vector["verdict"], "{name}");
        if verdict == "sealed" {
            assert_eq!(sealed.metadata().extension.seal.as_deref(), vector["seal"].as_str(), "{name}");
        }
        let rescued = sealed.open_without_seal(&key()).map(|opened| opened.verdict);
        let expected = match verdict {
            "broken" => Err(OpenError::SealBroken),
            "sealed" => Ok(Verdict::Sealed),
            _ => Ok(Verdict::Unsealed),
        };
        assert_eq!(rescued, expected, "{name}");
        if verdict == "sealed" {
            assert_eq!(opened.unwrap().stuck_comments, 0, "{name}");
        }
    }
}

#[test]
fn a_single_changed_digit_of_the_seal_is_noticed() {
    for vector in
        vectors()["vectors"].as_array().unwrap().iter().filter(|vector| vector["verdict"] == "sealed")
    {
        let (text, seal) = (vector["text"].as_str().unwrap(), vector["seal"].as_str().unwrap());
        let other = if seal.as_bytes()[5] == b'A' { "B" } else { "A" };
        let text = text.replace(seal, &format!("{}{other}{}", &seal[..5], &seal[6..]));
        let format: &'static dyn Format = match vector["format"].as_str().unwrap() {
            "dotenv" => &Dotenv,
            "binary" => &Binary,
            "ini" => &Ini,
            "json" => &Json,
            _ => &Yaml,
        };
        let sealed = Sealed::parse(text.into(), format).unwrap();
        assert_eq!(sealed.open(&key()).err(), Some(OpenError::SealBroken));
    }
}

#[test]
fn clear_values_that_an_encrypted_file_says_otherwise_keep_their_seal() {
    for (format, text) in [
        (&Dotenv as &'static dyn Format, "A=1\nB_unencrypted=one\\ntwo\nC_unencrypted=\"one\ntwo\"\n"),
        (&Yaml, "a: x\nb_unencrypted: |\n  one\n  two"),
        (&Yaml, "b_unencrypted: |2+\n   one"),
    ] {
        let plain = Plain::parse(text.into(), format).unwrap();
        let metadata = Metadata::new(Vec::new(), Selector::default(), false);
        let clock = FrozenClock(time::OffsetDateTime::UNIX_EPOCH);
        let written = encrypt(&plain, metadata, &key(), &clock, &CountedRandom::default()).unwrap();
        let sealed = Sealed::parse(written.text, format).unwrap();
        assert_eq!(sealed.open(&key()).map(|opened| opened.verdict), Ok(Verdict::Sealed), "{text}");
    }
}
