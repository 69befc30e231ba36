//! `lacre redact`: what other programs printed, masked.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::support::{ALICE, Scene, program};

fn scene(name: &str, text: &str) -> Scene {
    let scene = Scene::new().identity("alice").file(name, text);
    scene.run(["encrypt", name, "-r", ALICE]).ok();
    scene
}

#[test]
fn encrypted_values_are_masked_by_name_in_their_encodings() {
    let scene = scene(".env", "TOKEN=hunter22\nQUOTED=\"two words\"\n");
    let printed = "t=hunter22 b=aHVudGVyMjI= x=68756e7465723232 \"two words\" two+words clear\n";
    scene
        .stdin(printed)
        .run(["redact"])
        .ok()
        .stdout("t=[TOKEN] b=[TOKEN] x=[TOKEN] [QUOTED] [QUOTED] clear\n")
        .stderr("")
        .untouched();
}

#[test]
fn nested_values_need_no_flag_and_clear_ones_are_no_secrets() {
    let yaml = "db:\n  password: correct horse\n  hosts_unencrypted: db.internal\nkeys:\n- first-key\n";
    let scene = scene("a.yaml", yaml).stdin("correct horse at db.internal, first-key");
    scene
        .run(["redact", "-f", "a.enc.yaml"])
        .ok()
        .stdout("[db.password] at db.internal, [keys[0]]")
        .stderr("");
}

#[test]
fn a_binary_file_is_masked_under_its_own_name_and_by_line() {
    let key = "-----BEGIN X-----\n0123456789abcdefXYZ\n-----END X-----\n";
    let scene = scene("tls.key", key).stdin(format!("{key}and 0123456789abcdefXYZ"));
    scene.run(["redact", "-f", "tls.enc.key"]).ok().stdout("[tls.enc.key]\nand [tls.enc.key]");
}

#[test]
fn values_that_cannot_be_masked_are_named_once() {
    let scene =
        scene(".env", "A=short\nB=localhost\nC='aaaaaaaaaa'\nD=hunter22\nE=\n").stdin("short hunter22");
    let warning = "warning: `A`, `B`, `C`: too short, too common or too long to be masked\n";
    scene.run(["redact"]).ok().stdout("short [D]").stderr(warning);
    scene.run(["redact", "-q"]).ok().stdout("short [D]").stderr("");
}

#[test]
fn another_mask_may_be_chosen_and_a_secret_may_hold_it() {
    let scene = scene(".env", "A=ab***cdef\nB=ab***cdefgh\n").stdin("ab***cdef ab***cdefgh ***");
    scene.run(["redact", "--mask", "***"]).ok().stdout("*** *** ***");
    scene.run(["redact", "--mask", ""]).ok().stdout("  ***");
}

#[test]
fn patterns_add_what_looks_like_a_secret() {
    let scene =
        scene(".env", "A=hunter22\n").stdin("password=hunter22 password=other123\nAKIA0123456789ABCDEF");
    scene.run(["redact"]).ok().stdout("password=[A] password=other123\nAKIA0123456789ABCDEF");
    scene.run(["redact", "--patterns"]).ok().stdout("password=[A] password=[secret]\nAKIA[secret]");
}

#[test]
fn nothing_is_printed_where_a_file_does_not_open() {
    let scene = scene(".env", "A=hunter22\n").stdin("hunter22");
    scene.run(["redact", "-f", "none.enc"]).fails(1).stdout("");
    let scene = scene.nobody();
    scene.run(["redact"]).fails(4).stdout("");
    // As for `run`, a person may insist, and is told.
    let outcome = scene.run(["redact", "--no-identity", "skip"]).ok().stdout("hunter22");
    assert!(outcome.stderr.contains("skipped"), "{}", outcome.stderr);
}

#[test]
fn a_name_from_a_file_does_not_steer_the_terminal() {
    let scene = scene("a.json", "{\"a\\u001b[2J\": \"hunter22\"}").stdin("hunter22");
    let printed = scene.run(["redact", "-f", "a.enc.json"]).ok().printed();
    assert!(!printed.contains('\u{1b}') && !printed.contains("hunter22"), "{printed:?}");
}

#[test]
fn what_comes_is_handed_on_before_the_input_ends() {
    let scene = scene(".env", "A=hunter22\n");
    let mut command = program(&scene);
    let mut child = command.arg("redact").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    for (piece, out) in [("Name: ", "Name: "), ("is hunter22, hun", "is [A], hun"), ("dred\n", "dred\n")] {
        stdin.write_all(piece.as_bytes()).unwrap();
        let mut seen = vec![0; out.len()];
        stdout.read_exact(&mut seen).unwrap();
        assert_eq!(String::from_utf8(seen).unwrap(), out);
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_reader_that_went_away_is_no_matter_for_words() {
    let scene = scene(".env", "A=hunter22\n");
    let mut command = program(&scene);
    let mut child = command
        .arg("redact")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    let ended = (0..10_000).any(|_| stdin.write_all(&[b'x'; 8192]).is_err());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(ended);
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()), (Some(141), ""));
}

#[test]
fn many_megabytes_without_a_line_feed_pass() {
    let scene = scene(".env", "A=hunter22\n");
    let text = [&b"x".repeat(3_000_000), b"hunter22".as_slice(), &b"y".repeat(3_000_000)].concat();
    scene.write("log", &text);
    let log = std::fs::File::open(scene.path("log")).unwrap();
    let output = program(&scene).arg("redact").stdin(log).output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, [&b"x".repeat(3_000_000), b"[A]".as_slice(), &b"y".repeat(3_000_000)].concat());
}
