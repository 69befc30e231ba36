//! `lacre recipients`: who may open what, and the rules that say so, changed together.

use crate::support::{ALICE, BOB, CI, Scene, identity_of, program};

const FILES: [&str; 3] = [".env.enc", "b/.env.enc", "c.enc.yaml"];

fn rules(people: &[&str]) -> String {
    let people: Vec<_> = people.iter().map(|person| format!("      - *{person}\n")).collect();
    let people = people.concat();
    format!("keys:\n  - &alice {ALICE}\n  - &bob {BOB}\n  - &ci {CI}\ncreation_rules:\n  - age:\n{people}")
}

/// Three tracked files for alice, and rules that name these people.
pub fn tree(people: &[&str]) -> Scene {
    let scene = Scene::repository().identity("alice").file(".sops.yaml", rules(&["alice"]));
    for (name, text) in [(".env", "A=1\n"), ("b/.env", "B=2 # two\n"), ("c.yaml", "c: 3\nd: [x] # e\n")] {
        scene.write(name, text);
        scene.run(["encrypt", "-q", name]).ok();
        std::fs::remove_file(scene.path(name)).unwrap();
    }
    scene.git(&["add", "."]);
    scene.write(".sops.yaml", rules(people));
    scene
}

/// Whether each of the files opens with the identity of `name` alone.
fn opens(scene: &Scene, name: &str) -> [bool; 3] {
    let key = scene.folder().parent().unwrap().join(name);
    std::fs::write(&key, identity_of(name)).unwrap();
    let home = scene.folder().parent().unwrap().join("home/.config");
    let away = scene.folder().parent().unwrap().join("away");
    std::fs::rename(&home, &away).unwrap();
    let opened = FILES.map(|file| {
        let done = scene.run(["decrypt", file, "--identity", key.to_str().unwrap()]);
        assert!(matches!(done.code, 0 | 4), "{}", done.stderr);
        done.code == 0
    });
    std::fs::rename(&away, &home).unwrap();
    opened
}

/// The lines of a file that are no metadata.
fn body(scene: &Scene, file: &str) -> String {
    let text = scene.text(file);
    let end = text.find("\nsops:").or_else(|| text.find("sops_")).unwrap();
    text[..end].to_owned()
}

#[test]
fn who_joins_is_named_with_the_key_and_asked_about() {
    let scene = tree(&["alice", "bob"]);
    let plan = "3 files: other recipients\n  `.env.enc`, `b/.env.enc`, `c.enc.yaml`\n  joins: bob  [bob]\n";
    let refusal = "error: there is no terminal to ask on, so nothing was changed\nhint: `--yes` changes them without asking\n";
    scene
        .run(["recipients", "sync", "--all"])
        .fails(2)
        .stdout("")
        .stderr(&format!("{plan}{refusal}"))
        .untouched();
    // Even a quiet question says what it is about.
    scene.run(["recipients", "sync", "--all", "-q"]).fails(2).stderr(&format!("{plan}{refusal}")).untouched();
    let before = FILES.map(|file| body(&scene, file));
    scene
        .run(["recipients", "sync", "--all", "--yes"])
        .ok()
        .changed(FILES)
        .stdout("")
        .stderr(&format!("{plan}changed 3 files\n"));
    assert_eq!(FILES.map(|file| body(&scene, file)), before);
    assert_eq!((opens(&scene, "alice"), opens(&scene, "bob")), ([true; 3], [true; 3]));
    scene.run(["recipients", "sync", "--all"]).ok().stderr("nothing to do\n").untouched();
    let scene = tree(&["alice", "bob"]).types(["y"]);
    scene.run(["recipients", "sync", "--all"]).ok().changed(FILES);
}

#[test]
fn who_stays_keeps_the_wrapped_key_there_is() {
    let scene = tree(&["alice", "bob"]);
    let wrapped = |scene: &Scene| {
        let line = scene.text(".env.enc");
        line.lines().find(|line| line.starts_with("sops_age__list_0__map_enc=")).unwrap().to_owned()
    };
    let before = wrapped(&scene);
    scene.run(["recipients", "sync", "--all", "--yes"]).ok();
    assert_eq!(wrapped(&scene), before);
}

