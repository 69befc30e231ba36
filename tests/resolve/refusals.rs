//! Where there is nothing to settle, `resolve` says why and what helps, and touches nothing.

use std::fs;
use std::os::unix::fs::symlink;

use super::repository::Repository;
use super::support::Scene;
use super::{TEXTS, stopped, without_driver};

#[test]
fn a_name_that_is_not_in_conflict_is_named() {
    let repository = stopped(TEXTS);
    repository.0.run(["resolve", "x.enc.env", "C", "--ours"]).fails(1).untouched().stderr(
        "error: `C` of `x.enc.env` is not in conflict\nhint: `lacre resolve x.enc.env` lists what is\n",
    );
    let said = "error: say how: `--ours`, `--theirs` or `--edit`\n";
    repository.0.run(["resolve", "x.enc.env", "A"]).fails(2).untouched().stderr(said);
}

#[test]
fn a_conflict_that_git_was_told_is_over_comes_back() {
    let repository = stopped(TEXTS);
    repository.git(&["add", "x.enc.env"]);
    repository.0.run(["resolve", "x.enc.env", "--ours"]).fails(1).untouched().stderr(
        "error: `x.enc.env`: its conflict markers are still there, but git takes it for settled\n\
         hint: `git checkout --merge -- x.enc.env` brings the conflict back; then run this again\n",
    );
    repository.git(&["checkout", "--merge", "--", "x.enc.env"]);
    repository.0.run(["resolve", "x.enc.env", "--ours"]).ok();
    repository.commit_all();
    repository
        .0
        .run(["resolve", "x.enc.env"])
        .fails(1)
        .untouched()
        .stderr("error: `x.enc.env`: it is not in conflict\nhint: `git status` lists what is\n");
}

#[test]
fn markers_that_were_committed_are_explained() {
    let repository = stopped(TEXTS);
    repository.commit_all();
    repository.0.run(["resolve", "x.enc.env"]).fails(1).untouched().stderr(
        "error: `x.enc.env`: it was committed with its conflict markers, and the versions they came from are gone\n\
         hint: `git log --oneline -- x.enc.env` lists its versions; `git checkout COMMIT -- x.enc.env` takes one back\n",
    );
}

#[test]
fn a_file_that_one_side_removed_is_git_s_to_keep_or_remove() {
    let repository = Repository::new();
    repository.commit("x.enc.env", "A=1\n");
    repository.branch("side");
    repository.git(&["rm", "--quiet", "x.enc.env"]);
    repository.commit_all();
    repository.checkout("main");
    repository.0.run(["set", "-q", "x.enc.env", "A", "2"]).ok();
    repository.commit_all();
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    repository.0.run(["resolve", "x.enc.env"]).fails(1).untouched().stderr(
        "error: `x.enc.env`: theirs removed it, ours changed it: there is nothing to merge\n\
         hint: `git add x.enc.env` keeps ours; `git rm x.enc.env` removes it\n",
    );
    repository.git(&["merge", "--abort"]);
    repository.checkout("side");
    assert_eq!(repository.try_git(&["merge", "main"]).code, 1);
    repository.0.run(["resolve", "x.enc.env", "--theirs"]).fails(1).untouched().stderr(
        "error: `x.enc.env`: ours removed it, theirs changed it: there is nothing to merge\n\
         hint: `git add x.enc.env` keeps theirs; `git rm x.enc.env` leaves it removed\n",
    );
}

#[test]
fn what_is_no_encrypted_file_in_a_repository_is_not_touched() {
    let repository = Repository::new();
    repository.0.write("notes.txt", "one\n");
    repository.commit_all();
    repository.branch("side");
    repository.0.write("notes.txt", "two\n");
    repository.commit_all();
    repository.checkout("main");
    repository.0.write("notes.txt", "three\n");
    repository.commit_all();
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    repository.0.run(["resolve", "notes.txt"]).fails(1).untouched().stderr(
        "error: `notes.txt` is not encrypted in any of its versions\n\
         hint: settle it with an editor or `git mergetool`, as any other file\n",
    );
    symlink("notes.txt", repository.0.path("link")).unwrap();
    repository
        .0
        .run(["resolve", "link"])
        .fails(1)
        .untouched()
        .stderr("error: `link`: it is a symbolic link; name the file that it leads to\n");
    let outside = Scene::new().identity("alice").file("x.enc.env", "A=1\n");
    outside
        .run(["resolve", "x.enc.env"])
        .fails(2)
        .untouched()
        .stderr("error: `x.enc.env`: it is in no git repository\n");
}

#[test]
fn a_folder_that_leads_out_of_the_repository_is_not_followed() {
    let repository = Repository::new();
    repository.fork("d/x.enc.env", TEXTS);
    without_driver(&repository);
    assert_eq!(repository.try_git(&["merge", "side"]).code, 1);
    let outside = repository.0.path("../outside");
    fs::rename(repository.0.path("d"), &outside).unwrap();
    symlink(&outside, repository.0.path("d")).unwrap();
    let before = fs::read(outside.join("x.enc.env")).unwrap();
    let said = repository.0.run(["resolve", "d/x.enc.env", "--ours"]).fails(1).stderr;
    assert_eq!(said, "error: cannot write `d/x.enc.env`: a symbolic link leads out of the repository\n");
    assert_eq!(fs::read(outside.join("x.enc.env")).unwrap(), before);
}
