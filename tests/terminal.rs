//! What only a terminal shows: secrets are asked for without echo, a passphrase once a run, a yes before sealing.
//! The terminal is made by `script` of util-linux; where there is none, the tests say that they skip.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts programs, and says what is skipped"
)]

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const LACRE: &str = env!("CARGO_BIN_EXE_lacre");

/// Runs `lacre WORDS` in `folder` on a terminal; each answer is typed when the screen says what stands before it. The
/// exit code and everything that the screen showed. `None` without `script`.
fn on_a_terminal(folder: &tempfile::TempDir, words: &str, answers: &[(&str, &str)]) -> Option<(i32, String)> {
    let screen = folder.path().join("screen");
    let mut command = Command::new("script");
    command.args(["-qefc", &format!("{LACRE} {words}")]).arg(&screen).current_dir(folder.path()).env_clear();
    command.env("PATH", "/bin:/usr/bin").env("HOME", folder.path()).env("SOPS_AGE_KEY_FILE", "keys.txt");
    let Ok(mut child) = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn() else {
        eprintln!("skipped: there is no `script`");
        return None;
    };
    let mut keyboard = child.stdin.take().unwrap();
    let started = Instant::now();
    let mut typed = 0;
    loop {
        let shown = String::from_utf8_lossy(&fs::read(&screen).unwrap_or_default()).into_owned();
        let status = child.try_wait().unwrap();
        if let Some((question, answer)) = answers.get(typed)
            && shown.matches(question).count()
                > answers[..typed].iter().filter(|one| one.0 == *question).count()
        {
            writeln!(keyboard, "{answer}").unwrap();
            typed += 1;
        }
        if let Some(status) = status {
            assert_eq!(typed, answers.len(), "not all was asked for: {shown}");
            return Some((status.code().unwrap(), shown));
        }
        assert!(started.elapsed() < Duration::from_secs(30), "it still asks: {shown}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn lacre(folder: &tempfile::TempDir, words: &[&str]) -> String {
    let output = Command::new(LACRE)
        .args(words)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("SOPS_AGE_KEY_FILE", "keys.txt")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A folder with an identity and `.env.enc`.
fn desk() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let recipient = lacre(&folder, &["keygen", "-o", "keys.txt"]);
    fs::write(folder.path().join(".env"), "A=1\n").unwrap();
    lacre(&folder, &["encrypt", "-r", recipient.trim(), ".env"]);
    folder
}

#[test]
fn a_value_is_asked_for_without_echo() {
    let folder = desk();
    let Some((code, shown)) = on_a_terminal(&folder, "set .env.enc A", &[("(not shown)", "hunter2")]) else {
        return;
    };
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(lacre(&folder, &["get", ".env.enc", "A"]), "hunter2\n");
}

#[test]
fn a_value_typed_as_an_argument_earns_a_note_about_the_history() {
    let folder = desk();
    let Some((code, shown)) = on_a_terminal(&folder, "set .env.enc A plain", &[]) else { return };
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("history"), "{shown}");
}

#[test]
fn a_passphrase_locks_an_identity_and_is_asked_for_once_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let twice = [("New passphrase", "correct horse"), ("again", "correct horse")];
    let Some((code, shown)) = on_a_terminal(&folder, "keygen --passphrase -o keys.txt", &twice) else {
        return;
    };
    assert_eq!(code, 0, "{shown}");
    assert!(!shown.contains("correct horse"), "{shown}");
    let recipient = shown.split_whitespace().find(|word| word.starts_with("age1")).unwrap();
    for name in [".env", ".env.local"] {
        fs::write(folder.path().join(name), "A=1\n").unwrap();
        lacre(&folder, &["encrypt", "-r", recipient, name]);
    }
    let words = "run -f .env.enc -f .env.local.enc -- true";
    let (code, shown) = on_a_terminal(&folder, words, &[("assphrase", "correct horse")]).unwrap();
    assert_eq!(code, 0, "{shown}");
    let (code, shown) = on_a_terminal(&folder, words, &[("assphrase", "wrong")]).unwrap();
    assert_eq!(code, 125, "{shown}");
}

#[test]
fn sealing_asks_first() {
    let folder = desk();
    let sealed = fs::read_to_string(folder.path().join(".env.enc")).unwrap();
    let unsealed: String = sealed.split_inclusive('\n').filter(|line| !line.contains("lacre")).collect();
    fs::write(folder.path().join(".env.enc"), &unsealed).unwrap();
    let Some((code, shown)) = on_a_terminal(&folder, "seal .env.enc", &[("Seal this?", "n")]) else { return };
    assert_eq!(code, 1, "{shown}");
    assert_eq!(fs::read_to_string(folder.path().join(".env.enc")).unwrap(), unsealed);
    let (code, shown) = on_a_terminal(&folder, "seal .env.enc", &[("Seal this?", "y")]).unwrap();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(lacre(&folder, &["get", ".env.enc", "A"]), "1\n");
}
