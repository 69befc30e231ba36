//! Whatever stopped, and however it was begun: `resolve` finds the versions, and the sides are git's.

use std::fs;

use super::repository::Repository;
use super::support::{ALICE, BOB};
use super::{TEXTS, without_driver};

const ALL_THEIRS: &str = "A=theirs\nB=theirs\n# stays\nC=1\nNEW=theirs\n";
const ALL_OURS: &str = "A=ours\nB=ours\n# stays\nC=1\nNEW=theirs\n";

fn forked() -> Repository {
    let repository = Repository::new();
    repository.fork("x.enc.env", TEXTS);
    repository
}

#[test]
fn a_file_merged_without_the_driver_is_mended() {
    let texts = ["A=1\nB=1\n", "A=ours\nB=1\n", "A=1\nB=theirs\nNEW=1\n"];
    let repository = Repository::new();
    repository.fork("x.enc.env", texts);
    without_driver(&repository);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1, "the MACs differ");
    assert!(repository.0.text("x.enc.env").contains("<<<<<<< HEAD"));
    repository
        .0
        .run(["resolve", "x.enc.env"])
        .ok()
        .stdout("")
        .changed(["x.enc.env"])
        .stderr("merged `x.enc.env`: nothing contradicts; next: `git add x.enc.env`, then `git commit`\n");
    assert_eq!(repository.plain("x.enc.env"), "A=ours\nB=theirs\nNEW=1\n");
    repository.opens("x.enc.env");
}

#[test]
fn a_file_merged_without_the_driver_whose_values_contradict_is_settled() {
    for style in ["merge", "diff3", "zdiff3"] {
        let repository = forked();
        without_driver(&repository);
        repository.git(&["config", "merge.conflictStyle", style]);
        assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
        repository
            .0
            .run(["resolve", "x.enc.env"])
            .fails(1)
            .stdout("A  both changed it\nB  both changed it\n");
        repository.0.run(["resolve", "x.enc.env", "A", "--theirs"]).ok();
        repository.0.run(["resolve", "x.enc.env", "B", "--ours"]).ok();
        assert_eq!(repository.plain("x.enc.env"), "A=theirs\nB=ours\n# stays\nC=1\nNEW=theirs\n", "{style}");
        repository.opens("x.enc.env");
    }
}

#[test]
fn what_the_driver_left_for_want_of_an_identity_is_merged_later() {
    let repository = Repository::new();
    repository.fork("x.enc.env", ["A=1\nB=1\n", "A=ours\nB=1\n", "A=1\nB=theirs\n"]);
    let config = repository.0.path("../home/.config");
    fs::rename(&config, repository.0.path("../aside")).unwrap();
    let ours = repository.0.bytes("x.enc.env");
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    assert_eq!(repository.0.bytes("x.enc.env"), ours);
    let said = repository.0.run(["resolve", "x.enc.env"]).fails(4).untouched().stderr;
    assert!(
        said.starts_with(
            "error: `x.enc.env` stays as it is: our version: cannot open `x.enc.env`: you have no identity\n"
        ),
        "{said}"
    );
    fs::rename(repository.0.path("../aside"), &config).unwrap();
    repository.0.run(["resolve", "x.enc.env"]).ok();
    assert_eq!(repository.plain("x.enc.env"), "A=ours\nB=theirs\n");
    repository.opens("x.enc.env");
}

#[test]
fn a_version_that_was_tampered_with_is_not_merged() {
    let repository = Repository::new();
    repository.fork("x.enc.env", ["A=1\nB=1\n", "A=ours\nB=1\n", "A=1\nB=theirs\n"]);
    repository.checkout("side");
    repository.0.swap("x.enc.env", "B=ENC", "Z=ENC");
    repository.commit_all();
    repository.checkout("main");
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    let said = repository.0.run(["resolve", "x.enc.env"]).fails(5).untouched().stderr;
    assert!(said.starts_with("error: `x.enc.env` stays as it is: their version: "), "{said}");
}

#[test]
fn in_a_rebase_theirs_is_the_own_commit() {
    for (side, expected) in [("--theirs", ALL_THEIRS), ("--ours", ALL_OURS)] {
        let repository = forked();
        repository.checkout("side");
        assert_eq!(repository.try_git(&["rebase", "main"]).code, 1);
        let said = repository.0.run(["resolve", "x.enc.env"]).fails(1).stderr;
        assert!(
            said.contains("\n  ours is the branch that you rebase onto, theirs is your own commit\n"),
            "{said}"
        );
        let next = "next: `git add x.enc.env`, then `git rebase --continue`\n";
        let said = repository.0.run(["resolve", "x.enc.env", side]).ok().stderr;
        assert!(said.ends_with(next), "{said}");
        repository.git(&["add", "x.enc.env"]);
        repository.git(&["-c", "core.editor=true", "rebase", "--continue"]);
        assert_eq!(repository.plain("x.enc.env"), expected);
        repository.opens("x.enc.env");
    }
}

