//! `lacre import sops`: files that the real sops wrote are sealed, and it is said once how their values are read.

use crate::support::{ALICE, Scene};

const APP: &str = include_str!("../vectors/sops_written/app.env");
const OPEN: &str = include_str!("../vectors/sops_written/open.env");
const YAML: &str = include_str!("../vectors/sops_written/a.yaml");

fn rules() -> String {
    format!(
        "# who may open what\ncreation_rules:\n  - path_regex: yaml$\n    age: {ALICE}\n  - age: {ALICE} # all\n"
    )
}

fn scene() -> Scene {
    Scene::repository()
        .identity("alice")
        .file(".sops.yaml", rules())
        .file("app.enc.env", APP)
        .file("a.enc.yaml", YAML)
}

const PLAN: &str = "`a.enc.yaml` will be sealed: 2 values\n`app.enc.env` will be sealed: 5 values\n  \
    read otherwise by sops, which hands quotes, blanks and comments on: `QUOTED`, `BLANK`, `HASH`\n";

#[test]
fn names_that_are_read_in_two_ways_make_it_ask() {
    let scene = scene();
    scene.run(["import", "sops", "a.enc.yaml", "app.enc.env", "--yes"]).fails(2).stdout("").untouched().stderr(
        &format!(
            "{PLAN}error: lacre and sops read some of these values differently; say which is meant\n\
             hint: `--dialect lacre` reads quotes and comments, `--dialect literal` hands them on as sops does\n"
        ),
    );
    scene.run(["import", "sops", "a.enc.yaml", "app.enc.env", "--dry-run"]).ok().stdout(PLAN).untouched();
}

