//! The reference vectors of the sops format, checked against the real program where they were made.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use lacre::base::{DataKey, Path, Step, Type, Value};
use lacre::cipher::{Cipher, Ciphertext, Mac};
use lacre::document::Format;
use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::envelope::{Sealed, Verdict};
use serde_json::Value as Json;

fn vectors() -> Json {
    serde_json::from_str(include_str!("vectors/sops-vectors.json")).unwrap()
}

fn hex(text: &Json) -> Vec<u8> {
    let digits = text.as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

fn key(text: &Json) -> DataKey {
    DataKey::from_bytes(&hex(text)).unwrap()
}

#[test]
fn values_become_the_same_ciphertext() {
    let vectors = vectors();
    let mut checked = 0;
    for vector in vectors["values"].as_array().unwrap() {
        let enc = vector["enc"].as_str().unwrap();
        let plain = hex(&vector["plain_hex"]);
        if enc.is_empty() {
            assert!(plain.is_empty());
            continue;
        }
        let mut cipher = Cipher::new(&key(&vector["key_hex"]));
        let aad = vector["aad"].as_str().unwrap().as_bytes();
        if let Some(steps) = vector["path"].as_array() {
            let steps =
                steps.iter().map(|step| Step::Key(step.as_str().unwrap().as_bytes().to_vec())).collect();
            assert_eq!(Path { document: 0, steps }.aad(), aad);
        }
        let parsed = Ciphertext::parse(enc.as_bytes()).unwrap();
        let value = cipher.decrypt(&parsed, aad).unwrap();
        assert_eq!(*value.plain_bytes(), *plain, "{enc}");
        if let Ok(nonce) = hex(&vector["iv_hex"]).try_into() {
            let kind = Type::from_name(vector["type"].as_str().unwrap().as_bytes()).unwrap();
            let mut text = String::new();
            cipher.encrypt(kind, &plain, aad, nonce, &mut text).unwrap();
            assert_eq!(text, enc);
        }
        checked += 1;
    }
    assert!(checked > 30);
}

#[test]
fn pieces_become_the_same_mac() {
    let vectors = vectors();
    for vector in vectors["macs"].as_array().unwrap() {
        let only_encrypted = vector["mac_only_encrypted"].as_bool().unwrap_or(false);
        let mut mac = Mac::new(only_encrypted);
        let texts = vector["fed"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().into());
        let bytes = vector["fed_hex"].as_array().into_iter().flatten().map(hex);
        for piece in texts.chain(bytes) {
            mac.feed_bytes(&piece);
        }
        assert_eq!(mac.finish(), vector["mac"].as_str().unwrap(), "{}", vector["name"]);
    }
}

#[test]
fn the_mac_is_bound_to_the_time() {
    let vector = &vectors()["encrypted_mac"];
    let parsed = Ciphertext::parse(vector["enc"].as_str().unwrap().as_bytes()).unwrap();
    let aad = vector["aad"].as_str().unwrap().as_bytes();
    let mut cipher = Cipher::new(&key(&vector["key_hex"]));
    assert_eq!(cipher.decrypt(&parsed, aad), Ok(Value::str(vector["mac"].as_str().unwrap())));
    assert!(cipher.decrypt(&parsed, b"2024-05-06T07:08:10Z").is_err());
}

#[test]
fn whole_documents_open() {
    for vector in vectors()["documents"].as_array().unwrap() {
        let format: &'static dyn Format = match vector["format"].as_str().unwrap() {
            "yaml" => &Yaml,
            "dotenv" => &Dotenv,
            other => panic!("{other}"),
        };
        let text = vector["text"].as_str().unwrap().as_bytes().to_vec();
        let sealed = Sealed::parse(text, format).unwrap();
        let opened = sealed.open(&key(&vector["data_key_hex"])).unwrap();
        assert_eq!(opened.verdict, Verdict::Unsealed);
        assert_eq!(opened.stuck_comments, 0);
        assert!(!sealed.plaintext(&opened).unwrap().is_empty());
    }
}
