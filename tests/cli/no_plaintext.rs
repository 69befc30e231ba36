//! Where plaintext is forbidden, every command that would show it refuses, and no other. The lists are held against the
//! commands there are, so that a new one must be sorted in.

use std::collections::BTreeSet;

use clap::CommandFactory;
use lacre::cli::arguments::Cli;

use crate::support::{ALICE, BOB, Scene};

/// What a command line does with plaintext, where it is not forbidden.
#[derive(Clone, Copy, PartialEq)]
enum Plaintext {
    /// Prints it, or writes it into a file or to a service: to be refused.
    Shown,
    /// Hands it to a program, or has nothing to do with it.
    Kept,
}
use Plaintext::{Kept, Shown};

const CANARY: &str = "cAnArY-5d20";

/// Each command with a call that works in [`scene`].
const CALLS: &[(Plaintext, &str, &[&str])] = &[
    (Shown, "ci env", &["ci", "env", "--for", "github"]),
    (Shown, "ci mask", &["ci", "mask", "--for", "github"]),
    (Shown, "decrypt", &["decrypt", ".env.enc"]),
    (Shown, "decrypt", &["decrypt", ".env.enc", "-o", "plain.env"]),
    (Shown, "decrypt", &["decrypt", ".env.enc", "--ignore-mac"]),
    (Shown, "decrypt", &["decrypt", "-i", "again.env"]),
    (Shown, "diff", &["diff", "--show", ".env.enc", "two.env.enc"]),
    (Shown, "edit", &["edit", ".env.enc"]),
    (Shown, "export", &["export", "--format", "json"]),
    (Shown, "get", &["get", ".env.enc", "A"]),
    (Kept, "access", &["access", ".env.enc"]),
    (Kept, "check", &["check", ".env.enc"]),
    (Kept, "config explain", &["config", "explain", ".env.enc"]),
    (Kept, "diff", &["diff", ".env.enc", "two.env.enc"]),
    (Kept, "encrypt", &["encrypt", "new.env"]),
    (Kept, "find", &["find", "-"]),
    (Shown, "git install", &["git", "install", "--plaintext"]),
    (Kept, "git install", &["git", "install"]),
    (Kept, "git merge", &["git", "merge", ".env.enc", ".env.enc", ".env.enc", "7", ".env.enc"]),
    (Kept, "git textconv", &["git", "textconv", ".env.enc"]),
    (Kept, "git uninstall", &["git", "uninstall"]),
    (Kept, "help", &["help", "format"]),
    (Kept, "import dotenv", &["import", "dotenv", "new.env", "--dry-run"]),
    (Kept, "import dotenvx", &["import", "dotenvx", "new.env", "--dry-run"]),
    (Kept, "import sops", &["import", "sops", ".env.enc", "--dry-run"]),
    (Kept, "init", &["init"]),
    (Kept, "keygen", &["keygen", "-o", "other.txt"]),
    (Kept, "list", &["list", ".env.enc"]),
    (Kept, "log", &["log", ".env.enc"]),
    (Kept, "offboard", &["offboard", "bob", "--yes"]),
    (Kept, "recipients add", &["recipients", "add", "--file-only", BOB, ".env.enc", "--yes"]),
    (Kept, "recipients list", &["recipients", "list"]),
    (Kept, "recipients remove", &["recipients", "remove", "--file-only", BOB, "two.env.enc", "--yes"]),
    (Kept, "recipients sync", &["recipients", "sync", ".env.enc", "--yes"]),
    (Kept, "redact", &["redact"]),
    (Kept, "rekey", &["rekey", ".env.enc"]),
    (Shown, "resolve", &["resolve", ".env.enc", "--edit"]),
    (Kept, "resolve", &["resolve", ".env.enc"]),
    (Kept, "run", &["run", "--explain"]),
    (Kept, "schema example", &["schema", "example"]),
    (Kept, "schema init", &["schema", "init", ".env.enc"]),
    (Kept, "seal", &["seal", ".env.enc"]),
    (Kept, "set", &["set", ".env.enc", "A", "other"]),
    (Kept, "set", &["set", "--all", "A", "--generate", "token"]),
    (Kept, "shell completions", &["shell", "completions", "bash"]),
    (Kept, "shell man", &["shell", "man"]),
    (Kept, "status", &["status", ".env.enc"]),
    (Kept, "unset", &["unset", ".env.enc", "A"]),
    (Shown, "sops decrypt", &["sops", "decrypt", ".enc.env"]),
    (Shown, "sops decrypt", &["sops", "-d", ".enc.env"]),
    (Shown, "sops decrypt", &["sops", "decrypt", "--output", "plain.env", ".enc.env"]),
    (Shown, "sops edit", &["sops", "edit", ".enc.env"]),
    (Shown, "sops edit", &["sops", ".enc.env"]),
    (Shown, "sops exec-file", &["sops", "exec-file", "--no-fifo", ".enc.env", "true"]),
    (Shown, "sops publish", &["sops", "publish", "--yes", ".enc.env"]),
    (Kept, "sops encrypt", &["sops", "encrypt", "new.env"]),
    (Kept, "sops set", &["sops", "set", ".enc.env", "[\"A\"]", "\"other\""]),
    (Kept, "sops unset", &["sops", "unset", ".enc.env", "[\"A\"]"]),
    (Kept, "sops rotate", &["sops", "rotate", ".enc.env"]),
    (Kept, "sops updatekeys", &["sops", "updatekeys", "--yes", ".enc.env"]),
    (Kept, "sops groups", &["sops", "groups", "add", "-f", ".enc.env", "--age", BOB]),
    (Kept, "sops exec-env", &["sops", "exec-env", ".enc.env", "true"]),
    (Kept, "sops exec-file", &["sops", "exec-file", ".enc.env", "true"]),
    (Kept, "sops filestatus", &["sops", "filestatus", ".enc.env"]),
    (Kept, "sops keyservice", &["sops", "keyservice"]),
    (Kept, "sops completion", &["sops", "completion", "bash"]),
];

fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").variable("EDITOR", "true").file(
        ".sops.yaml",
        format!(
            "destination_rules:\n  - vault_path: app\n    vault_address: http://127.0.0.1:1\ncreation_rules:\n  - age: {ALICE}\n"
        ),
    );
    scene.write("new.env", "B=1\n");
    let both = format!("{ALICE},{BOB}");
    for (name, recipients) in
        [(".env.enc", ALICE), (".enc.env", ALICE), ("again.env", ALICE), ("two.env.enc", &*both)]
    {
        scene.write("source", format!("A={CANARY}\nC=2\n"));
        scene
            .run([
                "sops",
                "encrypt",
                "--age",
                recipients,
                "--input-type",
                "dotenv",
                "--output-type",
                "dotenv",
                "--output",
                name,
                "source",
            ])
            .ok();
    }
    std::fs::remove_file(scene.path("source")).unwrap();
    scene.git(&["add", ".env.enc"]);
    scene
}

/// The commands that do something, by their names.
fn commands() -> BTreeSet<String> {
    fn walk(command: &clap::Command, name: &str, found: &mut BTreeSet<String>) {
        let mut below = command.get_subcommands().peekable();
        if below.peek().is_none() {
            found.insert(name.trim().to_owned());
        }
        for command in below {
            walk(command, &format!("{name} {}", command.get_name()), found);
        }
    }
    let mut found = BTreeSet::new();
    walk(&Cli::command(), "", &mut found);
    assert!(found.remove("sops"), "its commands are its own");
    let help = Scene::new().run(["sops", "--help"]).ok().printed();
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    found.extend(listed.lines().map(|line| format!("sops {}", line.split_whitespace().next().unwrap())));
    found
}

#[test]
fn every_command_is_sorted_in() {
    let sorted: BTreeSet<String> = CALLS.iter().map(|call| call.1.to_owned()).collect();
    assert_eq!(sorted, commands());
}

#[test]
fn what_shows_plaintext_is_refused_and_nothing_else() {
    for (plaintext, _, words) in CALLS {
        let forbidden = scene().variable("LACRE_NO_PLAINTEXT", "1");
        let outcome = forbidden.run_in("", words);
        assert!(!String::from_utf8_lossy(&outcome.stdout).contains(CANARY), "{words:?}");
        let refused =
            outcome.stderr.contains("plaintext is for programs only here: `LACRE_NO_PLAINTEXT` is set");
        assert_eq!(refused, *plaintext == Shown, "{words:?}: {}", outcome.stderr);
        if *plaintext == Shown {
            assert!(outcome.stderr.ends_with(
                "hint: `lacre run -- CMD` gives a program the values; `lacre help threat-model` says what this guards\n"
            ));
            outcome.fails(1).untouched();
        }
        for entry in std::fs::read_dir(forbidden.folder()).unwrap().map(|entry| entry.unwrap().path()) {
            let text = std::fs::read(&entry).unwrap_or_default();
            assert!(!String::from_utf8_lossy(&text).contains(CANARY), "{words:?}: {}", entry.display());
        }
        // The same call says nothing of the kind where nobody forbids it.
        let outcome = scene().variable("LACRE_NO_PLAINTEXT", "0").run_in("", words).stderr;
        assert!(!outcome.contains("plaintext is for programs"), "{words:?}: {outcome}");
    }
}

#[test]
fn a_program_still_gets_the_values() {
    let scene = scene().variable("LACRE_NO_PLAINTEXT", "1");
    let mut command = crate::support::program(&scene);
    command.args(["run", "--", "printenv", "A"]);
    let output = crate::support::feed(command, b"");
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{CANARY}\n"));
}

#[test]
fn a_file_of_the_administrator_forbids_too_and_an_open_one_as_well() {
    use std::os::unix::fs::PermissionsExt;

    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::set_permissions(policy.path(), PermissionsExt::from_mode(0o666)).unwrap();
    let scene = scene().policy(policy.path());
    let said = scene.run(["get", ".env.enc", "A"]).fails(1).stdout("").stderr;
    let whose = if crate::support::is_root() {
        "can be written to by others than root"
    } else {
        "does not belong to root"
    };
    assert!(said.contains(whose), "{said}");
    if crate::support::is_root() {
        std::fs::set_permissions(policy.path(), PermissionsExt::from_mode(0o644)).unwrap();
        let said = scene.run(["get", ".env.enc", "A"]).fails(1).stdout("").stderr;
        assert!(said.contains("no-plaintext") || said.contains("` is there"), "{said}");
    }
}
