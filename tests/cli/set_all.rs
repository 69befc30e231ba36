//! `lacre set --all`: one name in every file that has it, all or none.

use serde_json::json;

use crate::support::{ALICE, BOB, Scene};

const NEW: &str = "new-secret-1";

/// A repository of these encrypted files; `prod` is for bob alone.
fn team(files: &[(&str, &str)]) -> Scene {
    let rules = format!("creation_rules:\n  - path_regex: prod\n    age: {BOB}\n  - age: {ALICE},{BOB}\n");
    let scene = Scene::repository().identity("alice").file(".sops.yaml", rules).stdin(format!("{NEW}\n"));
    for (name, text) in files {
        scene.write(name, text);
        scene.run(["encrypt", "-q", name]).ok();
        std::fs::remove_file(scene.path(name)).unwrap();
    }
    scene.git(&["add", "-A"]);
    scene
}

fn three() -> Scene {
    team(&[
        ("a.env", "PASS=old\nA=1\n"),
        ("b.yaml", "PASS: old\nb: 1\n"),
        ("d/c.json", "{\"PASS\": \"old\"}\n"),
    ])
}

#[test]
fn a_value_is_replaced_in_every_file_that_has_it() {
    let scene = three();
    scene
        .run(["set", "--all", "PASS", "-", "--yes"])
        .ok()
        .stdout("")
        .stderr(
            "`PASS` gets a new value\n  3 files: `a.enc.env`, `b.enc.yaml`, `d/c.enc.json`\nset `PASS` in 3 files\n",
        )
        .changed(["a.enc.env", "b.enc.yaml", "d/c.enc.json"]);
    for name in ["a.enc.env", "b.enc.yaml", "d/c.enc.json"] {
        scene.run(["get", name, "PASS"]).ok().stdout(&format!("{NEW}\n"));
    }
    scene.run(["get", "a.enc.env", "A"]).ok().stdout("1\n");
    let again =
        "note: `PASS` says that already in `a.enc.env`, `b.enc.yaml`, `d/c.enc.json`\nnothing to do\n";
    scene.run(["set", "--all", "PASS", "-"]).ok().stderr(again).untouched();
}

#[test]
fn every_source_but_an_argument_gives_the_value() {
    let scene = three().file("value", "from file");
    for (arguments, value) in
        [(&["--from-file", "value"][..], "from file\n"), (&["--empty"], "\n"), (&["-"], "new-secret-1\n")]
    {
        let arguments = [&["set", "--all", "--yes", "-q", "PASS"], arguments].concat();
        scene.run_in("", &arguments).ok().stdout("").stderr("");
        scene.run(["get", "b.enc.yaml", "PASS"]).ok().stdout(value);
    }
    scene.run(["set", "--all", "--yes", "-q", "PASS", "--generate", "hex:4"]).ok().stdout("").stderr("");
    let drawn = scene.run(["get", "a.enc.env", "PASS"]).ok().printed();
    assert_eq!(drawn.trim().len(), 8);
    scene.run(["get", "d/c.enc.json", "PASS"]).ok().stdout(&drawn);
    let scene = scene.types(["typed", "y"]);
    scene.run(["set", "--all", "PASS"]).ok();
    scene.run(["get", "b.enc.yaml", "PASS"]).ok().stdout("typed\n");
    let scene = scene.types(["other", "n"]);
    scene.run(["set", "--all", "PASS"]).fails(1).untouched().stderr(
        "`PASS` gets a new value\n  3 files: `a.enc.env`, `b.enc.yaml`, `d/c.enc.json`\nerror: nothing was changed\n\
         hint: `--yes` changes them without asking\n",
    );
}

#[test]
fn without_a_yes_many_files_stay_and_one_is_changed() {
    let scene = three();
    scene.run(["set", "--all", "PASS", "-"]).fails(2).untouched().stderr(
        "`PASS` gets a new value\n  3 files: `a.enc.env`, `b.enc.yaml`, `d/c.enc.json`\n\
         error: there is no terminal to ask on, so nothing was changed\nhint: `--yes` changes them without asking\n",
    );
    scene.run(["set", "--all", "A", "-"]).ok().changed(["a.enc.env"]);
}

