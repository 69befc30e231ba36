//! `lacre check --base REV`: what neither MAC nor seal can notice, without an identity.

use crate::log::{commit, lacre};
use crate::support::{ALICE, BOB, CI, Scene};

const FILE: &str = "prod.env.enc";

/// Two encrypted files for Alice and their rule, committed as `Begin`. Nobody has an identity when it is checked.
fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(".sops.yaml", rules(ALICE, ""));
    for name in ["prod.env", "dev.env"] {
        scene.write(name, format!("A={name}\nB=2\n"));
        lacre(&scene, &["encrypt", name, "-o", &format!("{name}.enc")]);
        std::fs::remove_file(scene.path(name)).unwrap();
    }
    commit(&scene, "Begin");
    scene
}

fn rules(age: &str, more: &str) -> String {
    format!("creation_rules:\n  - age: {age}\n{more}")
}

/// `file:line code severity subject` of each finding since `rev`.
#[track_caller]
fn found(scene: &Scene, rev: &str) -> Vec<String> {
    let outcome = scene.run(["check", "--base", rev, "--json"]).untouched();
    let rows = outcome.json();
    let codes = rows.as_array().unwrap().iter().map(|row| {
        let word = |name: &str| scene.plain_words(row[name].as_str().unwrap_or("-"));
        let line = &row["line"];
        format!("{}:{line} {} {} {}", word("file"), word("code"), word("severity"), word("name"))
    });
    let codes: Vec<_> = codes.collect();
    let fails = codes.iter().any(|code| code.contains(" error "));
    assert_eq!(outcome.code, if fails { 3 } else { 0 }, "{codes:?}");
    codes
}

fn swap_line(scene: &Scene, start: &str, line: &str) {
    let text = scene.text(FILE);
    let lines = text.lines().map(|old| if old.starts_with(start) { line } else { old });
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    scene.write(FILE, lines.join("\n") + "\n");
}

#[test]
fn what_lacre_does_every_day_is_no_finding() {
    let scene = scene();
    assert_eq!(found(&scene, "HEAD"), [""; 0]);
    lacre(&scene, &["set", FILE, "A", "new"]);
    lacre(&scene, &["unset", FILE, "B"]);
    assert_eq!(found(&scene, "HEAD"), [""; 0]);
    scene.git(&["mv", FILE, "new.env.enc"]);
    commit(&scene, "Move");
    assert_eq!(found(&scene, "HEAD~1"), [""; 0]);
    assert_eq!(found(&scene.nobody(), "HEAD~1"), [""; 0]);
}

#[test]
fn another_data_key_is_told_and_a_swapped_file_refused() {
    let scene = scene();
    lacre(&scene, &["rekey", FILE]);
    assert_eq!(found(&scene, "HEAD"), ["prod.env.enc:1 key-replaced warning -"]);
    scene.run(["check", "--base", "HEAD", "--strict"]).fails(3);
    scene.run(["check", "--base", "HEAD"]).ok().stdout(
        "prod.env.enc\n  1  warning  was given a new data key since `HEAD`: rekeyed, or replaced by another file\n",
    );
    let [prod, dev] = [scene.text(FILE), scene.text("dev.env.enc")];
    scene.write(FILE, dev);
    scene.write("dev.env.enc", prod);
    let scene = scene.nobody();
    let expected = ["dev.env.enc:1 key-replaced warning -", "prod.env.enc:1 swapped error -"];
    assert_eq!(found(&scene, "HEAD"), expected);
}

#[test]
fn an_older_version_is_told_by_its_commit_or_its_time() {
    let scene = scene();
    let first = scene.text(FILE);
    lacre(&scene, &["set", FILE, "A", "new"]);
    commit(&scene, "Set");
    scene.write(FILE, &first);
    let [expected] = ["prod.env.enc:1 reverted error -"];
    assert_eq!(found(&scene, "HEAD"), [expected]);
    commit(&scene, "Put it back");
    assert_eq!(found(&scene, "HEAD~1"), [expected]);
    // Since the commit before, nothing changed.
    assert_eq!(found(&scene, "HEAD~2"), [""; 0]);
    scene.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let scene = scene.nobody();
    swap_line(&scene, "sops_lastmodified=", "sops_lastmodified=2020-01-01T00:00:00Z");
    swap_line(&scene, "sops_mac=", "sops_mac=ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]");
    assert_eq!(found(&scene, "HEAD"), ["prod.env.enc:1 older warning -"]);
}

