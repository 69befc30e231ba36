//! `lacre seal`: a file whose seal another tool removed is shown, then accepted.

use crate::support::{ALICE, Scene};

/// What `sops updatekeys` leaves behind.
fn without_seal() -> Scene {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    let text = scene.text(".env.enc");
    let kept: Vec<_> = text.lines().filter(|line| !line.starts_with("sops_lacre")).collect();
    scene.write(".env.enc", kept.join("\n") + "\n");
    scene
}

const SHOWN: &str =
    "`.env.enc`:\n  recipients: [alice]\n  selector: unencrypted_suffix _unencrypted\n  A  str\n";

#[test]
fn a_removed_seal_is_noticed_and_accepted_after_a_look() {
    let scene = without_seal();
    scene.run(["get", ".env.enc", "A"]).fails(5).stdout("").untouched();
    let scene = scene.types(["y"]);
    scene
        .run(["seal", ".env.enc"])
        .ok()
        .stdout("")
        .changed([".env.enc"])
        .stderr(&format!("{SHOWN}sealed `.env.enc`\n"));
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    scene.run(["seal", ".env.enc"]).ok().stderr("`.env.enc` is sealed already\n").untouched();
}

#[test]
fn nobody_to_ask_is_no_yes() {
    without_seal()
        .run(["seal", ".env.enc"])
        .fails(1)
        .stdout("")
        .untouched()
        .stderr(&format!("{SHOWN}error: `.env.enc` was not sealed\nhint: `--yes` seals without asking\n"));
    without_seal().types(["n"]).run(["seal", ".env.enc"]).fails(1).untouched();
    without_seal().run(["seal", "--yes", ".env.enc"]).ok().changed([".env.enc"]);
}
