//! `lacre ci`: what the runner of a job is told, what is written for later steps, and what is refused.

use std::fs;

use crate::support::{ALICE, Scene, program};

const SECRETS: &str = "TOKEN=q7Xd-92%kPz\nKEY=\"line-one-4Kd8\n  line-two-9Rt2\n}\"\nPIN=1\nEMPTY=\n";

fn job(text: &str) -> Scene {
    let scene = Scene::repository().identity("alice").file(".env", text);
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene.variable("GITHUB_ACTIONS", "true")
}

#[test]
fn masks_hold_every_value_and_every_line_of_it() {
    let scene = job(SECRETS);
    let said = "warning: `PIN`: too short, too common or too long to be hidden in the log\n";
    let printed = scene.run(["ci", "mask"]).ok().stderr(said).untouched().printed();
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines.iter().all(|line| line.starts_with("::add-mask::")), "{printed}");
    for line in [
        "::add-mask::q7Xd-92%25kPz",
        "::add-mask::line-one-4Kd8%0A  line-two-9Rt2%0A}",
        "::add-mask::line-one-4Kd8",
        "::add-mask::line-two-9Rt2",
    ] {
        assert!(lines.contains(&line), "{line} in\n{printed}");
    }
    for line in ["::add-mask::1", "::add-mask::}", "::add-mask::"] {
        assert!(!lines.contains(&line), "{line} in\n{printed}");
    }
    let mut once = lines.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), lines.len(), "{printed}");
}

#[test]
fn nothing_is_printed_outside_a_job_unless_somebody_insists() {
    let scene = job(SECRETS).variable("GITHUB_ACTIONS", "");
    for words in [["ci", "mask"], ["ci", "env"]] {
        scene.run(words).fails(1).stdout("").untouched().stderr(
            "error: this is no job of GitHub Actions or GitLab, and what would be printed is plaintext\n\
             hint: `--for github` insists\n",
        );
    }
    assert!(scene.run(["ci", "mask", "--for", "github"]).ok().printed().contains("::add-mask::q7Xd"));
}

#[test]
fn gitlab_is_refused_with_what_to_do_there() {
    let scene = job(SECRETS).variable("GITHUB_ACTIONS", "").variable("GITLAB_CI", "true");
    scene.run(["ci", "mask"]).fails(1).stdout("").untouched().stderr(
        "error: GitLab has no command that hides a value in the log of a running job\n\
         hint: hide what programs print with `lacre run --redact -- CMD`; `lacre help ci` tells more\n",
    );
    scene.run(["ci", "env"]).fails(1).stdout("").untouched().stderr(
        "error: GitLab stores in clear what a job hands to later jobs\n\
         hint: start programs with `lacre run -- CMD`; `lacre help ci` tells more\n",
    );
}

#[test]
fn without_an_identity_it_fails_or_skips_as_told() {
    let scene = job(SECRETS).nobody();
    scene.run(["ci", "mask"]).fails(4).stdout("").untouched();
    scene.run(["ci", "mask", "--no-identity", "skip"]).ok().stdout("").untouched();
}

/// What the runner reads from its file, by its rules.
fn read_by_the_runner(text: &str) -> Vec<(String, String)> {
    let mut lines = text.split('\n');
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (name, mark) = line.split_once("<<").unwrap();
        let value: Vec<&str> = lines.by_ref().take_while(|line| *line != mark).collect();
        found.push((name.to_owned(), value.join("\n")));
    }
    found
}

#[test]
fn later_steps_get_what_was_hidden_first() {
    let scene = job(SECRETS).file("set_env", "OPEN<<x\n1\nx");
    let path = scene.path("set_env");
    let scene = scene.variable("GITHUB_ENV", path.to_str().unwrap());
    let said = "warning: `PIN`: too short, too common or too long to be hidden in the log\nlater steps get 4 variables\n";
    let printed = scene.run(["ci", "env"]).ok().stderr(said).changed(["set_env"]).printed();
    assert!(printed.contains("::add-mask::q7Xd-92%25kPz\n"), "{printed}");
    let pairs = [
        ("OPEN", "1"),
        ("TOKEN", "q7Xd-92%kPz"),
        ("KEY", "line-one-4Kd8\n  line-two-9Rt2\n}"),
        ("PIN", "1"),
        ("EMPTY", ""),
    ];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(read_by_the_runner(&scene.text("set_env")), pairs);
}

