//! Real processes: what a child inherits, how signals end an editor and us, and what a crash leaves.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use lacre::world::Variables;
use lacre::world::editor::{EditorError, run_editor};
use lacre::world::private_folder::{PrivateFolder, sweep};
use lacre::world::processes::{Program, StartError, StartProblem, become_default, exec, harden};

const SIGHUP: i32 = 1;
const SIGINT: i32 = 2;
const SIGKILL: i32 = 9;
const SIGTERM: i32 = 15;
const SIGPIPE_BIT: u64 = 1 << 12;

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

fn become_it(path: &Path, arguments: &[&str], variables: &Variables) -> StartError {
    let arguments = words(arguments);
    exec(&Program { path: path.to_owned(), arguments, variables: variables.clone() })
}

/// This test binary, to play `role` in `folder`; see [`helper`].
fn helper_command(role: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "helper", "--ignored", "--nocapture"]);
    command.env("LACRE_ROLE", role).env("LACRE_FOLDER", folder).env("XDG_RUNTIME_DIR", folder);
    command
}

fn runtime() -> (tempfile::TempDir, Variables) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).unwrap();
    let variables = BTreeMap::from([
        ("XDG_RUNTIME_DIR".into(), folder.path().into()),
        ("PATH".into(), "/bin:/usr/bin".into()),
    ]);
    (folder, variables)
}

#[test]
#[ignore = "started by the other tests"]
fn helper() {
    let folder = PathBuf::from(std::env::var_os("LACRE_FOLDER").expect("started by `helper_command`"));
    let variables: Variables = std::env::vars_os().collect();
    match std::env::var("LACRE_ROLE").unwrap().as_str() {
        "script" => panic!("{}", become_it(&folder.join("script"), &["script"], &variables)),
        "exec" => {
            harden();
            ignore_sigpipe();
            let shown = BTreeMap::from([("ONLY".into(), "this".into())]);
            let script = "env; echo name=$0; grep SigIgn: /proc/self/status";
            panic!("{}", become_it(Path::new("/bin/sh"), &["my-sh", "-c", script], &shown));
        }
        "harden" => {
            harden();
            println!("dumpable: {:?}", rustix::process::dumpable_behavior().unwrap());
        }
        "hold" => {
            let private = PrivateFolder::create(&variables).unwrap();
            println!("\nprivate {}", private.write(Path::new("a.env"), b"A=1").unwrap().display());
            std::thread::sleep(Duration::from_mins(1));
        }
        "edit" => {
            let private = PrivateFolder::create(&variables).unwrap();
            let file = private.write(Path::new("a.env"), b"A=1").unwrap();
            let outcome = run_editor(&words(&["./editor"]), &file, &folder, &variables);
            drop(private);
            match outcome {
                Err(EditorError::Interrupted(signal)) => std::process::exit(become_default(signal).into()),
                other => println!("\noutcome {}", other.unwrap().status.code().unwrap()),
            }
            // As after an edit: signals end us again.
            std::thread::sleep(Duration::from_mins(1));
        }
        role => panic!("{role}"),
    }
}

/// As in every Rust program; the test harness undoes it.
#[expect(unsafe_code, reason = "nobody wraps the ignoring of a signal")]
fn ignore_sigpipe() {
    unsafe extern "C" {
        fn signal(signal: i32, handler: usize) -> usize;
    }
    const SIGPIPE: i32 = 13;
    const IGNORE: usize = 1;
    // SAFETY: `signal` is safe to call with a signal that exists and the handler `SIG_IGN`.
    unsafe { signal(SIGPIPE, IGNORE) };
    let ours = fs::read_to_string("/proc/self/status").unwrap();
    assert_ne!(ignored_signals(&ours) & SIGPIPE_BIT, 0);
}

fn run(role: &str) -> String {
    let (folder, _) = runtime();
    let Output { stdout, stderr, .. } = helper_command(role, folder.path()).output().unwrap();
    String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap()
}

fn ignored_signals(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect(status);
    u64::from_str_radix(line.trim(), 16).unwrap()
}

#[test]
fn a_child_gets_exactly_the_variables_its_name_and_the_usual_sigpipe() {
    let talk = run("exec");
    assert!(talk.contains("\nname=my-sh\n"), "{talk}");
    let variables: Vec<_> =
        talk.lines().filter(|line| line.contains('=') && !line.starts_with("name=")).collect();
    // The shell itself adds the working folder.
    assert_eq!(
        variables.into_iter().filter(|line| !line.starts_with("PWD=")).collect::<Vec<_>>(),
        ["ONLY=this"]
    );
    assert_eq!(ignored_signals(&talk) & SIGPIPE_BIT, 0);
}

#[test]
fn a_hardened_process_cannot_be_dumped() {
    assert!(run("harden").contains("dumpable: NotDumpable"));
}

