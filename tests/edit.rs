//! `lacre edit` with the real program and small scripts for editors: what is saved, what is refused, and what stays on
//! disk.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const LACRE: &str = env!("CARGO_BIN_EXE_lacre");
const DOTENV: &str = "# first\nA=1\nB='two words'\nC=3\n";
const JSON: &str = "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": \"x\",\n    \"d\": [1, 2]\n  }\n}\n";

/// A folder with an identity, a runtime folder, and an editor to be.
struct Desk {
    folder: tempfile::TempDir,
    recipient: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = folder.path().join("runtime");
        fs::create_dir(&runtime).unwrap();
        fs::set_permissions(&runtime, Permissions::from_mode(0o700)).unwrap();
        let mut desk = Self { folder, recipient: String::new() };
        let keygen = desk.lacre(&["keygen", "-o", "keys.txt"]);
        ok(&keygen);
        String::from_utf8(keygen.stdout).unwrap().trim().clone_into(&mut desk.recipient);
        desk
    }

    /// With `text` encrypted in a file called `name`.
    fn with(name: &str, text: &str) -> Self {
        let desk = Self::new();
        desk.write(name, text);
        ok(&desk.lacre(&["encrypt", "-i", "-r", &desk.recipient, name]));
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn decrypted(&self, name: &str) -> String {
        let output = self.lacre(&["decrypt", name]);
        ok(&output);
        String::from_utf8(output.stdout).unwrap()
    }

    /// An executable script.
    fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(LACRE);
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", "/bin:/usr/bin").env("HOME", self.folder.path()).env("LACRE", LACRE);
        command.env("XDG_RUNTIME_DIR", self.path("runtime")).env("SOPS_AGE_KEY_FILE", self.path("keys.txt"));
        command
    }

    fn lacre(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// `lacre edit NAME` with an editor that does `body` to `$1`, and nobody to ask.
    fn edit(&self, name: &str, body: &str) -> Output {
        self.edit_with(&[name], body)
    }

    fn edit_with(&self, arguments: &[&str], body: &str) -> Output {
        let editor = self.script("editor", body);
        let mut command = Command::new("setsid");
        let lacre = self.command(&[]);
        command.arg("--wait").arg(LACRE).arg("edit").args(arguments).current_dir(self.folder.path());
        command.env_clear().envs(lacre.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("EDITOR", editor).stdin(Stdio::null()).output().unwrap()
    }

    fn nothing_is_left(&self) {
        assert_eq!(fs::read_dir(self.path("runtime")).unwrap().count(), 0);
    }
}

fn ok(output: &Output) {
    assert!(output.status.success(), "{}", talk(output));
}

fn talk(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The lines that differ, by what stands left of their value.
fn changed_lines(old: &str, new: &str) -> Vec<String> {
    assert_eq!(old.lines().count(), new.lines().count());
    let differing = old.lines().zip(new.lines()).filter(|(old, new)| old != new);
    differing
        .map(|(_, new)| new.trim().split(['=', ':']).next().unwrap().trim_matches('"').to_owned())
        .collect()
}

#[test]
fn one_changed_value_changes_its_line_and_what_vouches_for_it() {
    let seal = |name: &String| name.contains("seal");
    for (name, text, edit, leaf) in [
        (".env.enc", DOTENV, "sed -i 's/^A=1/A=one/' \"$1\"", "A"),
        ("s.enc.json", JSON, "sed -i 's/\"x\"/\"y\"/' \"$1\"", "c"),
    ] {
        let desk = Desk::with(name, text);
        let old = desk.read(name);
        std::thread::sleep(Duration::from_millis(1100));
        let output = desk.edit(name, edit);
        ok(&output);
        assert_eq!(talk(&output), format!("updated `{name}`\n"));
        let changed = changed_lines(&old, &desk.read(name));
        assert_eq!(changed.iter().filter(|line| !seal(line)).count(), 3, "{changed:?}");
        assert!(changed.iter().any(|line| line == leaf) && changed.iter().any(seal), "{changed:?}");
        assert_ne!(desk.decrypted(name), text);
        desk.nothing_is_left();
    }
}

#[test]
fn the_editor_sees_a_private_file_with_the_plain_name_and_no_identity() {
    let desk = Desk::with(".env.enc", DOTENV);
    let out = desk.path("seen");
    let body = format!(
        "exec > {}; basename \"$1\"; stat -c %a \"$1\" \"$(dirname \"$1\")\"; cat \"$1\"; env",
        out.display()
    );
    let key = desk.read("keys.txt");
    let editor = desk.script("editor", &body);
    let output = desk
        .command(&["edit", ".env.enc"])
        .env("SOPS_AGE_KEY", &key)
        .env("OTHER", format!("x {key}"))
        .env("EDITOR", editor)
        .output()
        .unwrap();
    ok(&output);
    let seen = desk.read("seen");
    assert!(seen.starts_with(&format!(".env\n600\n700\n{DOTENV}")), "{seen}");
    assert!(!seen.contains("AGE-SECRET-KEY") && !seen.contains("OTHER="));
}

#[test]
fn an_unchanged_text_writes_nothing_and_a_quick_return_earns_a_hint() {
    let desk = Desk::with(".env.enc", DOTENV);
    let old = desk.read(".env.enc");
    let output = desk.edit(".env.enc", "exit 0");
    ok(&output);
    assert!(talk(&output).ends_with("`.env.enc` is unchanged\n"), "{}", talk(&output));
    assert!(talk(&output).contains("--wait"));
    let output = desk.edit(".env.enc", "sleep 0.8");
    assert_eq!(talk(&output), "`.env.enc` is unchanged\n");
    assert_eq!(desk.read(".env.enc"), old);
}

#[test]
fn an_editor_that_fails_or_is_missing_changes_nothing() {
    let desk = Desk::with(".env.enc", DOTENV);
    let old = desk.read(".env.enc");
    let output = desk.edit(".env.enc", "echo D=4 >> \"$1\"; exit 3");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(talk(&output), "error: the editor ended with exit status: 3, so nothing was written\n");
    let output = desk.command(&["edit", ".env.enc"]).env("EDITOR", "no-such-editor").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(talk(&output).starts_with("error: cannot run `no-such-editor`: no such program\nhint: "));
    assert_eq!(desk.read(".env.enc"), old);
    desk.nothing_is_left();
}

#[test]
fn an_editor_that_replaces_the_file_and_leaves_copies_works() {
    let desk = Desk::with(".env.enc", DOTENV);
    let body = "mv \"$1\" \"$1~\"; sed 's/C=3/C=4/' \"$1~\" > \"$1.new\"; mv \"$1.new\" \"$1\"";
    ok(&desk.edit(".env.enc", body));
    assert_eq!(desk.decrypted(".env.enc"), DOTENV.replace("C=3", "C=4"));
    desk.nothing_is_left();
}

#[test]
fn what_cannot_be_saved_is_refused_without_a_trace() {
    for (name, text, edit) in [
        (".env.enc", DOTENV, "echo 'no assignment' >> \"$1\""),
        (".env.enc", DOTENV, "echo 'sops_x=1' >> \"$1\""),
        (".env.enc", DOTENV, ": > \"$1\""),
        ("s.enc.json", JSON, "echo '{' > \"$1\""),
    ] {
        let desk = Desk::with(name, text);
        let old = desk.read(name);
        let output = desk.edit(name, edit);
        assert_eq!(output.status.code(), Some(1), "{edit}");
        assert!(talk(&output).contains("no terminal to offer the edit again on"), "{}", talk(&output));
        assert!(!talk(&output).contains("no assignment"));
        assert_eq!(desk.read(name), old, "{edit}");
        desk.nothing_is_left();
    }
}

#[test]
fn a_change_by_others_meanwhile_is_merged() {
    let desk = Desk::with(".env.enc", DOTENV);
    let body = "\"$LACRE\" set .env.enc C theirs && sed -i 's/^A=1/A=mine/' \"$1\"";
    let output = desk.edit(".env.enc", body);
    ok(&output);
    assert!(talk(&output).contains("keeps what others changed meanwhile: `C`"), "{}", talk(&output));
    let merged = DOTENV.replace("A=1", "A=mine").replace("C=3", "C=theirs");
    assert_eq!(desk.decrypted(".env.enc"), merged);
}

#[test]
fn a_contradiction_is_named_and_not_written() {
    let desk = Desk::with(".env.enc", DOTENV);
    let body = "\"$LACRE\" set .env.enc C theirs && sed -i 's/^C=3/C=mine/' \"$1\"";
    let output = desk.edit(".env.enc", body);
    assert_eq!(output.status.code(), Some(1));
    assert!(talk(&output).contains("both sides changed `C`"), "{}", talk(&output));
    assert_eq!(desk.decrypted(".env.enc"), DOTENV.replace("C=3", "C=theirs"));
}

#[test]
fn a_signal_ends_editor_and_folder() {
    let desk = Desk::with(".env.enc", DOTENV);
    let editor = desk.script("editor", "touch started; exec sleep 60");
    let mut child = desk.command(&["edit", ".env.enc"]).env("EDITOR", editor).spawn().unwrap();
    wait_for(&desk.path("started"));
    ok(&Command::new("kill").arg(child.id().to_string()).output().unwrap());
    let status = child.wait().unwrap();
    assert!(status.signal() == Some(15) || status.code() == Some(143), "{status}");
    desk.nothing_is_left();
}

#[test]
fn what_a_crash_leaves_is_swept_by_the_next_command() {
    let desk = Desk::with(".env.enc", DOTENV);
    let editor = desk.script("editor", "touch started; echo $$ > pid; exec sleep 60");
    let mut child = desk.command(&["edit", ".env.enc"]).env("EDITOR", editor).spawn().unwrap();
    wait_for(&desk.path("pid"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_ne!(fs::read_dir(desk.path("runtime")).unwrap().count(), 0);
    ok(&Command::new("kill").arg(desk.read("pid").trim()).output().unwrap());
    ok(&desk.lacre(&["list", ".env.enc"]));
    desk.nothing_is_left();
}

#[test]
fn a_new_file_starts_from_a_template_that_is_not_saved() {
    let desk = Desk::new();
    let recipient = desk.recipient.clone();
    let output = desk.edit_with(&["-r", &recipient, ".env.enc"], "cp \"$1\" seen; echo A=1 >> \"$1\"");
    ok(&output);
    let seen = desk.read("seen");
    assert!(seen.starts_with("# .env.enc, a new file") && seen.contains(&recipient[recipient.len() - 6..]));
    assert_eq!(desk.decrypted(".env.enc"), "A=1\n");
    let output = desk.edit_with(&["-r", &recipient, "s.enc.json"], "sed -i 's/name/token/' \"$1\"");
    ok(&output);
    assert_eq!(desk.decrypted("s.enc.json"), "{\n  \"token\": \"value\"\n}\n");
}

#[test]
fn a_template_left_alone_or_emptied_creates_nothing() {
    let desk = Desk::new();
    let recipient = desk.recipient.clone();
    for (name, body) in [(".env.enc", "exit 0"), (".env.enc", ": > \"$1\""), ("s.enc.json", "exit 0")] {
        let output = desk.edit_with(&["-r", &recipient, name], body);
        ok(&output);
        assert!(talk(&output).ends_with("was not created: there is nothing in it\n"));
        assert!(!desk.path(name).exists());
    }
}

#[test]
fn a_new_file_needs_recipients_before_the_editor_starts() {
    let desk = Desk::new();
    let output = desk.edit(".env.enc", "touch started");
    assert_eq!(output.status.code(), Some(1));
    assert!(talk(&output).contains("no recipients"), "{}", talk(&output));
    assert!(!desk.path("started").exists());
}

#[test]
fn a_file_that_others_made_meanwhile_is_merged_too() {
    let desk = Desk::new();
    let recipient = desk.recipient.clone();
    let body = "\"$LACRE\" set -r $RECIPIENT .env.enc B theirs; echo A=mine >> \"$1\"";
    let body = body.replace("$RECIPIENT", &recipient);
    ok(&desk.edit_with(&["-r", &recipient, ".env.enc"], &body));
    assert_eq!(desk.decrypted(".env.enc"), "A=mine\nB=theirs\n");
}

#[test]
fn the_text_goes_back_into_the_editor() {
    let desk = Desk::with(".env.enc", DOTENV);
    // First a line that is none; then, on the same text, its repair.
    let body = "if [ -e once ]; then cp \"$1\" second; sed -i 's/^broken/D=4/' \"$1\"; \
                else touch once; echo broken >> \"$1\"; fi";
    if let Some(code) = on_a_terminal(&desk, body, b"\n") {
        assert_eq!(code, 0);
        assert_eq!(desk.read("second"), format!("{DOTENV}broken\n"));
        assert_eq!(desk.decrypted(".env.enc"), format!("{DOTENV}D=4\n"));
        desk.nothing_is_left();
    }
}

#[test]
fn a_contradiction_is_offered_again_on_the_new_text() {
    let desk = Desk::with(".env.enc", DOTENV);
    let body = "if [ -e once ]; then cp \"$1\" second; else touch once; \"$LACRE\" set .env.enc A theirs; \
                \"$LACRE\" set .env.enc C theirs; sed -i 's/^C=3/C=mine/' \"$1\"; fi";
    if let Some(code) = on_a_terminal(&desk, body, b"\n") {
        assert_eq!(code, 0);
        let merged = DOTENV.replace("A=1", "A=theirs").replace("C=3", "C=mine");
        assert_eq!(desk.read("second"), merged);
        assert_eq!(desk.decrypted(".env.enc"), merged);
    }
}

#[test]
fn an_edit_is_given_up_by_a_yes_alone() {
    let desk = Desk::with(".env.enc", DOTENV);
    if let Some(code) = on_a_terminal(&desk, "echo broken >> \"$1\"", b"y\n") {
        assert_eq!((code, desk.decrypted(".env.enc").as_str()), (1, DOTENV));
        desk.nothing_is_left();
    }
}

/// `lacre edit .env.enc` on a terminal that `script` of util-linux makes, with `answer` typed; its exit code. `None`
/// where there is no `script`.
fn on_a_terminal(desk: &Desk, body: &str, answer: &[u8]) -> Option<i32> {
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped: there is no `script`");
        return None;
    }
    let editor = desk.script("editor", body);
    let mut child = Command::new("script")
        .args(["-qec", &format!("{LACRE} edit .env.enc"), "/dev/null"])
        .current_dir(desk.folder.path())
        .envs(desk.command(&[]).get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("EDITOR", editor)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), answer).unwrap();
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if started.elapsed() > Duration::from_secs(30) {
            child.kill().unwrap();
            panic!("it still asks");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_for(path: &Path) {
    let started = Instant::now();
    while !path.exists() || fs::read(path).is_ok_and(|text| path.ends_with("pid") && text.is_empty()) {
        assert!(started.elapsed() < Duration::from_secs(20), "the editor does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
}
