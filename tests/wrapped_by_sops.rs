//! Key entries that sops wrote open with our identities, and ours with them: every kind of age key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;

use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{AesGcm, aes::Aes256};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lacre::base::Secret;
use lacre::base::ports::Prompt;
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;
use lacre::keys::{KeyKind, Recipient, UnwrapError, WrappedKey};
use lacre::world::identities::{Identities, NotOpened, Opened};
use proptest::prelude::*;

#[derive(Default)]
struct Person {
    types: Option<String>,
    questions: RefCell<Vec<String>>,
}

impl Prompt for Person {
    fn secret(&self, question: &str) -> Option<Secret<String>> {
        self.questions.borrow_mut().push(question.to_owned());
        self.types.clone().map(Secret::new)
    }

    fn confirm(&self, _: &str) -> Option<bool> {
        None
    }

    fn tell(&self, _: &str) {}
}

struct Vector(serde_json::Value);

impl Vector {
    fn all() -> Vec<Self> {
        let text = include_str!("vectors/keys/wrapped_by_sops.json");
        let mut file: serde_json::Value = serde_json::from_str(text).unwrap();
        file["vectors"].as_array_mut().unwrap().drain(..).map(Self).collect()
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    fn entry(&self) -> WrappedKey {
        let [recipient, enc] = ["recipient", "enc"].map(|name| self.text(name).to_owned());
        WrappedKey { kind: KeyKind::Age, recipient, enc, other: Vec::new() }
    }

    fn open(&self, entry: WrappedKey, passphrase: Option<&str>) -> Result<Opened, NotOpened> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("identity"), self.text("identity")).unwrap();
        let variables = BTreeMap::new();
        let person = Person { types: passphrase.map(str::to_owned), ..Person::default() };
        let explicit = ["identity".into()];
        Identities::gather(&explicit, folder.path(), &variables, &person, &NoPlugins).open(&[entry])
    }

    fn passphrase(&self) -> Option<&str> {
        self.0["passphrase"].as_str()
    }

    /// What the value beside the key entry says, decrypted with `key`.
    fn value(&self, key: &[u8]) -> Vec<u8> {
        let part = |name: &str| {
            let (_, rest) = self.text("ciphertext").split_once(name).unwrap();
            BASE64_STANDARD.decode(rest.split(',').next().unwrap()).unwrap()
        };
        let message = [part("data:"), part("tag:")].concat();
        let nonce: [u8; 32] = part("iv:").try_into().unwrap();
        let cipher = AesGcm::<Aes256, U32>::new_from_slice(key).unwrap();
        cipher.decrypt(&nonce.into(), Payload { msg: &message, aad: b"A:" }).unwrap()
    }
}

#[test]
fn what_sops_wrapped_opens_here() {
    for vector in Vector::all() {
        let opened = vector.open(vector.entry(), vector.passphrase()).unwrap();
        assert_eq!(vector.value(&opened.share), vector.text("plain").as_bytes(), "{}", vector.text("name"));
    }
}

#[test]
fn what_we_wrap_for_the_same_recipient_opens_too() {
    for vector in Vector::all() {
        let share = vec![9; 33].into();
        let entry = AgeRecipient::parse(vector.text("recipient"), &NoPlugins).unwrap().wrap(&share).unwrap();
        assert_eq!(entry.recipient, vector.text("recipient"));
        assert!(entry.enc.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        assert!(entry.enc.ends_with("\n-----END AGE ENCRYPTED FILE-----\n"));
        assert_eq!(vector.open(entry, vector.passphrase()).unwrap().share, share);
    }
}

#[test]
fn a_locked_ssh_key_without_its_passphrase_says_so() {
    let vector = Vector::all().into_iter().find(|vector| vector.passphrase().is_some()).unwrap();
    for typed in [None, Some("guess"), Some("")] {
        let failed = vector.open(vector.entry(), typed).unwrap_err();
        assert!(matches!(failed.problem, Some(UnwrapError::Locked(_))), "{failed:?}");
    }
}

#[test]
fn an_ssh_key_that_is_addressed_is_asked_for_before_a_locked_file() {
    let vector = Vector::all().into_iter().find(|vector| vector.passphrase().is_some()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    fs::create_dir(folder.path().join(".ssh")).unwrap();
    fs::write(folder.path().join(".ssh/id_ed25519"), vector.text("identity")).unwrap();
    fs::write(folder.path().join("locked"), "-----BEGIN AGE ENCRYPTED FILE-----\n").unwrap();
    let variables = BTreeMap::from([("HOME".into(), home.into())]);
    let person = Person { types: vector.passphrase().map(str::to_owned), ..Person::default() };
    let explicit = ["locked".into()];
    let identities = Identities::gather(&explicit, folder.path(), &variables, &person, &NoPlugins);
    assert_eq!(identities.open(&[vector.entry()]).unwrap().source, "~/.ssh/id_ed25519");
    identities.open(&[vector.entry()]).unwrap();
    assert_eq!(*person.questions.borrow(), ["passphrase for ~/.ssh/id_ed25519"]);
}

#[test]
fn a_locked_ssh_key_is_left_alone_when_the_entry_is_for_someone_else() {
    let vectors = Vector::all();
    let locked = vectors.iter().find(|vector| vector.passphrase().is_some()).unwrap();
    let other = vectors.iter().find(|vector| vector.text("name") == "ssh-ed25519").unwrap();
    let failed = locked.open(other.entry(), None).unwrap_err();
    assert_eq!(failed.problem, None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_entry_or_identity_gives_the_right_share_or_an_error(
        at in any::<prop::sample::Index>(), which in any::<prop::sample::Index>(), byte in 1_u8..128, entry: bool,
    ) {
        let vectors = Vector::all();
        let vector = which.get(&vectors).0.clone();
        // Another number of rounds before a locked key may cost seconds, and is tested next to it.
        let name = if entry || vector["passphrase"].is_string() { "enc" } else { "identity" };
        let mut text = vector[name].as_str().unwrap().as_bytes().to_vec();
        let at = at.index(text.len());
        text[at] = byte;
        let mut damaged = vector.clone();
        damaged[name] = String::from_utf8(text).unwrap().into();
        let (whole, damaged) = (Vector(vector), Vector(damaged));
        if let Ok(opened) = damaged.open(damaged.entry(), damaged.passphrase()) {
            prop_assert_eq!(whole.value(&opened.share), whole.text("plain").as_bytes());
        }
    }
}