#[test]
fn a_program_that_cannot_be_run_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let script = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    };
    let none = Variables::new();
    let large = BTreeMap::from([("A".into(), "x".repeat(4 << 20).into())]);
    let nul = BTreeMap::from([("A".into(), "\0".into())]);
    let shell = PathBuf::from("/bin/sh");
    for (path, variables, problem) in [
        (&script("lost", "#!/no/such/interpreter\n"), &none, StartProblem::NoInterpreter),
        (&folder.path().to_owned(), &none, StartProblem::NotExecutable),
        (&shell, &large, StartProblem::TooLarge),
        (&shell, &nul, StartProblem::Nul),
    ] {
        let error = become_it(path, &["x"], variables);
        assert_eq!(error, StartError { program: path.clone(), problem });
    }
}

#[test]
fn the_editor_gets_the_file_and_its_exit_code_comes_back() {
    let (folder, variables) = runtime();
    let file = folder.path().join("a b.env");
    fs::write(&file, "A=1\n").unwrap();
    let command = words(&["sh", "-c", "echo B=2 >> \"$1\"; exit 3", "editor"]);
    let outcome = run_editor(&command, &file, folder.path(), &variables).unwrap();
    assert_eq!(outcome.status.code(), Some(3));
    assert_eq!(fs::read_to_string(&file).unwrap(), "A=1\nB=2\n");

    let missing = run_editor(&words(&["no-such-editor"]), &file, folder.path(), &variables).unwrap_err();
    assert_eq!(missing.to_string(), "cannot run `no-such-editor`: no such program");
    assert!(run_editor(&[], &file, folder.path(), &variables).is_err());
}

fn wait_for(path: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !path.exists() {
        assert!(Instant::now() < deadline, "{} never came", path.display());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A helper that edits with `script`, once the script has made the file `started`.
fn editing(folder: &Path, script: &str) -> Child {
    let editor = folder.join("editor");
    fs::write(&editor, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&editor, Permissions::from_mode(0o755)).unwrap();
    let child = helper_command("edit", folder).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    wait_for(&folder.join("started"));
    child
}

fn send(child: &Child, signal: i32) {
    let signal = rustix::process::Signal::from_named_raw(signal).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(child), signal).unwrap();
}

/// What is left of private folders.
fn private_folders(folder: &Path) -> usize {
    let is_private = |entry: &fs::DirEntry| entry.file_name().to_str().unwrap().starts_with("lacre-");
    fs::read_dir(folder).unwrap().filter(|entry| is_private(entry.as_ref().unwrap())).count()
}

#[test]
fn a_signal_to_end_reaches_the_editor_then_the_plaintext_then_us() {
    for signal in [SIGTERM, SIGHUP] {
        let (folder, _) = runtime();
        let script = "trap 'touch told; exit 0' TERM HUP; touch started; while :; do sleep 0.01; done";
        let mut child = editing(folder.path(), script);
        assert_eq!(private_folders(folder.path()), 1);
        send(&child, signal);
        assert_eq!(child.wait().unwrap().signal(), Some(signal));
        assert!(folder.path().join("told").exists());
        assert_eq!(private_folders(folder.path()), 0);
    }
}

#[test]
fn an_editor_that_will_not_end_is_killed() {
    let (folder, _) = runtime();
    let mut child = editing(folder.path(), "trap '' TERM; touch started; while :; do sleep 0.01; done");
    send(&child, SIGTERM);
    assert_eq!(child.wait().unwrap().signal(), Some(SIGTERM));
    assert_eq!(private_folders(folder.path()), 0);
}

#[test]
fn ctrl_c_belongs_to_the_editor_while_it_runs_and_to_us_afterwards() {
    let (folder, _) = runtime();
    let mut child = editing(folder.path(), "touch started; until [ -e go ]; do sleep 0.01; done; exit 7");
    send(&child, SIGINT);
    std::thread::sleep(Duration::from_millis(100));
    assert!(child.try_wait().unwrap().is_none());
    fs::write(folder.path().join("go"), "").unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line == "outcome 7"));
    send(&child, SIGINT);
    assert_eq!(child.wait().unwrap().signal(), Some(SIGINT));
}

#[test]
fn what_a_crash_left_is_swept_and_what_lives_is_not() {
    let (folder, variables) = runtime();
    let mut child = helper_command("hold", folder.path()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let file = lines.find_map(|line| line.strip_prefix("private ").map(PathBuf::from)).unwrap();
    sweep(&variables);
    assert_eq!(fs::read(&file).unwrap(), b"A=1");
    send(&child, SIGKILL);
    child.wait().unwrap();
    assert!(file.exists());
    sweep(&variables);
    assert!(!file.exists());
    assert_eq!(private_folders(folder.path()), 0);
}

#[test]
fn sweeping_nothing_makes_nothing() {
    let (folder, variables) = runtime();
    sweep(&variables);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_script_without_an_interpreter_line_is_run_as_execvp_would() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    fs::write(&path, "echo ran").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    let output = helper_command("script", folder.path()).output().unwrap();
    assert!(output.stdout.ends_with(b"ran\n"));
}
