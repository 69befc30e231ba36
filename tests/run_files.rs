//! `run --file` with the real program: a secret as a file, for exactly as long as it is needed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use support::{ALICE, Scene, feed, program};

/// A repository on a disk, with a file of several values, and a folder of the test's own in memory.
struct Stage {
    scene: Scene,
    memory: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let memory = tempfile::tempdir_in("/dev/shm").unwrap();
        let runtime = memory.path().join("run");
        fs::create_dir(&runtime).unwrap();
        fs::set_permissions(&runtime, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        let scene = Scene::repository()
            .identity("alice")
            .variable("XDG_RUNTIME_DIR", runtime.to_str().unwrap())
            .file(".env", "KEY=\"line one\\nline two\"\nOTHER=2\n");
        scene.run(["encrypt", ".env", "-r", ALICE]).ok();
        Self { scene, memory }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = program(&self.scene);
        command.arg("run").args(words);
        command
    }

    fn run(&self, words: &[&str]) -> Output {
        feed(self.command(words), b"")
    }

    #[track_caller]
    fn ok(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The code and stderr of a run that printed nothing.
    #[track_caller]
    fn fails(&self, words: &[&str]) -> (i32, String) {
        let output = self.run(words);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{words:?}");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    fn memory(&self, name: &str) -> PathBuf {
        self.memory.path().join(name)
    }

    /// Starts a program that says `ready`, and waits for it to do so.
    fn start(&self, words: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
        let mut child = self.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        (child, lines)
    }
}

fn place(word: &str, path: &Path) -> String {
    format!("{word}={}", path.display())
}

#[test]
fn without_a_path_it_is_in_memory_and_we_are_replaced() {
    let stage = Stage::new();
    let script = "cat $KEY_FILE; echo; cat $KEY_FILE | wc -l; echo ${KEY-unset} $OTHER; sh -c 'cat $KEY_FILE' | tail -n1; echo; echo $KEY_FILE $$; grep PPid /proc/$$/status";
    let mut command = stage.command(&["--file", "KEY", "--", "sh", "-c", script]);
    let child = command.stdout(Stdio::piped()).env("KEY", "inherited").spawn().unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[..5], ["line one", "line two", "1", "unset 2", "line two"], "{printed}");
    let (path, shell) = lines[5].split_once(' ').unwrap();
    assert!(path.starts_with("/dev/fd/"), "{path}");
    assert_eq!(shell, pid.to_string(), "the program is not in our place");
}

#[test]
fn a_memory_file_cannot_be_changed() {
    let stage = Stage::new();
    let script = "(echo x > $KEY_FILE) 2>/dev/null; (echo x >> $KEY_FILE) 2>/dev/null; cat $KEY_FILE";
    assert_eq!(stage.ok(&["--file", "KEY", "--", "sh", "-c", script]), "line one\nline two");
}

#[test]
fn with_a_path_in_memory_it_is_a_file_for_the_user_alone() {
    let stage = Stage::new();
    let path = stage.memory("key");
    let script =
        "echo $KEY_FILE; stat -c '%a %F' $KEY_FILE; cat $KEY_FILE; cat $KEY_FILE; echo ${KEY-unset}; exit 3";
    let output = stage.run(&["--file", &place("KEY", &path), "--", "sh", "-c", script]);
    let expected =
        format!("{}\n600 regular file\nline one\nline twoline one\nline twounset\n", path.display());
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(3));
    assert!(!path.exists());
    assert_eq!(fs::read_dir(stage.memory("run")).unwrap().count(), 0);
}

#[test]
fn with_another_path_it_is_a_fifo_that_serves_each_reader() {
    let stage = Stage::new();
    let script = "stat -c '%a %F' $KEY_FILE; cat $KEY_FILE; cat $KEY_FILE; cat $KEY_FILE | tail -n1";
    let printed = stage.ok(&["--file", "KEY=key.pem", "--", "sh", "-c", script]);
    assert_eq!(printed, "600 fifo\nline one\nline twoline one\nline twoline two");
    assert!(!stage.scene.path("key.pem").exists());
}

#[test]
fn several_files_at_once() {
    let stage = Stage::new();
    let path = stage.memory("key");
    let words =
        ["--file", &place("KEY", &path), "--file", "OTHER", "--", "sh", "-c", "cat $OTHER_FILE $KEY_FILE"];
    assert_eq!(stage.ok(&words), "2line one\nline two");
}

