//! Files that git checked out with other line ends than they were committed with.

use std::fs;
use std::path::PathBuf;

use crate::support::Scene;
use crate::{repository, run_in, told};

/// A clone with `core.autocrlf`, in which text files end their lines with CR LF.
fn clone(scene: &Scene) -> PathBuf {
    let place = scene.folder().parent().unwrap().join("clone");
    let origin = scene.folder();
    let words = ["clone", "--quiet", "-c", "core.autocrlf=true", origin.to_str().unwrap()];
    scene.git(&[&words, [place.to_str().unwrap()].as_slice()].concat());
    place
}

#[test]
fn files_with_carriage_returns_open_and_keep_them() {
    let scene = repository();
    let place = clone(&scene);
    for (file, name) in
        [(".env.enc", "A"), ("a.enc.yaml", "a.b"), ("a.enc.json", "a.b"), ("a.enc.ini", "s.k")]
    {
        let feeds = |text: &[u8]| text.split(|byte| *byte == b'\n').count() - 1;
        let returns = |text: &[u8]| text.windows(2).filter(|pair| pair == b"\r\n").count();
        let text = fs::read(place.join(file)).unwrap();
        assert!(
            feeds(&text) > 0 && feeds(&text) == returns(&text),
            "{file} is not as it should be for this test"
        );
        let run = |words: &[&str]| {
            let output = run_in(&scene, &place, words, &[]);
            assert!(output.status.success(), "{words:?}: {}", told(&output));
            String::from_utf8(output.stdout).unwrap()
        };
        let before = run(&["get", file, name]);
        assert!(!before.contains('\r'), "{file}: {before:?}");
        assert_eq!(run(&["diff", file]), "", "{file}");
        run(&["set", "-q", file, name, "other"]);
        assert_eq!(run(&["get", file, name]), "other\n", "{file}");
        let text = fs::read(place.join(file)).unwrap();
        assert_eq!(feeds(&text), returns(&text), "{file} has mixed line ends");
        assert_eq!(run(&["diff", file]), format!("--- HEAD:{file}\n+++ {file}\n~ {name}\n"));
        for words in [["rekey", "-q", file], ["recipients", "list", file], ["git", "textconv", file]] {
            run(&words);
        }
        assert_eq!(run(&["get", file, name]), "other\n", "{file}");
    }
    // What git commits of it opens where nobody converts.
    let mut commit = std::process::Command::new("git");
    commit.args(["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qam", "crlf"]);
    assert!(commit.current_dir(&place).output().unwrap().status.success());
    let other = scene.folder().parent().unwrap().join("other");
    scene.git(&["clone", "--quiet", place.to_str().unwrap(), other.to_str().unwrap()]);
    for (file, name) in
        [(".env.enc", "A"), ("a.enc.yaml", "a.b"), ("a.enc.json", "a.b"), ("a.enc.ini", "s.k")]
    {
        let output = run_in(&scene, &other, &["get", file, name], &[]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "other\n", "{file}: {}", told(&output));
    }
}

#[test]
fn attributes_keep_line_ends_as_they_were_committed() {
    let scene = repository();
    let output = run_in(&scene, &scene.folder(), &["git", "install"], &[]);
    assert!(output.status.success(), "{}", told(&output));
    scene.git(&["add", ".gitattributes"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "attributes"]);
    let text = fs::read(clone(&scene).join(".env.enc")).unwrap();
    assert!(!text.contains(&b'\r'));
}
