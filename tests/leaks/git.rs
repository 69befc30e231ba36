//! What git calls and what asks git: drivers, diffs, histories and conflicts.

use std::process::Command;

use super::{CANARY, check, scene};
use crate::support::{Scene, feed, program};

/// Sets a value that has the canary in it; the file as it is then.
fn set(scene: &Scene, value: &str) -> Vec<u8> {
    let mut command = program(scene);
    command.args(["set", ".env.enc", "A", "-"]);
    assert!(feed(command, format!("{CANARY}-{value}").as_bytes()).status.success());
    scene.bytes(".env.enc")
}

/// In a merge that stopped: `A` has another value on both sides. The three versions stand beside.
fn in_conflict() -> Scene {
    let scene = scene();
    scene.git(&["commit", "--quiet", "-m", "base"]);
    scene.write("base", scene.bytes(".env.enc"));
    scene.git(&["checkout", "--quiet", "-b", "side"]);
    scene.write("theirs", set(&scene, "theirs"));
    scene.git(&["commit", "--quiet", "-m", "theirs", ".env.enc"]);
    scene.git(&["checkout", "--quiet", "-"]);
    scene.write("ours", set(&scene, "ours"));
    scene.git(&["commit", "--quiet", "-m", "ours", ".env.enc"]);
    scene
}

#[test]
fn drivers_diffs_and_histories_hold_no_value() {
    let scene = in_conflict();
    let before = scene.bytes("ours");
    for arguments in [
        &["git", "textconv", ".env.enc"][..],
        &["git", "textconv", "tampered.env"],
        &["git", "textconv", "cut.enc.json"],
        &["git", "textconv", "blob.enc"],
        &["diff", ".env.enc"],
        &["diff", "HEAD~1:.env.enc", ".env.enc"],
        &["diff", "HEAD~1:.env.enc", ".env.enc", "--json"],
        &["diff", ".env.enc", "tampered.env"],
        &["log", ".env.enc"],
        &["log", ".env.enc", "A"],
        &["log", ".env.enc", "--json"],
        &["git", "merge", "base", "ours", "theirs", "7", ".env.enc"],
        &["git", "merge", "base", "tampered.env", "theirs", "7", ".env.enc"],
        &["git", "merge", "base", "cut.enc.json", "theirs", "7", ".env.enc"],
    ] {
        check(&scene, arguments, "", false);
    }
    assert_ne!(scene.bytes("ours"), before, "nothing was in conflict");
    check(&scene, &["diff", "--show", "HEAD~1:.env.enc", ".env.enc"], "", true);
}

#[test]
fn a_conflict_is_settled_without_a_value() {
    for arguments in [&["--ours"][..], &["A", "--theirs"], &["--edit"]] {
        let scene = in_conflict().variable("EDITOR", "sed -i -e /^[<=>]/d -e /theirs/d");
        // Without a driver, git stops with its own markers.
        let mut merge = Command::new("git");
        merge.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "merge", "--quiet", "side"]);
        merge.current_dir(scene.folder());
        assert_eq!(merge.output().unwrap().status.code(), Some(1));
        check(&scene, &["resolve", ".env.enc"], "", false);
        check(&scene, &["resolve", ".env.enc", "--json"], "", false);
        check(&scene, &[&["resolve", ".env.enc"], arguments].concat(), "", false);
        check(&scene, &["decrypt", ".env.enc"], "", true);
    }
}
