//! `lacre import` and `import dotenv`: a tree of plaintext `.env` files, each into its twin, all or nothing.

use crate::support::{ALICE, BOB, Scene, identity_of};

fn tree() -> Scene {
    Scene::repository()
        .identity("alice")
        .file(
            ".sops.yaml",
            format!("creation_rules:\n  - path_regex: ^b/\n    age: {BOB}\n  - age: {ALICE}\n"),
        )
        .file(".gitignore", ".env\n")
        .file(".env", "# remark\nA=1\nB=\"two words\" # why\nEMPTY=\n")
        .file("b/.env.production", "export C='x'\n")
        .file("node_modules/x/.env", "NO=1\n")
        .file("target/.env", "NO=1\n")
        .file(".env.example", "NO=1\n")
        .file("b/.env.local.example", "NO=1\n")
        .file(".env.keys", "NO=1\n")
        .file("empty/.env", "A=\n")
        .file("a.yaml", "a: 1\n")
}

const PLAN: &str = "note: `empty/.env` is left out: it holds no value\n\
    `.env` into `.env.enc`: 3 variables, 2 encrypted, for [alice]\n\
    `b/.env.production` into `b/.env.production.enc`: 1 variable, 1 encrypted, for [bob]\n";

#[test]
fn every_plaintext_of_a_tree_gets_its_twin_under_its_rule() {
    let scene = tree();
    scene
        .run(["import", ".", "--yes"])
        .ok()
        .stdout("")
        .stderr(&format!("{PLAN}wrote 2 files; compared 4 values, old and new: all the same\n"))
        .changed([".env.enc", "b/.env.production.enc"]);
    scene.run(["decrypt", ".env.enc"]).ok().stdout("# remark\nA=1\nB=\"two words\" # why\nEMPTY=\n");
    scene.run(["decrypt", "b/.env.production.enc"]).fails(4);
}

#[test]
fn nothing_is_written_without_a_yes() {
    let scene = tree();
    scene.run(["import", "."]).fails(2).stdout("").untouched().stderr(&format!(
        "{PLAN}error: there is no terminal to ask on, so nothing was imported\n\
         hint: `--yes` imports without asking, `--dry-run` only shows the plan\n"
    ));
    tree().types(["n"]).run(["import", "dotenv", "."]).fails(1).untouched();
    tree().types(["y"]).run(["import", "dotenv", "."]).ok().changed([".env.enc", "b/.env.production.enc"]);
    let (notes, plan) = PLAN.split_once('\n').unwrap();
    let done = scene.run(["import", ".", "--dry-run"]).ok().untouched();
    done.stdout(plan).stderr(&format!("{notes}\n"));
}

#[test]
fn a_second_run_finishes_what_an_interruption_left() {
    let scene = tree().identity("bob");
    scene.run(["import", ".", "--yes"]).ok();
    std::fs::remove_file(scene.path("b/.env.production.enc")).unwrap();
    scene
        .run(["import", ".", "--yes"])
        .ok()
        .stderr(
            "note: `empty/.env` is left out: it holds no value\n\
             `.env.enc` says the same as `.env` already: 3 variables\n\
             `b/.env.production` into `b/.env.production.enc`: 1 variable, 1 encrypted, for [bob]\n\
             wrote 1 file, 1 file done already; compared 4 values, old and new: all the same\n",
        )
        .changed(["b/.env.production.enc"]);
    // Nothing is left to ask about.
    scene.run(["import", "."]).ok().untouched();
}

#[test]
fn a_twin_that_differs_stops_everything() {
    let scene = Scene::new().identity("alice").file("a/.env", "A=1\n").file("b/.env", "A=1\nB=2\nC=3\n");
    scene.run(["encrypt", "b/.env", "-r", ALICE]).ok();
    scene.write("b/.env", "A=1\nB=other\n");
    scene.run(["import", ".", "-r", ALICE, "--yes"]).fails(1).stdout("").untouched().stderr(
        "error: `b/.env.enc` is there already, and differs from `b/.env` in `B`, `C`\n\
         hint: `lacre encrypt` brings the two together value by value: `b/.env`\n",
    );
}

#[test]
fn a_broken_file_stops_everything() {
    let scene = Scene::new().file("a/.env", "A=1\n").file("b/.env", "A=1\nB=\"open\n");
    scene
        .run(["import", ".", "-r", ALICE, "--yes"])
        .fails(1)
        .untouched()
        .stderr("error: `b/.env`: line 2, `B`: a quote is not closed\n");
}

#[test]
fn a_value_that_would_not_be_the_same_stops_everything() {
    let rules = format!("creation_rules:\n  - age: {ALICE}\n    encrypted_regex: ^SECRET\n");
    let scene = Scene::new().file(".sops.yaml", rules).file(".env", "SECRET=1\nCLEAR=a\\nb\n");
    scene.run(["import", ".env", "--yes"]).fails(1).untouched().stderr(
        "note: not all programs read `CLEAR` alike: quote the value (`lacre help dotenv`)\n\
         note: `\\n` in `CLEAR` becomes a line feed if sops edits the file\n\
         error: `.env` is not imported: `CLEAR` would not be the same afterwards\n\
         hint: quote these values, or let the selector of the creation rule encrypt them\n",
    );
}

