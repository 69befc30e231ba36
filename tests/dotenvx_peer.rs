//! What the real dotenvx hands to a process, `lacre run` hands on after `lacre import dotenvx`. Skipped where it is not
//! installed (`tests/peers/install.sh`); with `LACRE_REQUIRE_DOTENVX=1` its absence is a failure.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts dotenvx, and says where it was skipped"
)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lacre::workspace::import::dotenvx::{Choice, Keys, convert};
use support::{ALICE, Scene, program};

type Variables = BTreeMap<String, String>;

/// Each on its own line, in double quotes, in single quotes, bare.
const VALUES: &[&str] = &[
    "abc123",
    "a b",
    "a#b",
    "a #b",
    "p\\$w",
    "p$5",
    "pw$",
    "it`s",
    "C:\\dir\\x",
    "a\\nb",
    "a\\\\nb",
    "a\\tb",
    "{k: v}",
    "pg://u:p@h/d?x=1&y=2",
    "größe✓😀",
    "a=b==",
    "a;b|c>d<e&f(g)*?[h]~!",
    "-----BEGIN-----\nMII+/=\n-----END-----",
    "${V0}/x",
    "$V0-$V1",
    "${V0:-else}",
    "${V0:+other}",
    "encrypted",
];

fn dotenvx() -> Option<PathBuf> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/node_modules/.bin/dotenvx");
    let required = std::env::var_os("LACRE_REQUIRE_DOTENVX").is_some_and(|value| value != "0");
    assert!(place.exists() || !required, "no dotenvx found: run tests/peers/install.sh");
    if place.exists() {
        return Some(place);
    }
    eprintln!("skipped: dotenvx not found");
    None
}