#[test]
fn who_leaves_may_have_kept_the_key_unless_it_is_made_anew() {
    let scene = tree(&["alice", "bob"]);
    scene.run(["recipients", "sync", "--all", "--yes"]).ok();
    scene.write(".sops.yaml", rules(&["alice"]));
    let old = body(&scene, ".env.enc");
    scene.run(["recipients", "sync", ".env.enc"]).ok().changed([".env.enc"]).stdout("").stderr(
        "1 file: other recipients\n  `.env.enc`\n  leaves: bob (…cs7khp)\n\
         warning: bob (…cs7khp) may have kept the data key of `.env.enc`\n\
         note: `lacre rekey` gives files a new one; values they knew need replacing\nchanged 1 file\n",
    );
    assert_eq!((body(&scene, ".env.enc"), opens(&scene, "bob")), (old.clone(), [false, true, true]));
    scene.run(["recipients", "sync", "--all", "--rekey", "-q"]).ok().changed([FILES[1], FILES[2]]).stderr("");
    assert_eq!((opens(&scene, "alice"), opens(&scene, "bob")), ([true; 3], [false; 3]));
}

#[test]
fn a_check_needs_no_identity_and_says_by_its_code_what_it_found() {
    let scene = tree(&["alice", "bob"]).nobody();
    let plan =
        "3 files: other recipients\n  `.env.enc`\n  `b/.env.enc`\n  `c.enc.yaml`\n  joins: bob  [bob]\n";
    scene.run(["recipients", "sync", "--all", "--check"]).fails(3).stdout(plan).stderr("").untouched();
    let rows = scene.run(["recipients", "sync", "--all", "--check", "--json"]).fails(3).json();
    assert_eq!(
        (rows[1]["file"].as_str(), rows[1]["joins"][0]["name"].as_str()),
        (Some(FILES[1]), Some("bob"))
    );
    let scene = tree(&["alice"]).nobody();
    scene.run(["recipients", "sync", "--all", "--check"]).ok().stdout("").stderr("").untouched();
}

#[test]
fn a_dry_run_changes_nothing() {
    let scene = tree(&["alice", "bob"]);
    let plan = "1 file: other recipients\n  `.env.enc`\n  joins: bob  [bob]\n";
    scene.run(["recipients", "sync", "-n", ".env.enc"]).ok().stdout(plan).stderr("").untouched();
    let rows = scene.run(["recipients", "sync", "-n", "--json", ".env.enc"]).ok().untouched().json();
    assert_eq!(
        (rows[0]["state"].as_str(), rows[0]["joins"][0]["recipient"].as_str()),
        (Some("planned"), Some(BOB))
    );
    scene.run(["recipients", "remove", "-n", "alice", ".env.enc"]).ok().untouched();
    scene.run(["recipients", "add", "-n", "ci"]).ok().untouched();
    scene.run(["rekey", "-n", "--all"]).ok().untouched();
}

#[test]
fn nothing_is_changed_unless_all_files_open() {
    let scene = tree(&["alice", "bob"]);
    scene.write("z.env", "Z=1\n");
    scene.run(["encrypt", "-q", "z.env", "-r", CI]).ok();
    scene.git(&["add", "."]);
    scene.run(["recipients", "sync", "--all", "--yes"]).fails(4).stdout("").untouched().stderr(
        "error: 1 of 4 files cannot be changed here, so none was\n\
        \x20 cannot open `z.enc.env`: your identity is not among its recipients\n\
        \x20   who can: ci (…eec39p)\n\
         hint: ask somebody who can open them to run the same command; `--keep-going` changes the others\n",
    );
    scene.run(["recipients", "sync", "--all", "--yes", "--keep-going"]).fails(1).changed(FILES);
}

#[test]
fn a_file_that_was_tampered_with_stops_everything() {
    let scene = tree(&["alice", "bob"]);
    scene.swap("b/.env.enc", "B=ENC", "D=ENC");
    scene.run(["recipients", "sync", "--all", "--yes"]).fails(5).untouched();
    scene.run(["rekey", "--all"]).fails(5).untouched();
}

#[test]
fn files_without_a_rule_are_named() {
    let scene = tree(&["alice"]);
    scene.write(".sops.yaml", rules(&["alice", "bob"]).replace("- age:", "- path_regex: env\n    age:"));
    scene.run(["recipients", "sync", "c.enc.yaml"]).fails(1).untouched();
    let said = scene.run(["recipients", "sync", "--all", "--yes"]).ok().changed([FILES[0], FILES[1]]).stderr;
    assert!(said.starts_with("note: no rule names recipients for `c.enc.yaml`\n"), "{said}");
    scene.run(["recipients", "sync"]).fails(2).untouched();
}

