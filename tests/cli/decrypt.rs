//! `lacre decrypt`: to stdout, into files, one value; and where plaintext may not go.

use crate::support::{ALICE, Scene};

fn sealed(scene: Scene) -> Scene {
    let scene = scene.identity("alice").file("plain.env", "A=1\nB=two\n");
    scene.run(["encrypt", "plain.env", "-o", ".env.enc", "-r", ALICE]).ok();
    scene
}

#[test]
fn a_plaintext_file_is_for_its_user_alone() {
    let scene = sealed(Scene::new());
    scene.run(["decrypt", ".env.enc", "-o", ".env"]).ok().stdout("").changed([".env"]);
    assert_eq!(scene.text(".env"), "A=1\nB=two\n");
    assert_eq!(scene.mode(".env"), 0o600);
}

#[test]
fn a_file_that_exists_is_replaced_only_by_force() {
    let scene = sealed(Scene::new()).file(".env", "mine");
    scene
        .run(["decrypt", ".env.enc", "-o", ".env"])
        .fails(1)
        .stderr("error: cannot write `.env`: it exists already\nhint: `--force` replaces it\n")
        .untouched();
    scene.run(["decrypt", ".env.enc", "-o", ".env", "--force"]).ok().changed([".env"]);
}

#[test]
fn plaintext_is_refused_where_git_would_commit_it() {
    let scene = sealed(Scene::repository());
    scene
        .run(["decrypt", ".env.enc", "-o", ".env"])
        .fails(1)
        .stderr(
            "error: git does not ignore `.env`: plaintext there could be committed\n\
             hint: let git ignore it, as `lacre init` does for `.env`; or insist with `--force`\n",
        )
        .untouched();
    scene.write(".gitignore", ".env\n");
    scene.run(["decrypt", ".env.enc", "-o", ".env"]).ok().changed([".env"]);
    scene.git(&["add", "--force", ".env"]);
    scene
        .run(["decrypt", ".env.enc", "-o", ".env"])
        .fails(1)
        .stderr(
            "error: git tracks `.env`: plaintext there would be committed\n\
             hint: write elsewhere with `-o`, or insist with `--force`\n",
        )
        .untouched();
}

#[cfg(unix)]
#[test]
fn plaintext_is_never_written_through_a_link() {
    let scene = sealed(Scene::new()).file("target", "");
    std::os::unix::fs::symlink(scene.path("target"), scene.path("link")).unwrap();
    scene
        .run(["decrypt", ".env.enc", "-o", "link", "--force"])
        .fails(1)
        .stderr("error: cannot write `link`: it is a symbolic link\n")
        .untouched();
}

#[test]
fn one_value_comes_without_a_line_end() {
    let scene = sealed(Scene::new());
    scene.run(["decrypt", ".env.enc", "--extract", "B"]).ok().stdout("two").stderr("");
    scene.run(["decrypt", ".env.enc", "--extract", "NONE"]).fails(1).stdout("").stderr(
        "error: `.env.enc` has no value `NONE`\n\
         hint: `lacre list FILE` shows what it has; it needs no identity\n",
    );
}

#[test]
fn nothing_is_read_or_made_beyond_the_file() {
    let scene = sealed(Scene::new()).nobody();
    let scene = scene.variable("SOPS_AGE_KEY", crate::support::identity_of("alice"));
    let scene = scene.variable("HOME", "/nonexistent");
    scene.run(["decrypt", ".env.enc"]).ok().stdout("A=1\nB=two\n").untouched();
}

#[test]
fn the_identity_on_the_command_line_serves_too() {
    let scene = sealed(Scene::new()).nobody().file("ci.txt", crate::support::identity_of("alice"));
    scene.run(["decrypt", ".env.enc", "--identity", "ci.txt"]).ok().stdout("A=1\nB=two\n");
}

#[test]
fn an_identity_file_that_is_named_and_missing_is_an_error() {
    let scene = sealed(Scene::new());
    scene
        .run(["decrypt", ".env.enc", "--identity", "nowhere.txt"])
        .fails(1)
        .stdout("")
        .stderr("error: `--identity nowhere.txt`: there is no such file\n");
}

#[test]
fn line_ends_and_byte_order_mark_come_back() {
    let text = "\u{feff}A=1\r\n# remark\r\nB=2\r\n";
    let scene = Scene::new().identity("alice").file(".env", text);
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    assert!(!scene.text(".env.enc").contains('\r'));
    scene.run(["decrypt", ".env.enc"]).ok().stdout(text);
}

#[test]
fn ignoring_the_mac_warns() {
    let scene = sealed(Scene::new());
    scene
        .run(["decrypt", "--ignore-mac", ".env.enc"])
        .ok()
        .stdout("A=1\nB=two\n")
        .stderr("warning: MAC and seal are not checked: values may have been tampered with\n");
}

#[test]
fn a_dash_is_stdout() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.run(["decrypt", ".env.enc", "-o", "-"]).ok().stdout("A=1\n").stderr("").untouched();
}

#[test]
fn where_git_cannot_tell_no_plaintext_is_written() {
    let scene = Scene::repository().identity("alice").file("a.env", "A=1\n");
    scene.run(["encrypt", "a.env", "-r", ALICE]).ok();
    scene.write(".git/config", "[broken");
    let said = "error: git does not say whether it would commit `plain`\n\
                hint: `git status` shows why; or insist with `--force`\n";
    scene.run(["decrypt", "a.enc.env", "-o", "plain"]).fails(1).stderr(said).untouched();
}
