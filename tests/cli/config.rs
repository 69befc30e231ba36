//! `lacre config explain`: the rule a file follows, why, and what is wrong with the rules.

use crate::support::{ALICE, BOB, CI, Scene};

const RULES: &str = "keys:\n  - &alice ALICE\n  - &bob BOB\ncreation_rules:\n  - path_regex: ^prod/\n    age: [*alice, *bob]\n    encrypted_regex: ^(PASSWORD|TOKEN)$\n  - path_regex: \\.env\n    age: [*alice, *bob]\n  - age: [*alice, *bob]\n";

fn scene(rules: &str) -> Scene {
    let rules = rules.replace("ALICE", ALICE).replace("BOB", BOB).replace("CI", CI);
    Scene::repository().identity("alice").file(".sops.yaml", rules)
}

#[test]
fn a_file_is_explained_before_it_exists() {
    scene(RULES).run(["config", "explain", "prod/.env", "x.json"]).ok().stderr("").untouched().stdout(
        "prod/.env\n\
         \x20 rule 1 of `.sops.yaml`, line 5: `^prod/` is found in `prod/.env.enc`\n\
         \x20 recipients: alice (…dwf65j), bob (…cs7khp)\n\
         \x20 selector: encrypted_regex ^(PASSWORD|TOKEN)$\n\
         \x20 rule 2, line 8, would match too, but comes later\n\
         \x20 rule 3, line 10, would match too, but comes later\n\
         x.json\n\
         \x20 rule 3 of `.sops.yaml`, line 10: without a `path_regex` it matches everything\n\
         \x20 recipients: alice (…dwf65j), bob (…cs7khp)\n\
         \x20 selector: unencrypted_suffix _unencrypted, the default\n",
    );
}

#[test]
fn an_encrypted_file_tells_how_it_differs_from_its_rule() {
    let scene = scene(RULES).file("prod/.env", "PASSWORD=1\nTOKEN=2\n");
    scene.run(["encrypt", "prod/.env"]).ok();
    scene.run(["config", "explain", "--exit-code", "prod/.env.enc"]).ok();
    scene.swap(
        ".sops.yaml",
        "[*alice, *bob]\n    encrypted_regex: ^(PASSWORD|TOKEN)$",
        &format!("[*alice, {CI}]\n    unencrypted_regex: ^NAME$\n    mac_only_encrypted: true"),
    );
    scene.run(["config", "explain", "prod/.env.enc"]).ok().stdout(
        "prod/.env.enc\n\
         \x20 rule 1 of `.sops.yaml`, line 5: `^prod/` is found in `prod/.env.enc`\n\
         \x20 recipients: alice (…dwf65j), [ci]\n\
         \x20 selector: unencrypted_regex ^NAME$\n\
         \x20 mac_only_encrypted: clear values are outside the MAC\n\
         \x20 rule 2, line 9, would match too, but comes later\n\
         \x20 rule 3, line 11, would match too, but comes later\n\
         \x20 drift: cannot open it yet: [ci]\n\
         \x20 drift: can open it still: bob (…cs7khp)\n\
         \x20 drift: its selector is encrypted_regex ^(PASSWORD|TOKEN)$\n\
         \x20 drift: mac_only_encrypted is the opposite\n\
         \x20 line 5: its selector matches nothing in the file\n",
    );
    let run = scene.run(["config", "explain", "--json", "--exit-code", "prod/.env.enc"]).fails(3);
    let row = &run.json()[0];
    assert_eq!(row["follows"]["rule"], 1);
    assert_eq!(row["follows"]["matched"], "prod/.env.enc");
    assert_eq!(row["follows"]["later_rules"], serde_json::json!([2, 3]));
    assert_eq!(row["drift"]["joins"][0]["recipient"], CI);
    assert_eq!(row["drift"]["leaves"][0]["name"], "bob");
    assert_eq!(row["lints"][0]["kind"], "selector-hits-nothing");
    assert_eq!(row["sops_differs"], serde_json::Value::Null);
}

#[test]
fn key_groups_are_told_apart() {
    let rules = "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - age: [ALICE]\n  - age: [BOB]\n    pgp: [85D77543B3D624B63CEA9E6DBC17301B491B3F21]\n  - age: [CI]\n";
    scene(rules).run(["config", "explain", "a.yaml"]).ok().stdout(
        "a.yaml\n\
         \x20 rule 1 of `.sops.yaml`, line 2: without a `path_regex` it matches everything\n\
         \x20 2 of 3 key groups open it\n\
         \x20   group 1: [alice]\n\
         \x20   group 2: [bob], pgp 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n\
         \x20   group 3: [ci]\n\
         \x20 selector: unencrypted_suffix _unencrypted, the default\n",
    );
}

