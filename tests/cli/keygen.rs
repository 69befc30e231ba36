//! `lacre keygen`: identities that are private from their first byte on.

use crate::support::{ALICE, Scene};

#[test]
fn a_new_identity_opens_what_is_encrypted_for_its_recipient() {
    let scene = Scene::new().file(".env", "A=1\n");
    let recipient = scene.run(["keygen", "-o", "ci.txt"]).ok().changed(["ci.txt"]).printed();
    assert_eq!(scene.mode("ci.txt"), 0o600);
    scene.run(["encrypt", ".env", "-r", recipient.trim_end()]).ok();
    scene.run(["get", ".env.enc", "A", "--identity", "ci.txt"]).ok().stdout("1\n");
}

#[test]
fn identities_are_appended_where_sops_looks() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.run(["keygen"]).ok().untouched();
    scene.run(["keygen"]).ok().untouched();
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    let place = "../home/.config/sops/age/keys.txt";
    assert_eq!(scene.text(place).matches("AGE-SECRET-KEY-1").count(), 3);
    let scene = Scene::new();
    scene.run(["keygen"]).ok().untouched();
    assert_eq!(scene.mode(place), 0o600);
}

#[test]
fn a_file_that_exists_is_never_overwritten() {
    Scene::new()
        .file("ci.txt", "mine")
        .run(["keygen", "-o", "ci.txt"])
        .fails(1)
        .stdout("")
        .stderr("error: cannot write `ci.txt`: it exists already\n")
        .untouched();
}

#[test]
fn a_passphrase_locks_a_file_of_its_own() {
    Scene::new().run(["keygen", "--passphrase"]).fails(2).stdout("").untouched();
    Scene::new()
        .run(["keygen", "--passphrase", "-o", "me.txt"])
        .fails(2)
        .stdout("")
        .stderr("error: there is no terminal to ask for a passphrase on\n")
        .untouched();
    let scene = Scene::new().types(["one", "other"]);
    scene
        .run(["keygen", "--passphrase", "-o", "me.txt"])
        .fails(1)
        .stderr("error: the passphrases differ\n")
        .untouched();
}

#[test]
fn without_a_home_there_is_no_place_to_keep_it() {
    Scene::new()
        .variable("HOME", "")
        .run(["keygen"])
        .fails(1)
        .stdout("")
        .untouched()
        .stderr("error: there is no home folder to keep an identity in\nhint: name a file with `-o FILE`\n");
}

#[test]
fn an_identity_that_git_would_commit_is_warned_about() {
    let scene = Scene::repository().file(".gitignore", "*.key\n");
    let said = scene.run(["keygen", "-o", "ci.txt"]).ok().stderr;
    assert!(
        said.contains("warning: git does not ignore `ci.txt`: an identity must not be committed\n"),
        "{said}"
    );
    let said = scene.run(["keygen", "-o", "ci.key"]).ok().stderr;
    assert!(!said.contains("warning"), "{said}");
}
