//! `lacre git install` and `uninstall` with the real git and the real program: what stands where afterwards, what runs
//! on a commit, and that nothing stays when it is taken out.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

#[path = "git_install/attributes.rs"]
mod attributes;
#[path = "git_install/hooks.rs"]
mod hooks;
mod support;

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::{ALICE, Scene, program};

const LACRE: &str = env!("CARGO_BIN_EXE_lacre");

/// A repository with one encrypted file, committed.
fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\n");
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
    scene.write(".gitignore", ".env\n");
    scene.run(["encrypt", "-q", ".env"]).ok();
    scene.git(&["add", "."]);
    scene.git(&["commit", "--quiet", "-m", "first"]);
    scene
}

/// `command` where `lacre` in PATH is the program at `lacre`; and nobody's configuration of git but the clone's.
fn with_lacre(scene: &Scene, mut command: Command, lacre: &Path) -> Output {
    let bin = scene.folder().parent().unwrap().join("bin");
    drop(fs::remove_dir_all(&bin));
    fs::create_dir(&bin).unwrap();
    symlink(lacre, bin.join("lacre")).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).output().unwrap()
}

fn lacre(scene: &Scene, arguments: &[&str]) -> Output {
    let mut command = program(scene);
    command.args(arguments);
    with_lacre(scene, command, Path::new(LACRE))
}

/// Exit code and what was said.
fn told(scene: &Scene, output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), scene.plain_words(&String::from_utf8_lossy(&output.stderr)))
}

fn installed(scene: &Scene) -> String {
    let (code, said) = told(scene, &lacre(scene, &["git", "install"]));
    assert_eq!(code, 0, "{said}");
    said
}

/// Commits, with a program called `lacre` that notes its words and ends with `code`.
fn commit(scene: &Scene, code: u8) -> (i32, String) {
    let other = script(scene, "other-lacre", &format!("echo \"lacre $*\" >> '{}'\nexit {code}", log(scene)));
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
    command.args(["commit", "--quiet", "--allow-empty", "-m", "next"]);
    command.current_dir(scene.folder()).env_clear().env("HOME", scene.folder().join("../home"));
    let output = with_lacre(scene, command, &other);
    told(scene, &output)
}

fn log(scene: &Scene) -> String {
    scene.folder().parent().unwrap().join("log").display().to_string()
}

/// What ran since it was last asked.
fn ran(scene: &Scene) -> String {
    let text = fs::read_to_string(log(scene)).unwrap_or_default();
    drop(fs::remove_file(log(scene)));
    text
}

/// A program beside the repository.
fn script(scene: &Scene, name: &str, text: &str) -> PathBuf {
    let path = scene.folder().parent().unwrap().join(name);
    write_script(&path, text);
    path
}

fn write_script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// Every file and link of the folder, git's own too, less what any command of git writes.
fn everything(scene: &Scene) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![scene.folder()]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let metadata = fs::symlink_metadata(&path).unwrap();
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(&path).unwrap();
                found.insert(path, (0, target.into_os_string().into_encoded_bytes()));
            } else if !path.ends_with(".git/index") {
                let content = fs::read(&path).unwrap();
                found.insert(path, (metadata.permissions().mode() & 0o7777, content));
            }
        }
    }
    found
}

#[test]
fn a_clone_is_set_up_once_and_taken_down_without_a_trace() {
    let scene = scene();
    let before = everything(&scene);
    let did = "made a key for the digests of `git diff`, `.git/lacre/digest.key`\n\
               added 8 lines to `.gitattributes`; commit it for the others\n\
               set 4 lines of git's configuration: `git diff` and `git merge` call `lacre`\n\
               put the hook `.git/hooks/pre-commit`, which runs `lacre check --staged`\n";
    let would = format!("would have {}\n", did.trim_end().replace('\n', "\nwould have "));
    let dry = lacre(&scene, &["git", "install", "--dry-run"]);
    assert_eq!((told(&scene, &dry), everything(&scene)), ((0, would), before.clone()));
    assert_eq!(installed(&scene), did);
    assert_eq!(scene.mode(".git/hooks/pre-commit"), 0o755);
    assert_eq!(scene.mode(".git/lacre/digest.key"), 0o600);
    assert_eq!(scene.bytes(".git/lacre/digest.key").len(), 32);
    let after = everything(&scene);
    assert_eq!(installed(&scene), "nothing to do: this clone is set up\n");
    assert_eq!(everything(&scene), after);

    let undone = "taken away the hook `.git/hooks/pre-commit`\n\
                  taken 4 lines out of git's configuration\n\
                  taken 8 lines out of `.gitattributes`\n\
                  removed the key for digests, `.git/lacre/digest.key`\n";
    assert_eq!(told(&scene, &lacre(&scene, &["git", "uninstall"])), (0, undone.to_owned()));
    assert_eq!(everything(&scene), before);
    let nothing = "nothing to do: this clone is not set up\n";
    assert_eq!(told(&scene, &lacre(&scene, &["git", "uninstall"])), (0, nothing.to_owned()));
}

