//! Selectors and key groups that the sides changed.

use super::repository::Repository;
use super::support::{ALICE, BOB, CI, program};

const FILE: &str = "a.enc.env";

/// Encrypts `text` anew under a rule with `selector`, and commits.
fn under(repository: &Repository, selector: &str, text: &str) {
    let rules = repository.0.text(".sops.yaml");
    repository.0.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n{selector}"));
    repository.0.write("a.env", text);
    drop(std::fs::remove_file(repository.0.path(FILE)));
    // With real randomness, so that every version has a data key of its own.
    let encrypted = program(&repository.0).args(["encrypt", "-q", "a.env", "-o", FILE]).status().unwrap();
    assert!(encrypted.success());
    std::fs::remove_file(repository.0.path("a.env")).unwrap();
    // The rule itself is not what is looked at here.
    repository.0.write(".sops.yaml", rules);
    repository.commit_all();
}

fn forked(ours: (&str, &str), theirs: (&str, &str)) -> Repository {
    let repository = Repository::new();
    under(&repository, "", "A=1\nB=2\n");
    repository.branch("side");
    under(&repository, theirs.0, theirs.1);
    repository.checkout("main");
    under(&repository, ours.0, ours.1);
    repository
}

#[test]
fn a_selector_that_one_side_changed_counts_for_all() {
    let repository = forked(("    encrypted_regex: ^A\n", "A=1\nB=2\n"), ("", "A=one\nB=2\n"));
    repository.git(&["merge", "--no-edit", "side"]);
    assert_eq!(repository.plain(FILE), "A=one\nB=2\n");
    repository.opens(FILE);
    let text = repository.0.text(FILE);
    assert!(text.contains("\nB=2\n") && text.contains("sops_encrypted_regex=^A\n"), "{text}");
}

#[test]
fn selectors_that_contradict_each_other_are_a_conflict() {
    let repository =
        forked(("    encrypted_regex: ^A\n", "A=1\nB=2\n"), ("    encrypted_regex: ^(A|B)\n", "A=1\nB=2\n"));
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 1, "{}", told.words);
    assert!(told.words.contains("both sides changed its selector\n"), "{}", told.words);
    repository.0.run(["decrypt", FILE]).fails(1);
    let parted = lacre::workspace::merging::part(&repository.0.bytes(FILE)).unwrap();
    for (side, selector) in [(parted.ours, "^A\n"), (parted.theirs, "^(A|B)\n")] {
        repository.0.write(FILE, &side);
        repository.opens(FILE);
        assert!(repository.0.text(FILE).contains(&format!("sops_encrypted_regex={selector}")));
    }
}

#[test]
fn a_new_secret_does_not_come_to_stand_in_the_clear() {
    let repository = forked(("    encrypted_regex: ^A\n", "A=1\nB=2\n"), ("", "A=1\nB=2\nNEW=canary\n"));
    let before = repository.0.bytes(FILE);
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 1, "{}", told.words);
    assert!(told.words.contains("`NEW` would stand in the clear"), "{}", told.words);
    assert!(!told.words.contains("canary"));
    assert_eq!(repository.0.bytes(FILE), before);
}

#[test]
fn key_groups_are_merged_group_by_group() {
    let repository = Repository::new();
    let repository = Repository(repository.0.identity("bob"));
    let rules = |first: &str| {
        let groups = format!("      - age: [{first}]\n      - age: [{BOB}]\n");
        let text = format!("creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n{groups}");
        repository.0.write(".sops.yaml", text);
    };
    rules(ALICE);
    repository.commit(FILE, "A=1\nB=2\n");
    repository.branch("side");
    rules(&format!("{ALICE}, {CI}"));
    repository.0.run(["recipients", "sync", "-q", "--yes", FILE]).ok();
    repository.0.run(["set", "-q", FILE, "A", "one"]).ok();
    rules(ALICE);
    repository.commit_all();
    repository.checkout("main");
    repository.0.run(["set", "-q", FILE, "B", "two"]).ok();
    repository.commit_all();
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 0, "{}", told.words);
    assert!(told.words.contains(&format!("the merge adds recipient {CI}\n")), "{}", told.words);
    assert_eq!(repository.plain(FILE), "A=one\nB=two\n");
    repository.opens(FILE);
    assert!(repository.0.text(FILE).contains(CI));
}

#[test]
fn a_threshold_that_both_changed_is_a_conflict() {
    let repository = Repository(Repository::new().0.identity("bob").identity("ci"));
    let rules = |threshold: usize, groups: &[&str]| {
        let groups: Vec<String> = groups.iter().map(|key| format!("      - age: [{key}]\n")).collect();
        let groups = groups.concat();
        let text = format!("creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n{groups}");
        repository.0.write(".sops.yaml", text);
    };
    let three = [ALICE, BOB, CI];
    rules(2, &three[..2]);
    repository.commit(FILE, "A=1\n");
    for (branch, threshold, groups) in [("side", 3, &three[..]), ("ours", 2, &three[..])] {
        repository.checkout("main");
        repository.branch(branch);
        rules(threshold, groups);
        repository.0.run(["recipients", "sync", "-q", "--yes", FILE]).ok();
        rules(2, &three[..2]);
        repository.commit_all();
    }
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 1, "{}", told.words);
    assert!(told.words.contains("both sides changed its recipients\n"), "{}", told.words);
}

#[test]
fn a_value_that_the_other_side_changed_does_not_come_to_stand_in_the_clear_either() {
    let bare = "    encrypted_regex: ^A\n";
    for (ours, theirs) in
        [(("", "A=1\nB=canary\n"), (bare, "A=1\nB=2\n")), ((bare, "A=1\nB=2\n"), ("", "A=1\nB=canary\n"))]
    {
        let repository = forked(ours, theirs);
        let before = repository.0.bytes(FILE);
        let told = repository.try_git(&["merge", "--no-edit", "side"]);
        assert_eq!(told.code, 1, "{}\n{}", told.words, repository.0.text(FILE));
        assert!(told.words.contains("`B` would stand in the clear"), "{}", told.words);
        assert!(!told.words.contains("canary"));
        assert_eq!(repository.0.bytes(FILE), before);
    }
}