#[test]
fn it_is_removed_however_the_program_or_we_end() {
    for signal in ["TERM", "INT", "HUP", "QUIT"] {
        for name in ["memory", "disk"] {
            let stage = Stage::new();
            let path = if name == "memory" { stage.memory("key") } else { stage.scene.path("key") };
            let word = place("KEY", &path);
            let (mut child, mut rest) =
                stage.start(&["--file", &word, "--", "sh", "-c", "echo ready; exec sleep 1000"]);
            assert!(path.exists());
            Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
            let number = match signal {
                "HUP" => 1,
                "INT" => 2,
                "QUIT" => 3,
                _ => 15,
            };
            let status = child.wait().unwrap();
            let by_signal = std::os::unix::process::ExitStatusExt::signal(&status) == Some(number);
            assert!(status.code() == Some(128 + number) || by_signal, "{signal}: {status}");
            rest.read_to_string(&mut String::new()).unwrap();
            assert!(!path.exists(), "{signal} {name}");
        }
    }
}

#[test]
fn what_a_kill_leaves_the_next_command_removes() {
    for name in ["memory", "disk"] {
        let stage = Stage::new();
        let path = if name == "memory" { stage.memory("key") } else { stage.scene.path("key") };
        let word = place("KEY", &path);
        let (mut child, mut rest) =
            stage.start(&["--file", &word, "--", "sh", "-c", "echo ready; exec sleep 1000"]);
        child.kill().unwrap();
        child.wait().unwrap();
        // The program goes with us, and only then is its output at an end.
        rest.read_to_string(&mut String::new()).unwrap();
        assert!(path.exists());
        drop(feed(
            {
                let mut next = program(&stage.scene);
                next.args(["list", ".env.enc"]);
                next
            },
            b"",
        ));
        assert!(!path.exists(), "{name}");
    }
}