#[test]
fn who_was_let_in_is_an_error_unless_the_rules_had_said_so() {
    let scene = scene();
    lacre(&scene, &["recipients", "add", "--yes", &format!("bob={BOB}"), FILE]);
    let let_in = |rev: &str| found(&scene, rev);
    let expected = ["prod.env.enc:6 recipient-added error [bob]"];
    let mut codes = let_in("HEAD");
    let rule = codes.iter().position(|code| code.starts_with(".sops.yaml:")).map(|at| codes.remove(at));
    assert_eq!(codes.iter().filter(|code| code.contains("prod")).collect::<Vec<_>>(), expected);
    assert!(rule.is_some_and(|rule| rule.ends_with(" rule-loosened error [bob]")));
    // First the rule, then the file.
    let files = [FILE, "dev.env.enc"];
    scene.git(&["stash", "--quiet"]);
    scene.git(&["checkout", "--quiet", "stash@{0}", "--", ".sops.yaml"]);
    commit(&scene, "Rule");
    scene.git(&["checkout", "--quiet", "stash@{0}", "--", files[0]]);
    assert_eq!(found(&scene, "HEAD"), ["prod.env.enc:6 recipient-added warning [bob]"]);
    commit(&scene, "File");
    // Who left knows the data key.
    scene.git(&["checkout", "--quiet", "HEAD~1", "--", files[0]]);
    let expected = ["prod.env.enc:1 recipient-removed warning [bob]"];
    assert_eq!(found(&scene, "HEAD"), expected);
}

#[test]
fn a_new_file_for_strangers_is_an_error() {
    let scene = scene();
    scene.write("new.env", "A=1\n");
    lacre(&scene, &["encrypt", "new.env", "-r", ALICE, "-r", CI]);
    scene.git(&["add", "new.enc.env"]);
    assert_eq!(found(&scene.nobody(), "HEAD"), ["new.enc.env:5 recipient-added error [ci]"]);
}

#[cfg(unix)]
#[test]
fn what_left_encryption_or_its_seal_is_told() {
    let scene = scene();
    scene.run(["decrypt", FILE, "-o", "prod.env", "--force"]).ok();
    scene.write(".sops.yaml", rules(ALICE, "    encrypted_regex: ^A$\n    mac_only_encrypted: true\n"));
    // Onto the old file, it would keep the old selector.
    std::fs::remove_file(scene.path(FILE)).unwrap();
    lacre(&scene, &["encrypt", "prod.env", "-o", FILE]);
    std::fs::remove_file(scene.path("prod.env")).unwrap();
    scene.git(&["checkout", "--quiet", ".sops.yaml"]);
    let codes = found(&scene, "HEAD");
    for expected in [
        "prod.env.enc:2 selector-loosened error B",
        "prod.env.enc:1 selector-loosened error mac_only_encrypted",
    ] {
        assert!(codes.iter().any(|code| code == expected), "{codes:?}");
    }
    scene.git(&["checkout", "--quiet", "."]);
    let scene = scene.nobody();
    swap_line(&scene, "sops_lacre__map_seal=", "");
    assert_eq!(found(&scene, "HEAD"), ["prod.env.enc:1 seal-lost warning -"]);
    std::fs::remove_file(scene.path(FILE)).unwrap();
    std::os::unix::fs::symlink("dev.env.enc", scene.path(FILE)).unwrap();
    assert_eq!(found(&scene, "HEAD"), ["prod.env.enc:1 unencrypted error -"]);
    std::fs::remove_file(scene.path(FILE)).unwrap();
    scene.write(FILE, "A=clear\nB=too\n");
    assert_eq!(found(&scene, "HEAD").iter().filter(|code| code.contains("unencrypted error")).count(), 1);
}

#[test]
fn loosened_rules_are_told_with_their_line() {
    let scene = scene();
    let strict = rules(ALICE, "    lacre: {require_seal: true, must_encrypt: true}\n");
    scene.write(".sops.yaml", &strict);
    commit(&scene, "Strict");
    let scene = scene.nobody();
    let both = format!("{ALICE},{BOB}");
    let front = format!(
        "creation_rules:\n  - path_regex: ^prod\n    age: {ALICE},{CI}\n    lacre: {{require_seal: true, must_encrypt: true}}\n"
    );
    for (rules, expected) in [
        (
            rules(ALICE, ""),
            &[
                ".sops.yaml:2 rule-loosened error must_encrypt",
                ".sops.yaml:2 rule-loosened error require_seal",
            ][..],
        ),
        (
            rules(
                &both,
                "    lacre: {require_seal: true, must_encrypt: true}\n    mac_only_encrypted: true\n",
            ),
            &[
                ".sops.yaml:2 rule-loosened error [bob]",
                ".sops.yaml:2 rule-loosened error mac_only_encrypted",
            ],
        ),
        (
            rules(ALICE, "    lacre: {require_seal: true, must_encrypt: true}\n    encrypted_suffix: _enc\n"),
            &[".sops.yaml:2 rule-loosened error encrypted_suffix _enc"],
        ),
        (
            rules(
                ALICE,
                "    lacre: {require_seal: true, must_encrypt: true}\n    unencrypted_suffix: _clear\n",
            ),
            &[".sops.yaml:2 rule-loosened warning unencrypted_suffix _clear"],
        ),
        (front.clone() + &strict[16..], &[".sops.yaml:2 rule-loosened error [ci]"]),
        (
            strict.replace("  - age", "  - path_regex: nothing\n    age"),
            &[".sops.yaml:1 rule-loosened error dev.env.enc"],
        ),
        (strict.clone() + "# a comment\n", &[]),
    ] {
        scene.write(".sops.yaml", &rules);
        assert_eq!(found(&scene, "HEAD"), expected, "{rules}");
    }
    // A nearer rule file takes the place of the one above.
    scene.git(&["checkout", "--quiet", "."]);
    scene.write("app/x.enc.yaml", "x: 1\n");
    commit(&scene, "App");
    scene.write("app/.sops.yaml", rules(&both, ""));
    scene.git(&["add", "."]);
    let expected = ["[bob]", "must_encrypt", "require_seal"]
        .map(|what| format!("app/.sops.yaml:2 rule-loosened error {what}"));
    assert_eq!(found(&scene, "HEAD"), expected);
}

