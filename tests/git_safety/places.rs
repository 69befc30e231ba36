//! Repositories of every shape: linked, nested, bare, empty, cut short, and with links that lead out.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{ALICE, CI, Scene};
use crate::{commands, filled, lacre, repository, run_in, told};

/// A clone of `scene` beside it.
fn cloned(scene: &Scene, flags: &[&str]) -> PathBuf {
    let place = scene.folder().parent().unwrap().join("clone");
    let url = format!("file://{}", scene.folder().display());
    let mut words = vec!["-c", "protocol.file.allow=always", "clone", "--quiet"];
    words.extend(flags);
    words.extend([url.as_str(), place.to_str().unwrap()]);
    scene.git(&words);
    place
}

/// What the command printed in `folder`, where it does what was asked.
#[track_caller]
fn printed(scene: &Scene, folder: &Path, words: &[&str]) -> String {
    let output = run_in(scene, folder, words, &[]);
    assert!(output.status.success(), "{words:?}: {}", told(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Every file below `folder` but git's own.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.ends_with(".git") && !path.is_symlink() {
                folders.push(path);
            } else if let Ok(text) = fs::read(&path) {
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_linked_work_tree_is_a_tree_of_its_own() {
    let scene = repository();
    scene.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = scene.folder().parent().unwrap().join("linked");
    printed(&scene, &linked, &["set", "-q", ".env.enc", "A", "linked"]);
    assert_eq!(printed(&scene, &linked, &["diff", ".env.enc"]), "--- HEAD:.env.enc\n+++ .env.enc\n~ A\n");
    let main = contents(&scene.folder());
    commands::all_in(&scene, &linked, &[]);
    assert_eq!(contents(&scene.folder()), main);
}

#[test]
fn a_command_in_a_submodule_stays_in_it() {
    let inner = repository();
    let scene = repository();
    let url = inner.folder();
    scene.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url.to_str().unwrap(),
        "sub",
    ]);
    scene.git(&["commit", "--quiet", "--no-verify", "-am", "submodule"]);
    let sub = scene.path("sub");
    printed(&scene, &sub, &["set", "-q", ".env.enc", "A", "inner"]);
    assert_eq!(printed(&scene, &sub, &["diff", "HEAD:.env.enc", "./.env.enc"]).lines().last(), Some("~ A"));
    // From above, the file is still that of the submodule.
    assert_eq!(printed(&scene, &scene.folder(), &["diff", "sub/.env.enc"]).lines().last(), Some("~ A"));
    let without_sub = |scene: &Scene| {
        let mut all = contents(&scene.folder());
        all.retain(|(path, _)| !path.starts_with(&sub));
        all
    };
    let above = without_sub(&scene);
    commands::all_in(&scene, &sub, &[]);
    assert_eq!(without_sub(&scene), above);
    let below = contents(&sub);
    printed(&scene, &scene.folder(), &["rekey", "-q", "--all"]);
    assert_eq!(contents(&sub), below);
}

#[test]
fn what_a_hook_of_another_repository_sets_leads_no_command_there() {
    let scene = repository();
    let other = repository();
    let dot_git = other.path(".git").display().to_string();
    let tree = other.folder().display().to_string();
    let index = other.path(".git/index").display().to_string();
    let variables = [("GIT_DIR", &*dot_git), ("GIT_WORK_TREE", &*tree), ("GIT_INDEX_FILE", &*index)];
    let before = contents(&other.folder());
    commands::all_in(&scene, &scene.folder(), &variables);
    assert_eq!(contents(&other.folder()), before);
}

#[test]
fn a_hook_of_this_repository_calls_every_command() {
    let scene = repository();
    let variables = [("GIT_DIR", ".git"), ("GIT_INDEX_FILE", ".git/index"), ("GIT_PREFIX", "")];
    let output = run_in(&scene, &scene.folder(), &["diff", ":.env.enc", "HEAD~1:.env.enc"], &variables);
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().last(), Some("~ B"), "{}", told(&output));
    commands::all_in(&scene, &scene.folder(), &variables);
}