#[test]
fn a_program_that_cannot_be_started_leaves_nothing() {
    let stage = Stage::new();
    let path = stage.memory("key");
    fs::write(stage.scene.path("broken"), "#!/no/such/interpreter\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(stage.scene.path("broken"), mode).unwrap();
    assert_eq!(stage.fails(&["--file", &place("KEY", &path), "--", "./broken"]).0, 126);
    assert!(!path.exists());
}

#[test]
fn what_is_there_already_is_refused_and_stays() {
    let stage = Stage::new();
    for path in [stage.memory("key"), stage.scene.path("key")] {
        fs::write(&path, "keep").unwrap();
        let link = path.with_file_name("link");
        std::os::unix::fs::symlink(path.with_file_name("elsewhere"), &link).unwrap();
        for at in [&path, &link] {
            let (code, said) = stage.fails(&["--file", &place("KEY", at), "--", "echo", "ran"]);
            assert_eq!(code, 125);
            assert!(said.contains("it exists already"), "{said}");
        }
        assert_eq!(fs::read(&path).unwrap(), b"keep");
    }
}

#[test]
fn any_bytes_are_allowed_in_a_file_and_not_in_a_variable() {
    let stage = Stage::new();
    stage.scene.write("bin.json", r#"{"BIN": "a\u0000b"}"#);
    stage.scene.run(["encrypt", "bin.json", "-r", ALICE]).ok();
    let (code, said) = stage.fails(&["-f", "bin.enc.json", "--", "true"]);
    assert_eq!(code, 125);
    assert!(said.contains("hint: `lacre run --file NAME` hands any bytes on"), "{said}");
    let output = stage.run(&["-f", "bin.enc.json", "--file", "BIN", "--", "sh", "-c", "cat $BIN_FILE"]);
    assert_eq!(output.stdout, b"a\0b");
}

#[test]
fn a_whole_encrypted_file_can_be_handed_on() {
    let stage = Stage::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    stage.scene.write("store.p12", &bytes);
    stage.scene.run(["encrypt", "store.p12", "-r", ALICE]).ok();
    let output =
        stage.run(&["--file", "STORE=@store.enc.p12", "--", "sh", "-c", "cat $STORE_FILE; echo -n $OTHER"]);
    assert_eq!(output.stdout, [&bytes[..], b"2"].concat());
    fs::remove_file(stage.scene.path(".env.enc")).unwrap();
    fs::remove_file(stage.scene.path(".env")).unwrap();
    let output = stage.run(&["--file", "STORE=@store.enc.p12", "--", "sh", "-c", "cat $STORE_FILE"]);
    assert_eq!(output.stdout, bytes, "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let stage = Stage::new();
    stage.scene.write("db.enc.yaml", "a: 1\n");
    for (words, code, told) in [
        (
            &["--file", "db.enc.yaml", "--", "true"][..],
            125,
            "hint: `-f db.enc.yaml` reads it; `--file NAME=@db.enc.yaml`",
        ),
        (&["--file", "NONE", "--", "true"], 125, "there is no value `NONE`, which `--file` asks for"),
        (&["--file", "KEY", "--file", "KEY", "--", "true"], 125, "`--file KEY` stands twice"),
        (&["--file", "KEY=", "--", "true"], 125, "a path is missing behind `=`"),
        (&["--file", "KEY=no/folder", "--", "true"], 125, "no such folder"),
        (&["--signal", "HUP", "--", "true"], 125, "--watch"),
        (&["--watch", "--signal", "KILL", "--", "true"], 125, "no signal that can be sent has this name"),
    ] {
        let (number, said) = stage.fails(words);
        assert!(number == code && said.contains(told), "{words:?}: {number}: {said}");
    }
    stage.scene.run(["set", ".env.enc", "KEY_FILE", "x"]).ok();
    let (code, said) = stage.fails(&["--file", "KEY", "--", "true"]);
    assert_eq!(code, 125);
    assert!(said.contains("`.env.enc` sets `KEY_FILE`, which `--file KEY` sets"), "{said}");
}

#[test]
fn where_plaintext_is_forbidden_memory_is_allowed_and_a_path_is_not() {
    let stage = Stage::new();
    let run = |word: &str| {
        let mut command = stage.command(&["--file", word, "--", "sh", "-c", "cat $OTHER_FILE"]);
        command.env("LACRE_NO_PLAINTEXT", "1");
        feed(command, b"")
    };
    assert_eq!(run("OTHER").stdout, b"2");
    let refused = run("OTHER=path");
    assert_eq!(refused.status.code(), Some(125));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("plaintext is for programs only here"));
}

#[test]
fn names_that_no_variable_can_have_are_left_out_on_demand() {
    let stage = Stage::new();
    stage.scene.write("odd.json", r#"{"a=b": "one", "GOOD": "two"}"#);
    stage.scene.run(["encrypt", "odd.json", "-r", ALICE]).ok();
    let (code, said) = stage.fails(&["-f", "odd.enc.json", "--", "true"]);
    assert_eq!(code, 125);
    assert!(said.contains("`odd.enc.json`: `a=b` cannot be the name of a variable"), "{said}");
    assert!(said.contains("hint: `--skip-invalid` leaves such names out"), "{said}");
    let output = stage.run(&["-f", "odd.enc.json", "--skip-invalid", "--", "printenv", "GOOD"]);
    assert_eq!(output.stdout, b"two\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "warning: `odd.enc.json`: `a=b` cannot be the name of a variable; skipped\n");
}

#[test]
fn what_is_too_large_is_told_with_sizes_and_fits_as_a_file() {
    let stage = Stage::new();
    let large = "v".repeat(200_000);
    stage.scene.write("large.json", format!("{{\"LARGE\": \"{large}\"}}"));
    stage.scene.run(["encrypt", "large.json", "-r", ALICE]).ok();
    let (code, said) = stage.fails(&["-f", "large.enc.json", "--clean-env", "--", "true"]);
    assert_eq!(code, 126);
    assert!(said.contains("the largest variables: `LARGE` 200007, `"), "{said}");
    assert!(said.contains("the system takes 131072 bytes in one, and about "), "{said}");
    assert!(said.contains("hint: `--file LARGE` hands a large value on as a file"), "{said}");
    assert!(!said.contains("vvvv"));
    let words = ["-f", "large.enc.json", "--file", "LARGE", "--", "sh", "-c", "wc -c < $LARGE_FILE"];
    assert_eq!(stage.ok(&words).trim(), "200000");
}

#[test]
fn explain_names_the_variable_that_points_to_the_file() {
    let stage = Stage::new();
    assert_eq!(stage.ok(&["--file", "KEY", "--explain"]), "KEY_FILE ← .env.enc\nOTHER ← .env.enc\n");
}

#[test]
fn what_is_handed_on_as_a_file_is_masked_too() {
    let stage = Stage::new();
    stage.scene.write("store.bin", "kL9-x2Qw_77pZ");
    stage.scene.run(["encrypt", "store.bin", "-r", ALICE]).ok();
    stage.scene.run(["set", ".env.enc", "OTHER", "of-no-matter"]).ok();
    let path = stage.memory("key");
    let word = place("KEY", &path);
    let words = [
        "--redact",
        "--file",
        &word,
        "--file",
        "STORE=@store.enc.bin",
        "--",
        "sh",
        "-c",
        "cat $STORE_FILE; tail -n1 $KEY_FILE",
    ];
    let printed = stage.ok(&words);
    assert!(printed.starts_with("[store.enc.bin]"), "{printed}");
    assert!(!path.exists());
}
