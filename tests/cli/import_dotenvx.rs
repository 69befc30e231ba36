//! `lacre import dotenvx`: files that the real dotenvx wrote hand the same values on afterwards.

use serde_json::{Map, Value};

use crate::support::{ALICE, Outcome, Scene};

const ENV: &str = include_str!("../vectors/dotenvx/env");
const PRODUCTION: &str = include_str!("../vectors/dotenvx/env.production");
const KEYS: &str = include_str!("../vectors/dotenvx/keys");

fn scene() -> Scene {
    Scene::new()
        .identity("alice")
        .file(".env", ENV)
        .file(".env.production", PRODUCTION)
        .file(".env.keys", KEYS)
}

/// What `dotenvx get` printed, without its public keys.
fn handed(json: &str) -> Map<String, Value> {
    let Value::Object(mut values) = serde_json::from_str(json).unwrap() else { panic!("no object") };
    values.retain(|name, _| !name.starts_with("DOTENV_PUBLIC_KEY"));
    values
}

fn exported(outcome: &Outcome<'_>) -> Map<String, Value> {
    outcome.json().as_object().unwrap().clone()
}

/// The private key that is called `name`.
fn key(name: &str) -> &str {
    KEYS.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap()
}

#[test]
fn run_hands_on_what_dotenvx_handed_on() {
    let scene = scene();
    let done = scene
        .run(["import", "dotenvx", ".", "-r", ALICE, "--resolve", "--yes"])
        .ok()
        .stdout("")
        .changed([".env.enc", ".env.production.enc"]);
    assert!(
        done.stderr.ends_with(
            "wrote 2 files; compared 23 values, old and new: all the same\n\
             note: when all is well, remove the old files and `.env.keys`; git's history keeps both\n"
        ),
        "{}",
        done.stderr
    );
    for (file, json) in [
        (".env.enc", include_str!("../vectors/dotenvx/env.json")),
        (".env.production.enc", include_str!("../vectors/dotenvx/env.production.json")),
    ] {
        let outcome = scene.run(["export", "--format", "json", "-f", file]).ok();
        assert_eq!(exported(&outcome), handed(json), "{file}");
    }
}

#[test]
fn comments_stay_and_public_keys_do_not() {
    let scene = scene();
    scene.run(["import", "dotenvx", ".env", "-r", ALICE, "--resolve", "--yes"]).ok();
    let text = scene.run(["decrypt", ".env.enc"]).ok().printed();
    assert!(text.starts_with("# the service\nPLAIN=abc123\nQUOTED='two words' # why\n"), "{text}");
    assert!(
        text.contains("export EXPORTED=spaced\n") && text.ends_with("\nCLEAR=x #y\nCLEAR_COLON=z\n"),
        "{text}"
    );
}

#[test]
fn references_are_named_and_kept_without_resolve() {
    let scene = scene();
    let done = scene.run(["import", "dotenvx", ".env.production", "-r", ALICE, "--yes"]).ok();
    let note = "note: `.env.production`: dotenvx expands references in `URL`; lacre will not (`--resolve` writes them out)\n";
    assert!(done.stderr.contains(note), "{}", done.stderr);
    let plan = scene.run(["import", "dotenvx", ".env.production", "-r", ALICE, "--dry-run", "--json"]).ok();
    assert_eq!(plan.json()["files"][0]["mentions"], serde_json::json!(["URL"]));
    scene.run(["get", ".env.production.enc", "URL"]).ok().stdout("https://x/${PROD}\n");
}

#[test]
fn keys_come_from_variables_and_named_files_too() {
    let keyless = || Scene::new().identity("alice").file(".env.production", PRODUCTION);
    let import = ["import", "dotenvx", ".", "-r", ALICE, "--yes"];
    keyless().run(import).fails(4).stdout("").untouched().stderr(
        "error: cannot open `PROD`, `URL` of `.env.production`: there is no private key of dotenvx\n\
         hint: the keys are in `.env.keys` beside the file, or point to them with `--keys FILE` or \
         `DOTENV_PRIVATE_KEY`\n",
    );
    let wrong = keyless().variable("DOTENV_PRIVATE_KEY", key("DOTENV_PRIVATE_KEY"));
    let said = wrong.run(import).fails(4).untouched().stderr;
    assert!(said.starts_with(
        "error: cannot open `PROD`, `URL` of `.env.production`: the private key is not the right one\n"
    ));
    let both = format!("{},{}", key("DOTENV_PRIVATE_KEY"), key("DOTENV_PRIVATE_KEY_PRODUCTION"));
    keyless().variable("DOTENV_PRIVATE_KEY_OLD", &both).run(import).ok().changed([".env.production.enc"]);
    let elsewhere = keyless().file("d/keys", KEYS);
    elsewhere
        .run(["import", "dotenvx", ".env.production", "--keys", "d/keys", "-r", ALICE, "--yes"])
        .ok()
        .changed([".env.production.enc"]);
    let broken = keyless().variable("DOTENV_PRIVATE_KEY", "canary");
    let said = broken.run(import).fails(4).stderr;
    assert!(
        said.starts_with("warning: `DOTENV_PRIVATE_KEY` does not hold a private key of dotenvx\n"),
        "{said}"
    );
    assert!(!said.contains("canary"));
}