fn run(scene: &Scene, program: &Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(scene.folder()).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", scene.path("../home"));
    // It would look for keys in the system's store and in services.
    command
        .env("DOTENVX_NO_ARMOR", "true")
        .env("DOTENVX_NO_1PASSWORD", "true")
        .env("DOTENVX_NO_BITWARDEN", "true");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// What a process gets that prints its environment, but for what it would have had anyway.
fn environment(printed: &[u8]) -> Variables {
    let own = ["PATH", "HOME", "_", "PWD", "SHLVL", "SOPS_AGE_KEY"];
    let text = String::from_utf8(printed.to_vec()).unwrap();
    let pairs = text.split_terminator('\0').filter_map(|pair| pair.split_once('='));
    let kept = pairs.filter(|(name, _)| !own.contains(name) && !name.starts_with("DOTENV"));
    kept.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A file with every value in every spelling.
fn text() -> String {
    let mut lines = vec!["# all of them".to_owned()];
    for (number, value) in VALUES.iter().enumerate() {
        if !value.contains('\n') {
            lines.push(format!("V{number}={value} # remark"));
        }
        lines.push(format!("export D{number}=\"{value}\""));
        lines.push(format!("S{number}='{value}' # remark"));
        if !value.contains('`') {
            lines.push(format!("B{number}=`{value}`"));
        }
    }
    lines.join("\n") + "\n"
}

fn compare(dotenvx: &Path, scene: &Scene, file: &str, twin: &str, least: usize) {
    let theirs = environment(&run(scene, dotenvx, &["run", "--quiet", "-f", file, "--", "env", "-0"]));
    scene.run(["import", "dotenvx", file, "-r", ALICE, "--resolve", "--yes"]).ok().changed([twin]);
    let mut command = program(scene);
    command.env("SOPS_AGE_KEY", support::identity_of("alice"));
    let output = command.args(["run", "-f", twin, "--", "env", "-0"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ours = environment(&output.stdout);
    assert!(ours.len() >= least, "{ours:?}");
    assert_eq!(ours, theirs, "{file}");
}

#[test]
fn a_process_gets_the_same_from_run_as_from_dotenvx() {
    let Some(dotenvx) = dotenvx() else { return };
    let scene =
        Scene::repository().identity("alice").file(".env", text()).file(".env.production", "A=1\nB=${A}\n");
    run(&scene, &dotenvx, &["encrypt", "-f", ".env"]);
    run(&scene, &dotenvx, &["encrypt", "-f", ".env.production"]);
    assert!(scene.text(".env").contains("encrypted:"));
    compare(&dotenvx, &scene, ".env", ".env.enc", 3 * VALUES.len());
    compare(&dotenvx, &scene, ".env.production", ".env.production.enc", 2);
}

#[test]
fn values_that_are_still_clear_come_over_as_dotenvx_reads_them() {
    let Some(dotenvx) = dotenvx() else { return };
    let scene =
        Scene::repository().identity("alice").file(".env", text() + "COLON: x\nX1=a#b\nX2=\"a\\\"b\"\n");
    compare(&dotenvx, &scene, ".env", ".env.enc", 3 * VALUES.len());
}

#[test]
fn a_key_that_was_rotated_still_opens_its_values() {
    let Some(dotenvx) = dotenvx() else { return };
    let scene = Scene::repository().identity("alice").file(".env", "A=1\nB='two words'\n");
    run(&scene, &dotenvx, &["encrypt", "-f", ".env"]);
    run(&scene, &dotenvx, &["rotate", "-f", ".env"]);
    compare(&dotenvx, &scene, ".env", ".env.enc", 2);
}

/// What generated lines are made of. No command: dotenvx would run it.
const PIECES: &[&str] = &[
    "A",
    "B",
    "C",
    "=",
    "=",
    "=",
    ": ",
    " ",
    "\t",
    "\n",
    "\n",
    "\n",
    "\"",
    "\"",
    "'",
    "'",
    "`",
    "`",
    "#",
    " #",
    "\\",
    "\\n",
    "\\t",
    "\\\"",
    "\\'",
    "$A",
    "${A}",
    "${B}",
    "${C:-x}",
    "${A:+x}",
    "${",
    "}",
    "$",
    "\\$",
    "export ",
    "x",
    "1",
    "é",
    "-",
    ".",
    "+",
    "DOTENV_PUBLIC_KEY",
];

/// Files made of them, the same every time.
fn generated(count: usize) -> Vec<String> {
    let mut state = 1u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut text = || {
        let mut text = String::new();
        for name in ["A", "B", "C"] {
            text.push_str(name);
            text.push('=');
            for _ in 0..next(9) {
                text.push_str(PIECES[next(PIECES.len())]);
            }
            text.push('\n');
        }
        text
    };
    (0..count).map(|_| text()).collect()
}

#[test]
fn generated_files_are_read_as_dotenvx_reads_them() {
    let Some(dotenvx) = dotenvx() else { return };
    let folder = tempfile::tempdir().unwrap();
    let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let read = |text: &String| -> Option<Variables> {
        let choice = Choice { resolve: true, ..Choice::default() };
        let ours = convert(Path::new(".env"), text.as_bytes(), &Keys::default(), choice).ok()?;
        Some(ours.handed.iter().map(|(name, value)| (string(name), string(value.expose()))).collect())
    };
    // What we refuse is not shown to dotenvx, which expands some of it for ever.
    let texts: Vec<(String, Variables)> =
        generated(5000).into_iter().filter_map(|text| read(&text).map(|ours| (text, ours))).collect();
    assert!(texts.len() > 2000, "only {} are compared", texts.len());
    let files: Vec<PathBuf> =
        (0..texts.len()).map(|number| folder.path().join(format!("{number}.env"))).collect();
    for (file, (text, _)) in files.iter().zip(&texts) {
        std::fs::write(file, text).unwrap();
    }
    let reader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/read.js");
    let installed = dotenvx.ancestors().nth(3).unwrap();
    let mut command = Command::new("node");
    command.arg(reader).arg("dotenvx").arg(installed).args(&files).current_dir(folder.path()).env_clear();
    let output = command.env("PATH", std::env::var_os("PATH").unwrap()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), texts.len());
    for ((text, ours), line) in texts.iter().zip(printed.lines()) {
        let mut theirs: Variables = serde_json::from_str(line).unwrap();
        theirs.retain(|name, _| !name.starts_with("DOTENV"));
        assert_eq!(*ours, theirs, "{text:?}");
    }
}
