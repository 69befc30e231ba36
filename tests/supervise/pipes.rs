//! Without a terminal: what is masked, in which order and how soon; who holds a pipe open, and who is timed out.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use lacre::world::processes::Program;
use lacre::world::supervise::{Change, End, Launch, Supervision, supervise};

use super::desk::{Desk, LACRE, Started, VALUE, Way, lines_of};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn both_streams_are_masked_and_stay_apart() {
    let output = Desk::new().output(Way::Redact, "echo \"a $TOKEN b\"; echo \"c $TOKEN\" >&2");
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("a [TOKEN] b\n".into(), "c [TOKEN]\n".into()));
}

#[test]
fn another_mask_is_asked_for() {
    let desk = Desk::new();
    let words =
        [LACRE, "run", "-f", "secret.enc.env", "--redact", "--mask", "***", "--", "printenv", "TOKEN"];
    assert_eq!(text(&desk.program(Way::Plain, &words).output().unwrap().stdout), "***\n");
    let without = [LACRE, "run", "-f", "secret.enc.env", "--mask", "***", "--", "true"];
    assert_eq!(desk.program(Way::Plain, &without).output().unwrap().status.code(), Some(125));
}

#[test]
fn streams_with_one_end_keep_their_order() {
    let script = "for n in 1 2 3 4 5 6 7 8 9; do echo out$n; echo err$n >&2; done";
    let desk = Desk::new();
    let log = desk.path().join("log");
    let file = std::fs::File::create(&log).unwrap();
    let mut command = desk.shell(Way::Redact, script);
    command.stdout(file.try_clone().unwrap()).stderr(file);
    assert!(command.status().unwrap().success());
    let expected: Vec<String> = (1..10).flat_map(|n| [format!("out{n}"), format!("err{n}")]).collect();
    assert_eq!(std::fs::read_to_string(log).unwrap().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_printed_is_seen_while_the_program_runs() {
    let desk = Desk::new();
    let mut command = desk.shell(Way::Redact, "printf 'name? '; read name; echo \"hello $name $TOKEN\"");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut question = [0; 6];
    output.read_exact(&mut question).unwrap();
    assert_eq!(&question, b"name? ");
    child.stdin.take().unwrap().write_all(b"you\n").unwrap();
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "hello you [TOKEN]\n");
    assert!(child.wait().unwrap().success());
}

#[test]
fn stdin_is_left_to_the_program() {
    let desk = Desk::new();
    let words = format!("{LACRE} run -f secret.enc.env --redact -- sh -c 'read a; echo $a'; cat");
    let mut command = desk.program(Way::Plain, &["sh", "-c", &words]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"one\ntwo\n").unwrap();
    assert_eq!(text(&child.wait_with_output().unwrap().stdout), "one\ntwo\n");
}

#[test]
fn a_program_may_close_its_output_and_run_on() {
    let output = Desk::new().output(Way::Redact, "echo x; exec >&- 2>&-; sleep 0.3; exit 5");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(5), "x\n".into()));
}

#[test]
fn a_grandchild_that_keeps_the_pipe_keeps_nobody_waiting() {
    let desk = Desk::new();
    let output = desk.output(Way::Redact, "sleep 300 & echo $! > ready; echo \"$TOKEN\"");
    assert_eq!(text(&output.stdout), "[TOKEN]\n");
    let pid = lines_of(&desk.path().join("ready"));
    assert!(Command::new("kill").args(["-KILL", pid.trim()]).status().unwrap().success());
}

#[test]
fn a_grandchild_that_prints_for_ever_keeps_nobody_waiting() {
    let desk = Desk::new();
    let mut started = Started::new(desk.shell(Way::Redact, "yes & sleep 0.2; exit 4"));
    let mut output = started.0.stdout.take().unwrap();
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    assert_eq!(started.0.wait().unwrap().code(), Some(4));
}

#[test]
fn a_reader_that_goes_away_is_no_matter() {
    let desk = Desk::new();
    let line = format!("{LACRE} run -f secret.enc.env --redact -- yes \"$TOKEN\" | head -n 2");
    let output = desk.program(Way::Plain, &["sh", "-c", &line]).output().unwrap();
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("[TOKEN]\n[TOKEN]\n".into(), String::new()));
}

