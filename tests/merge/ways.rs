//! The other ways in which git comes to merge: rebase, cherry-pick, revert, stash, renames, criss-cross, octopus.

use super::repository::Repository;

const BASE: &str = "A=1\nB=2\nC=3\n";
const OURS: &str = "A=one\nB=2\nC=3\nD=4\n";
const THEIRS: &str = "A=1\nB=2\nC=three\nE=5\n";
const MERGED: &str = "A=one\nB=2\nC=three\nD=4\nE=5\n";
const FILE: &str = "a.enc.env";

fn forked() -> Repository {
    let repository = Repository::new();
    repository.fork(FILE, [BASE, OURS, THEIRS]);
    repository
}

#[track_caller]
fn holds(repository: &Repository, text: &str) {
    assert_eq!(repository.plain(FILE), text);
    repository.opens(FILE);
}

#[test]
fn a_rebase_merges_with_the_sides_swapped() {
    let repository = forked();
    repository.checkout("side");
    repository.git(&["rebase", "--quiet", "main"]);
    holds(&repository, MERGED);
}

#[test]
fn a_cherry_pick_takes_what_that_commit_changed() {
    let repository = forked();
    repository.git(&["cherry-pick", "side"]);
    holds(&repository, MERGED);
}

#[test]
fn a_revert_takes_one_change_back_and_leaves_the_later_ones() {
    let repository = Repository::new();
    repository.commit(FILE, BASE);
    repository.commit(FILE, OURS);
    repository.commit(FILE, MERGED);
    repository.git(&["revert", "--no-edit", "HEAD~1"]);
    holds(&repository, "A=1\nB=2\nC=three\nE=5\n");
}

#[test]
fn a_stash_comes_back_onto_other_changes() {
    let repository = Repository::new();
    repository.commit(FILE, BASE);
    repository.0.run(["set", "-q", FILE, "C", "three"]).ok();
    repository.git(&["stash"]);
    repository.commit(FILE, OURS);
    repository.git(&["stash", "pop"]);
    holds(&repository, "A=one\nB=2\nC=three\nD=4\n");
}

#[test]
fn a_file_that_one_side_renamed_is_merged_under_its_new_name() {
    for ours_renames in [true, false] {
        let repository = Repository::new();
        repository.commit(FILE, BASE);
        repository.branch("side");
        repository.commit(FILE, THEIRS);
        if !ours_renames {
            repository.git(&["mv", FILE, "b.enc.env"]);
            repository.commit_all();
        }
        repository.checkout("main");
        repository.commit(FILE, OURS);
        if ours_renames {
            repository.git(&["mv", FILE, "b.enc.env"]);
            repository.commit_all();
        }
        repository.git(&["-c", "merge.renames=true", "merge", "--no-edit", "-X", "find-renames=10%", "side"]);
        assert_eq!(repository.plain("b.enc.env"), MERGED);
        repository.opens("b.enc.env");
    }
}

/// Both branches merge the other and settle one conflict alike; git merges their two bases first.
#[test]
fn a_criss_cross_merge_finds_its_base() {
    for (settled, clean) in [(["A=x\n", "A=x\n"], true), (["A=x\n", "A=y\n"], false)] {
        let repository = Repository::new();
        repository.fork(FILE, ["A=0\nB=2\n", "A=one\nB=2\n", "A=two\nB=2\n"]);
        for (branch, other, text) in [("left", "side", settled[0]), ("right", "main", settled[1])] {
            repository.checkout(if branch == "left" { "main" } else { "side" });
            repository.branch(branch);
            assert_eq!(repository.try_git(&["merge", "--no-commit", other]).code, 1);
            repository.git(&["checkout", "--quiet", "--ours", FILE]);
            repository.0.run(["set", "-q", FILE, "A", text.trim_end().trim_start_matches("A=")]).ok();
            repository.0.run(["set", "-q", FILE, branch, "new"]).ok();
            repository.commit_all();
        }
        let told = repository.try_git(&["merge", "--no-edit", "left"]);
        assert_eq!(told.code == 0, clean, "{}", told.words);
        if clean {
            let plain = repository.plain(FILE);
            for line in ["A=x\n", "B=2\n", "left=new\n", "right=new\n"] {
                assert!(plain.contains(line), "{plain}");
            }
            repository.opens(FILE);
        }
    }
}

/// git merges the files of an octopus by itself, without asking any driver: by lines.
#[test]
fn an_octopus_over_one_file_is_refused_by_git_and_changes_no_commit() {
    let repository = Repository::new();
    repository.commit(FILE, BASE);
    for (branch, text) in [("x", "A=1\nB=2\nC=x\n"), ("y", "A=y\nB=2\nC=3\n")] {
        repository.checkout("main");
        repository.branch(branch);
        repository.commit(FILE, text);
    }
    repository.checkout("main");
    let told = repository.try_git(&["merge", "--no-edit", "x", "y"]);
    assert_ne!(told.code, 0, "{}", told.words);
    assert!(told.words.contains("content conflict in a.enc.env"), "{}", told.words);
    repository.git(&["reset", "--quiet", "--hard"]);
    holds(&repository, BASE);
    repository.git(&["merge", "--no-edit", "x"]);
    repository.git(&["merge", "--no-edit", "y"]);
    holds(&repository, "A=y\nB=2\nC=x\n");
}

#[test]
fn a_bare_repository_has_no_place_to_merge_in() {
    let repository = forked();
    repository.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    let bare = repository.0.folder().parent().unwrap().join("bare.git");
    let driver = format!("'{}' git merge -- %O %A %B %L %P %S %X %Y", env!("CARGO_BIN_EXE_lacre"));
    let bare = bare.to_str().unwrap();
    repository.git(&["--git-dir", bare, "config", "merge.lacre.driver", &driver]);
    std::fs::create_dir_all(format!("{bare}/info")).unwrap();
    std::fs::write(format!("{bare}/info/attributes"), "*.enc* merge=lacre\n").unwrap();
    let told = repository.try_git(&["-C", bare, "merge-tree", "--write-tree", "main", "side"]);
    assert!(told.code > 1, "{} {}", told.code, told.words);
    assert!(told.words.contains("there is no work tree here"), "{}", told.words);
}
