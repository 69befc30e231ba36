//! Files that sops wrote, values that are whole files, names that are meant to mislead, and commits that only the stash
//! or a deleted file remembers.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::team::Team;

fn rules(team: &Team, who: &[usize]) {
    let line = |who: &usize| {
        let person = &team.people[*who];
        format!("      - {} # {}\n", person.recipient, person.name)
    };
    let lines: String = who.iter().map(line).collect();
    team.scene.write(".sops.yaml", format!("creation_rules:\n  - age:\n{lines}"));
}

/// File and name of all that is to be rotated.
fn exposed(team: &Team) -> Vec<(String, String)> {
    let rows = team.scene.run(["offboard", "--status", "--json"]).ok().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(&row["file"]), text(&row["name"]))).collect()
}

fn pair(file: &str, name: &str) -> (String, String) {
    (file.to_owned(), name.to_owned())
}

#[test]
fn versions_that_sops_wrote_count_like_ours() {
    let Some(program) = std::env::var_os("SOPS_BINARY").map(PathBuf::from).filter(|path| path.exists())
    else {
        eprintln!("skipped: no sops program found");
        return;
    };
    let mut team = Team::new(2);
    let keys = team.scene.folder().parent().unwrap().join("home/.config/sops/age/keys.txt");
    let sops = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(team.scene.folder()).env("SOPS_AGE_KEY_FILE", &keys);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let both = format!("{},{}", team.people[0].recipient, team.people[1].recipient);
    team.scene.write("a.yaml", "one: first-Secret-1\nlist:\n  - second-Secret-2\n  - 5\n");
    sops(&["encrypt", "--in-place", "--age", &both, "a.yaml"]);
    rules(&team, &[0, 1]);
    team.git(&["add", "--all"]);
    team.git(&["commit", "--quiet", "-m", "by sops"]);
    sops(&["rotate", "--in-place", "--rm-age", &team.people[1].recipient, "a.yaml"]);
    let all = [pair("a.yaml", "one"), pair("a.yaml", "list[0]"), pair("a.yaml", "list[1]")];
    assert_eq!(exposed(&team), all);
    sops(&["set", "a.yaml", "[\"one\"]", "\"third-Secret-3\""]);
    team.commit("rotated by sops");
    assert_eq!(exposed(&team), all[1..]);
    // An item that moves in its list is the same.
    team.scene.run(["unset", "-q", "a.yaml", "list[0]"]).ok();
    assert_eq!(exposed(&team), [pair("a.yaml", "list[0]")]);
}

#[test]
fn a_file_that_is_one_value_is_replaced_whole() {
    let mut team = Team::new(2);
    rules(&team, &[0, 1]);
    team.scene.write("cert.pem", "-----BEGIN-----\nabcdefgh\n-----END-----\n");
    team.scene.run(["encrypt", "-q", "-i", "cert.pem"]).ok();
    team.commit("start");
    let done = team.scene.run(["offboard", "p1", "--yes", "-q"]).ok();
    assert!(done.printed().ends_with("\n    lacre edit cert.pem\n"), "{}", done.printed());
    team.git(&["mv", "cert.pem", "server.pem"]);
    team.commit("renamed");
    assert_eq!(exposed(&team), [pair("server.pem", "server.pem")]);
}

#[test]
fn what_a_deleted_file_or_the_stash_held_could_be_read() {
    let mut team = Team::new(2);
    rules(&team, &[0, 1]);
    team.scene.write("old.yaml", "key: first-Secret-1\n");
    team.scene.run(["encrypt", "-q", "-i", "old.yaml"]).ok();
    team.commit("old");
    std::fs::remove_file(team.scene.path("old.yaml")).unwrap();
    rules(&team, &[0]);
    team.scene.write("new.yaml", "other: first-Secret-1\nnext: second-Secret-2\n");
    team.scene.run(["encrypt", "-q", "-i", "new.yaml"]).ok();
    team.commit("new");
    assert_eq!(exposed(&team), [pair("new.yaml", "other")]);
    let one = team.people[1].recipient.clone();
    team.scene.run(["recipients", "add", "-q", "--yes", "--file-only", &one, "new.yaml"]).ok();
    team.git(&["stash", "--quiet"]);
    assert_eq!(exposed(&team), [pair("new.yaml", "other"), pair("new.yaml", "next")]);
}

