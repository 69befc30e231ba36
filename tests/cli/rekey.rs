//! `lacre rekey`: new data keys for the same people.

use lacre::base::{DataKey, Type, Value};
use lacre::cipher::{Cipher, Mac};
use lacre::document::yaml::Yaml;
use lacre::document::{Document, Format, splice};
use lacre::envelope::Metadata;
use lacre::keys::Recipient;
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;
use lacre::policy::Selector;

use crate::support::{ALICE, BOB, Scene, program};

#[test]
fn every_value_is_encrypted_anew_and_says_the_same() {
    let text = "# about\nA=1\nB='two words' # note\n\nC_unencrypted=clear\n";
    let scene = Scene::new().identity("alice").file(".env", text);
    scene.run(["encrypt", ".env", "-r", ALICE, "-r", BOB]).ok();
    let old = scene.text(".env.enc");
    // By the real program: a scene draws the same randomness in every run.
    let output = program(&scene).args(["rekey", ".env.enc"]).output().unwrap();
    assert!(output.status.success() && output.stdout.is_empty());
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "1 file: a new data key\n  `.env.enc`\nrekeyed 1 file\n");
    let new = scene.text(".env.enc");
    assert_eq!(new.lines().count(), old.lines().count());
    for (new, old) in new.lines().zip(old.lines()) {
        let is_secret = ["ENC[", "_enc=", "_seal=", "_lastmodified="].iter().any(|sign| old.contains(sign));
        assert_eq!(new != old, is_secret, "{old}");
    }
    scene.run(["decrypt", ".env.enc"]).ok().stdout(text);
    let scene = scene.nobody().identity("bob");
    scene.run(["decrypt", ".env.enc"]).ok().stdout(text);
}

#[test]
fn no_file_is_meant_by_saying_nothing() {
    let scene = Scene::repository().identity("alice");
    scene.run(["rekey"]).fails(2).stdout("").stderr(
        "error: no file is named\nhint: name FILE…, or `--all` for every encrypted file that git tracks here\n",
    );
    scene
        .run(["rekey", "--all"])
        .ok()
        .stderr("note: git tracks no encrypted file here; `git add` new ones, or name them\nnothing to do\n");
    Scene::new().run(["rekey", "--all"]).fails(2).untouched();
}

#[test]
fn who_has_no_key_changes_nothing() {
    let scene = Scene::new().identity("alice").file("a.env", "A=1\n").file("b.env", "A=1\n");
    scene.run(["encrypt", "a.env", "-r", ALICE]).ok();
    scene.run(["encrypt", "b.env", "-r", BOB]).ok();
    scene.run(["rekey", "a.enc.env", "b.enc.env"]).fails(4).untouched();
    scene.run(["rekey", "a.enc.env", "b.enc.env", "--keep-going"]).fails(1).changed(["a.enc.env"]);
}

/// A file as another tool writes it, without seal and mark, for these recipients.
fn unsealed(recipients: [&str; 2]) -> Vec<u8> {
    let key = DataKey::from_bytes(&[7; 32]).unwrap();
    let wrap = |recipient| {
        AgeRecipient::parse(recipient, &NoPlugins).unwrap().wrap(&key.expose().to_vec().into()).unwrap()
    };
    let (mut cipher, mut mac) = (Cipher::new(&key), Mac::new(false));
    let mut metadata = Metadata::new(vec![recipients.map(wrap).to_vec()], Selector::default(), false);
    metadata.touch(time::OffsetDateTime::UNIX_EPOCH);
    let mut text = "a: ".to_owned();
    mac.feed(&Value::str("x"));
    cipher.encrypt(Type::Str, b"x", b"a:", [1; 32], &mut text).unwrap();
    cipher
        .encrypt(Type::Str, mac.finish().as_bytes(), &metadata.mac_aad(), [2; 32], &mut metadata.mac)
        .unwrap();
    let body = Document::parse((text + "\n").into_bytes(), &Yaml).unwrap();
    splice(body.text(), Yaml.put_metadata(&body, Some(&metadata.to_node())).unwrap())
}

#[test]
fn a_recipient_whom_nobody_vouches_for_gets_no_new_key_unseen() {
    let scene = Scene::repository().identity("alice").file("a.yaml", unsealed([ALICE, BOB]));
    let scene = scene.file(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
    scene.run(["rekey", "a.yaml"]).fails(2).untouched().stderr(
        "1 file: a new data key\n  `a.yaml`\n\
         warning: neither a seal nor a rule vouches for these recipients of `a.yaml`: [bob]\n\
         error: there is no terminal to ask on, so nothing was changed\nhint: `--yes` changes them without asking\n",
    );
    scene.run(["rekey", "--yes", "a.yaml"]).ok().changed(["a.yaml"]);
    // Sealed now, so who stands in it was seen.
    scene.run(["rekey", "a.yaml"]).ok().changed(["a.yaml"]);
    let scene = scene.file(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    scene.write("a.yaml", unsealed([ALICE, BOB]));
    scene.run(["rekey", "a.yaml"]).ok().changed(["a.yaml"]);
}

#[test]
fn a_file_that_was_tampered_with_says_where_to_look() {
    let scene = Scene::repository().identity("alice").file("a.yaml", "b: c\n");
    scene.run(["encrypt", "-i", "-r", ALICE, "a.yaml"]).ok();
    scene.write("a.yaml", scene.text("a.yaml").replacen("data:", "data:AAAA", 1));
    let said = scene.run(["rekey", "a.yaml"]).fails(5).untouched().stderr;
    assert!(
        said.ends_with("hint: look at the last change with `git log -p`; go back with `git restore`\n"),
        "{said}"
    );
}