#[test]
fn git_calls_the_program_by_a_name_that_finds_it() {
    let scene = scene();
    installed(&scene);
    let driver = "driver = lacre git merge -- %O %A %B %L %P %S %X %Y\n";
    assert!(scene.text(".git/config").contains(driver), "{}", scene.text(".git/config"));
    // Without it in PATH, by its place; in a place with blanks, quotes and signs, by that.
    let (code, _) = told(&scene, &program(&scene).args(["git", "install"]).output().unwrap());
    assert_eq!(code, 0);
    assert!(scene.text(".git/config").contains(&format!("textconv = {LACRE} git textconv --\n")));
    let odd = script(&scene, "odd 'place' 100%/lacre", "");
    fs::copy(LACRE, &odd).unwrap();
    let mut command = Command::new(&odd);
    command.args(["git", "install"]).current_dir(scene.folder()).env_clear();
    command.env("PATH", std::env::var("PATH").unwrap());
    assert!(command.output().unwrap().status.success());
    let driver =
        Command::new("git").args(["config", "merge.lacre.driver"]).current_dir(scene.folder()).output();
    let driver = String::from_utf8(driver.unwrap().stdout).unwrap();
    let words = shell_words::split(&driver).unwrap();
    assert_eq!(words[0].replace("%%", "%"), odd.to_str().unwrap());
    let mut hook = Command::new("sh");
    hook.arg(".git/hooks/pre-commit").current_dir(scene.folder()).env_clear().env("PATH", "/usr/bin:/bin");
    let (_, said) = told(&scene, &hook.output().unwrap());
    assert!(!said.contains("was not found"), "{said}");
}

#[test]
fn work_trees_share_it_and_submodules_have_their_own() {
    let scene = scene();
    installed(&scene);
    scene.git(&["worktree", "add", "--quiet", "../linked"]);
    let mut command = program(&scene);
    command.args(["git", "install"]).current_dir(scene.path("../linked"));
    let said = told(&scene, &with_lacre(&scene, command, Path::new(LACRE)));
    // Its branch has no attributes yet; all else is shared.
    assert_eq!(said, (0, "added 8 lines to `.gitattributes`; commit it for the others\n".to_owned()));

    let inner = self::scene();
    let url = inner.folder().display().to_string();
    scene.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "sub"]);
    let mut command = program(&scene);
    command.args(["git", "install"]).current_dir(scene.path("sub"));
    let (code, said) = told(&scene, &with_lacre(&scene, command, Path::new(LACRE)));
    assert_eq!(code, 0, "{said}");
    for name in
        [".git/modules/sub/hooks/pre-commit", ".git/modules/sub/lacre/digest.key", "sub/.gitattributes"]
    {
        assert!(scene.path(name).exists(), "{name}");
    }
    assert!(scene.text(".git/modules/sub/config").contains("[merge \"lacre\"]"));
}

#[test]
fn plaintext_in_diffs_is_asked_for_each_time() {
    let scene = scene();
    installed(&scene);
    assert!(!scene.text(".git/config").contains("plaintext"));
    let (code, said) = told(&scene, &lacre(&scene, &["git", "install", "--plaintext"]));
    assert_eq!(code, 0);
    assert!(said.contains("call `lacre`; diffs show values\n"), "{said}");
    assert!(scene.text(".git/config").contains("plaintext = true"));
    installed(&scene);
    assert!(!scene.text(".git/config").contains("plaintext"));
}

#[test]
fn where_there_is_no_work_tree_nothing_is_set_up() {
    let scene = Scene::new();
    let outside = "error: this is no git repository\nhint: `git init` makes one; `git clone` copies one\n";
    assert_eq!(told(&scene, &lacre(&scene, &["git", "install"])), (2, outside.to_owned()));
    scene.git(&["init", "--quiet", "--bare"]);
    let bare = "error: this is a bare repository: it has no files to compare or commit\n\
                hint: run this in a clone that has a work tree\n";
    for verb in ["install", "uninstall"] {
        assert_eq!(told(&scene, &lacre(&scene, &["git", verb])), (1, bare.to_owned()));
    }
}