#[test]
fn names_from_files_and_commits_steer_nothing() {
    let mut team = Team::new(2);
    let (zero, one) = (team.people[0].recipient.clone(), team.people[1].recipient.clone());
    team.scene.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age:\n      - {zero} # p0\n      - {one} # \u{202e}::p1\n"),
    );
    let name = "-x\n\u{1b}[31m::y.yaml";
    team.scene.write("a.yaml", "\"k\\e[31m\": first-Secret-1\n");
    team.scene.run(["encrypt", "-q", "-i", "a.yaml"]).ok();
    std::fs::rename(team.scene.path("a.yaml"), team.scene.path(name)).unwrap();
    team.git(&["checkout", "--quiet", "-b", "main2"]);
    team.commit("start");
    team.git(&["branch", "odd\u{200f}branch"]);
    let done = team.scene.run(["offboard", &one, "--yes"]).ok();
    let all = [done.printed(), done.stderr, team.scene.run(["access", "--all"]).ok().printed()].concat();
    let all = all + &team.scene.run(["access", "--by", &one]).ok().printed();
    assert!(!all.contains("first-Secret") && all.contains("y.yaml"), "{all}");
    for steers in ['\u{1b}', '\u{202e}', '\u{200f}', '\r'] {
        assert!(!all.contains(steers), "{all:?}");
    }
    assert!(!all.lines().any(|line| line.trim_start().starts_with("::")), "{all}");
}

#[test]
fn a_rule_file_that_cannot_be_read_is_passed_over_unless_it_names_who_leaves() {
    let mut team = Team::new(2);
    rules(&team, &[0, 1]);
    team.scene.write("fixture/.sops.yaml", "creation_rules: [\n");
    team.scene.write("a.yaml", "key: first-Secret-1\n");
    team.scene.run(["encrypt", "-q", "-i", "a.yaml"]).ok();
    team.commit("start");
    team.scene.run(["offboard", "p1", "--yes", "-q"]).ok().changed([".sops.yaml", "a.yaml"]);
    let text = format!("creation_rules: [ # {}\n", team.people[0].recipient);
    team.scene.write("fixture/.sops.yaml", text);
    team.scene.run(["offboard", "p0", "--yes", "-q"]).fails(1).untouched();
}

#[test]
fn nothing_of_a_repository_is_run_while_its_history_is_read() {
    let mut team = Team::new(2);
    rules(&team, &[0, 1]);
    team.scene.write("a.yaml", "key: first-Secret-1\n");
    team.scene.run(["encrypt", "-q", "-i", "a.yaml"]).ok();
    team.scene.write(".gitattributes", "* diff=evil filter=evil\n");
    team.commit("start");
    let hook = team.scene.folder().parent().unwrap().join("hook");
    std::fs::write(&hook, "#!/bin/sh\ntouch \"$(dirname \"$0\")/ran\"\n").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let hook = hook.to_str().unwrap().to_owned();
    for name in ["core.fsmonitor", "diff.evil.textconv", "diff.evil.command", "core.sshCommand", "core.pager"]
    {
        team.git(&["config", name, &hook]);
    }
    team.scene.run(["access", "--all"]).ok();
    team.scene.run(["offboard", "--status"]).ok();
    team.scene.run(["offboard", "p1", "--yes"]).ok();
    team.scene.run(["check", "--no-exposed"]).fails(3);
    assert!(!team.scene.folder().parent().unwrap().join("ran").exists());
    team.git(&["status"]);
    assert!(team.scene.folder().parent().unwrap().join("ran").exists(), "otherwise this test shows nothing");
}
