//! Names that git allows and that programs stumble over.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::support::{Scene, feed, program};
use crate::{is_sane, lacre, repository};

/// Of files in YAML; none is shown as it stands.
const NAMES: [&[u8]; 12] = [
    b"line\nfeed.enc.yaml",
    b"-x.enc.yaml",
    b"--help.enc.yaml",
    b":(top)x.enc.yaml",
    b":!x.enc.yaml",
    b":2:x.enc.yaml",
    b"esc\x1b[2J\x07\r.enc.yaml",
    b"c1\xc2\x9b2J\xe2\x80\xaegnp.enc.yaml",
    b"\xff\xfe.enc.yaml",
    b"$(touch ran)`touch ran`;'\".enc.yaml",
    b"*?[a].enc.yaml",
    b"##[x]::set-output.enc.yaml",
];

fn named() -> Scene {
    let scene = repository();
    for name in NAMES {
        let copy = fs::read(scene.path("a.enc.yaml")).unwrap();
        fs::write(scene.folder().join(OsStr::from_bytes(name)), copy).unwrap();
    }
    let deep = "d/".repeat(200) + "deep.enc.yaml";
    scene.write(&deep, scene.bytes("a.enc.yaml"));
    scene.git(&["add", "."]);
    let author = "--author=\u{1b}[2J\u{202e}evil <\u{9b}x@example.org>";
    scene.git(&["commit", "--quiet", "--no-verify", author, "-m", "subject \u{1b}[2J\r##[x] \u{202e}"]);
    scene
}

/// How `words` end with the file in place of `FILE`; the name as git gives it, from the folder.
fn ends(scene: &Scene, words: &[&str], file: &[u8]) -> Option<i32> {
    let mut arguments = Vec::new();
    for word in words {
        let parts: Vec<&str> = word.split("FILE").collect();
        arguments.push(OsString::from_vec(
            parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>().join(file),
        ));
    }
    let mut command = program(scene);
    command.args(arguments);
    let output = feed(command, b"one-7f3c9a\n");
    is_sane(words, &output);
    output.status.code()
}

#[test]
fn every_command_takes_such_a_file() {
    let scene = named();
    for name in NAMES {
        let shown = String::from_utf8_lossy(name);
        let file = [b"./", name].concat();
        for (words, code) in [
            (["list", "FILE"].as_slice(), 0),
            (&["status", "FILE"], 0),
            (&["get", "FILE", "a.b"], 0),
            (&["diff", "FILE"], 0),
            (&["log", "FILE"], 0),
            (&["config", "explain", "FILE"], 0),
            (&["git", "textconv", "FILE"], 0),
            (&["git", "textconv", "--", "FILE"], 0),
            (&["recipients", "list", "FILE"], 0),
            (&["set", "FILE", "a.b", "other"], 0),
            (&["diff", "--exit-code", "FILE"], 3),
        ] {
            assert_eq!(ends(&scene, words, &file), Some(code), "{words:?} {shown:?}");
        }
        // git names it without the folder.
        assert_eq!(ends(&scene, &["git", "textconv", "--", "FILE"], name), Some(0), "{shown:?}");
        assert_eq!(
            ends(&scene, &["diff", "--exit-code", "HEAD:FILE", "./FILE"], name),
            Some(if name[0] == b'\xff' { 1 } else { 3 }),
            "{shown:?}"
        );
        for words in [["access", "FILE"].as_slice(), &["check", "FILE"], &["resolve", "FILE"]] {
            ends(&scene, words, &file);
        }
    }
    assert!(!scene.path("ran").exists());
}

#[test]
fn commands_for_many_files_find_and_change_all_of_them() {
    let scene = named();
    let count = |scene: &Scene| lacre(scene, &["status", "--json"]).matches("\"encrypted\":true").count();
    // Those of every format, the names above, and the deep one.
    assert_eq!(count(&scene), 5 + NAMES.len() + 1);
    for words in [
        ["status"].as_slice(),
        &["recipients", "list"],
        &["find", "-"],
        &["find", "--history", "-"],
        &["check", "--all"],
        &["check", "--staged"],
        &["log", "a.enc.yaml"],
        &["rekey", "--all"],
        &["recipients", "remove", "bob", "--yes"],
        &["offboard", "bob", "--yes"],
    ] {
        ends(&scene, words, b"");
    }
    for name in NAMES {
        let old = ["HEAD:", &String::from_utf8_lossy(name)].concat();
        let text = fs::read(scene.folder().join(OsStr::from_bytes(name))).unwrap();
        assert_ne!(text, scene_head(&scene, &old), "{old:?} was left out");
        assert!(!String::from_utf8_lossy(&text).contains(crate::support::BOB), "{old:?} is still for bob");
    }
}

/// What git keeps under this name; nothing of a name that is no text.
fn scene_head(scene: &Scene, name: &str) -> Vec<u8> {
    let mut command = std::process::Command::new("git");
    command.args(["cat-file", "-p", name]).current_dir(scene.folder());
    command.output().unwrap().stdout
}
