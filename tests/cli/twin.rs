//! `lacre encrypt` onto an existing twin: an old plaintext does not delete a colleague's new secret.

use crate::support::{ALICE, BOB, Scene};

/// A plaintext and its twin, to which a colleague has added `NEW`.
fn changed_by_a_colleague() -> Scene {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\nB=2\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.run(["set", ".env.enc", "NEW", "n"]).ok();
    scene
}

#[test]
fn a_stale_plaintext_does_not_delete_a_new_secret() {
    let scene = changed_by_a_colleague();
    scene.write(".env", "A=9\nB=2\n");
    let said = scene.run(["encrypt", ".env"]).ok().changed([".env.enc"]).stderr;
    assert!(said.contains("`NEW`"), "{said}");
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=9\nB=2\nNEW=n\n");
}

#[test]
fn what_was_removed_here_and_unchanged_there_goes() {
    let scene = changed_by_a_colleague();
    scene.write(".env", "A=1\n");
    scene.run(["encrypt", ".env"]).ok();
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\nNEW=n\n");
}

#[test]
fn what_both_changed_is_named_and_refused_until_insisted() {
    let scene = changed_by_a_colleague();
    scene.run(["set", ".env.enc", "B", "theirs"]).ok();
    scene.write(".env", "A=1\nB=ours\n");
    scene
        .run(["encrypt", ".env"])
        .fails(1)
        .stderr(
            "error: `.env.enc`: both sides changed `B`\n\
             hint: take the other side's value into your file, or insist with `--replace`\n",
        )
        .untouched();
    scene.run(["encrypt", ".env", "--replace"]).ok().stderr("updated `.env.enc`\n").changed([".env.enc"]);
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\nB=ours\n");
}

#[test]
fn without_a_base_nothing_may_vanish() {
    let scene = Scene::new().identity("alice").file("first.env", "A=1\nB=2\n");
    scene.run(["encrypt", "first.env", "-o", ".env.enc", "-r", ALICE]).ok();
    scene.write(".env", "A=1\n");
    scene
        .run(["encrypt", ".env"])
        .fails(1)
        .stderr(
            "error: `.env.enc`: `B` would be lost\n\
             hint: `lacre decrypt` shows what the encrypted file holds; `--replace` drops what is missing here\n",
        )
        .untouched();
    scene.run(["encrypt", ".env", "--replace"]).ok();
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\n");
}

#[test]
fn a_twin_that_does_not_open_is_never_overwritten() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", BOB]).ok();
    scene.write(".env", "A=2\n");
    scene.run(["encrypt", ".env"]).fails(4).untouched();
    scene.run(["encrypt", ".env", "--replace"]).fails(4).untouched();
    scene.write(".env.enc", "nonsense");
    scene.run(["encrypt", ".env", "--replace"]).fails(1).untouched();
}

#[test]
fn values_that_did_not_change_keep_their_ciphertext() {
    let scene = Scene::new().identity("alice").file("a.json", "{\"a\": \"1\",\n\"b\": \"2\"}");
    scene.run(["encrypt", "a.json", "-r", ALICE]).ok();
    let before = scene.text("a.enc.json");
    scene.write("a.json", "{\"a\": \"1\",\n\"b\": \"3\"}");
    scene.run(["encrypt", "a.json"]).ok();
    let after = scene.text("a.enc.json");
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
    scene.run(["encrypt", "a.json"]).ok().stderr("`a.enc.json` is up to date\n").untouched();
}

#[test]
fn recipients_are_chosen_once() {
    let scene = changed_by_a_colleague();
    scene
        .run(["encrypt", ".env", "-r", BOB])
        .fails(2)
        .stderr("error: `.env.enc` has its recipients; `-r` is for new files\n")
        .untouched();
}