#[test]
fn who_would_be_locked_out_is_asked() {
    let scene = tree(&["bob"]);
    let scene = scene.types(["n"]);
    let said = scene.run(["recipients", "sync", ".env.enc"]).fails(1).untouched().stderr;
    assert!(said.contains("warning: you will not be able to open `.env.enc` any more\n"), "{said}");
}

#[test]
fn adding_names_somebody_in_the_rule_and_in_its_files() {
    let scene = tree(&["alice"]);
    let person = format!("bob={BOB}");
    scene.write(".sops.yaml", rules(&["alice"]).replace(&format!("  - &bob {BOB}\n"), ""));
    let done = scene.run(["recipients", "add", &person]).ok().stdout("");
    let done = done.changed([FILES[0], ".sops.yaml", FILES[1], FILES[2]]);
    done.stderr(
        "3 files: other recipients\n  `.env.enc`, `b/.env.enc`, `c.enc.yaml`\n  joins: bob  [bob]\n\
         `.sops.yaml` names bob\nchanged 3 files\n",
    );
    assert!(scene.text(".sops.yaml").contains(&format!("&bob {BOB}\n")));
    assert_eq!(opens(&scene, "bob"), [true; 3]);
    scene.run(["recipients", "add", &person]).ok().untouched().stderr("nothing to do\n");
    scene.run(["recipients", "sync", "--all", "--check"]).ok();
}

#[test]
fn somebody_else_who_joins_along_is_asked_about() {
    let scene = tree(&["alice", "bob"]);
    let said = scene.run(["recipients", "add", "ci"]).fails(2).untouched().stderr;
    assert!(said.contains("  joins: bob  ") && said.contains("nothing was changed"), "{said}");
}

#[test]
fn who_cannot_open_the_files_leaves_a_request() {
    let scene = tree(&["alice"]).nobody().identity("bob");
    let done = scene.run(["recipients", "add", "bob"]).ok().changed([".sops.yaml"]);
    let said = done.stdout("lacre recipients sync .env.enc b/.env.enc c.enc.yaml\n").stderr;
    assert!(
        said.ends_with("note: commit the rule, and ask somebody who can open these files to run:\n"),
        "{said}"
    );
    let scene = scene.identity("alice");
    scene.run(["recipients", "sync", "--yes", FILES[0], FILES[1], FILES[2]]).ok().changed(FILES);
    assert_eq!(opens(&scene, "bob"), [true; 3]);
}

#[test]
fn a_rule_is_said_by_number_or_by_file() {
    let scene = tree(&["alice"]);
    let second = rules(&["alice"]).replace("- age:", "- path_regex: env\n    age:")
        + &format!("  - path_regex: yaml$\n    age: [{ALICE}]\n");
    scene.write(".sops.yaml", &second);
    scene.run(["recipients", "add", "bob"]).fails(2).untouched().stderr(
        "error: it is not said which creation rule is meant\n  rule 1: env\n  rule 2: yaml$\n\
         hint: name it with `--rule N`, or name a file that follows it\n",
    );
    scene.run(["recipients", "add", "bob", "--rule", "2"]).ok().changed([".sops.yaml", FILES[2]]);
    scene.run(["recipients", "add", "bob", FILES[0]]).ok().changed([FILES[0], ".sops.yaml", FILES[1]]);
    scene.run(["recipients", "add", "ci", "--rule", "3"]).fails(1).untouched();
    scene.run(["recipients", "add", "ci", "--rule", "1", "--rule-only"]).ok().changed([".sops.yaml"]);
}

#[test]
fn only_the_files_are_changed_where_that_is_asked_for() {
    let scene = tree(&["alice"]);
    scene.run(["recipients", "add", "--file-only", "bob", FILES[0]]).ok().changed([FILES[0]]);
    assert_eq!(opens(&scene, "bob"), [true, false, false]);
    scene.run(["recipients", "remove", "--file-only", "bob", FILES[0]]).ok().changed([FILES[0]]);
    assert_eq!(opens(&scene, "bob"), [false; 3]);
    scene.run(["recipients", "remove", "--file-only", "bob", FILES[0]]).fails(1).untouched();
    scene.run(["recipients", "add", "--file-only", "bob"]).fails(2).untouched();
    scene.run(["recipients", "remove", "--file-only", "--yes", "alice", FILES[0]]).fails(1).untouched();
}

