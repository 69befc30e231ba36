//! Every command there is, for repositories in which each has to behave.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use lacre::cli::arguments::Cli;

use crate::support::{BOB, Scene};
use crate::{is_sane, run_in};

/// A call of each command, those that only read first.
const CALLS: &[&[&str]] = &[
    &["access", ".env.enc"],
    &["access", "--all"],
    &["access", "--by", "bob", "--at", "2030-01-01"],
    &["check"],
    &["check", "--staged"],
    &["check", "--all"],
    &["check", "--base", "HEAD~1"],
    &["check", "--no-exposed"],
    &["check", ".env.enc", "a.enc.yaml"],
    &["ci", "env", "--for", "github"],
    &["ci", "mask", "--for", "github"],
    &["config", "explain"],
    &["config", "explain", ".env.enc"],
    &["decrypt", ".env.enc"],
    &["diff", ".env.enc"],
    &["diff", "HEAD~1:.env.enc", ".env.enc"],
    &["diff", ":.env.enc", "HEAD:./.env.enc"],
    &["export", "--format", "json"],
    &["find", "-"],
    &["find", "--history", "-"],
    &["get", ".env.enc", "A"],
    &["git", "textconv", "--", ".env.enc"],
    &["help", "format"],
    &["import", "dotenv", "new.env", "--dry-run"],
    &["import", "dotenvx", "new.env", "--dry-run"],
    &["import", "sops", ".env.enc", "--dry-run"],
    &["list", ".env.enc", "a.enc.yaml"],
    &["log", ".env.enc"],
    &["log", ".env.enc", "B"],
    &["recipients", "list"],
    &["recipients", "sync", "--all", "--check"],
    &["redact"],
    &["run", "--explain"],
    &["run", "--", "true"],
    &["schema", "example"],
    &["schema", "init", ".env.enc"],
    &["shell", "completions", "bash"],
    &["shell", "man"],
    &["status"],
    &["status", "--all"],
    &["sops", "filestatus", "a.enc.yaml"],
    &["sops", "decrypt", "a.enc.yaml"],
    // These write.
    &["encrypt", ".env"],
    &["decrypt", ".env.enc", "-o", "out.plain.env"],
    &["edit", ".env.enc"],
    &["git", "install"],
    &["git", "merge", "--", ".env.enc", ".env.enc", ".env.enc", "7", ".env.enc"],
    &["git", "uninstall"],
    &["init"],
    &["keygen", "-o", "key.plain.txt"],
    &["recipients", "add", BOB, ".env.enc", "--yes"],
    &["recipients", "sync", "--all", "--yes"],
    &["rekey", "--all"],
    &["resolve", ".env.enc"],
    &["seal", ".env.enc"],
    &["set", ".env.enc", "A", "other"],
    &["unset", ".env.enc", "B"],
    &["sops", "set", "a.enc.yaml", "[\"a\"]", "\"other\""],
    &["sops", "updatekeys", "--yes", "a.enc.yaml"],
    &["recipients", "remove", "bob", "--yes"],
    &["set", "--all", "A", "-"],
    &["offboard", "bob", "--yes"],
    &["offboard", "--status"],
    &["check", "--no-exposed"],
];

/// Runs all of them in `folder`; each ends as a command may.
#[track_caller]
pub fn all_in(scene: &Scene, folder: &Path, variables: &[(&str, &str)]) {
    let variables = [&[("EDITOR", "true")], variables].concat();
    for words in CALLS {
        is_sane(words, &run_in(scene, folder, words, &variables));
    }
}

#[test]
fn every_command_is_called() {
    fn walk(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
        if command.get_subcommands().next().is_none() {
            found.insert(name.trim().to_owned());
        }
        for below in command.get_subcommands() {
            walk(below, &format!("{name} {}", below.get_name()), found);
        }
    }
    let mut commands = BTreeSet::new();
    walk(&Cli::command(), "", &mut commands);
    let is_called = |command: &str| {
        let words: Vec<&str> = command.split(' ').collect();
        CALLS.iter().any(|call| call.starts_with(&words))
    };
    commands.retain(|command| !is_called(command));
    assert_eq!(commands, BTreeSet::new());
}
