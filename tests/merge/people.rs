//! Recipients, keys and selectors that the sides changed.

use super::repository::Repository;
use super::support::{ALICE, BOB, CI, program};

const FILE: &str = "a.enc.env";

fn rules(repository: &Repository, people: &[&str]) {
    let text = format!("creation_rules:\n  - age: {}\n", people.join(","));
    repository.0.write(".sops.yaml", text);
}

/// On a branch each: `people` of theirs and of ours, and one value that each of them changed; where we are is ours.
fn forked(base: &[&str], ours: &[&str], theirs: &[&str]) -> Repository {
    let repository = Repository::new();
    rules(&repository, base);
    repository.commit(FILE, "A=1\nB=2\nC=3\n");
    for (branch, people, name) in [("side", theirs, "A"), ("ours", ours, "C")] {
        repository.checkout("main");
        repository.branch(branch);
        rules(&repository, people);
        repository.0.run(["recipients", "sync", "-q", "--yes", FILE]).ok();
        repository.0.run(["set", "-q", FILE, name, branch]).ok();
        // The rule itself is not what is looked at here.
        rules(&repository, base);
        repository.commit_all();
    }
    repository
}

/// Lines of the file that name recipients, and its wrapped keys.
fn recipients(repository: &Repository) -> Vec<String> {
    let text = repository.0.text(FILE);
    let named = text.lines().filter_map(|line| line.split_once("map_recipient=")).map(|(_, key)| key);
    let mut named: Vec<String> = named.map(str::to_owned).collect();
    named.sort();
    named
}

fn wrapped(repository: &Repository) -> Vec<String> {
    let text = repository.0.text(FILE);
    let keys = text.lines().filter(|line| line.contains("map_enc=")).map(str::to_owned);
    keys.map(|line| line.split_once('=').unwrap().1.to_owned()).collect()
}

#[test]
fn recipients_are_merged_as_sets_and_a_removal_wins() {
    let all = [ALICE, BOB, CI];
    for (base, ours, theirs, merged, is_new) in [
        (&[ALICE][..], &[ALICE, BOB][..], &[ALICE, CI][..], &all[..], false),
        (&[ALICE], &[ALICE], &[ALICE, CI], &[ALICE, CI], false),
        (&[ALICE, BOB], &[ALICE, BOB], &[ALICE], &[ALICE], true),
        (&[ALICE, BOB], &[ALICE], &[ALICE, BOB, CI], &[ALICE, CI], true),
        (&[ALICE, BOB, CI], &[ALICE, BOB], &[ALICE, CI], &[ALICE], true),
    ] {
        let repository = forked(base, ours, theirs);
        let before = wrapped(&repository);
        let told = repository.try_git(&["merge", "--no-edit", "side"]);
        assert_eq!(told.code, 0, "{}", told.words);
        let mut expected = merged.to_vec();
        expected.sort_unstable();
        assert_eq!(recipients(&repository), expected);
        assert_eq!(repository.plain(FILE), "A=side\nB=2\nC=ours\n");
        repository.opens(FILE);
        let after = wrapped(&repository);
        let is_kept = before.iter().all(|key| after.contains(key));
        assert_eq!(!is_kept, is_new, "{base:?} {ours:?} {theirs:?}");
        for (one, said) in [(merged, "adds"), (ours, "removes")] {
            let other = if said == "adds" { ours } else { merged };
            for key in one.iter().filter(|key| !other.contains(key)) {
                assert!(
                    told.words.contains(&format!("note: `{FILE}`: the merge {said} recipient {key}\n")),
                    "{}",
                    told.words
                );
            }
        }
        let notes = told.words.matches("the merge ").count();
        let differ = merged.iter().filter(|key| !ours.contains(key)).count()
            + ours.iter().filter(|key| !merged.contains(key)).count();
        assert_eq!(notes, differ, "{}", told.words);
    }
}

/// Both sides added the file, so nothing tells whether bob was added there or removed here.
#[test]
fn nobody_comes_back_by_a_copy_of_the_file_that_has_no_base() {
    let repository = Repository::new();
    repository.commit_all();
    rules(&repository, &[ALICE, BOB]);
    repository.commit(FILE, "A=1\nB=2\n");
    let copy = repository.0.bytes(FILE);
    rules(&repository, &[ALICE]);
    repository.0.run(["recipients", "sync", "-q", "--yes", FILE]).ok();
    repository.commit_all();
    repository.git(&["checkout", "--quiet", "-b", "side", "HEAD~2"]);
    repository.0.write(FILE, copy);
    repository.commit_all();
    repository.checkout("main");
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 1, "{}", told.words);
    assert!(told.words.contains("both sides changed its recipients\n"), "{}", told.words);
    repository.0.run(["resolve", "-q", FILE, "--ours"]).ok();
    assert_eq!(recipients(&repository), [ALICE]);
    repository.opens(FILE);
}

