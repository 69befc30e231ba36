//! The lines of `.gitattributes`: what they reach, and what they leave as it was.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::{installed, lacre, scene, script, told};

#[test]
fn lines_of_others_stay_in_the_attributes_and_in_what_is_taken_out() {
    for (before, tail) in [
        ("* text=auto\n", ""),
        ("no line feed at the end", ""),
        ("a b\r\n", ""),
        ("*.enc   -text diff=lacre\tmerge=lacre\n", "x binary\n"),
        ("no line feed", "x binary\n"),
    ] {
        let scene = scene();
        scene.write(".gitattributes", before);
        installed(&scene);
        let now = scene.text(".gitattributes");
        assert!(now.starts_with(before) && now.contains("\n*.enc.* -text diff=lacre merge=lacre\n"), "{now}");
        assert_eq!(now.lines().filter(|line| line.starts_with("*.enc ")).count(), 1, "{now}");
        scene.write(".gitattributes", now + tail);
        assert_eq!(installed(&scene), "nothing to do: this clone is set up\n");
        assert_eq!(told(&scene, &lacre(&scene, &["git", "uninstall"])).0, 0);
        let feed = if before.ends_with('\n') || tail.is_empty() { "" } else { "\n" };
        assert_eq!(scene.text(".gitattributes"), format!("{before}{feed}{tail}"));
    }
}

#[test]
fn committed_attributes_stay_when_one_clone_is_taken_down() {
    let scene = scene();
    installed(&scene);
    scene.git(&["add", ".gitattributes"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "attributes"]);
    let before = scene.text(".gitattributes");
    let (code, said) = told(&scene, &lacre(&scene, &["git", "uninstall"]));
    assert_eq!((code, scene.text(".gitattributes")), (0, before));
    let note = "note: the lines of `.gitattributes` stay, for they are committed; without the drivers they do nothing\n";
    assert!(said.contains(note), "{said}");
}

#[test]
fn every_encrypted_file_is_reached_and_no_other() {
    let scene = scene();
    let encrypted = scene.bytes(".env.enc");
    let odd = ["app.cfg", "a/odd \"n*m[e\\].txt", "ä", "a/new\nline", "-dash", ".env.prod.enc"];
    for name in odd {
        scene.write(name, &encrypted);
    }
    for name in ["plain.txt", "a/odd \"nxm[e\\].txt", "ä2", "env"] {
        scene.write(name, "A=1\n");
    }
    scene.git(&["add", "."]);
    installed(&scene);
    let attribute = |attribute: &str, name: &str| {
        let mut command = Command::new("git");
        command.args(["check-attr", "-z", attribute, "--", name]).current_dir(scene.folder());
        let answer = String::from_utf8(command.output().unwrap().stdout).unwrap();
        answer.split('\0').nth(2).unwrap().to_owned()
    };
    for name in odd.into_iter().chain([".env.enc"]) {
        let all = ["diff", "merge", "text", "eol"].map(|one| attribute(one, name));
        assert_eq!(all, ["lacre", "lacre", "set", "lf"], "{name}");
    }
    for name in ["a.enc.yaml", "x/a.sops.json", "key.pem.enc", "b.sops"] {
        let all = ["diff", "merge", "text", "eol"].map(|one| attribute(one, name));
        assert_eq!(all, ["lacre", "lacre", "unset", "unspecified"], "{name}");
    }
    for name in
        ["plain.txt", "a/odd \"nxm[e\\].txt", "ä2", "env", ".sops.yaml", "x/.sops.yaml", "dir/app.cfg"]
    {
        assert_eq!(attribute("merge", name), "unspecified", "{name}");
    }
    // Another folder's attributes are stronger.
    scene.write("a/.gitattributes", "* -merge\n");
    let said = installed(&scene);
    let warning = "warning: git does not call lacre for `a/new\\u{a}line`: other attributes say otherwise\n";
    assert!(said.contains(warning), "{said}");
}

#[test]
fn a_checkout_with_carriage_returns_keeps_encrypted_files_as_they_are() {
    let scene = scene();
    scene.write("c.yaml", "a: 1\r\nb: 2\r\n");
    scene.run(["encrypt", "-q", "c.yaml"]).ok();
    let before = ["c.enc.yaml", ".env.enc"].map(|name| scene.bytes(name));
    installed(&scene);
    scene.git(&["config", "core.autocrlf", "true"]);
    scene.git(&["add", "c.enc.yaml", ".gitattributes"]);
    scene.git(&["commit", "--quiet", "--no-verify", "-m", "second"]);
    for name in ["c.enc.yaml", ".env.enc", ".sops.yaml"] {
        fs::remove_file(scene.path(name)).unwrap();
    }
    scene.git(&["checkout", "--", "."]);
    assert!(scene.text(".sops.yaml").contains("\r\n"), "otherwise this test shows nothing");
    assert_eq!(["c.enc.yaml", ".env.enc"].map(|name| scene.bytes(name)), before);
}

#[test]
fn attributes_that_are_a_link_are_left_alone() {
    let scene = scene();
    let outside = script(&scene, "outside", "");
    let before = fs::read(&outside).unwrap();
    symlink(&outside, scene.path(".gitattributes")).unwrap();
    let (code, said) = told(&scene, &lacre(&scene, &["git", "install"]));
    assert_eq!(code, 1);
    assert!(said.ends_with(
        "error: cannot write `.gitattributes`: it is a symbolic link\n\
         hint: make it a file of its own, or leave it alone with `--no-attributes`\n"
    ));
    assert_eq!(fs::read(&outside).unwrap(), before);
    assert_eq!(told(&scene, &lacre(&scene, &["git", "install", "--no-attributes"])).0, 0);
}