#[test]
fn a_damaged_value_is_no_value() {
    let place = PRODUCTION.find("PROD=\"encrypted:").unwrap() + 140;
    for byte in ["A", "B"] {
        let mut text = PRODUCTION.to_owned();
        text.replace_range(place..=place, byte);
        if text != PRODUCTION {
            let scene = Scene::new().file(".env.production", text).file(".env.keys", KEYS);
            scene.run(["import", "dotenvx", ".", "-r", ALICE, "--yes"]).fails(4).untouched();
        }
    }
}

#[test]
fn commands_are_never_run() {
    let text = "DOTENV_PUBLIC_KEY=x\nA=1\nB=\"$(touch ran)\"\nC='$(touch ran)'\n";
    let scene = Scene::new().identity("alice").file(".env", text);
    scene.run(["import", "dotenvx", ".", "-r", ALICE, "--resolve", "--yes"]).fails(1).untouched().stderr(
        "error: `.env`: dotenvx runs the commands in `B`; lacre never does\n\
         hint: keep the text as it stands with `--as-data NAME`, or write the result into the file\n",
    );
    scene.run(["import", "dotenvx", ".", "-r", ALICE, "--as-data", "B", "--yes"]).ok().changed([".env.enc"]);
    let values = scene.run(["export", "--format", "json"]).ok().json();
    assert_eq!(values, serde_json::json!({"A": "1", "B": "$(touch ran)", "C": "$(touch ran)"}));
}

#[test]
fn what_the_file_alone_does_not_decide_is_not_written_out() {
    for (text, names) in
        [("A=${HOME}\n", "`A`"), ("A=${B}\nB=1\n", "`A`"), ("A=${A}\n", "`A`"), ("A=$B\nB=$A\n", "`A`, `B`")]
    {
        let scene = Scene::new().file(".env", format!("DOTENV_PUBLIC_KEY=x\n{text}"));
        let said = scene
            .run(["import", "dotenvx", ".", "-r", ALICE, "--resolve", "--yes"])
            .fails(1)
            .untouched()
            .stderr;
        let start =
            format!("error: `.env`: {names} cannot be written out: a reference leads to no name above it");
        assert!(said.starts_with(&start), "{said}");
    }
}

#[test]
fn a_second_run_has_nothing_to_do_and_a_changed_twin_is_refused() {
    let scene = scene();
    let import = ["import", "dotenvx", ".", "-r", ALICE, "--resolve", "--yes"];
    scene.run(import).ok();
    scene.run(import).ok().untouched();
    scene.run(["set", ".env.enc", "PLAIN", "other"]).ok();
    let said = scene.run(import).fails(1).untouched().stderr;
    assert!(
        said.contains("error: `.env.enc` is there already, and differs from `.env` in `PLAIN`\n"),
        "{said}"
    );
}

#[test]
fn lines_that_dotenvx_passes_over_are_an_error() {
    let scene = Scene::new().file(".env", "DOTENV_PUBLIC_KEY=x\nA=1\nsome words\n");
    scene
        .run(["import", "dotenvx", ".", "-r", ALICE, "--yes"])
        .fails(1)
        .untouched()
        .stderr("error: `.env`: line 2: the line has no `=`\n");
    let scene = Scene::new().file(".env", "DOTENV_PUBLIC_KEY=x\nA=1\nA B=1\n");
    let said = scene.run(["import", "dotenvx", ".", "-r", ALICE, "--yes"]).fails(1).untouched().stderr;
    assert!(
        said.contains("error: `.env` is not imported: `A B` would not be the same afterwards\n"),
        "{said}"
    );
}

#[test]
fn carriage_returns_come_back() {
    let scene =
        Scene::new().identity("alice").file(".env", "DOTENV_PUBLIC_KEY=x\r\n\r\nA=1\r\nB=\"x y\"\r\n");
    scene.run(["import", "dotenvx", ".", "-r", ALICE, "--yes"]).ok();
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\r\nB=\"x y\"\r\n");
}

#[test]
fn a_tree_without_files_of_dotenvx_is_said_to_be_one() {
    let scene = Scene::new().file(".env", "A=1\n");
    scene
        .run(["import", "dotenvx", ".", "-r", ALICE, "--yes"])
        .fails(1)
        .untouched()
        .stderr("error: there is no file of dotenvx below `[here]`\n");
}

#[test]
fn keys_that_git_tracks_earn_a_warning() {
    let scene = Scene::repository().file(".env.production", PRODUCTION).file(".env.keys", KEYS);
    scene.git(&["add", ".env.keys"]);
    let said = scene.run(["import", "dotenvx", ".", "-r", ALICE, "--yes"]).ok().stderr;
    let warning = "warning: git tracks `.env.keys`: whoever has the history can open the old files; change their values\n";
    assert!(said.contains(warning), "{said}");
}