#[test]
fn removing_takes_somebody_out_of_rules_and_files_and_makes_new_keys() {
    let scene = tree(&["alice", "bob", "ci"]);
    scene.run(["recipients", "sync", "--all", "--yes"]).ok();
    let done = scene.run(["recipients", "remove", "bob"]).ok().stdout("");
    let done = done.changed([FILES[0], ".sops.yaml", FILES[1], FILES[2]]);
    done.stderr(
        "3 files: other recipients and a new data key\n  `.env.enc`, `b/.env.enc`, `c.enc.yaml`\n  \
         leaves: bob (…cs7khp)\nchanged `.sops.yaml`\nrekeyed 3 files\n\
         note: who left still knows the values: replace them, the old ones stay in git\n",
    );
    assert_eq!(
        (opens(&scene, "alice"), opens(&scene, "bob"), opens(&scene, "ci")),
        ([true; 3], [false; 3], [true; 3])
    );
    assert!(!scene.text(".sops.yaml").contains("bob"));
    scene.run(["get", "b/.env.enc", "B"]).ok().stdout("2\n");
    scene.run(["recipients", "remove", BOB]).fails(1).untouched();
}

/// By the real program: a scene draws the same randomness in every run.
#[test]
fn after_a_removal_no_value_opens_with_the_old_key() {
    let scene = tree(&["alice", "bob"]);
    scene.run(["recipients", "sync", "--all", "--yes"]).ok();
    let before = FILES.map(|file| body(&scene, file));
    let status = program(&scene).args(["recipients", "remove", "-q", "bob"]).status().unwrap();
    assert!(status.success());
    for (file, before) in FILES.iter().zip(before) {
        let after = body(&scene, file);
        let values = |text: &str| text.split("ENC[").skip(1).map(str::to_owned).collect::<Vec<_>>();
        assert!(values(&after).iter().all(|value| !values(&before).contains(value)), "{after}");
    }
}

#[test]
fn a_removal_that_was_stopped_is_finished_by_doing_it_again() {
    let scene = tree(&["alice", "bob"]);
    scene.run(["recipients", "sync", "--all", "--yes"]).ok();
    let old = scene.bytes("b/.env.enc");
    scene.run(["recipients", "remove", "bob"]).ok();
    // As if it had been killed before the second rename.
    scene.write("b/.env.enc", old);
    scene.run(["recipients", "remove", BOB]).ok().changed(["b/.env.enc"]);
    assert_eq!(opens(&scene, "bob"), [false; 3]);
}

#[test]
fn the_last_one_stays() {
    let scene = tree(&["alice"]);
    scene.run(["recipients", "remove", "--yes", "alice"]).fails(1).untouched();
}

#[test]
fn groups_are_made_changed_and_listed() {
    let scene = tree(&["alice"]).identity("bob");
    let groups = |threshold: u8, third: &str| {
        format!(
            "creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n    - age:\n      - {ALICE} # \
             alice\n    - age:\n      - {BOB} # bob\n{third}"
        )
    };
    scene.write(".sops.yaml", groups(2, ""));
    let said = scene.run(["recipients", "sync", "--all", "--yes"]).ok().changed(FILES).stderr;
    assert!(said.contains("  2 of 2 key groups open it\n"), "{said}");
    assert_eq!((opens(&scene, "alice"), opens(&scene, "bob")), ([false; 3], [false; 3]));
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    scene.run(["recipients", "list", ".env.enc"]).ok().stderr("").stdout(
        ".env.enc  (rule 1, 2 of 2 key groups open it)\n  group 1: alice (…dwf65j)  age\n  \
         group 2: bob (…cs7khp)  age\n",
    );
    scene.write(".sops.yaml", groups(2, &format!("    - age:\n      - {CI} # ci\n")));
    scene.run(["recipients", "sync", "--all", "--yes"]).ok().changed(FILES);
    scene.write(".sops.yaml", groups(3, &format!("    - age:\n      - {CI} # ci\n")));
    scene.run(["recipients", "sync", "--all", "--check"]).fails(3);
    scene.run(["recipients", "sync", "--all"]).ok().changed(FILES);
    scene.run(["get", ".env.enc", "A"]).fails(4);
    let scene = scene.identity("ci");
    scene.run(["rekey", "--all"]).ok().changed(FILES);
    scene.run(["get", ".env.enc", "A"]).ok().stdout("1\n");
    scene.write(".sops.yaml", rules(&["alice"]));
    scene.run(["recipients", "sync", "--all"]).fails(2).untouched();
    scene.run(["recipients", "sync", "--all", "--yes"]).ok().changed(FILES);
    assert_eq!(opens(&scene, "alice"), [true; 3]);
}