#[test]
fn a_lower_threshold_is_told() {
    let scene = scene();
    let groups = |threshold: usize| {
        let group = |id: &str| format!("      - age:\n          - {id}\n");
        format!("creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n")
            + &[ALICE, BOB, CI].map(group).concat()
    };
    scene.write(".sops.yaml", groups(3));
    lacre(&scene, &["recipients", "sync", "--yes", FILE]);
    commit(&scene, "Groups");
    scene.write(".sops.yaml", groups(2));
    let scene = scene.identity("bob").identity("ci");
    lacre(&scene, &["recipients", "sync", "--yes", FILE]);
    let codes = found(&scene, "HEAD");
    assert!(codes.contains(&".sops.yaml:2 rule-loosened error shamir_threshold".to_owned()), "{codes:?}");
    assert!(codes.contains(&"prod.env.enc:1 groups-loosened error -".to_owned()), "{codes:?}");
}

#[test]
fn only_what_changed_on_this_side_counts() {
    let scene = scene();
    scene.git(&["branch", "topic"]);
    lacre(&scene, &["rekey", FILE]);
    commit(&scene, "Rekey on main");
    scene.git(&["checkout", "--quiet", "topic"]);
    lacre(&scene, &["set", "dev.env.enc", "A", "topic"]);
    commit(&scene, "Topic");
    assert_eq!(found(&scene, "main"), [""; 0]);
}

#[test]
fn without_the_commit_the_reason_is_told_and_what_ci_must_do() {
    let scene = scene();
    let hint = "hint: `git fetch` what it names; in CI, check out the whole history: `fetch-depth: 0` of \
                actions/checkout, `GIT_DEPTH: 0` of GitLab\n";
    let error = format!("error: there is no commit `origin/none`\n{hint}");
    scene.run(["check", "--base", "origin/none"]).fails(1).stdout("").stderr(&error);
    scene.run(["check", "--base=--output=x"]).fails(1).untouched();
    commit(&scene, "Second");
    let url = format!("file://{}", scene.folder().display());
    scene.git(&["clone", "--quiet", "--depth=1", &url, "shallow"]);
    scene.run_in("shallow", &["check", "--base", "HEAD~1"]).fails(1);
    scene.run_in("shallow", &["check", "--base", "HEAD"]).ok();
    scene.git(&["checkout", "--quiet", "--orphan", "alone"]);
    commit(&scene, "Alone");
    let error = format!("error: nothing in common is here of the work tree and `main`\n{hint}");
    scene.run(["check", "--base", "main"]).fails(1).stderr(&error);
}

#[test]
fn what_guards_overlook_from_now_on_is_told() {
    let scene = scene();
    scene.write(".sops.yaml", rules(ALICE, "    lacre: {must_encrypt: true}\n"));
    commit(&scene, "Insist");
    let accept = "lacre: {accept: [{path_regex: ^tests/, codes: [known-value]}]}\n";
    scene.write(".sops.yaml", rules(ALICE, accept));
    assert_eq!(
        found(&scene, "HEAD"),
        [".sops.yaml:1 rule-loosened warning known-value", ".sops.yaml:2 rule-loosened error must_encrypt"]
    );
    commit(&scene, "Accept");
    assert_eq!(found(&scene, "HEAD"), [""; 0]);
}

#[test]
fn a_file_that_is_too_large_to_be_read_is_told() {
    let scene = scene();
    std::fs::File::options().write(true).open(scene.path(FILE)).unwrap().set_len((64 << 20) + 1).unwrap();
    assert_eq!(found(&scene, "HEAD"), ["prod.env.enc:1 unencrypted error -"]);
}