#[test]
fn a_cherry_pick_and_a_revert_are_resolved() {
    let repository = forked();
    assert_eq!(repository.try_git(&["cherry-pick", "side"]).code, 1);
    let said = repository.0.run(["resolve", "x.enc.env"]).fails(1).stderr;
    assert!(said.contains("\n  ours is your branch, theirs is the commit that you pick\n"), "{said}");
    let said = repository.0.run(["resolve", "x.enc.env", "--theirs"]).ok().stderr;
    assert!(said.ends_with("then `git cherry-pick --continue`\n"), "{said}");
    assert_eq!(repository.plain("x.enc.env"), ALL_THEIRS);
    repository.git(&["add", "x.enc.env"]);
    repository.git(&["-c", "core.editor=true", "cherry-pick", "--continue"]);

    assert_eq!(repository.try_git(&["revert", "--no-edit", "HEAD~1"]).code, 1);
    let said = repository.0.run(["resolve", "x.enc.env", "A", "B", "--theirs"]).ok().stderr;
    assert!(said.contains("then `git revert --continue`\n"), "{said}");
    assert!(repository.plain("x.enc.env").starts_with("A=1\nB=1\n"));
    repository.opens("x.enc.env");
}

#[test]
fn a_stash_that_does_not_fit_is_resolved() {
    for has_driver in [true, false] {
        let repository = Repository::new();
        repository.commit("x.enc.env", "A=1\nB=1\n");
        repository.0.run(["set", "-q", "x.enc.env", "A", "stashed"]).ok();
        repository.0.run(["set", "-q", "x.enc.env", "B", "stashed"]).ok();
        repository.git(&["stash", "--quiet"]);
        repository.0.run(["set", "-q", "x.enc.env", "A", "committed"]).ok();
        repository.commit_all();
        if !has_driver {
            without_driver(&repository);
        }
        assert_eq!(repository.try_git(&["stash", "pop"]).code, 1);
        repository.0.run(["resolve", "x.enc.env"]).fails(1).stdout("A  both changed it\n");
        repository.0.run(["resolve", "x.enc.env", "--theirs"]).ok();
        assert_eq!(repository.plain("x.enc.env"), "A=stashed\nB=stashed\n");
        repository.opens("x.enc.env");
    }
}

#[test]
fn a_file_that_both_added_has_no_base() {
    for has_driver in [true, false] {
        let repository = Repository::new();
        repository.commit_all();
        repository.branch("side");
        repository.commit("x.enc.env", "A=1\nB=theirs\nT=1\n");
        repository.checkout("main");
        repository.commit("x.enc.env", "A=1\nB=ours\nO=1\n");
        if !has_driver {
            without_driver(&repository);
        }
        assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
        repository.0.run(["resolve", "x.enc.env"]).fails(1).stdout("B  both added it, differently\n");
        repository.0.run(["resolve", "x.enc.env", "--theirs"]).ok();
        let mut lines: Vec<_> = repository.plain("x.enc.env").lines().map(str::to_owned).collect();
        lines.sort();
        assert_eq!(lines, ["A=1", "B=theirs", "O=1", "T=1"]);
        repository.opens("x.enc.env");
    }
}

#[test]
fn a_file_below_a_folder_is_found_from_anywhere() {
    let repository = Repository::new();
    repository.fork("deep/er/x.enc.env", TEXTS);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    let said = repository.0.run_in("deep", &["resolve", "er/x.enc.env"]).fails(1).stderr;
    assert!(said.starts_with("error: 2 conflicts of `er/x.enc.env` are open\n"), "{said}");
    repository.0.run_in("deep", &["resolve", "er/x.enc.env", "--theirs"]).ok();
    assert_eq!(repository.plain("deep/er/x.enc.env"), ALL_THEIRS);
}

#[test]
fn a_file_that_is_gone_from_the_work_tree_is_written() {
    let repository = forked();
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    fs::remove_file(repository.0.path("x.enc.env")).unwrap();
    repository.0.run(["resolve", "x.enc.env", "--ours"]).ok();
    assert_eq!(repository.plain("x.enc.env"), ALL_OURS);
}

#[test]
fn what_git_alone_left_between_its_markers_is_not_taken_for_merged() {
    // Every change of theirs stands between the markers, so that the rest of the text is ours, and opens.
    let repository = Repository::new();
    repository.fork("x.enc.env", ["A=1\n", "A=ours\n", "A=theirs\nNEW=1\n"]);
    repository.checkout("side");
    repository.0.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE},{BOB}\n"));
    repository.0.run(["recipients", "sync", "--yes", "-q", "x.enc.env"]).ok();
    repository.commit_all();
    repository.checkout("main");
    without_driver(&repository);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    repository.0.run(["resolve", "x.enc.env", "--ours"]).ok();
    assert_eq!(repository.plain("x.enc.env"), "A=ours\nNEW=1\n");
    assert!(repository.0.text("x.enc.env").contains(BOB));
    repository.opens("x.enc.env");
}
