//! `lacre find`: where a leaked value stands, by name, commit and reader, and never the value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{ALICE, BOB, CI, Scene, feed, program};

const LEAKED: &str = "hunter22-secret";

fn team() -> Scene {
    let rules = format!(
        "keys:\n  - &alice {ALICE}\n  - &bob {BOB}\ncreation_rules:\n  - path_regex: prod\n    age: {BOB}\n  - age: {ALICE},{BOB}\n"
    );
    Scene::repository().identity("alice").file(".sops.yaml", rules).stdin(format!("{LEAKED}\n"))
}

/// An encrypted file, its plaintext gone.
fn encrypted(scene: &Scene, name: &str, text: &str) {
    scene.write(name, text);
    scene.run(["encrypt", "-q", name]).ok();
    std::fs::remove_file(scene.path(name)).unwrap();
}

fn commit(scene: &Scene, author: &str) -> (String, String) {
    scene.git(&["add", "-A"]);
    let author = format!("--author={author} <{author}@example.org>");
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "change", &author]);
    let mut command = std::process::Command::new("git");
    command.args(["log", "-1", "--format=%h %cI", "--abbrev=8"]).current_dir(scene.folder());
    let said = String::from_utf8(command.env("TZ", "UTC").output().unwrap().stdout).unwrap();
    let (id, time) = said.trim().split_once(' ').unwrap();
    (id.to_owned(), time[..10].to_owned())
}

fn found(scene: &Scene, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["find", "-", "--json"], arguments].concat();
    let outcome = scene.run_in("", &arguments).fails(3);
    assert!(!outcome.printed().contains(LEAKED) && !outcome.stderr.contains(LEAKED));
    outcome.json()["found"].as_array().unwrap().clone()
}

/// File, name, lines, and how it is like the value.
fn places(rows: &[Value]) -> Vec<String> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or("-").to_owned();
    let shown = |row: &Value| {
        let encoded = if row["encoded"] == true { " encoded" } else { "" };
        let [file, name, state, like] = ["file", "name", "state", "match"].map(|name| word(row, name));
        format!("{file} {name} {} {state} {like}{encoded}", row["lines"])
    };
    rows.iter().map(shown).collect()
}

#[test]
fn a_value_is_found_with_its_commit_and_its_readers() {
    let scene = team();
    encrypted(&scene, "a.env", "OTHER=1\nPASS=before\n");
    commit(&scene, "alice");
    scene.run(["set", "a.enc.env", "PASS", LEAKED]).ok();
    scene.write("README", format!("first\nuse {LEAKED}\n"));
    let (id, day) = commit(&scene, "bob");
    scene.run(["set", "a.enc.env", "OTHER", "2"]).ok();
    commit(&scene, "carol");
    scene
        .run(["find", "-"])
        .fails(3)
        .stdout(&format!(
            "README: line 2, in the clear\n  since {day} ({id}) by bob <bob@example.org>\n  can be read by whoever has the \
             repository\na.enc.env: PASS\n  since {day} ({id}) by bob <bob@example.org>\n  can be read by alice \
             (…dwf65j), bob (…cs7khp)\n"
        ))
        .stderr("found in 2 places; searched 3 files\n")
        .untouched();
    let scene = scene.stdin("another-value-1");
    scene.run(["find", "-"]).ok().stdout("").stderr("not found; searched 3 files\n");
}