#[test]
fn the_list_says_who_can_and_who_should() {
    let scene = tree(&["bob"]).nobody();
    scene
        .run(["recipients", "list", ".env.enc"])
        .ok()
        .untouched()
        .stdout(
            ".env.enc  (rule 1)\n  alice (…dwf65j)  age, but the rule does not name it\n  \
             bob (…cs7khp)  age, cannot open it yet, but the rule names it\n",
        )
        .stderr("note: `lacre recipients sync` makes files match their rules\n");
    let rows = scene.run(["recipients", "list", "--json"]).ok().json();
    assert_eq!(rows.as_array().unwrap().len(), 3);
    assert_eq!(
        (rows[0]["drifts"].as_bool(), rows[0]["groups"][0][0]["name"].as_str()),
        (Some(true), Some("alice"))
    );
}

#[test]
fn keys_that_cannot_be_wrapped_for_stop_everything_and_say_what_to_run() {
    let scene = tree(&["alice"]);
    let cloud = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
    scene.write(".sops.yaml", rules(&["alice"]) + &format!("    gcp_kms: {cloud}\n"));
    let said = scene.run(["recipients", "sync", "--yes", FILES[0], FILES[2]]).fails(1).untouched().stderr;
    assert!(said.contains("  run: sops updatekeys -y .env.enc\n".trim_start()), "{said}");
    assert!(said.contains("`.env.enc` needs `gcp_kms` keys, which lacre cannot write yet"), "{said}");
}

#[test]
fn a_kept_cloud_key_is_no_hindrance() {
    let scene = tree(&["alice", "bob"]);
    let cloud = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
    // As sops writes one; no seal stands over it.
    let text = scene.text("c.enc.yaml");
    let start = text.find("    lacre:").unwrap();
    let end = start + text[start..].find("    lastmodified").unwrap();
    let entry = format!(
        "    gcp_kms:\n        - created_at: \"2026-01-01T00:00:00Z\"\n          enc: QUJD\n          resource_id: {cloud}\n"
    );
    scene.write("c.enc.yaml", format!("{}{entry}{}", &text[..start], &text[end..]));
    // The mark in the MAC says that a seal is missing, so that the person looks at the file first.
    scene.run(["seal", "--yes", "c.enc.yaml"]).ok();
    scene.write(".sops.yaml", rules(&["alice", "bob"]) + &format!("    gcp_kms: {cloud}\n"));
    scene.run(["recipients", "sync", "--yes", "c.enc.yaml"]).ok().changed(["c.enc.yaml"]);
    let text = scene.text("c.enc.yaml");
    assert!(text.contains("enc: QUJD") && text.contains("2026-01-01T00:00:00Z"), "{text}");
    let said = scene.run(["rekey", "c.enc.yaml"]).fails(1).untouched().stderr;
    assert!(said.contains("run: sops rotate -i c.enc.yaml\n"), "{said}");
}

#[test]
fn a_secret_key_is_no_recipient_and_is_not_repeated() {
    let scene = tree(&["alice"]);
    let secret = format!("bob={}", identity_of("bob"));
    let said = scene.run(["recipients", "add", &secret]).fails(2).untouched().stderr;
    assert!(!said.contains("SECRET"), "{said}");
    scene.run(["recipients", "add", "nobody-at-all"]).fails(2).untouched();
    scene.run(["recipients", "add", FILES[0]]).fails(2).untouched();
}

#[test]
fn public_key_files_name_people() {
    let scene = tree(&["alice"]);
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHnTLDF0Z6VUKDMnCOASFp2vvV+ubZjdI5yS6DmhcO2c";
    scene.write("carol.pub", format!("{key} carol\n"));
    scene.run(["recipients", "add", "carol.pub"]).ok().changed([FILES[0], ".sops.yaml", FILES[1], FILES[2]]);
    assert!(scene.text(".env.enc").contains(key));
    assert!(scene.run(["recipients", "list", ".env.enc"]).ok().printed().contains("  carol (…"));
}