#[test]
fn a_rekey_on_one_side_and_an_edit_on_the_other_merge_under_a_new_key() {
    for ours_rekeys in [true, false] {
        let repository = forked(&[ALICE, BOB], &[ALICE, BOB], &[ALICE, BOB]);
        repository.checkout(if ours_rekeys { "ours" } else { "side" });
        // With real randomness: in process, the first data key of every command is the same.
        assert!(program(&repository.0).args(["rekey", "-q", FILE]).status().unwrap().success());
        repository.commit_all();
        repository.checkout("ours");
        let before = repository.0.text(FILE);
        repository.git(&["merge", "--no-edit", "side"]);
        assert_eq!(repository.plain(FILE), "A=side\nB=2\nC=ours\n");
        repository.opens(FILE);
        let after = repository.0.text(FILE);
        let kept = before.lines().filter(|line| line.contains("ENC[") && after.contains(*line)).count();
        assert_eq!(kept, 0, "{before}\n{after}");
        assert_eq!(recipients(&repository), {
            let mut all = [ALICE, BOB];
            all.sort_unstable();
            all
        });
    }
}

#[test]
fn what_either_side_left_alone_or_changed_alone_keeps_its_ciphertext() {
    let repository = forked(&[ALICE], &[ALICE], &[ALICE]);
    let line = |text: &str, name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    let ours = repository.0.text(FILE);
    repository.checkout("side");
    let theirs = repository.0.text(FILE);
    repository.checkout("ours");
    repository.git(&["merge", "--no-edit", "side"]);
    let merged = repository.0.text(FILE);
    assert_eq!(line(&merged, "A="), line(&theirs, "A="));
    assert_eq!(line(&merged, "B="), line(&ours, "B="));
    assert_eq!(line(&merged, "C="), line(&ours, "C="));
}

#[test]
fn nobody_without_an_identity_changes_anything() {
    let repository = forked(&[ALICE], &[ALICE], &[ALICE]);
    let before = repository.0.bytes(FILE);
    let home = repository.0.folder().parent().unwrap().join("home/.config");
    std::fs::rename(&home, home.with_file_name("away")).unwrap();
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 1);
    assert_eq!(repository.0.bytes(FILE), before);
    let said = format!(
        "error: `{FILE}` is not merged: our version: cannot open `{FILE}`: you have no identity\n  recipients: {ALICE}\n"
    );
    assert!(told.words.contains(&said), "{}", told.words);
    assert!(told.words.contains("lacre resolve a.enc.env"), "{}", told.words);
    let stages = repository.git(&["ls-files", "--unmerged"]);
    assert_eq!(stages.lines().count(), 3, "{stages}");
}

#[test]
fn a_version_that_was_tampered_with_is_merged_with_nothing() {
    for side in ["side", "ours"] {
        let repository = forked(&[ALICE], &[ALICE], &[ALICE]);
        repository.checkout(side);
        repository.0.swap(FILE, "B=", "RENAMED=");
        repository.commit_all();
        repository.checkout("ours");
        let before = repository.0.bytes(FILE);
        let told = repository.try_git(&["merge", "--no-edit", "side"]);
        assert_eq!(told.code, 1, "{}", told.words);
        assert_eq!(repository.0.bytes(FILE), before);
        let whose = if side == "side" { "their version" } else { "our version" };
        assert!(told.words.contains(&format!("is not merged: {whose}: ")), "{}", told.words);
    }
}

#[test]
fn a_version_in_the_clear_is_not_merged_with_an_encrypted_one() {
    let repository = Repository::new();
    repository.commit(FILE, "A=1\n");
    repository.branch("side");
    repository.0.write(FILE, "A=2\n");
    repository.commit_all();
    repository.checkout("main");
    repository.0.run(["set", "-q", FILE, "A", "3"]).ok();
    repository.commit_all();
    let before = repository.0.bytes(FILE);
    let told = repository.try_git(&["merge", "--no-edit", "side"]);
    assert_eq!(told.code, 1, "{}", told.words);
    assert!(told.words.contains("our version is encrypted, their version is not"), "{}", told.words);
    assert_eq!(repository.0.bytes(FILE), before);
}

#[test]
fn what_nobody_encrypted_merges_as_git_does_it() {
    let repository = Repository::new();
    repository.0.write(FILE, "a\nb\nc\nd\ne\n");
    repository.commit_all();
    repository.branch("side");
    repository.0.write(FILE, "a\nb\nc\nd\nE\n");
    repository.commit_all();
    repository.checkout("main");
    repository.0.write(FILE, "A\nb\nc\nd\ne\n");
    repository.commit_all();
    repository.git(&["merge", "--no-edit", "side"]);
    assert_eq!(repository.0.text(FILE), "A\nb\nc\nd\nE\n");
    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.0.write(FILE, "a\nb\nc\nd\nx\n");
    repository.commit_all();
    assert_eq!(repository.try_git(&["merge", "--no-edit", "side"]).code, 1);
    let marked = "a\nb\nc\nd\n<<<<<<< HEAD\nx\n=======\nE\n>>>>>>> side\n";
    assert!(repository.0.text(FILE).ends_with(&marked[8..]), "{}", repository.0.text(FILE));
}