#[test]
fn a_value_cannot_set_another_variable() {
    let value = "EOF\nBASH_ENV<<EOF\n/tmp/x\nEOF\nlacre_00000000000000000000000000000000";
    let scene = job(&format!("A=\"{value}\"\n")).file("set_env", "");
    let path = scene.path("set_env");
    let scene = scene.variable("GITHUB_ENV", path.to_str().unwrap());
    scene.run(["ci", "env"]).ok();
    assert_eq!(read_by_the_runner(&scene.text("set_env")), [("A".to_owned(), value.to_owned())]);
}

#[test]
fn names_that_later_steps_cannot_have_may_be_left_out() {
    let scene = job("A.B=q7Xd-92kPz\nB=w8Kd-31mNx\n").file("set_env", "");
    let path = scene.path("set_env");
    let scene = scene.variable("GITHUB_ENV", path.to_str().unwrap());
    scene
        .run(["ci", "env", "--skip-invalid"])
        .ok()
        .stderr("warning: `A.B` is no name for later steps; skipped\nlater steps get 1 variable\n");
    assert_eq!(read_by_the_runner(&scene.text("set_env")), [("B".to_owned(), "w8Kd-31mNx".to_owned())]);
}

#[test]
fn names_that_steer_the_job_are_refused() {
    for name in [
        "GITHUB_PATH",
        "RUNNER_TEMP",
        "ACTIONS_ALLOW_UNSECURE_COMMANDS",
        "INPUT_SCRIPT",
        "NODE_OPTIONS",
        "A.B",
    ] {
        let scene = job(&format!("{name}=q7Xd-92kPz\nB=w8Kd-31mNx\n")).file("set_env", "");
        let path = scene.path("set_env");
        let scene = scene.variable("GITHUB_ENV", path.to_str().unwrap());
        let failed = scene.run(["ci", "env"]).fails(1).stdout("").untouched();
        assert!(failed.stderr.contains(&format!("`{name}`")), "{}", failed.stderr);
        scene.run(["ci", "env", "--except", name]).ok().changed(["set_env"]);
    }
}

#[test]
fn plaintext_goes_into_a_regular_file_only() {
    let scene = job(SECRETS).file("target", "");
    scene.run(["ci", "env"]).fails(1).stdout("").untouched();
    std::os::unix::fs::symlink("target", scene.path("link")).unwrap();
    for place in ["link", ".git", "missing"] {
        let path = scene.path(place);
        let scene = job(SECRETS).variable("GITHUB_ENV", path.to_str().unwrap());
        scene.run(["ci", "env"]).fails(1).untouched();
    }
    assert_eq!(scene.text("target"), "");
}

/// `##[stop-commands]x` in a name would make the runner print all masks that follow.
#[test]
fn masks_come_before_any_name_of_a_file() {
    let scene = job("A=${B}\nB=q7Xd-92kPz\nPIN=1\n").file("set_env", "");
    let path = scene.path("set_env");
    let scene = scene.variable("GITHUB_ENV", path.to_str().unwrap());
    for words in [["ci", "mask"], ["ci", "env"]] {
        let log = fs::File::create(scene.path("log")).unwrap();
        let mut command = program(&scene);
        let status = command.args(words).stdout(log.try_clone().unwrap()).stderr(log).status().unwrap();
        assert!(status.success());
        let log = scene.text("log");
        assert!(log.rfind("::add-mask::").unwrap() < log.find("`PIN`").unwrap(), "{log}");
        assert!(!log.lines().take_while(|line| line.starts_with("::")).any(|line| line.contains('`')));
    }
}