#[test]
fn different_values_are_replaced_on_purpose_only() {
    let scene = team(&[("a.env", "PASS=old\n"), ("b.env", "PASS='old'\n"), ("test.env", "PASS=other\n")]);
    scene.run(["set", "--all", "PASS", "-", "--yes"]).fails(1).stdout("").untouched().stderr(
        "error: `PASS` has 2 values in 3 files, so none was changed\n  2 files: `a.enc.env`, `b.enc.env`\n  \
         1 file: `test.enc.env`\nhint: `--different-too` sets all of them; `lacre set FILE NAME` one\n",
    );
    scene
        .run(["set", "--all", "PASS", "--dry-run"])
        .ok()
        .untouched()
        .stdout("`PASS` in 3 files, with 2 values\n- `a.enc.env`\n  `b.enc.env`\n- `test.enc.env`\n");
    let rows = scene.run(["set", "--all", "PASS", "--dry-run", "--json"]).ok().json();
    assert_eq!(
        rows,
        json!([
            {"file": "a.enc.env", "state": "planned", "alike": 1},
            {"file": "b.enc.env", "state": "planned", "alike": 1},
            {"file": "test.enc.env", "state": "planned", "alike": 2},
        ])
    );
    let rows = scene.run(["set", "--all", "PASS", "-", "--yes", "--json", "--different-too"]).ok();
    let rows = rows.changed(["a.enc.env", "b.enc.env", "test.enc.env"]).json();
    assert!(rows.as_array().unwrap().iter().all(|row| row["state"] == "written"), "{rows}");
}

#[test]
fn what_was_stopped_half_way_is_finished_by_the_same_words() {
    let scene = three();
    scene.run(["set", "b.enc.yaml", "PASS", NEW]).ok();
    scene.run(["set", "--all", "PASS", "-", "--yes"]).ok().changed(["a.enc.env", "d/c.enc.json"]).stderr(
        "`PASS` gets a new value\n  2 files: `a.enc.env`, `d/c.enc.json`\nnote: `PASS` says that already in \
             `b.enc.yaml`\nset `PASS` in 2 files\n",
    );
}

#[test]
fn types_and_quotes_are_those_of_each_file() {
    let scene = team(&[
        ("a.yaml", "db:\n  port: 1\n"),
        ("b.json", "{\"db\": {\"port\": 1}}\n"),
        ("c.yaml", "db:\n  port: \"1\" # text\n"),
        ("d.ini", "[db]\nport = 1\n"),
    ]);
    let scene = scene.stdin("5432\n");
    scene.run(["set", "--all", "db.port", "-", "--yes", "-q"]).ok();
    for (name, kind) in
        [("a.enc.yaml", "int"), ("b.enc.json", "int"), ("c.enc.yaml", "str"), ("d.enc.ini", "str")]
    {
        let rows = scene.run(["list", "--json", name]).ok().json();
        assert_eq!(rows[0]["type"], kind, "{name}");
        scene.run(["get", name, "db.port"]).ok().stdout("5432\n");
    }
    let scene = team(&[("a.env", "PASS=old\n"), ("b.yaml", "PASS: old\n")]).stdin("two words #1\n");
    scene.run(["set", "--all", "PASS", "-", "--yes", "-q"]).ok();
    for name in ["a.enc.env", "b.enc.yaml"] {
        scene.run(["get", name, "PASS"]).ok().stdout("two words #1\n");
    }
    scene.run(["decrypt", "b.enc.yaml"]).ok().stdout("PASS: 'two words #1'\n");
}

#[test]
fn a_file_that_does_not_open_keeps_all_of_them_as_they_are() {
    let scene = team(&[("a.env", "PASS=old\n"), ("prod.env", "PASS=old\n"), ("prod2.env", "OTHER=1\n")]);
    scene.run(["set", "--all", "PASS", "-", "--yes"]).fails(4).stdout("").untouched().stderr(
        "error: 1 of 2 files cannot be changed here, so none was\n  \
         cannot open `prod.enc.env`: your identity is not among its recipients\n    who can: [bob]\n\
         hint: ask somebody who can open them to run the same command; `--keep-going` changes the others\n",
    );
    scene.run(["set", "--all", "PASS", "-", "--yes", "--keep-going"]).fails(1).changed(["a.enc.env"]).stderr(
        "`PASS` gets a new value\n  1 file: `a.enc.env`\n\
         warning: cannot open `prod.enc.env`: your identity is not among its recipients\nset `PASS` in 1 file\n",
    );
}

#[test]
fn a_file_that_was_tampered_with_keeps_all_of_them_as_they_are() {
    let scene = three();
    scene.swap("a.enc.env", "\nA=", "\nB=");
    let outcome = scene.run(["set", "--all", "PASS", "-", "--yes"]).fails(5).stdout("").untouched();
    let said = &outcome.stderr;
    assert!(
        said.starts_with("error: 1 of 3 files cannot be changed here, so none was\n  `a.enc.env`: "),
        "{said}"
    );
    assert!(!said.contains(NEW));
}

