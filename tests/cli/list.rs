//! `lacre list` and `lacre status`: what everybody may know of a file. No identity is needed.

use serde_json::json;

use crate::support::{ALICE, Scene};

#[test]
fn list_names_every_value_without_an_identity() {
    for (name, twin, text, listed) in [
        (
            ".env",
            ".env.enc",
            "A=1\n# c\nB_unencrypted=x\n",
            "A              str    encrypted\nB_unencrypted  str    clear\n",
        ),
        (
            "a.json",
            "a.enc.json",
            r#"{"a": {"n": 1}, "l": [true]}"#,
            "a.n   int    encrypted\nl[0]  bool   encrypted\n",
        ),
        ("a.yaml", "a.enc.yaml", "a:\n  n: 1.5\nx: null\n", "a.n  float  encrypted\nx    null   clear\n"),
    ] {
        let scene = Scene::new().file(name, text);
        scene.run(["encrypt", name, "-r", ALICE]).ok();
        scene.run(["list", twin]).ok().stdout(listed).stderr("").untouched();
    }
}

#[test]
fn lists_are_machine_readable() {
    let scene = Scene::new().file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    let row = json!([{"file": ".env.enc", "path": "A", "type": "str", "encrypted": true}]);
    assert_eq!(scene.run(["list", "--json", ".env.enc"]).ok().stderr("").json(), row);
    let rows = scene.run(["status", "--json", ".env.enc", ".env"]).ok().stderr("").json();
    assert_eq!(
        rows,
        json!([
            {
                "file": ".env.enc",
                "encrypted": true,
                "format": "dotenv",
                "recipients": [{"kind": "age", "recipient": ALICE, "name": null, "shown": ALICE}],
                "selector": "unencrypted_suffix _unencrypted",
                "mac_only_encrypted": false,
                "seal": "present",
                "lastmodified": "2026-01-01T00:00:00Z",
                "version": "3.11.0",
            },
            {"file": ".env", "encrypted": false},
        ])
    );
}

#[test]
fn status_shows_the_tracked_files_of_the_repository() {
    let scene = Scene::repository().file(".env", "A=1\n").file("b.json", "{}");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.run(["status"]).ok().stdout("");
    scene.git(&["add", ".env.enc", "b.json"]);
    scene.run(["status"]).ok().stderr("").untouched().stdout(
        ".env.enc\n  dotenv, written 2026-01-01T00:00:00Z\n  recipients: [alice]\n  selector: unencrypted_suffix _unencrypted\n  seal: present\n",
    );
    Scene::new()
        .run(["status"])
        .fails(2)
        .stderr("error: this is no git repository, so no file is tracked\nhint: go into one, or make one with `git init`; or name the files, where that is enough\n");
}

#[test]
fn a_plaintext_has_nothing_to_list() {
    let scene = Scene::new().file(".env", "A=1\n");
    scene.run(["list", ".env"]).fails(1).stdout("").stderr(
        "error: `.env`: it is not encrypted: it has no sops metadata\n\
         hint: its encrypted twin is `.env.enc`, which `lacre encrypt` makes\n",
    );
}

#[test]
fn what_a_file_from_git_says_about_itself_does_not_steer_the_terminal() {
    let scene = Scene::new().identity("alice").file("a\u{1b}[2J.env", "A=1\n");
    let rules = format!("creation_rules:\n  - age: {ALICE}\n    encrypted_regex: \"A|\\u001bc|\\u202e\"\n");
    let scene = scene.file(".sops.yaml", rules);
    scene.run(["encrypt", "a\u{1b}[2J.env"]).ok();
    scene.run(["status", "a\u{1b}[2J.enc.env"]).ok();
    for arguments in
        [["status", "a\u{1b}[2J.enc.env"].as_slice(), &["list", "a\u{1b}[2J.enc.env", "a\u{1b}[2J.enc.env"]]
    {
        let printed = scene.run_in("", arguments).ok().printed();
        assert!(printed.contains("a\\u{1b}[2J.enc.env"), "{printed}");
        assert!(!printed.contains(['\u{1b}', '\u{202e}']), "{printed:?}");
    }
}

#[test]
fn nothing_in_a_listing_steers_a_terminal() {
    let scene = Scene::new().file("a.yaml", "\"k\\x9by\": 1\n");
    scene.run(["encrypt", "a.yaml", "-r", ALICE]).ok();
    let selector = "    unencrypted_suffix: _unencrypted";
    scene.swap("a.enc.yaml", selector, "    unencrypted_suffix: \"_\\e[2J\\x9b\\u202E\"");
    scene.swap("a.enc.yaml", ALICE, "\"age1\\e[2J\"");
    scene.write("b\u{1b}[2J.enc.yaml", scene.bytes("a.enc.yaml"));
    for words in [["status", "-q"], ["status", "--json"], ["list", "-q"], ["list", "--json"]] {
        let [command, flag] = words;
        let outcome = scene.run([command, flag, "a.enc.yaml", "b\u{1b}[2J.enc.yaml"]).ok();
        let shown = String::from_utf8_lossy(&outcome.stdout);
        assert!(!shown.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{words:?}: {shown:?}");
    }
}

#[test]
fn a_repository_without_encrypted_files_says_so() {
    Scene::repository()
        .run(["status"])
        .ok()
        .stdout("")
        .stderr("note: git tracks no encrypted file here; `git add` new ones, or name them\n");
}

#[test]
fn a_long_name_widens_no_other_line() {
    let long = "k".repeat(100_000);
    let scene = Scene::new().file("a.json", format!("{{\"{long}\": 1, \"b\": 2}}"));
    scene.run(["encrypt", "a.json", "-r", ALICE]).ok();
    assert!(scene.run(["list", "a.enc.json"]).ok().stdout.len() < 101_000);
}

#[test]
fn status_names_an_encrypted_file_that_cannot_be_read() {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.git(&["add", ".env.enc"]);
    let text = scene.text(".env.enc");
    scene.write(".env.enc", format!("<<<<<<< HEAD\n{text}=======\n>>>>>>> theirs\n"));
    scene
        .run(["status"])
        .ok()
        .stdout("")
        .stderr("warning: `.env.enc`: line 1: a merge conflict is not resolved\n");
}