#[test]
fn what_others_encrypted_is_left_to_them() {
    let dotenvx = include_str!("../vectors/dotenvx/env.production");
    let scene = Scene::new().identity("alice").file("a/.env", "A=1\n").file("b/.env", dotenvx);
    scene.write("c/.env", include_str!("../vectors/sops_written/app.env"));
    scene
        .run(["import", ".", "-r", ALICE, "--yes"])
        .ok()
        .stderr(
            "note: `b/.env` is left out: dotenvx encrypted values in it, which `lacre import dotenvx` reads\n\
             note: `c/.env` is left out: sops metadata says that it is encrypted\n\
             `a/.env` into `a/.env.enc`: 1 variable, 1 encrypted, for [alice]\n\
             wrote 1 file; compared 1 value, old and new: all the same\n",
        )
        .changed(["a/.env.enc"]);
    scene.run(["import", "b/.env", "-r", ALICE, "--yes"]).fails(1).untouched().stderr(
        "error: `b/.env` holds values that dotenvx encrypted\n\
         hint: `lacre import dotenvx` reads them: `b/.env`\n",
    );
    scene.run(["import", "c/.env", "-r", ALICE, "--yes"]).fails(1).untouched();
}

#[test]
fn what_is_no_env_file_is_refused_by_name() {
    let scene = Scene::new().file("a.yaml", "a: 1\n").file(".env.example", "A=1\n");
    scene.run(["import", "a.yaml", "-r", ALICE]).fails(1).stderr(
        "error: `a.yaml` is no folder, and not called like a `.env` file\n\
         hint: `lacre encrypt FILE` encrypts files of other formats\n",
    );
    scene.run(["import", ".env.example", "-r", ALICE]).fails(1).untouched();
    scene
        .run(["import", ".", "-r", ALICE])
        .fails(1)
        .stderr("error: there is no plaintext `.env` file below `[here]`\n");
    scene.run(["import"]).fails(2);
}

#[test]
fn a_plaintext_that_git_tracks_earns_a_warning() {
    let scene = Scene::repository().file(".env", "A=1\n");
    scene.git(&["add", ".env"]);
    let said = scene.run(["import", ".", "-r", ALICE, "--yes"]).ok().stderr;
    assert!(said.ends_with(
        "warning: git tracks `.env`: its values are in the history, and should be changed\n\
         note: `git rm --cached` takes `.env` out of the next commit\n"
    ));
}

#[test]
fn the_result_is_a_json_object_and_quiet_is_quiet() {
    let scene = Scene::new().file(".env", "A=1\nB=\n");
    let plan =
        scene.run(["-q", "import", ".", "-r", ALICE, "--dry-run", "--json"]).ok().stderr("").untouched();
    let expected = serde_json::json!({
        "files": [{
            "source": ".env", "file": ".env.enc", "state": "planned", "variables": 2, "encrypted": 1,
            "compared": 2, "recipients": [ALICE], "mentions": [],
        }],
        "dry_run": true, "written": 0, "compared": 2,
    });
    assert_eq!(plan.json(), expected);
    let done = scene.run(["-q", "import", ".", "-r", ALICE, "--yes", "--json"]).ok().stderr("").json();
    assert_eq!((&done["written"], &done["files"][0]["state"]), (&1.into(), &"written".into()));
}

#[test]
fn a_later_encrypt_merges_what_was_imported() {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\n");
    scene.run(["import", ".", "-r", ALICE, "--yes"]).ok();
    scene.run(["set", ".env.enc", "THEIRS", "2"]).ok();
    scene.write(".env", "A=1\nOURS=3\n");
    scene.run(["encrypt", ".env"]).ok();
    let kept = scene.run(["decrypt", ".env.enc"]).ok().printed();
    assert!(kept.contains("THEIRS=2") && kept.contains("OURS=3"), "{kept}");
}

#[test]
fn a_rule_that_reads_as_sops_does_is_followed() {
    let rules = format!("creation_rules:\n  - age: {ALICE}\n    lacre: {{dotenv: literal}}\n");
    let scene = Scene::new().identity("alice").file(".sops.yaml", rules).file(".env", "A=\"x\"\n");
    scene.run(["import", ".", "--yes"]).ok();
    scene.run(["export", "--format", "json"]).ok().stdout("{\"A\":\"\\\"x\\\"\"}\n");
    assert!(!scene.text(".env.enc").contains(identity_of("alice")));
}

#[test]
fn names_that_run_would_refuse_are_said() {
    let scene = Scene::new().file(".env", "NODE_OPTIONS=x\n");
    scene.run(["import", ".", "-r", ALICE, "--yes"]).ok().stderr(
        "`.env` into `.env.enc`: 1 variable, 1 encrypted, for [alice]\n\
         note: `.env.enc`: `lacre run` refuses `NODE_OPTIONS`, which steer programs, without `--allow-name`\n\
         wrote 1 file; compared 1 value, old and new: all the same\n",
    );
}