#[test]
fn another_choice_of_sops_is_told() {
    let nested = format!("creation_rules:\n- age: {ALICE},{BOB}\n");
    let scene = scene(RULES).file("app/.sops.yaml", &nested);
    let said = scene.run(["config", "explain", "--check", "app/x.yaml"]).fails(3);
    let said = said.printed();
    assert!(said.contains("  rule 1 of `app/.sops.yaml`, line 2: without"), "{said}");
    assert!(
        said.ends_with(
            "  sops, started at the root of the repository, would follow rule 3 of `.sops.yaml`\n"
        ),
        "{said}"
    );
    let only = Scene::repository().file("app/.sops.yaml", &nested);
    let said = only.run(["config", "explain", "app/x.yaml"]).ok().printed();
    assert!(
        said.ends_with("  sops, started at the root of the repository, would find no `.sops.yaml`\n"),
        "{said}"
    );
    // The name of the plaintext matches for sops, that of the encrypted file for nobody.
    let by_name = self::scene("creation_rules:\n- path_regex: \\.enc\\.yaml$\n  age: ALICE,BOB\n");
    let said = by_name.run(["config", "explain", "a.yaml"]).ok().printed();
    assert!(said.ends_with("would find no rule that matches in `.sops.yaml`\n"), "{said}");
}

#[test]
fn without_a_file_every_rule_file_is_checked() {
    let scene = scene(RULES).file(
        "app/.sops.yaml",
        format!("creation_rules:\n- age: {ALICE}\n- path_regex: '('\n- gpg: x\n  age: [{ALICE}, age1x]\n"),
    );
    scene.git(&["add", "."]);
    scene.run(["config", "explain", "--exit-code"]).fails(3).stderr("").untouched().stdout(
        ".sops.yaml\n\
         \x20 3 rules\n\
         \x20 nothing is wrong\n\
         app/.sops.yaml\n\
         \x20 3 rules\n\
         \x20 line 2, rule 1: it has a single recipient: if its identity is lost, so are the secrets\n\
         \x20 line 3, rule 2: `path_regex` is not a valid regular expression\n\
         \x20 line 4, rule 3: it can never match: rule 1 matches all its files before\n\
         \x20 line 5, rule 3: this is no age or ssh recipient\n\
         \x20 line 4, rule 3: `gpg` is no field that sops knows; it is passed over\n",
    );
    let run = scene.run(["config", "explain", "--json"]).ok();
    assert_eq!(run.json()[1]["lints"][1]["kind"], "invalid-regex");
    assert_eq!(run.json()[0]["lints"], serde_json::json!([]));
}

#[test]
fn a_rule_that_is_broken_is_told_with_its_line() {
    let scene =
        scene("creation_rules:\n- path_regex: ^a\n  age: ALICE,BOB\n- path_regex: '('\n  age: ALICE\n");
    let broken = "b.yaml\n\
                  \x20 which rule of `.sops.yaml` it follows cannot be told\n\
                  \x20 line 4, rule 2: `path_regex` is not a valid regular expression\n";
    scene.run(["config", "explain", "b.yaml"]).ok().stdout(broken);
    scene.run(["config", "explain", "--exit-code", "b.yaml"]).fails(3);
    let said = scene.run(["config", "explain", "a.yaml"]).ok().printed();
    assert!(!said.contains("line 4"), "{said}");
}

#[test]
fn where_there_is_no_rule_it_says_so() {
    let nothing = Scene::repository();
    nothing
        .run(["config", "explain"])
        .ok()
        .stdout("")
        .stderr("note: there is no `.sops.yaml` here; `lacre init` makes one\n");
    nothing
        .run(["config", "explain", "--exit-code", "a.yaml"])
        .fails(3)
        .stdout("a.yaml\n  there is no `.sops.yaml` for it\n");
    scene("creation_rules:\n- path_regex: ^b\n  age: ALICE,BOB\n")
        .run(["config", "explain", "a.yaml"])
        .ok()
        .stdout("a.yaml\n  no rule of `.sops.yaml` matches\n");
}

#[test]
fn names_from_the_rule_file_steer_no_terminal() {
    let scene = scene("creation_rules:\n- path_regex: \"\\e[31m|a\"\n  \"x\\e[2J\": 1\n  age: ALICE,BOB\n");
    let said = scene.run(["config", "explain", "a.yaml"]).ok();
    assert!(!said.printed().contains('\u{1b}'), "{}", said.printed());
    let said = scene.run(["config", "explain", "--json", "a.yaml"]).ok();
    assert!(!said.printed().contains('\u{1b}'), "{}", said.printed());
}

#[test]
fn what_the_rule_of_a_plaintext_asks_for_holds_for_its_encrypted_twin() {
    let rule = |asks: &str| {
        format!("creation_rules:\n  - path_regex: ^app\\.env$\n    age: {ALICE}\n    lacre: {{{asks}}}\n")
    };
    let scene = Scene::repository()
        .identity("alice")
        .file(".sops.yaml", rule("require_seal: true"))
        .file("app.enc.env", include_str!("../vectors/sops_written/app.env"));
    scene.run(["get", "app.enc.env", "QUOTED"]).fails(5).stdout("");
    scene.write(".sops.yaml", rule("dotenv: literal"));
    scene.run(["get", "app.enc.env", "QUOTED"]).ok().stdout("\"two words\"\n");
}
