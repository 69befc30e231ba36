//! `lacre diff`: what differs between two versions, and what is only encrypted anew.

use serde_json::json;

use crate::support::{ALICE, BOB, Scene, feed, program};

/// `.env.enc` and `db.enc.yaml`, committed, for alice.
fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(
        ".sops.yaml",
        format!("keys:\n  - &alice {ALICE}\n  - &bob {BOB}\ncreation_rules:\n  - age: {ALICE}\n"),
    );
    scene.write(".env", "# first\nA=one\nB=two\nC=three\n");
    scene.write("db.yaml", "user: root\nport: 5432\nold: x\n");
    scene.run(["encrypt", ".env", "db.yaml"]).ok();
    scene.git(&["add", ".env.enc", "db.enc.yaml", ".sops.yaml"]);
    scene.git(&["commit", "--quiet", "-m", "first"]);
    scene
}

/// With real randomness: that of a scene gives the same data key every time.
fn rekey(scene: &Scene) {
    let mut command = program(scene);
    command.args(["rekey", ".env.enc"]);
    assert!(feed(command, b"").status.success());
}

#[test]
fn a_file_is_compared_with_head_value_by_value() {
    let scene = scene();
    scene.run(["diff", ".env.enc"]).ok().stdout("").stderr("no difference\n");
    scene.run(["set", ".env.enc", "B", "2"]).ok();
    scene.run(["set", ".env.enc", "D", "four"]).ok();
    scene.run(["unset", ".env.enc", "A"]).ok();
    let shown = "--- HEAD:.env.enc\n+++ .env.enc\n- A\n~ B\n+ D\n";
    scene.run(["diff", ".env.enc"]).ok().stdout(shown).stderr("").untouched();
    scene.run(["diff", "--exit-code", "HEAD:.env.enc", ".env.enc"]).fails(3).stdout(shown);
    scene.run(["diff", "--show", ".env.enc"]).ok().stdout(
        "--- HEAD:.env.enc\n+++ .env.enc\n- A\n    - one\n~ B\n    - two\n    + 2\n+ D\n    + four\n",
    );
    // What is staged, and the other way round.
    scene.git(&["add", ".env.enc"]);
    scene.run(["diff", ":.env.enc", ".env.enc"]).ok().stdout("").stderr("no difference\n");
    scene
        .run(["diff", ".env.enc", "HEAD:.env.enc"])
        .ok()
        .stdout("--- .env.enc\n+++ HEAD:.env.enc\n+ A\n~ B\n- D\n");
}

#[test]
fn encrypting_anew_is_no_difference_and_is_said() {
    let scene = scene();
    rekey(&scene);
    scene
        .run(["diff", "--exit-code", ".env.enc"])
        .ok()
        .stdout("")
        .stderr("no difference\nnote: rekeyed: all values are encrypted anew, with another data key\n");
}

#[test]
fn types_recipients_selectors_and_comments_differ_too() {
    let scene = scene();
    scene.run(["set", "db.enc.yaml", "port", "--value-json", "\"5432\""]).ok();
    scene.run(["recipients", "add", "--file-only", BOB, "db.enc.yaml", "--yes"]).ok();
    scene
        .run(["diff", "--exit-code", "db.enc.yaml"])
        .fails(3)
        .stderr("")
        .stdout("--- HEAD:db.enc.yaml\n+++ db.enc.yaml\n~ port  (int → str)\n+ recipient bob (…cs7khp)\n");
    scene.write(".env", "# another\nA=one\nB=two\nC=three\n");
    scene.run(["encrypt", ".env", "-o", "b.env.enc", "-r", BOB, "-r", ALICE]).ok();
    scene
        .run(["diff", ".env.enc", "b.env.enc"])
        .ok()
        .stdout("--- .env.enc\n+++ b.env.enc\n~ 1 comment\n+ recipient bob (…cs7khp)\n");
    scene.write("c.yaml", "user: root\nport: 5432\nold: x\n");
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n    encrypted_regex: ^user$\n"));
    scene.run(["encrypt", "c.yaml"]).ok();
    scene.run(["diff", "HEAD:db.enc.yaml", "c.enc.yaml"]).ok().stdout(
        "--- HEAD:db.enc.yaml\n+++ c.enc.yaml\n~ port  (in the clear now)\n~ old  (in the clear now)\n\
         ~ selector  (unencrypted_suffix _unencrypted → encrypted_regex ^user$)\n",
    );
}

#[test]
fn without_an_identity_equal_ciphertexts_are_equal_and_the_rest_is_unknown() {
    let scene = scene();
    scene.run(["set", ".env.enc", "B", "2"]).ok();
    scene.run(["unset", ".env.enc", "A"]).ok();
    let scene = scene.nobody();
    scene.run(["diff", "HEAD:db.enc.yaml", "db.enc.yaml"]).ok().stdout("").stderr("no difference\n");
    let said = scene
        .run(["diff", ".env.enc", "--exit-code"])
        .fails(4)
        .stdout("--- HEAD:.env.enc\n+++ .env.enc\n- A\n? B\n")
        .stderr;
    assert!(said.starts_with(
        "error: what is marked `?` could not be compared: cannot open `.env.enc`: you have no identity\n"
    ));
    scene
        .run(["diff", ".env.enc", "--names", "--exit-code"])
        .fails(3)
        .stdout("--- HEAD:.env.enc\n+++ .env.enc\n- A\n")
        .stderr("");
}