#[test]
fn every_form_is_found_under_its_name() {
    let scene = team();
    let base64 = STANDARD.encode(LEAKED);
    let inside = STANDARD.encode(format!("user:{LEAKED}"));
    encrypted(
        &scene,
        "a.yaml",
        &format!(
            "# was {LEAKED}\ndb:\n  url: postgres://u:{LEAKED}@h/db\n  pass: {base64}\n  auth: {inside}\n  pass_unencrypted: {LEAKED}\nl:\n  - x\n  - {LEAKED}\n"
        ),
    );
    encrypted(&scene, "b.env", &format!("Q='{LEAKED}'\nE=\"a b\"\n"));
    encrypted(&scene, "key.bin", &format!("{LEAKED}\n"));
    scene.write("notes.txt", format!("{inside}\n\n{LEAKED} {LEAKED}\n"));
    commit(&scene, "alice");
    let rows = found(&scene, &[]);
    assert_eq!(
        places(&rows),
        [
            "a.enc.yaml - [1] encrypted part",
            "a.enc.yaml db.url [3] encrypted part",
            "a.enc.yaml db.pass [4] encrypted whole encoded",
            "a.enc.yaml db.auth [5] encrypted part encoded",
            "a.enc.yaml db.pass_unencrypted [6] clear whole",
            "a.enc.yaml l[1] [9] encrypted whole",
            "b.enc.env Q [1] encrypted whole",
            "key.enc.bin - [2] encrypted whole",
            "notes.txt - [1,3] clear part",
        ]
    );
    assert_eq!(rows[0]["comment"], true);
    let said = scene.run(["find", "-"]).fails(3).printed();
    for line in [
        "a.enc.yaml: comment, line 1, as a part\n",
        "a.enc.yaml: db.pass, encoded\n",
        "a.enc.yaml: db.auth, as an encoded part\n",
        "a.enc.yaml: db.pass_unencrypted, line 6, in the clear\n",
        "key.enc.bin: the file itself\n",
        "notes.txt: lines 1, 3, in the clear\n",
    ] {
        assert!(said.contains(line), "{line}{said}");
    }
    // What was found in a log may be the encoded one.
    let scene = scene.stdin(base64);
    assert!(places(&found(&scene, &[])).contains(&"a.enc.yaml l[1] [9] encrypted whole encoded".to_owned()));
}

#[test]
fn history_tells_from_when_to_when_and_who_could_read_it() {
    let scene = team();
    encrypted(&scene, "a.env", &format!("PASS={LEAKED}\n"));
    scene.write("plain.txt", format!("{LEAKED}\n"));
    let (first, _) = commit(&scene, "alice");
    scene.run(["set", "a.enc.env", "PASS", "new"]).ok();
    scene.run(["recipients", "add", "--file-only", CI, "a.enc.env", "--yes"]).ok();
    std::fs::remove_file(scene.path("plain.txt")).unwrap();
    let (second, _) = commit(&scene, "bob");
    scene.run(["find", "-"]).ok().stdout("").stderr("not found; searched 2 files\n");
    let rows = found(&scene, &["--history"]);
    assert_eq!(places(&rows), ["a.enc.env PASS [1] encrypted whole", "plain.txt - [1] clear part"]);
    for row in &rows {
        assert!(row["since"]["commit"].as_str().unwrap().starts_with(&first), "{row}");
        assert!(row["gone"]["commit"].as_str().unwrap().starts_with(&second), "{row}");
        assert_eq!((&row["current"], &row["recipients"]), (&json!(false), &Value::Null));
    }
    let readers = rows[0]["earlier_recipients"].as_array().unwrap();
    let readers: Vec<_> = readers.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(readers, ["alice", "bob"]);
}

#[test]
fn another_branch_and_the_stash_are_history_too() {
    let scene = team();
    encrypted(&scene, "a.env", "PASS=old\n");
    commit(&scene, "alice");
    scene.git(&["checkout", "--quiet", "-b", "other"]);
    scene.write("leak.txt", LEAKED);
    commit(&scene, "bob");
    scene.git(&["checkout", "--quiet", "main"]);
    scene.run(["set", "a.enc.env", "PASS", LEAKED]).ok();
    scene.git(&["-c", "user.useConfigOnly=false", "stash", "--quiet"]);
    scene.run(["find", "-"]).ok();
    let rows = found(&scene, &["--history"]);
    assert_eq!(places(&rows), ["a.enc.env PASS [1] encrypted whole", "leak.txt - [1] clear part"]);
    let said = scene.run(["find", "-", "--history"]).fails(3).printed();
    assert_eq!(said.matches("; gone here, still in a branch, tag or stash\n").count(), 2, "{said}");
}

