//! `run --watch` with the real program: started anew or told by a signal when values really change, and only then.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};

use support::{ALICE, BOB, Scene, program};

/// A watched program: it says what it was given when it starts, and at each SIGHUP.
struct Watched {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
    told: Lines<BufReader<ChildStderr>>,
}

impl Watched {
    fn start(scene: &Scene, words: &[&str], script: &str) -> Self {
        let mut command = program(scene);
        command.args(["run", "--watch"]).args(words).args(["--", "sh", "-c", script]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, said, told }
    }

    /// The next line of the program.
    #[track_caller]
    fn says(&mut self, expected: &str) {
        assert_eq!(self.said.next().unwrap().unwrap(), expected);
    }

    /// Our next line.
    #[track_caller]
    fn is_told(&mut self, expected: &str) {
        let line = self.told.next().unwrap().unwrap();
        assert!(line.contains(expected), "{line}");
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(".env", "A=1\nB=b\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    scene
}

/// Says `A`, and goes on.
const SAYS: &str = "echo $A; while :; do sleep 0.1; done";
const ANEW: &str = "note: the encrypted values have changed: starting the program anew";

#[test]
fn a_changed_value_starts_the_program_anew() {
    let scene = scene();
    let mut watched = Watched::start(&scene, &[], SAYS);
    watched.says("1");
    scene.run(["set", ".env.enc", "A", "2"]).ok();
    watched.is_told(ANEW);
    watched.says("2");
    scene.run(["unset", ".env.enc", "A"]).ok();
    watched.is_told(ANEW);
    watched.says("");
}

#[test]
fn what_does_not_change_a_value_does_nothing() {
    let scene = scene();
    let mut watched = Watched::start(&scene, &[], SAYS);
    watched.says("1");
    // Other ciphertext, another recipient, another order of time: each is read before the next comes.
    scene.run(["rekey", ".env.enc"]).ok();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    scene.run(["recipients", "add", "--file-only", BOB, ".env.enc", "--yes"]).ok();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    scene.run(["set", ".env.enc", "A", "2"]).ok();
    // Had they counted, there would be two starts more.
    watched.is_told(ANEW);
    watched.says("2");
}

#[test]
fn a_broken_a_tampered_or_a_missing_file_leaves_the_program_and_is_told_once() {
    let scene = scene();
    let good = scene.bytes(".env.enc");
    let tampered = scene.text(".env.enc").replacen("B=ENC", "C=ENC", 1);
    let merged = format!("<<<<<<< HEAD\n{}=======\n>>>>>>> other\n", scene.text(".env.enc"));
    let mut watched = Watched::start(&scene, &["-f", ".env.enc"], SAYS);
    watched.says("1");
    for broken in [Some(tampered.as_bytes()), Some(merged.as_bytes()), None] {
        match broken {
            Some(bytes) => scene.write(".env.enc", bytes),
            None => fs::remove_file(scene.path(".env.enc")).unwrap(),
        }
        watched.is_told("; the program keeps what it was given until this is mended");
        scene.write(".env.enc", &good);
        watched.is_told("note: the encrypted files open again, with the values that the program has");
    }
    scene.run(["set", ".env.enc", "A", "2"]).ok();
    watched.is_told(ANEW);
    watched.says("2");
}

#[test]
fn a_checkout_of_another_branch_counts() {
    let scene = scene();
    scene.git(&["add", ".env.enc"]);
    scene.git(&["commit", "-qm", "one"]);
    scene.git(&["checkout", "-qb", "two"]);
    scene.run(["set", ".env.enc", "A", "2"]).ok();
    scene.git(&["commit", "-qam", "two"]);
    let mut watched = Watched::start(&scene, &[], SAYS);
    watched.says("2");
    scene.git(&["checkout", "-q", "main"]);
    watched.is_told(ANEW);
    watched.says("1");
}

#[test]
fn a_program_that_starts_anew_gets_its_files_anew() {
    let scene = scene();
    let script = "cat $A_FILE; cat $B_FILE; echo; while :; do sleep 0.1; done";
    let mut watched = Watched::start(&scene, &["--file", "A", "--file", "B=b.fifo"], script);
    watched.says("1b");
    scene.run(["set", ".env.enc", "A", "two"]).ok();
    watched.is_told(ANEW);
    watched.says("twob");
    scene.run(["set", ".env.enc", "B", "bee"]).ok();
    watched.is_told(ANEW);
    watched.says("twobee");
    drop(watched);
    assert!(!scene.path("b.fifo").exists());
}

#[test]
fn a_signal_renews_files_and_the_program_goes_on() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    let regular = format!("B={}", memory.path().join("b").display());
    let scene = scene();
    scene.run(["set", ".env.enc", "C", "c"]).ok();
    let script = "say() { echo $(cat $A_FILE) $(cat $B_FILE) $(cat $C_FILE) $$; }; trap say HUP; say; \
                  while :; do sleep 0.1; done";
    let words = ["--signal", "HUP", "--file", "A", "--file", &regular, "--file", "C=c.fifo"];
    let mut watched = Watched::start(&scene, &words, script);
    let first = watched.said.next().unwrap().unwrap();
    let (values, pid) = first.rsplit_once(' ').unwrap();
    assert_eq!(values, "1 b c");
    let sent = "note: the encrypted values have changed: sending the signal";
    for (name, value, expected) in [
        ("A", "longer than before", "longer than before b c"),
        ("B", "", "longer than before c"),
        ("A", "a", "a c"),
        ("C", "see", "a see"),
    ] {
        if value.is_empty() {
            scene.run(["set", ".env.enc", name, "--empty"]).ok();
        } else {
            scene.run(["set", ".env.enc", name, value]).ok();
        }
        watched.is_told(sent);
        watched.says(&format!("{expected} {pid}"));
    }
    drop(watched);
    assert_eq!(fs::read_dir(memory.path()).unwrap().count(), 0);
}

#[test]
fn a_signal_without_files_is_told_to_renew_nothing() {
    let scene = scene();
    let mut watched = Watched::start(&scene, &["--signal", "USR1"], SAYS);
    watched.is_told("note: a running program keeps its variables; `--signal` renews what `--file` gives");
    watched.says("1");
}

#[test]
fn the_end_of_the_program_is_the_end() {
    let scene = scene();
    let mut watched = Watched::start(&scene, &[], "echo $A; exit 7");
    watched.says("1");
    assert_eq!(watched.child.wait().unwrap().code(), Some(7));
}

#[test]
fn what_a_signal_renews_is_masked_too() {
    let scene = scene();
    scene.run(["set", ".env.enc", "A", "first-9x-value"]).ok();
    let script = "trap 'cat $A_FILE; echo; exit' HUP; cat $A_FILE; echo; while :; do sleep 0.1; done";
    let mut watched = Watched::start(&scene, &["--signal", "HUP", "--redact", "--file", "A"], script);
    watched.says("[A]");
    scene.run(["set", ".env.enc", "A", "second-7y-value"]).ok();
    watched.says("[A]");
}
