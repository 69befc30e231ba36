//! A canary secret and an identity through every command and many failures of the real program: they come out only
//! where printing is the job, and stay nowhere.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]
#![allow(clippy::too_many_lines, reason = "tables of command lines")]

#[path = "leaks/check.rs"]
mod checks;
#[path = "leaks/exposure.rs"]
mod exposure;
#[path = "leaks/face.rs"]
mod face;
#[path = "leaks/find.rs"]
mod find;
#[path = "leaks/git.rs"]
mod git;
#[path = "leaks/outside.rs"]
mod outside;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::{ALICE, BOB, Scene, feed, identity_of, program};

const CANARY: &str = "cAnArY-7c1e93";

/// Stands in every plaintext and every argument that a command takes for a secret.
fn canaries() -> [&'static str; 2] {
    [CANARY, identity_of("alice")]
}

fn holds(bytes: &[u8]) -> bool {
    canaries().iter().any(|canary| bytes.windows(canary.len()).any(|window| window == canary.as_bytes()))
}

/// Every file below `folder` that holds a canary.
fn leaks_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.is_symlink() {
            found.extend(leaks_below(&path));
        } else if path.is_file() && holds(&fs::read(&path).unwrap_or_default()) {
            found.push(path);
        }
    }
    found
}

/// A repository with sealed files, whose `git` writes down how it is called, and an identity in the environment.
fn scene() -> Scene {
    let scene = Scene::repository();
    let root = scene.folder().parent().unwrap().to_owned();
    for folder in ["tmp", "run", "bin"] {
        fs::create_dir(root.join(folder)).unwrap();
        fs::set_permissions(root.join(folder), PermissionsExt::from_mode(0o700)).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    let log = root.join("bin/log");
    let note = format!("{{ printf '%s\\n' \"$@\"; env; }} >> '{}'", log.display());
    let spy = format!("#!/bin/sh\n{note}\nPATH='{path}' exec git \"$@\"\n");
    fs::write(root.join("bin/git"), spy).unwrap();
    fs::set_permissions(root.join("bin/git"), PermissionsExt::from_mode(0o755)).unwrap();
    let scene = scene
        .variable("PATH", &format!("{}:{path}", root.join("bin").display()))
        .variable("TMPDIR", root.join("tmp").to_str().unwrap())
        .variable("XDG_RUNTIME_DIR", root.join("run").to_str().unwrap())
        .variable("SOPS_AGE_KEY", identity_of("alice"));
    for (name, twin, text) in [
        ("a.env", ".env.enc", format!("A={CANARY}\nB=\"{CANARY}\"\nC=1\n# {CANARY}\n")),
        ("a.json", "a.enc.json", format!("{{\"a\": \"{CANARY}\", \"b\": [\"{CANARY}\"]}}")),
        ("a.ini", "a.enc.ini", format!("a = 1\n; {CANARY}\n[s]\na = \"{CANARY}\" ; {CANARY}\n")),
        ("blob", "blob.enc", CANARY.to_owned()),
        ("a.yaml", "a.enc.yaml", format!("a: {CANARY}\nb: # {CANARY}\n  - '{CANARY}'\n")),
    ] {
        scene.write(name, text);
        scene.run(["encrypt", name, "-o", twin, "-r", ALICE]).ok();
        fs::remove_file(scene.path(name)).unwrap();
        scene.git(&["add", twin]);
    }
    scene.run(["encrypt", "--type", "dotenv", "-o", "bob.enc.env", "--allow-empty", "-r", BOB]).ok();
    scene.write("tampered.env", scene.text(".env.enc").replacen("C=ENC", "D=ENC", 1));
    scene.write("no-mac.env", scene.text(".env.enc").replace("sops_mac=", "#sops_mac="));
    scene.write("cut.enc.json", &scene.text("a.enc.json")[..900]);
    scene
}

/// Runs the program; nothing may hold a canary but what it prints, and that only where it is asked to.
fn check(scene: &Scene, arguments: &[&str], stdin: &str, prints: bool) {
    let mut command = program(scene);
    command.args(arguments);
    let output = feed(command, stdin.as_bytes());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!holds(&output.stderr), "{arguments:?} says a secret:\n{said}");
    assert_ne!(output.status.code(), Some(70), "{arguments:?}: {said}");
    // 128, 200 and what follows are codes of sops; between them, a signal ended the command.
    let is_end = |code| code <= 128 && code != 101 || code >= 200;
    assert!(output.status.code().is_some_and(is_end), "{arguments:?}: {said}");
    assert_eq!(holds(&output.stdout), prints, "{arguments:?} prints: {said}");
    let root = scene.folder().parent().unwrap().to_owned();
    assert_eq!(leaks_below(&root), Vec::<PathBuf>::new(), "{arguments:?} leaves a secret behind");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn secrets_are_printed_only_where_that_is_asked_for() {
    let scene = scene();
    for (file, key) in [
        (".env.enc", "A"),
        ("a.enc.json", "a"),
        ("a.enc.yaml", "a"),
        ("a.enc.ini", "s.a"),
        ("blob.enc", "data"),
    ] {
        check(&scene, &["decrypt", file], "", true);
        check(&scene, &["decrypt", file, "--ignore-mac"], "", true);
        check(&scene, &["decrypt", file, "--to", "json"], "", true);
        check(&scene, &["decrypt", file, "--to", "binary"], "", file == "blob.enc");
        check(&scene, &["get", file, key, "--to", "yaml"], "", true);
        check(&scene, &["get", file, key], "", true);
        check(&scene, &["decrypt", file, "--extract", key], "", true);
        for arguments in [
            &["list", file][..],
            &["list", "--json", file],
            &["status", file],
            &["status", "--json", file],
            &["seal", file],
            &["get", file, "none"],
            &["get", file, CANARY],
            &["set", file, key],
            &["set", file, "new", "-"],
            &["set", file, "drawn", "--generate", "token"],
            &["set", file, "j", "--value-json", "\"x\""],
            &["unset", file, "none"],
            &["unset", file, "drawn"],
            &["encrypt", file],
            &["recipients", "list", file],
            &["recipients", "list", "--json", file],
            &["recipients", "add", "--file-only", BOB, file],
            &["recipients", "sync", "--check", file],
            &["recipients", "remove", "--file-only", BOB, file],
            &["rekey", file],
            &["rekey", "--json", file],
            &["decrypt", file, "-o", "out.env"],
            &["decrypt", file, "-o", "none/out.env"],
        ] {
            // A name that a person gives may be said to them again; a value may not.
            if arguments.contains(&CANARY) {
                continue;
            }
            check(&scene, arguments, CANARY, false);
        }
    }
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["status", "--all"],
        &["init"],
        &["recipients", "list"],
        &["recipients", "sync", "--all", "--yes"],
        &["recipients", "add", &format!("bob={BOB}")],
        &["recipients", "remove", "bob"],
        &["rekey", "--all"],
        &["help"],
        &["keygen"],
        &["shell", "man"],
        &["--help"],
    ] {
        check(&scene, arguments, "", false);
    }
}