#[test]
fn who_was_removed_could_read_it_in_an_earlier_version() {
    let scene = team();
    encrypted(&scene, "a.env", &format!("PASS={LEAKED}\n"));
    commit(&scene, "alice");
    scene.run(["recipients", "remove", "--file-only", "bob", "a.enc.env", "--yes"]).ok();
    let said = scene.run(["find", "-"]).fails(3).printed();
    assert!(
        said.contains(
            "  can be read by alice (…dwf65j)\n  could be read, in earlier versions, by bob (…cs7khp)\n"
        ),
        "{said}"
    );
}

#[test]
fn whom_no_rule_names_any_more_is_called_as_the_rules_last_called_them() {
    let scene = team();
    scene.swap(".sops.yaml", &format!("  - path_regex: prod\n    age: {BOB}\n"), "");
    encrypted(&scene, "a.env", &format!("PASS={LEAKED}\n"));
    commit(&scene, "alice");
    scene.run(["recipients", "remove", "bob", "--yes"]).ok();
    commit(&scene, "alice");
    assert!(!scene.text(".sops.yaml").contains("bob"));
    let said = scene.run(["find", "-"]).fails(3).printed();
    assert!(said.contains("  could be read, in earlier versions, by bob (…cs7khp)\n"), "{said}");
    assert_eq!(found(&scene, &[])[0]["earlier_recipients"][0]["name"], "bob");
}

#[test]
fn what_no_identity_opens_is_named() {
    let scene = team();
    encrypted(&scene, "prod.env", &format!("PASS={LEAKED}\n"));
    commit(&scene, "bob");
    scene.run(["find", "-"]).fails(4).stdout("").stderr(
        "error: not found in the clear, and no identity opens what is encrypted: 1 file\n  \
         cannot open `prod.enc.env`: your identity is not among its recipients\n\
         hint: name yourself with `lacre recipients add NAME=KEY`, commit, and ask one of the recipients to run \
         `lacre recipients sync` on the file\n",
    );
    encrypted(&scene, "a.env", "PASS=x\n");
    commit(&scene, "alice");
    let warning = "warning: not searched, for no identity opens it: `prod.enc.env`\n";
    scene.run(["find", "-"]).ok().stdout("").stderr(&format!("{warning}not found; searched 2 files\n"));
    scene.run(["set", "a.enc.env", "PASS", LEAKED]).ok();
    scene.run(["find", "-", "--history"]).fails(3).stderr(&format!(
        "{warning}warning: not searched, for they do not open here: 1 version in the history of `prod.enc.env`\n\
         found in 1 place; searched 2 files\n"
    ));
    let json = scene.run(["find", "-", "--json"]).fails(3).json();
    assert_eq!(json["not_searched"], json!([{"file": "prod.enc.env", "why": "closed", "versions": null}]));
    assert_eq!(json["found"][0]["since"], Value::Null);
}

#[test]
fn a_file_that_was_tampered_with_is_no_proof_of_absence() {
    let scene = team();
    encrypted(&scene, "a.env", "PASS=x\nB=1\n");
    encrypted(&scene, "b.env", "PASS=x\n");
    let text = scene.text("a.enc.env").replacen("PASS=", "OTHER=", 1);
    scene.write("a.enc.env", text);
    commit(&scene, "alice");
    let said = scene.run(["find", "-"]).fails(5).stdout("").stderr;
    assert!(
        said.starts_with("error: not found, but not all files could be searched\n  `a.enc.env`: "),
        "{said}"
    );
    scene.write("b.txt", LEAKED);
    commit(&scene, "alice");
    let said = scene.run(["find", "-"]).fails(3).stderr;
    assert!(said.starts_with("warning: not searched: `a.enc.env`: "), "{said}");
}

#[test]
fn a_short_value_is_compared_with_whole_values_only() {
    let scene = team().stdin("1234\n");
    encrypted(&scene, "a.yaml", "pin: 1234\nother: 51234\nword: \"1234\"\n");
    scene.write("README", "1234\n");
    commit(&scene, "alice");
    let outcome = scene.run(["find", "-", "--json"]).fails(3);
    assert!(outcome.stderr.starts_with(
        "warning: the value is too short, too common or too long to be told from other text: only whole values of \
         encrypted files are compared with it\n"
    ));
    assert_eq!(
        places(outcome.json()["found"].as_array().unwrap()),
        ["a.enc.yaml pin [1] encrypted whole", "a.enc.yaml word [3] encrypted whole"]
    );
    for empty in ["", "\n", " \n"] {
        let scene = team().stdin(empty);
        scene.run(["find", "-"]).fails(2).stdout("").stderr("error: the value is empty\n");
    }
}