#[test]
fn a_reader_that_does_not_read_keeps_no_signal_back() {
    let desk = Desk::new();
    let mut started =
        Started::new(desk.shell(Way::Redact, "trap 'exit 6' TERM; echo $$ > ready; yes & wait"));
    lines_of(&desk.path().join("ready"));
    started.signal(15);
    // The first ends the program, the second our waiting for the reader.
    std::thread::sleep(std::time::Duration::from_millis(500));
    started.signal(15);
    assert_eq!(started.0.wait().unwrap().code(), Some(6));
}

fn timed(desk: &Desk, limit: &str, script: &str) -> Option<i32> {
    let words = [LACRE, "run", "-f", "secret.enc.env", "--timeout", limit, "--", "sh", "-c", script];
    desk.program(Way::Plain, &words).status().unwrap().code()
}

#[test]
fn a_program_without_time_is_ended_by_124() {
    let desk = Desk::new();
    assert_eq!(timed(&desk, "0.3s", "exec sleep 300"), Some(124));
    assert_eq!(timed(&desk, "5m", "exit 9"), Some(9));
    assert_eq!(timed(&desk, "0", "sleep 0.1; exit 9"), Some(9));
    assert_eq!(timed(&desk, "soon", "exit 9"), Some(125));
}

#[test]
fn a_program_that_will_not_end_is_killed() {
    assert_eq!(timed(&Desk::new(), "0.1", "trap '' TERM; while :; do sleep 1; done"), Some(124));
}

#[test]
fn short_values_are_named_once() {
    let desk = Desk::new();
    let words = [LACRE, "set", "secret.enc.env", "PIN", "12"];
    assert!(desk.program(Way::Plain, &words).output().unwrap().status.success());
    let output = desk.output(Way::Redact, "echo \"$PIN\"; echo \"$PIN\" >&2");
    assert_eq!(text(&output.stdout), "12\n");
    assert_eq!(text(&output.stderr).matches("PIN").count(), 1, "{output:?}");
}

#[test]
fn the_first_process_waits_for_orphans_and_tells_a_signal() {
    let desk = Desk::new();
    let space = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"];
    if !Command::new(space[0]).args(&space[1..]).arg("true").status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: no process spaces here");
        return;
    }
    let ours = [LACRE, "run", "-f", "secret.enc.env", "--redact", "--"];
    let inside = |script: &str| {
        let words = [&space[..], &ours, &["sh", "-c", script]].concat();
        desk.program(Way::Plain, &words).output().unwrap()
    };
    let orphans = "for n in 1 2 3; do (sleep 0.1 &) ; done; sleep 1; cat /proc/[0-9]*/stat | grep -c ') Z'";
    assert_eq!(text(&inside(orphans).stdout), "0\n");
    assert_eq!(inside("kill -KILL $$").status.code(), Some(137));
    assert!(!text(&inside("echo \"$TOKEN\"").stdout).contains(VALUE));
}

#[test]
fn a_watch_signals_and_starts_anew() {
    let desk = Desk::new();
    let launch = |name: &str| {
        let log = desk.path().join(name).display().to_string();
        let script = format!(
            "trap 'echo hup >> {log}; exit 8' HUP; trap 'echo term >> {log}; exit 7' TERM; echo up >> {log}; \
             while :; do sleep 0.05; done"
        );
        let arguments = ["sh", "-c", &script].map(Into::into).to_vec();
        let variables = std::env::vars_os().collect();
        Launch { program: Program { path: "/bin/sh".into(), arguments, variables }, filter: None }
    };
    let mut asked = 0;
    let mut watch = || {
        asked += 1;
        let log = if asked == 1 { "first" } else { "second" };
        lines_of(&desk.path().join(log));
        if asked == 1 { Change::Restart(launch("second")) } else { Change::Signal(1) }
    };
    let supervision = Supervision { watch: Some(&mut watch), ..Supervision::default() };
    assert_eq!(supervise(launch("first"), supervision), Ok(End::Code(8)));
    assert_eq!(lines_of(&desk.path().join("first")), "up\nterm\n");
    assert_eq!(lines_of(&desk.path().join("second")), "up\nhup\n");
}
