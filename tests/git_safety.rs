//! A repository is somebody else's data: no command of ours runs a program that it names, writes its escape codes to a
//! terminal, follows it out of its tree, or falls over its shape.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

#[path = "git_safety/canary.rs"]
mod canary;
#[path = "git_safety/commands.rs"]
mod commands;
#[path = "git_safety/line_ends.rs"]
mod line_ends;
#[path = "git_safety/names.rs"]
mod names;
#[path = "git_safety/places.rs"]
mod places;
mod support;

use std::path::Path;
use std::process::{Command, Output};

use support::{ALICE, BOB, Scene, program};

/// A repository of alice and bob with encrypted files in every format and two commits.
fn repository() -> Scene {
    filled(Scene::repository().identity("alice"))
}

fn filled(scene: Scene) -> Scene {
    scene.write(
        ".sops.yaml",
        format!("keys:\n  - &alice {ALICE}\n  - &bob {BOB}\ncreation_rules:\n  - age: [*alice, *bob]\n"),
    );
    scene.write(".gitignore", ".env\n*.plain.*\n");
    for (name, text) in [
        (".env", "# note\nA=one-7f3c9a\nB=two\n"),
        ("a.plain.yaml", "a:\n  b: one-7f3c9a\nl: [1, 2]\n"),
        ("a.plain.json", "{\"a\": {\"b\": \"x\"}}\n"),
        ("a.plain.ini", "[s]\nk = v\n"),
        ("a.plain.bin", "bytes"),
    ] {
        scene.write(name, text);
        lacre(
            &scene,
            &["encrypt", "-q", name, "-o", &name.replace(".plain", ".enc").replace(".env", ".env.enc")],
        );
    }
    scene.git(&["add", "."]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "first"]);
    lacre(&scene, &["set", "-q", ".env.enc", "B", "three"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-am", "second"]);
    scene
}

/// What the real program did in `folder` of `scene`.
fn run_in(scene: &Scene, folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command: Command = program(scene);
    command.current_dir(folder).args(words).envs(variables.iter().copied());
    support::feed(command, b"value\n")
}

/// It did what was asked.
fn lacre(scene: &Scene, words: &[&str]) -> String {
    let output = run_in(scene, &scene.folder(), words, &[]);
    assert!(output.status.success(), "{words:?}: {}", told(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn told(output: &Output) -> String {
    format!("{:?}: {}", output.status.code(), String::from_utf8_lossy(&output.stderr))
}

/// It ended as a command may end, and wrote nothing that steers a terminal.
#[track_caller]
fn is_sane(words: &[&str], output: &Output) {
    // The face of sops has its codes.
    let may_be = |code: i32| match words {
        ["sops", ..] => code != 70 && code != 101,
        _ => (0..=5).contains(&code) || (125..=129).contains(&code),
    };
    assert!(output.status.code().is_some_and(may_be), "{words:?}: {}", told(output));
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(bytes);
        let steers = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\0');
        assert!(!text.contains(steers) && !text.contains('\u{202e}'), "{words:?}: {text:?}");
    }
}
