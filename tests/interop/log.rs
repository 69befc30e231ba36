//! Histories that sops wrote: told as those of lacre are.

use std::process::Command;

use super::bench::Bench;

fn git(bench: &Bench, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(arguments);
    let output = command.current_dir(bench.path("")).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
}

#[test]
fn commits_of_sops_are_told_by_what_changed_in_them() {
    let Some(bench) = Bench::new() else { return };
    git(&bench, &["init", "--quiet", "--initial-branch=main"]);
    bench.write(".gitignore", "*\n!a.enc.yaml\n");
    let commit = |subject: &str| {
        git(&bench, &["add", "a.enc.yaml"]);
        git(&bench, &["commit", "--quiet", "-m", subject]);
    };
    bench.write("a.enc.yaml", "a: 1\nb:\n  c: two\n");
    bench.sops(["encrypt", "-i", "a.enc.yaml"]).ok();
    commit("sops encrypts");
    bench.sops(["set", "a.enc.yaml", "[\"b\"][\"c\"]", "\"three\""]).ok();
    commit("sops sets");
    bench.sops(["rotate", "-i", "a.enc.yaml"]).ok();
    commit("sops rotates");
    bench.lacre(["set", "a.enc.yaml", "a", "2"]).ok();
    commit("lacre sets");
    bench.sops(["set", "a.enc.yaml", "[\"d\"]", "\"four\""]).ok();
    commit("sops adds");
    bench.lacre(["rekey", "a.enc.yaml"]).ok();
    bench.sops(["set", "a.enc.yaml", "[\"d\"]", "\"five\""]).ok();
    commit("both write");
    let rows: serde_json::Value =
        serde_json::from_slice(&bench.lacre(["log", "--json", "a.enc.yaml"]).ok()).unwrap();
    let facts = rows.as_array().unwrap().iter().map(|row| {
        let values = row["values"].as_array().unwrap().iter();
        let values = values.map(|value| {
            format!(" {} {}", value["path"].as_str().unwrap(), value["change"].as_str().unwrap())
        });
        let rekeyed = if row["rekeyed"] == true { " rekeyed" } else { "" };
        let values = values.collect::<String>();
        format!("{}:{values}{rekeyed} {}", row["subject"].as_str().unwrap(), row["seal"].as_str().unwrap())
    });
    let expected = [
        "both write: d changed rekeyed none",
        "sops adds: d added none",
        "lacre sets: a changed present",
        "sops rotates: rekeyed none",
        "sops sets: b.c changed none",
        "sops encrypts: a added b.c added none",
    ];
    assert_eq!(facts.collect::<Vec<_>>(), expected);
    let printed = String::from_utf8(bench.lacre(["log", "a.enc.yaml"]).ok()).unwrap();
    assert!(printed.contains("  no seal: another tool wrote it\n"), "{printed}");
}
