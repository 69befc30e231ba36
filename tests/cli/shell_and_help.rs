//! `lacre shell`, `lacre help`, `--help`, and what a wrong command line is told.

use crate::support::{ALICE, Scene};

#[test]
fn every_shell_gets_its_completions() {
    let scene = Scene::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let printed = scene.run(["shell", "completions", shell]).ok().stderr("").untouched().printed();
        assert!(printed.contains("lacre") && printed.contains("encrypt"), "{shell}");
    }
    assert!(scene.run(["shell", "man"]).ok().stderr("").printed().contains(".TH lacre 1"));
}

#[test]
fn help_is_data_and_mistakes_are_talk() {
    let scene = Scene::new();
    for arguments in
        [&["--help"][..], &["--version"], &["help"], &["help", "encrypt"], &["encrypt", "--help"]]
    {
        let done = scene.run_in("", arguments).ok().stderr("");
        assert!(!done.stdout.is_empty(), "{arguments:?}");
    }
    for arguments in [
        &[][..],
        &["nonsense"],
        &["encrypt", "--nonsense"],
        &["get", "x"],
        &["encrypt", "a", "-i", "-o", "b"],
    ] {
        let done = scene.run_in("", arguments).fails(2).stdout("").untouched();
        assert!(!done.stderr.is_empty(), "{arguments:?}");
    }
    scene.run(["help", "nonsense"]).fails(2).stdout("").stderr(
        "error: there is no topic `nonsense`\n\
         hint: `lacre help` lists the topics, `lacre --help` the commands\n",
    );
}

#[test]
fn run_says_125_where_it_failed_itself() {
    Scene::new().run(["run", "--", "true"]).fails(125).stdout("").untouched();
}

#[test]
fn what_run_would_hand_on_is_explained_as_json_too() {
    let scene = Scene::new().identity("alice").file(".env", "A=1\nKEPT=x\nB=2\n").variable("KEPT", "y");
    scene.run(["encrypt", "-r", ALICE, ".env"]).ok();
    let words = ["run", "--explain", "--json", "--keep-existing", "--file", "B"];
    scene.run(words).ok().stderr("").untouched().stdout(
        "[{\"name\":\"A\",\"file\":\".env.enc\"},{\"name\":\"KEPT\",\"file\":null},\
         {\"name\":\"B_FILE\",\"file\":\".env.enc\"}]\n",
    );
    scene.run(["run", "--json", "--", "true"]).fails(125).stdout("");
}