#[test]
fn lacres_reading_seals_and_changes_no_rule() {
    let scene = scene();
    scene
        .run(["import", "sops", "a.enc.yaml", "app.enc.env", "--dialect", "lacre", "--yes"])
        .ok()
        .stdout("")
        .stderr(&format!("{PLAN}sealed 2 files; compared 7 values, old and new: all the same\n"))
        .changed(["a.enc.yaml", "app.enc.env"]);
    let values = scene.run(["export", "--format", "json", "-f", "app.enc.env"]).ok().json();
    let expected =
        serde_json::json!({"PLAIN": "1", "QUOTED": "two words", "BLANK": "x", "HASH": "a", "EMPTY": ""});
    assert_eq!(values, expected);
    // What did not change keeps its ciphertext.
    let values = |text: &str| {
        text.lines().filter(|line| !line.starts_with("sops_")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(values(&scene.text("app.enc.env")), values(APP));
    scene.run(["import", "sops", "app.enc.env"]).ok().untouched();
}

#[test]
fn the_literal_reading_is_written_into_the_rule_that_counts() {
    let scene = scene();
    scene
        .run(["import", "sops", "a.enc.yaml", "app.enc.env", "--dialect", "literal", "--yes"])
        .ok()
        .stderr(&format!(
            "{PLAN}creation rule 2 of `.sops.yaml` will say `lacre: {{dotenv: literal}}`\n\
             sealed 2 files; compared 7 values, old and new: all the same\n"
        ))
        .changed([".sops.yaml", "a.enc.yaml", "app.enc.env"]);
    let text = scene.text(".sops.yaml");
    assert!(text.starts_with(&rules()), "{text}");
    assert!(text.contains("lacre:") && text.contains("dotenv: literal"), "{text}");
    let values = scene.run(["export", "--format", "json", "-f", "app.enc.env"]).ok().json();
    let expected = serde_json::json!({"PLAIN": "1", "QUOTED": "\"two words\"", "BLANK": " x ", "HASH": "a # b", "EMPTY": ""});
    assert_eq!(values, expected);
    scene.write("app.enc.env", APP);
    let again = scene.run(["import", "sops", "app.enc.env", "--yes"]).ok().changed(["app.enc.env"]);
    assert!(again.stderr.contains("  read as sops does, by its creation rule: `QUOTED`, `BLANK`, `HASH`\n"));
}

#[test]
fn the_dialect_can_be_said_on_a_terminal() {
    let scene = scene().types(["n", "y"]);
    scene.run(["import", "sops", "app.enc.env"]).ok().changed(["app.enc.env"]);
    let scene = self::scene().types(["y", "y"]);
    scene.run(["import", "sops", "app.enc.env"]).ok().changed([".sops.yaml", "app.enc.env"]);
    let scene = self::scene().types(["y", "n"]);
    scene.run(["import", "sops", "app.enc.env"]).fails(1).untouched();
}

#[test]
fn a_quote_that_is_never_closed_is_no_obstacle() {
    let scene = scene().file("open.enc.env", OPEN);
    scene.run(["import", "sops", "open.enc.env", "--yes"]).ok().changed(["open.enc.env"]);
    assert!(scene.text("open.enc.env").contains("sops_lacre__map_seal="));
    scene
        .run(["export", "--format", "json", "-f", "open.enc.env"])
        .ok()
        .stdout("{\"A\":\"1\",\"OPEN\":\"\\\"x\"}\n");
}

#[test]
fn all_means_the_encrypted_files_that_git_tracks() {
    let scene = scene();
    scene.git(&["add", ".sops.yaml", "a.enc.yaml"]);
    scene.run(["import", "sops", "--all", "--yes"]).ok().changed(["a.enc.yaml"]);
    let result = scene
        .run(["import", "sops", "--all", "--yes", "--json"])
        .ok()
        .stderr("`a.enc.yaml` is sealed already: 2 values\n")
        .json();
    let expected = serde_json::json!({
        "files": [{
            "file": "a.enc.yaml", "format": "yaml", "state": "unchanged", "values": 2, "differing": [], "renamed": [],
            "literal": false,
        }],
        "dry_run": false, "dialect": null, "compared": 2,
    });
    assert_eq!(result, expected);
    Scene::new().run(["import", "sops", "--all"]).fails(2);
    scene.run(["import", "sops"]).fails(2);
}

#[test]
fn one_file_that_does_not_open_stops_all() {
    let scene = scene().nobody().identity("bob");
    scene.run(["import", "sops", "a.enc.yaml", "--yes"]).fails(4).untouched();
    let scene = self::scene().file("bad.enc.env", APP.replacen("PLAIN=ENC", "OTHER=ENC", 1));
    scene.run(["import", "sops", "a.enc.yaml", "bad.enc.env", "--yes"]).fails(5).untouched();
}

#[test]
fn a_seal_that_was_taken_off_is_not_put_back_unseen() {
    let scene = scene();
    scene.run(["import", "sops", "a.enc.yaml", "--yes"]).ok();
    let text = scene.text("a.enc.yaml");
    let lines: Vec<_> = text.lines().collect();
    let start = lines.iter().position(|line| line.trim() == "lacre:").unwrap();
    let kept: Vec<_> = [&lines[..start], &lines[start + 2..]].concat();
    scene.write("a.enc.yaml", kept.join("\n") + "\n");
    scene.run(["import", "sops", "a.enc.yaml", "--yes"]).fails(5).untouched();
}

#[test]
fn a_rule_that_asks_for_seals_does_not_stand_in_the_way() {
    let scene = scene();
    scene.swap(".sops.yaml", "# all\n", "# all\n    lacre: {require_seal: true}\n");
    scene.run(["get", "app.enc.env", "PLAIN"]).fails(5);
    scene
        .run(["import", "sops", "app.enc.env", "--dialect", "literal", "--yes"])
        .ok()
        .changed([".sops.yaml", "app.enc.env"]);
    assert!(
        scene.text(".sops.yaml").contains("{require_seal: true, dotenv: literal}"),
        "{}",
        scene.text(".sops.yaml")
    );
    scene.run(["get", "app.enc.env", "PLAIN"]).ok().stdout("1\n");
}

#[test]
fn without_a_rule_there_is_no_place_for_the_dialect() {
    let scene = Scene::new().identity("alice").file("app.enc.env", APP);
    let said = scene
        .run(["import", "sops", "app.enc.env", "--dialect", "literal", "--yes"])
        .fails(1)
        .untouched()
        .stderr;
    assert!(
        said.contains("error: no creation rule matches `app.enc.env`, so none can say `dotenv: literal`\n"),
        "{said}"
    );
}
