//! The pre-commit hook: beside others, without lacre, and in places that are not this clone's alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{commit, everything, installed, lacre, log, ran, scene, told, write_script};

#[test]
fn a_hook_that_is_there_runs_first_with_its_words_and_its_exit_code() {
    let scene = scene();
    let hook = scene.path(".git/hooks/pre-commit");
    let theirs = format!("echo \"theirs $# $0\" >> '{}'\nexit $(cat '{}.code')", log(&scene), log(&scene));
    write_script(&hook, &theirs);
    fs::set_permissions(&hook, Permissions::from_mode(0o775)).unwrap();
    let before = everything(&scene);
    let says = |code: &str| fs::write(format!("{}.code", log(&scene)), code).unwrap();
    let said = installed(&scene);
    assert!(
        said.ends_with("which runs `lacre check --staged`; the hook that stands there runs first\n"),
        "{said}"
    );
    assert_eq!(installed(&scene), "nothing to do: this clone is set up\n");

    says("0");
    assert_eq!(commit(&scene, 0), (0, String::new()));
    assert_eq!(ran(&scene), "theirs 0 .git/hooks/pre-commit.before-lacre\nlacre check --staged\n");
    assert_eq!(commit(&scene, 3).0, 1, "git says 1 of every hook that fails");
    assert_eq!(ran(&scene), "theirs 0 .git/hooks/pre-commit.before-lacre\nlacre check --staged\n");
    says("7");
    assert_eq!(commit(&scene, 0).0, 1);
    assert_eq!(ran(&scene), "theirs 0 .git/hooks/pre-commit.before-lacre\n");
    let direct = Command::new(&hook).args(["a b", "c"]).current_dir(scene.folder()).status().unwrap();
    assert_eq!(
        (direct.code(), &*ran(&scene)),
        (Some(7), &*format!("theirs 2 {}.before-lacre\n", hook.display()))
    );

    let (code, said) = told(&scene, &lacre(&scene, &["git", "uninstall"]));
    assert_eq!(code, 0);
    assert!(said.starts_with(
        "taken away the hook `.git/hooks/pre-commit`; the hook that stood there before is back\n"
    ));
    let mut now = everything(&scene);
    now.retain(|path, _| before.contains_key(path));
    let git_writes = |path: &PathBuf| {
        path.starts_with(scene.path(".git/logs")) || path.starts_with(scene.path(".git/refs"))
    };
    for (path, content) in
        before.iter().filter(|(path, _)| !git_writes(path) && !path.ends_with("COMMIT_EDITMSG"))
    {
        assert_eq!(now.get(path), Some(content), "{}", path.display());
    }
}

#[test]
fn a_hook_that_is_a_link_comes_back_as_that_link() {
    let scene = scene();
    fs::create_dir_all(scene.path(".git/hooks")).unwrap();
    for target in ["../../scripts/check", "/nowhere"] {
        write_script(&scene.path("scripts/check"), &format!("echo theirs >> '{}'", log(&scene)));
        symlink(target, scene.path(".git/hooks/pre-commit")).unwrap();
        let before = scene.bytes("scripts/check");
        installed(&scene);
        assert_eq!(commit(&scene, 0).0, 0);
        let expected =
            if target == "/nowhere" { "lacre check --staged\n" } else { "theirs\nlacre check --staged\n" };
        assert_eq!((ran(&scene), scene.bytes("scripts/check")), (expected.to_owned(), before));
        assert_eq!(told(&scene, &lacre(&scene, &["git", "uninstall"])).0, 0);
        assert_eq!(fs::read_link(scene.path(".git/hooks/pre-commit")).unwrap(), Path::new(target));
        fs::remove_file(scene.path(".git/hooks/pre-commit")).unwrap();
    }
}

