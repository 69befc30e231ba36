//! The driver called in other ways than git calls it, and on files that are not what they seem.

use std::os::unix::fs::symlink;

use super::repository::Repository;
use super::support::{ALICE, Scene};

#[test]
fn called_wrongly_it_says_so_with_the_code_that_stops_git() {
    let scene = Scene::repository();
    let calls: [&[&str]; 5] = [
        &["git", "merge"],
        &["git", "merge", "o", "a", "b", "seven", "p"],
        &["git", "merge", "o", "a", "b", "7", "../p"],
        &["git", "merge", "o", "a", "b", "7", "/p"],
        &["git", "merge", "o", "a", "b", "7", "p/../../q"],
    ];
    for call in calls {
        scene.run_in("", call).fails(129).untouched();
    }
    Scene::new().run(["git", "merge", "o", "a", "b", "7", "p"]).fails(129).stdout("").stderr(
        "error: there is no work tree here: encrypted files are merged in one only\n\
         hint: merge in a clone: `git clone`, `git merge`, `git push`\n",
    );
}

#[test]
fn versions_that_are_missing_or_links_are_a_conflict() {
    let scene = Scene::repository().identity("alice").file("a", "x\n").file("b", "y\n").file("o", "");
    scene.run(["git", "merge", "gone", "a", "b", "7", "p"]).fails(1).untouched();
    symlink(scene.path("b"), scene.path("link")).unwrap();
    let call = ["git", "merge", "o", "link", "b", "7", "p"];
    scene.run(call).fails(1).stderr("error: one of the versions is a symbolic link\n").untouched();
}

#[test]
fn the_form_of_lines_is_kept() {
    let repository = Repository::new();
    let name = "a.enc.env";
    repository.fork(name, ["A=1\r\nB=2\r\n", "A=one\r\nB=2\r\n", "A=1\r\nB=2\r\n# new\r\nC=3\r\n"]);
    repository.git(&["merge", "--no-edit", "side"]);
    assert_eq!(repository.plain(name), "A=one\r\nB=2\r\n# new\r\nC=3\r\n");
    repository.opens(name);
}

#[test]
fn names_that_a_shell_would_take_apart_are_merged() {
    for name in ["a b.enc.env", "$(touch x).enc.env", "-f.enc.env", "ä\u{1b}[31m.enc.env", "d'q\".enc.env"] {
        let repository = Repository::new();
        let given = repository.0.path(name);
        let given = given.to_str().unwrap();
        for (branch, text) in [("main", "A=1\n"), ("side", "A=1\nB=2\n"), ("ours", "A=2\n")] {
            repository.try_git(&["checkout", "--quiet", "main"]);
            if branch != "main" {
                repository.branch(branch);
            }
            repository.0.write("plain.env", text);
            drop(std::fs::remove_file(given));
            repository.0.run(["encrypt", "-q", "plain.env", "-o", given, "-r", ALICE]).ok();
            std::fs::remove_file(repository.0.path("plain.env")).unwrap();
            repository.commit_all();
        }
        let told = repository.try_git(&["merge", "--no-edit", "side"]);
        assert_eq!(told.code, 0, "{name:?}: {}", told.words);
        assert_eq!(repository.0.run(["decrypt", given]).ok().printed(), "A=2\nB=2\n");
        assert!(!repository.0.path("x").exists());
    }
}