#[test]
fn programs_get_what_is_theirs_and_nobody_else_does() {
    let scene = scene();
    check(&scene, &["run", "--", "printenv", "A"], "", true);
    for place in ["A", "A=fifo", "A=@blob.enc"] {
        check(&scene, &["run", "--file", place, "--", "sh", "-c", "cat \"$A_FILE\""], "", true);
        check(&scene, &["run", "--file", place, "--", "printenv", "A"], "", false);
        check(&scene, &["run", "--file", place, "--", "./none-such"], "", false);
    }
    for arguments in [
        &["run", "--", "true"][..],
        &["run", "--", "printenv", "SOPS_AGE_KEY"],
        &["run", "--", "none-such-program"],
        &["run", "-f", "tampered.env", "--", "printenv"],
        &["run", "-f", "bob.enc.env", "--", "printenv"],
        &["run", "-f", "a.enc.yaml", "--", "printenv"],
        &["run", "-f", "a.enc.json", "--", "printenv"],
        &["run", "--env", "none", "--", "printenv"],
        &["run", "--only", "C", "--", "printenv"],
        &["run", "--explain"],
    ] {
        check(&scene, arguments, "", false);
    }
    check(&scene, &["redact"], CANARY, false);
    check(&scene, &["redact", "-f", "tampered.env"], CANARY, false);
    let formats =
        ["dotenv", "json", "shell", "yaml", "docker", "systemd", "github-env", "github-output", "gitlab"];
    for format in formats {
        check(&scene, &["export", "--format", format], "", true);
        check(&scene, &["export", "--format", format, "-f", "tampered.env"], "", false);
        check(&scene, &["export", "--format", format, "-f", "a.enc.yaml"], "", false);
    }
}