#[test]
fn the_value_is_no_argument_and_is_never_repeated() {
    let scene = team();
    for arguments in [&["find", LEAKED][..], &["find", "two", LEAKED], &["find", "-", LEAKED]] {
        scene.run_in("", arguments).fails(2).stdout("").stderr(
            "error: the value is no argument: others see it there, and your shell keeps it\n\
             hint: `lacre find` asks for it, `lacre find -` reads it from stdin\n",
        );
    }
    scene
        .run(["find"])
        .fails(2)
        .stderr("error: no value: there is no terminal to ask on\nhint: give it on stdin with `-`\n");
    let scene = team().types([LEAKED]);
    encrypted(&scene, "a.env", &format!("PASS={LEAKED}\n"));
    let scene = scene.types([LEAKED]);
    scene.git(&["add", "-A"]);
    let said = scene.run(["find"]).fails(3).printed();
    assert!(said.starts_with("a.enc.env: PASS\n  not committed yet\n"), "{said}");
}

#[test]
fn outside_a_repository_there_is_nothing_to_search() {
    Scene::new()
        .stdin(LEAKED)
        .run(["find", "-"])
        .fails(2)
        .stderr("error: this is no git repository, so there is nothing to search\nhint: go into one, or make one with `git init`\n");
}

#[cfg(unix)]
#[test]
fn names_of_files_and_people_steer_no_terminal() {
    let scene = team();
    scene.write("-x\x1b[31m\n.txt", LEAKED);
    scene.write("::add-mask::x", LEAKED);
    commit(&scene, "\x1b[31mmallory");
    let outcome = scene.run(["find", "-", "--history"]).fails(3);
    let said = outcome.printed() + &outcome.stderr;
    assert!(
        !said.contains('\x1b') && !said.lines().any(|line| line.trim_start().starts_with("::")),
        "{said}"
    );
    let json = scene.run(["find", "-", "--json"]).fails(3).printed();
    assert!(!json.contains('\x1b') && json.lines().count() == 1);
}

#[test]
fn a_shallow_clone_says_what_it_cannot_know() {
    let scene = team();
    encrypted(&scene, "a.env", &format!("PASS={LEAKED}\n"));
    commit(&scene, "alice");
    scene.run(["set", "a.enc.env", "B", "1"]).ok();
    let (second, _) = commit(&scene, "bob");
    let url = format!("file://{}", scene.folder().display());
    scene.git(&["clone", "--quiet", "--depth=1", &url, "clone"]);
    let outcome = scene.run_in("clone", &["find", "-", "--json"]).fails(3);
    assert!(
        outcome
            .stderr
            .starts_with("warning: this clone is shallow, so what older commits held is not known; ")
    );
    let json = outcome.json();
    assert_eq!(json["shallow"], true);
    assert!(json["found"][0]["since"]["commit"].as_str().unwrap().starts_with(&second));
}

#[test]
fn a_conflict_in_an_encrypted_file_is_not_taken_for_its_absence() {
    let scene = team();
    encrypted(&scene, "a.env", "PASS=x\n");
    commit(&scene, "alice");
    let text = scene.text("a.enc.env");
    scene.write("a.enc.env", format!("<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n"));
    let said = scene.run(["find", "-"]).ok().stderr;
    assert!(said.starts_with("warning: not searched: `a.enc.env`"), "{said}");
}

#[test]
fn the_real_program_reads_the_value_from_stdin() {
    let scene = team();
    encrypted(&scene, "a.env", &format!("PASS={LEAKED}\n"));
    commit(&scene, "alice");
    let mut command = program(&scene);
    command.args(["find", "-"]);
    let output = feed(command, LEAKED.as_bytes());
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("a.enc.env: PASS\n  since "));
}
