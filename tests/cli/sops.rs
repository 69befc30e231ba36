//! `lacre sops`: what can be seen without the real program. The comparison with it is in `tests/interop/face`.

use crate::support::{ALICE, BOB, Scene};

const COMMANDS: [&str; 14] = [
    "encrypt",
    "decrypt",
    "edit",
    "set",
    "unset",
    "rotate",
    "updatekeys",
    "groups",
    "exec-env",
    "exec-file",
    "publish",
    "filestatus",
    "keyservice",
    "completion",
];

fn scene() -> Scene {
    let scene = Scene::new().identity("alice").file("a.yaml", "# why\na: 'one'   # here\n\nb: [1, 2]\n");
    scene
        .run(["sops", "encrypt", "-i", "--age", ALICE, "a.yaml"])
        .ok()
        .stdout("")
        .stderr("")
        .changed(["a.yaml"]);
    scene
}

#[test]
fn the_style_of_the_user_stays() {
    scene()
        .run(["sops", "decrypt", "a.yaml"])
        .ok()
        .stdout("# why\na: 'one'   # here\n\nb: [1, 2]\n")
        .stderr("");
}

#[test]
fn one_value_changes_one_value() {
    let scene = scene();
    scene.run(["sops", "set", "a.yaml", "[\"a\"]", "\"two\""]).ok().stdout("").stderr("").changed(["a.yaml"]);
    scene.run(["sops", "-d", "a.yaml"]).ok().stdout("# why\na: 'two'   # here\n\nb: [1, 2]\n");
    scene.run(["sops", "set", "a.yaml", "[\"a\"]", "\"two\""]).ok().untouched();
}

#[test]
fn keys_change_and_the_text_stays() {
    let scene = scene();
    scene.run(["sops", "rotate", "-i", "--add-age", BOB, "a.yaml"]).ok().stdout("").changed(["a.yaml"]);
    assert!(scene.text("a.yaml").contains(BOB));
    scene.run(["sops", "-d", "a.yaml"]).ok().stdout("# why\na: 'one'   # here\n\nb: [1, 2]\n");
}

#[test]
fn a_file_whose_seal_another_tool_took_opens_unless_seals_are_asked_for() {
    let scene = scene();
    let text = scene.text("a.yaml");
    let seal = text.lines().position(|line| line.contains("lacre:")).expect("a seal");
    let rest: Vec<&str> = text
        .lines()
        .enumerate()
        .filter(|(at, _)| *at != seal && *at != seal + 1)
        .map(|(_, line)| line)
        .collect();
    scene.write("a.yaml", rest.join("\n") + "\n");
    // `sops updatekeys` leaves it so.
    let plain = scene.run(["sops", "decrypt", "a.yaml"]).ok().untouched().printed();
    scene.run(["decrypt", "a.yaml"]).fails(5).stdout("").untouched();
    scene.run(["seal", "--yes", "a.yaml"]).ok();
    scene.run(["decrypt", "a.yaml"]).ok().stdout(&plain);
    scene.write("a.yaml", rest.join("\n") + "\n");
    let scene = scene.variable("LACRE_REQUIRE_SEAL", "1");
    scene.run(["sops", "decrypt", "a.yaml"]).fails(51).stdout("").untouched();
}

#[test]
fn the_last_group_is_not_deleted() {
    let scene = scene();
    let done =
        scene.run(["sops", "groups", "delete", "-i", "-f", "a.yaml", "0"]).fails(1).stdout("").untouched();
    assert!(done.stderr.contains("nobody could open the file"), "{}", done.stderr);
}

#[test]
fn without_an_identity_it_ends_with_128() {
    scene().nobody().run(["sops", "decrypt", "a.yaml"]).fails(128).stdout("").untouched();
}

#[test]
fn every_command_is_in_the_help_and_has_its_own() {
    let scene = Scene::new();
    let help = scene.run(["sops", "--help"]).ok().stderr("").printed();
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}");
        let own = scene.run(["sops", command, "--help"]).ok().stderr("").printed();
        assert!(own.starts_with(&format!("sops {command} - ")), "{command}");
        assert_eq!(scene.run(["sops", "help", command]).ok().printed(), own);
        for shell in ["bash", "zsh"] {
            assert!(scene.run(["sops", "completion", shell]).ok().printed().contains(command), "{command}");
        }
    }
}

#[test]
fn the_version_begins_as_scripts_expect_it() {
    let version = format!("sops 3.11.0 (lacre {})\n", env!("CARGO_PKG_VERSION"));
    Scene::new().run(["sops", "--version"]).ok().stdout(&version).stderr("");
}

#[test]
fn what_is_not_offered_says_so() {
    let scene = scene();
    for words in
        [&["sops", "keyservice"][..], &["sops", "publish", "--recursive", "."], &["sops", "--nonsense"]]
    {
        let done = scene.run_in("", words).fails(1).stdout("").untouched();
        assert!(done.stderr.contains("hint: ") || done.stderr.contains("`.sops.yaml`"), "{}", done.stderr);
    }
}