#[test]
fn bare_and_empty_repositories_are_no_reason_to_fall() {
    let scene = repository();
    let bare = cloned(&scene, &["--bare"]);
    commands::all_in(&scene, &bare, &[]);
    let output = run_in(&scene, &bare, &["status"], &[]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));

    let scene = Scene::repository().identity("alice");
    scene.write(".env", "A=1\n");
    lacre(&scene, &["encrypt", "-q", ".env", "-r", ALICE]);
    let output = run_in(&scene, &scene.folder(), &["diff", ".env.enc"], &[]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "--- HEAD:.env.enc\n+++ .env.enc\n+ A\n");
    commands::all_in(&scene, &scene.folder(), &[]);
}

#[test]
fn objects_may_have_longer_names() {
    let scene = Scene::new().identity("alice");
    scene.git(&["init", "--quiet", "--initial-branch=main", "--object-format=sha256"]);
    let scene = filled(scene);
    assert_eq!(lacre(&scene, &["diff", "HEAD~1:.env.enc", ".env.enc"]).lines().last(), Some("~ B"));
    assert!(lacre(&scene, &["log", ".env.enc", "B"]).contains("second"));
    commands::all_in(&scene, &scene.folder(), &[]);
}

#[test]
fn a_history_that_was_cut_short_or_left_away_is_looked_at_as_far_as_it_goes() {
    let scene = repository();
    let shallow = cloned(&scene, &["--depth=1"]);
    let output = run_in(&scene, &shallow, &["diff", "HEAD~1:.env.enc", ".env.enc"], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(printed(&scene, &shallow, &["log", ".env.enc"]).contains("second"));
    commands::all_in(&scene, &shallow, &[]);
    fs::remove_dir_all(&shallow).unwrap();

    scene.git(&["config", "uploadpack.allowFilter", "true"]);
    let partial = cloned(&scene, &["--filter=blob:none"]);
    let output = run_in(&scene, &partial, &["diff", "HEAD~1:.env.enc", ".env.enc"], &[]);
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: git has no content of `HEAD~1:.env.enc` here\n\
         hint: it is no file, or was left out when the repository was cloned\n"
    );
    commands::all_in(&scene, &partial, &[]);
    let mut missing = Command::new("git");
    missing.args(["rev-list", "--objects", "--missing=print", "HEAD"]).current_dir(&partial);
    let missing = String::from_utf8(missing.output().unwrap().stdout).unwrap();
    assert!(missing.lines().any(|line| line.starts_with('?')), "something was fetched: {missing}");
}

#[test]
fn links_lead_no_command_out_of_the_tree() {
    let scene = repository();
    let outside = scene.folder().parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    for name in [".env.enc", "a.enc.yaml", ".sops.yaml"] {
        fs::copy(scene.path(name), outside.join(name)).unwrap();
    }
    for (target, name) in [
        (outside.join(".env.enc"), "link.env.enc"),
        (outside.join("a.enc.yaml"), "a.enc.yaml"),
        (outside.clone(), "folder"),
    ] {
        drop(fs::remove_file(scene.path(name)));
        symlink(target, scene.path(name)).unwrap();
    }
    scene.git(&["add", "--all"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "links"]);
    let before = contents(&outside);
    for words in [
        ["set", "link.env.enc", "A", "x"].as_slice(),
        &["set", "folder/.env.enc", "A", "x"],
        &["unset", "a.enc.yaml", "a"],
        &["rekey", "folder/.env.enc"],
        &["resolve", "link.env.enc"],
        &["edit", "link.env.enc"],
        &["decrypt", "-i", "link.env.enc"],
        &["recipients", "add", "--file-only", CI, "link.env.enc", "--yes"],
        &["diff", "link.env.enc"],
    ] {
        let output = run_in(&scene, &scene.folder(), words, &[("EDITOR", "sh -c 'echo B=1 >> \"$1\"' sh")]);
        assert_ne!(output.status.code(), Some(0), "{words:?}: {}", told(&output));
        assert_eq!(contents(&outside), before, "{words:?}");
    }
    commands::all_in(&scene, &scene.folder(), &[]);
    assert_eq!(contents(&outside), before);
}