#[test]
fn a_plaintext_is_compared_with_its_twin_and_stdin_with_both() {
    let scene = scene();
    scene.write(".env", "# first\nA=one\nB=other\nC=three\nE=\n");
    let shown = "+ E\n";
    scene
        .run(["diff", ".env.enc", ".env"])
        .ok()
        .stdout(&format!("--- .env.enc\n+++ .env\n~ B\n{shown}"))
        .stderr("");
    let scene = scene.stdin("# first\r\nA=one\r\nB=two\r\nC=three\r\n");
    scene.run(["diff", ".env.enc", "-"]).ok().stdout("").stderr("no difference\n");
    scene.run(["diff", "-", "-"]).fails(2);
    scene.run(["diff", "-"]).fails(2).stderr("error: stdin alone has nothing to be compared with\n");
    // Another format, as a process would read it.
    scene.write("q.env", "user='root'\nport=5432\nold=y\n");
    scene.run(["diff", "q.env", "db.enc.yaml"]).ok().stdout("--- q.env\n+++ db.enc.yaml\n~ old\n");
}

#[test]
fn environments_are_what_run_would_read() {
    let scene = scene();
    scene.write(".env.prod", "B=prod\nONLY_PROD=1\n");
    scene.write(".env.dev", "C=dev\n");
    scene.run(["encrypt", ".env.prod", ".env.dev"]).ok();
    scene.run(["diff", "--names", "prod", "dev"]).ok().stdout("--- prod\n+++ dev\n- ONLY_PROD\n");
    scene.run(["diff", "prod", "dev"]).ok().stdout("--- prod\n+++ dev\n~ C\n~ B\n- ONLY_PROD\n");
    scene.run(["diff", "prod", "live"]).fails(1).stderr(
        "error: there is no file `live`\n  as an environment: there is no `.env.live.enc`\n\
         hint: A and B are files, REV:path, or environments such as `prod`\n",
    );
}

#[test]
fn paths_of_a_revision_count_from_the_root_or_with_a_dot_from_here() {
    let scene = scene();
    scene.run(["set", ".env.enc", "B", "2"]).ok();
    scene.write("below/x", "");
    for (a, b) in [("HEAD:.env.enc", "../.env.enc"), ("HEAD:../.env.enc", "../.env.enc")] {
        let shown = format!("--- {a}\n+++ {b}\n~ B\n");
        scene.run_in("below", &["diff", a, b]).ok().stdout(&shown);
    }
    scene.run_in("below", &["diff", "HEAD:./.env.enc", "../.env.enc"]).fails(1).stderr(
        "error: git has no `HEAD:./.env.enc` here\n\
         hint: REV:path counts from the repository's root, REV:./path from here\n",
    );
    scene.run(["diff", "HEAD"]).fails(1).stderr(
        "error: there is no file `HEAD`\n  as an environment: there is no `.env.HEAD.enc`\n\
         hint: of a revision, name a file: `HEAD:.env.enc`\n",
    );
    scene.write("HEAD:.env.enc", scene.bytes(".env.enc"));
    scene
        .run(["diff", "HEAD:.env.enc", ".env.enc"])
        .fails(2)
        .stderr("error: `HEAD:.env.enc` is a file and a revision\nhint: `./HEAD:.env.enc` means the file\n");
    scene.run(["diff", "./HEAD:.env.enc", ".env.enc"]).ok().stdout("");
}

#[test]
fn what_head_does_not_have_is_new() {
    let scene = scene();
    scene.write("n.json", "{\"a\": 1}");
    scene.run(["encrypt", "n.json"]).ok();
    scene
        .run(["diff", "n.enc.json"])
        .ok()
        .stdout("--- HEAD:n.enc.json\n+++ n.enc.json\n+ a\n")
        .stderr("note: HEAD has no `n.enc.json`: all of it is new\n");
}

#[test]
fn json_names_what_differs_and_never_a_value() {
    let scene = scene();
    scene.run(["set", ".env.enc", "B", "changed-value"]).ok();
    rekey(&scene);
    let side = json!({"type": "str", "encrypted": true});
    let expected = json!({
        "a": "HEAD:.env.enc",
        "b": ".env.enc",
        "values": [{"path": "B", "document": 0, "change": "changed", "before": side, "after": side}],
        "comments": 0,
        "joins": [],
        "leaves": [],
        "regroups": false,
        "selector": null,
        "rekeyed": true,
        "unknown": false,
    });
    assert_eq!(scene.run(["diff", "--json", ".env.enc"]).ok().json(), expected);
    scene.run(["diff", "--json", "--show", ".env.enc"]).fails(2);
}

#[test]
fn a_side_that_was_tampered_with_is_refused() {
    let scene = scene();
    scene.swap(".env.enc", "C=ENC", "Z=ENC");
    let outcome = scene.run(["diff", ".env.enc"]).fails(5);
    assert_eq!(outcome.stdout, b"");
}

#[test]
fn nothing_that_is_shown_steers_a_terminal() {
    let scene = scene();
    scene.write("a\u{1b}.yaml", "\"k\\x9b\": \"v\\e[2J\\nsecond\"\n\"b\\e[1m\": 1\n");
    scene.run(["encrypt", "a\u{1b}.yaml"]).ok();
    let shown = scene.run(["diff", "--show", "a\u{1b}.enc.yaml"]).ok().printed();
    assert_eq!(
        shown,
        "--- HEAD:a\\u{1b}.enc.yaml\n+++ a\\u{1b}.enc.yaml\n+ k\\u{9b}\n    + v\\u{1b}[2J\\u{a}second\n\
         + [\"b\\u{1b}[1m\"]\n    + 1\n"
    );
}