#[test]
fn two_hooks_that_both_want_to_be_kept_are_a_clear_refusal() {
    let scene = scene();
    write_script(&scene.path(".git/hooks/pre-commit"), "exit 0");
    installed(&scene);
    // Another tool writes its hook over ours.
    write_script(&scene.path(".git/hooks/pre-commit"), "exit 1");
    let before = everything(&scene);
    let (code, said) = told(&scene, &lacre(&scene, &["git", "install"]));
    assert_eq!(
        (code, &*said),
        (1, "error: cannot write `.git/hooks/pre-commit.before-lacre`: it exists already\n")
    );
    assert_eq!(everything(&scene), before);
}

#[test]
fn without_lacre_no_commit_passes_and_the_way_round_is_named() {
    let scene = scene();
    installed(&scene);
    let git = |words: &[&str]| {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            "commit",
            "--quiet",
            "--allow-empty",
        ]);
        command.args(["-m", "x"]).args(words).current_dir(scene.folder()).env_clear();
        told(&scene, &command.env("PATH", "/usr/bin:/bin").output().unwrap())
    };
    let said = "error: lacre was not found, so nobody looked for secrets in this commit\n\
                hint: put lacre into your PATH, or run its 'git install' again; 'git commit --no-verify' goes past this hook\n";
    assert_eq!(git(&[]), (1, said.to_owned()));
    assert_eq!(git(&["--no-verify"]), (0, String::new()));
}

#[test]
fn hooks_that_others_have_too_are_left_to_them() {
    let line =
        "hint: add the line `lacre check --staged || exit` to it, or leave hooks alone with `--no-hook`\n";
    // A folder of the work tree, with and without a hook.
    let scene = scene();
    scene.git(&["config", "core.hooksPath", ".githooks"]);
    assert!(installed(&scene).ends_with(
        "put the hook `.githooks/pre-commit`, which runs `lacre check --staged`\n\
         note: its folder is a part of the work tree: commit it for the others\n"
    ));
    assert_eq!((commit(&scene, 0).0, &*ran(&scene)), (0, "lacre check --staged\n"));
    assert_eq!(installed(&scene), "nothing to do: this clone is set up\n");
    write_script(&scene.path(".githooks/pre-commit"), "true");
    let (code, said) = told(&scene, &lacre(&scene, &["git", "install"]));
    let why = "that file is in the work tree, where other people or programs keep it";
    let expected = format!("error: the hook `.githooks/pre-commit` was not written: {why}\n{line}");
    assert_eq!((code, said), (1, expected));
    assert_eq!(told(&scene, &lacre(&scene, &["git", "install", "--no-hook"])).0, 0);
    write_script(&scene.path(".githooks/pre-commit"), "lacre check --staged || exit");
    assert_eq!(installed(&scene), "nothing to do: this clone is set up\n");

    // husky: what git runs is generated, and calls the team's hook.
    scene.git(&["config", "core.hooksPath", ".husky/_"]);
    write_script(&scene.path(".husky/_/pre-commit"), ". \"$(dirname \"$0\")/h\"");
    let (code, said) = told(&scene, &lacre(&scene, &["git", "install"]));
    let expected = format!("error: the hook `.husky/pre-commit` was not written: {why}\n{line}");
    assert_eq!((code, said), (1, expected));
    write_script(&scene.path(".husky/pre-commit"), "lacre check --staged || exit");
    assert_eq!(installed(&scene), "nothing to do: this clone is set up\n");

    // A folder of the person's, for all repositories; and one for this clone alone.
    scene.git(&["config", "--unset", "core.hooksPath"]);
    let elsewhere = scene.folder().parent().unwrap().join("hooks");
    fs::create_dir(&elsewhere).unwrap();
    let own = format!("[core]\n\thooksPath = {}\n", elsewhere.display());
    fs::write(scene.path("../home/.gitconfig"), own).unwrap();
    let (code, said) = told(&scene, &lacre(&scene, &["git", "install"]));
    assert_eq!(
        (code, said.contains("makes other repositories take their hooks from there too")),
        (1, true),
        "{said}"
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    scene.git(&["config", "core.hooksPath", elsewhere.to_str().unwrap()]);
    installed(&scene);
    assert!(elsewhere.join("pre-commit").exists());
}