#[test]
fn an_editor_leaves_nothing_behind() {
    for editor in ["true", "false", "none-such-editor", "sh -c 'kill $$'", "sh -c 'echo broken >> \"$0\"'"] {
        let scene = scene().variable("EDITOR", editor);
        check(&scene, &["edit", ".env.enc"], "", false);
        check(&scene, &["edit", "a.enc.yaml"], "", false);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn no_failure_says_what_it_failed_on() {
    let scene = scene();
    for file in ["tampered.env", "no-mac.env", "cut.enc.json", "bob.enc.env", "none.enc.env", "."] {
        for arguments in [
            &["decrypt", file][..],
            &["get", file, "A"],
            &["set", file, "A", "-"],
            &["unset", file, "A"],
            &["seal", file],
            &["rekey", file],
            &["recipients", "add", "--file-only", BOB, file],
            &["recipients", "sync", file],
            &["list", file],
            &["status", file],
        ] {
            check(&scene, arguments, CANARY, false);
        }
    }
    for (kind, text) in [
        ("dotenv", format!("{CANARY}\n")),
        ("dotenv", format!("A=\"{CANARY}\n")),
        ("dotenv", format!("A={CANARY}\0\n")),
        ("dotenv", format!("A={CANARY}\nsops_x={CANARY}\n")),
        ("dotenv", format!("A={CANARY}\nsops_version=3.11.0\nsops_mac={CANARY}\n")),
        ("dotenv", format!("<<<<<<< {CANARY}\n")),
        ("ini", format!("{CANARY}\n")),
        ("ini", format!("a=1\na={CANARY}\n")),
        ("ini", format!("-={CANARY}\n")),
        ("ini", format!("\"#{CANARY}\"=1\n")),
        ("ini", format!("a=`{CANARY}` {CANARY}\n")),
        ("ini", format!("a=\"\"\"{CANARY}\n")),
        ("ini", format!("[a] {CANARY}\n")),
        ("ini", format!("[sops]\nmac = {CANARY}\n")),
        ("binary", format!("{{\"data\": \"{CANARY}\", \"sops\": {{\"mac\": \"{CANARY}\"}}}}")),
        ("json", format!("{{\"a\": {CANARY}}}")),
        ("json", format!("{{\"a\": \"{CANARY}")),
        ("json", format!("[\"{CANARY}\"]")),
        ("json", format!("{{\"a\": \"{CANARY}\"}} {CANARY}")),
        ("json", format!("{{\"a\": 1, \"sops\": \"{CANARY}\"}}")),
        ("yaml", format!("a: [{CANARY}")),
        ("yaml", format!("a: \"{CANARY}")),
        ("yaml", format!("a: *{CANARY}\n")),
        ("yaml", format!("a: {CANARY}\n\tb: {CANARY}\n")),
        ("yaml", format!("- {CANARY}\n")),
        ("yaml", format!("a: &x {CANARY}\nb: *x\n")),
        ("yaml", format!("a: 1\nsops: {CANARY}\n")),
    ] {
        check(&scene, &["encrypt", "--type", kind, "-r", ALICE], &text, false);
        check(&scene, &["decrypt", "--type", kind], &text, false);
        check(&scene, &["decrypt"], &text, false);
    }
    let long = format!("{CANARY}{}", "x".repeat(100));
    for arguments in [
        &["encrypt", "--type", "dotenv", "-r", identity_of("alice")][..],
        &["encrypt", "--type", "dotenv"],
        &["recipients", "add", identity_of("alice")],
        &["recipients", "add", &format!("x={}", identity_of("alice"))],
        &["recipients", "remove", identity_of("alice")],
        &["set", ".env.enc", "A", "--value-json", &format!("{{{CANARY}")],
        &["set", ".env.enc", "A", &long, "-r", ALICE],
        &["set", "a.enc.json", "a.b", CANARY],
        &["set", "new.enc.env", "A", CANARY],
        &["set", ".env.enc", "A=B", CANARY],
        &["set", ".env.enc", "A", CANARY, "--from-file", "x"],
    ] {
        check(&scene, arguments, &format!("A={CANARY}\n"), false);
    }
}

#[test]
fn an_identity_that_cannot_be_read_is_not_repeated() {
    let scene = scene();
    let broken = format!("{}x", identity_of("alice"));
    let scene = scene.variable("SOPS_AGE_KEY", &broken);
    check(&scene, &["decrypt", ".env.enc"], "", false);
    check(&scene, &["get", ".env.enc", "A"], "", false);
    check(&scene, &["init"], "", false);
    let scene = scene.variable("SOPS_AGE_KEY", &format!("{CANARY}\n"));
    check(&scene, &["decrypt", ".env.enc"], "", false);
}

#[test]
fn a_closed_stdout_is_a_failure_without_words_of_the_value() {
    let scene = scene();
    for place in ["/dev/full", "&-"] {
        let mut shell = std::process::Command::new("sh");
        let words = format!("exec \"$0\" decrypt .env.enc > {place}").replace("> &-", ">&-");
        let direct = program(&scene);
        shell.arg("-c").arg(words).arg(direct.get_program()).env_clear().current_dir(scene.folder());
        shell.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = feed(shell, b"");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!holds(&output.stderr), "{said}");
        if place == "/dev/full" {
            assert_eq!(output.status.code(), Some(1), "{said}");
        }
    }
}

#[test]
fn shared_memory_holds_nothing_of_ours() {
    let scene = scene();
    check(&scene, &["set", ".env.enc", "A", "-"], CANARY, false);
    for folder in ["/dev/shm", "/run/shm"] {
        let leaks = leaks_below(Path::new(folder));
        assert_eq!(leaks, Vec::<PathBuf>::new());
    }
}

#[test]
fn a_leak_would_be_noticed() {
    let scene = scene();
    let root = scene.folder().parent().unwrap().to_owned();
    check(&scene, &["status"], "", false);
    assert!(fs::read_to_string(root.join("bin/log")).unwrap().contains("ls-files"), "git was not asked");
    fs::write(root.join("tmp/x"), format!("left {CANARY} behind")).unwrap();
    assert_eq!(leaks_below(&root), [root.join("tmp/x")]);
}

/// Started by the test below, as a process of its own.
#[test]
#[ignore = "panics on purpose"]
fn panics_with_a_secret() {
    lacre::world::processes::quiet_panics();
    panic!("{CANARY}");
}

#[test]
fn a_panic_says_where_and_never_what() {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "--ignored", "--nocapture", "panics_with_a_secret"]).env("RUST_BACKTRACE", "1");
    let output = feed(command, b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!holds(&output.stderr) && !holds(&output.stdout), "{said}");
    assert!(said.contains("error: lacre has a bug at tests/leaks.rs:"), "{said}");
}