#[test]
fn a_file_in_the_middle_of_a_merge_is_not_left_behind_unseen() {
    let scene = team(&[("a.env", "PASS=old\n"), ("b.yaml", "PASS: old\nLONELY: 1\n")]);
    let text = scene.text("a.enc.env");
    scene.write("a.enc.env", format!("<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n"));
    let outcome = scene.run(["set", "--all", "PASS", "-", "--yes"]).fails(1).untouched();
    let said = &outcome.stderr;
    assert!(
        said.starts_with("error: 1 of 2 files cannot be changed here, so none was\n  `a.enc.env`"),
        "{said}"
    );
    scene.run(["set", "--all", "LONELY", "-", "--yes"]).ok().changed(["b.enc.yaml"]);
}

#[test]
fn what_stands_in_the_clear_is_left_alone() {
    let scene = team(&[
        ("a.yaml", "x_unencrypted: old\ny: 1\n"),
        ("b.json", "{\"x_unencrypted\": \"\", \"y\": 1}\n"),
    ]);
    scene.run(["set", "--all", "x_unencrypted", "-", "--yes"]).ok().stderr(
        "`x_unencrypted` gets a new value\n  1 file: `b.enc.json`\n\
         warning: `x_unencrypted` stands in the clear and is left alone in `a.enc.yaml`\nset `x_unencrypted` in 1 file\n",
    );
}

#[test]
fn what_is_no_use_is_refused_before_anybody_is_asked() {
    let scene = three().types(["never taken"]);
    let words = "error: `--all` takes NAME and at most `-`: no file, and no value\n\
                 hint: `lacre set --all NAME` asks for the value, `lacre set --all NAME -` reads it from stdin\n";
    for (arguments, code, said) in [
        (&["PASS", "typed"][..], 2, words),
        (&["a.enc.env", "PASS", "-"], 2, words),
        (&["PASS=typed"], 2, "error: the name has a `=` in it; the value is no argument\n"),
        (&["PASS", "-", "--empty"], 2, "error: `-` and another source of the value contradict each other\n"),
        (
            &["NONE"],
            1,
            "error: no encrypted file that git tracks here has `NONE`\n\
             hint: `lacre list FILE` shows what a file has; `git add` new files\n",
        ),
        (
            &["b"],
            2,
            "error: no value: there is no terminal to ask on\nhint: give it on stdin with `-`, or with \
             `--from-file` or `--generate`\n",
        ),
    ] {
        let arguments = [&["set", "--all", "--yes"], arguments].concat();
        let scene =
            if code == 2 && arguments.contains(&"b") { three() } else { three().types(["never taken"]) };
        let outcome = scene.run_in("", &arguments).fails(code).stdout("").stderr(said).untouched();
        assert!(!outcome.stderr.contains("typed"));
    }
    for arguments in
        [&["set", "a.enc.env", "PASS", "x", "--yes"][..], &["set", "a.enc.env"], &["set", "--all"]]
    {
        scene.run_in("", arguments).fails(2).untouched();
    }
    Scene::new().run(["set", "--all", "PASS", "-"]).fails(2).untouched();
}

#[test]
fn names_of_files_and_values_steer_no_terminal() {
    let scene = team(&[("a\x1b[31m.env", "PASS=old\n"), ("b.env", "PASS=old\n")]);
    for arguments in [&["--dry-run"][..], &["--dry-run", "--json"], &["-", "--yes"]] {
        let outcome = scene.run_in("", &[&["set", "--all", "PASS"], arguments].concat()).ok();
        assert!(!(outcome.printed() + &outcome.stderr).contains('\x1b'));
    }
    let scene = team(&[("a.yaml", "\"x\\x9by\": 1\n"), ("b.yaml", "a: 1\n")]);
    let said = scene.run(["set", "--all", "x\u{9b}y", "-", "--yes"]).ok().stderr;
    assert!(said.contains("set `x\\u{9b}y` in 1 file\n") && !said.contains('\u{9b}'), "{said}");
}

#[test]
fn a_name_is_the_path_that_set_takes() {
    let scene = team(&[("a.yaml", "db:\n  pass: old\npass: old\n"), ("b.env", "pass=old\ndb.pass=old\n")]);
    scene.run(["set", "--all", "pass", "-", "--yes", "-q"]).ok();
    scene.run(["get", "a.enc.yaml", "db.pass"]).ok().stdout("old\n");
    scene.run(["set", "--all", "db.pass", "-", "--yes", "-q"]).ok();
    for (name, path) in
        [("a.enc.yaml", "db.pass"), ("a.enc.yaml", "pass"), ("b.enc.env", "pass"), ("b.enc.env", "db.pass")]
    {
        scene.run(["get", name, path]).ok().stdout(&format!("{NEW}\n"));
    }
    // A map is no value.
    scene.run(["set", "--all", "db", "-"]).fails(1).untouched();
}
