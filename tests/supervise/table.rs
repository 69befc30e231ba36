//! The table itself: a row is a question, its answer is measured for each way to start a program.

use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus, Stdio};

use super::desk::{Desk, LACRE, Started, Way, lines_of, lives, name, sops, wait_for};
use super::jobs;

/// A question, how it is answered, and the answers: plain, `run`, `run --redact`, `sops exec-env`.
struct Row {
    question: &'static str,
    measure: fn(&Desk, Way) -> String,
    answers: [&'static str; 4],
}

const ROWS: &[Row] = &[
    Row { question: "exit code of `exit 7`", measure: exit_code, answers: ["7", "7", "7", "7"] },
    Row {
        question: "a program dies by SIGSEGV",
        measure: death,
        answers: ["SIGSEGV", "SIGSEGV", "SIGSEGV", "exit 255"],
    },
    Row { question: "no such program", measure: not_found, answers: ["127", "127", "127", "127"] },
    Row { question: "a file that is no program", measure: dead_file, answers: ["126", "126", "126", "126"] },
    Row {
        question: "TERM HUP INT QUIT USR1 USR2 to it",
        measure: told,
        answers: ["arrive", "arrive", "arrive", "lost"],
    },
    Row { question: "after SIGTERM to it", measure: orphan, answers: ["ended", "ended", "ended", "orphan"] },
    Row { question: "after SIGKILL to it", measure: killed, answers: ["ended", "ended", "ended", "orphan"] },
    Row { question: "ignored signals (nohup)", measure: ignored, answers: ["kept", "kept", "kept", "lost"] },
    Row { question: "blocked signals", measure: blocked, answers: ["kept", "kept", "kept", "lost"] },
    Row { question: "SIGPIPE", measure: broken_pipe, answers: ["SIGPIPE", "SIGPIPE", "SIGPIPE", "SIGPIPE"] },
    Row {
        question: "folder, umask, limits, open files",
        measure: inherited,
        answers: ["kept", "kept", "kept", "kept"],
    },
    Row { question: "processes in between", measure: between, answers: ["0", "0", "1", "1"] },
    Row {
        question: "isatty, window size",
        measure: jobs::terminal,
        answers: ["kept", "kept", "kept", "kept"],
    },
    Row { question: "Ctrl-C", measure: jobs::ctrl_c, answers: ["SIGINT", "SIGINT", "SIGINT", "SIGINT"] },
    Row {
        question: "a loop in bash, Ctrl-C",
        measure: jobs::loop_ends,
        answers: ["ends", "ends", "ends", "ends"],
    },
    Row {
        question: "Ctrl-Z, then `fg`",
        measure: jobs::ctrl_z,
        answers: ["works", "works", "works", "works"],
    },
];

#[test]
fn every_row_of_the_table_is_as_measured() {
    let ways = [Way::Plain, Way::Run, Way::Redact, Way::Sops];
    // Most of the time is spent on waiting, so the columns are measured side by side.
    let columns = std::thread::scope(|scope| {
        let columns = ways.map(|way| scope.spawn(move || column(way)));
        columns.map(|column| column.join().unwrap())
    });
    let mut wrong = Vec::new();
    for (place, (way, measured)) in ways.iter().zip(columns).enumerate() {
        for (row, measured) in ROWS.iter().zip(measured) {
            let answer = row.answers[place];
            if measured != answer {
                wrong.push(format!("{}, {way:?}: {measured:?} is not {answer:?}", row.question));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The answers of one way, to the questions in their order; none where there is no sops.
fn column(way: Way) -> Vec<String> {
    if way == Way::Sops && sops().is_none() {
        return Vec::new();
    }
    let desk = Desk::new();
    ROWS.iter().map(|row| (row.measure)(&desk, way)).collect()
}

#[test]
fn the_help_shows_the_table() {
    let help = Command::new(LACRE).args(["help", "running"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    for Row { question, answers: [plain, run, redact, sops], .. } in ROWS {
        let line = format!("  {question:35}{plain:9}{run:9}{redact:9}{sops}\n");
        assert!(help.contains(&line), "{line}");
    }
}

#[test]
fn the_readme_shows_rows_of_the_table() {
    let readme = include_str!("../../README.md");
    let shown = readme.split("| `sops exec-env` |\n").nth(1).unwrap().lines().skip(1);
    let shown: Vec<&str> = shown.take_while(|line| line.starts_with('|')).collect();
    let row = |row: &Row| format!("| {} | {} |", row.question, row.answers.join(" | "));
    let measured: Vec<String> = ROWS.iter().map(row).collect();
    assert!(shown.len() > 5);
    for line in shown {
        assert!(measured.iter().any(|row| row == line), "{line}");
    }
}

/// The signal that ended it, or its code.
pub fn end(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => name(signal),
        (None, code) => format!("exit {}", code.unwrap()),
    }
}

fn code(command: &mut Command) -> String {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    status.code().unwrap().to_string()
}

fn exit_code(desk: &Desk, way: Way) -> String {
    code(&mut desk.shell(way, "exit 7"))
}

fn death(desk: &Desk, way: Way) -> String {
    let script = "ulimit -c 0; kill -SEGV $$";
    end(desk.output(way, script).status)
}

/// As a shell would tell it.
fn by_shell(desk: &Desk, way: Way, words: &[&str]) -> String {
    if way != Way::Plain {
        return code(&mut desk.program(way, words));
    }
    code(&mut desk.program(Way::Plain, &["sh", "-c", "\"$@\"", "sh", words[0]]))
}

fn not_found(desk: &Desk, way: Way) -> String {
    by_shell(desk, way, &["no-such-program"])
}

fn dead_file(desk: &Desk, way: Way) -> String {
    by_shell(desk, way, &["./dead"])
}

/// A program that writes its number into a file when it is ready, and is told a signal that it has a trap for.
fn told(desk: &Desk, way: Way) -> String {
    let missing: Vec<&str> = ["TERM", "HUP", "INT", "QUIT", "USR1", "USR2"]
        .into_iter()
        .filter(|signal| {
            let (ready, heard) = (desk.path().join("ready"), desk.path().join("heard"));
            let _ = (fs::remove_file(&ready), fs::remove_file(&heard));
            let script = format!(
                "trap 'echo yes > heard; exit 3' {signal}; echo $$ > ready; n=0; \
                 while [ $n -lt 300 ]; do sleep 0.05; n=$((n+1)); done"
            );
            let mut started = Started::new(desk.shell(way, &script));
            lines_of(&ready);
            let told = Command::new("kill").args(["-s", signal, &started.pid().to_string()]).status();
            assert!(told.unwrap().success());
            let arrives = if way == Way::Sops {
                // It has had a moment to hand it on.
                std::thread::sleep(std::time::Duration::from_millis(500));
                heard.exists()
            } else {
                lines_of(&heard);
                assert_eq!(started.0.wait().unwrap().code(), Some(3), "{way:?} {signal}");
                true
            };
            let _ =
                Command::new("kill").args(["-KILL", lines_of(&ready).trim()]).stderr(Stdio::null()).status();
            !arrives
        })
        .collect();
    match missing.len() {
        0 => "arrive".into(),
        6 => "lost".into(),
        _ => format!("not {}", missing.join(" ")),
    }
}

/// Whether the program outlives us.
fn after(desk: &Desk, way: Way, signal: i32) -> String {
    let ready = desk.path().join("ready");
    let _ = fs::remove_file(&ready);
    let mut started = Started::new(desk.shell(way, "echo $$ > ready; exec sleep 300"));
    let pid = lines_of(&ready);
    started.signal(signal);
    started.0.wait().unwrap();
    if way != Way::Sops {
        wait_for("its end", || (!lives(&pid)).then_some(()));
        return "ended".into();
    }
    // It has had a second to notice.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let outlives = lives(&pid);
    let _ = Command::new("kill").args(["-KILL", pid.trim()]).stderr(Stdio::null()).status();
    if outlives { "orphan".into() } else { "ended".into() }
}

fn orphan(desk: &Desk, way: Way) -> String {
    after(desk, way, 15)
}

fn killed(desk: &Desk, way: Way) -> String {
    after(desk, way, 9)
}

/// What the program says of itself, when `before` was said of what starts it; compared with a plain start.
fn facts(desk: &Desk, way: Way, before: &str, facts: &[&str]) -> String {
    let say = |way| {
        let command = desk.program(way, facts);
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let mut all = Command::new("sh");
        all.args(["-c", &format!("{before} \"$@\""), "sh"]).args(words);
        all.current_dir(desk.path()).stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            all.env(name, value.unwrap());
        }
        let output = all.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    if say(way) == say(Way::Plain) { "kept".into() } else { "lost".into() }
}

fn ignored(desk: &Desk, way: Way) -> String {
    let ignored = "trap '' HUP INT QUIT TERM USR1 CHLD TSTP TTOU; exec";
    facts(desk, way, ignored, &["grep", "SigIgn", "/proc/self/status"])
}

fn blocked(desk: &Desk, way: Way) -> String {
    let block = "exec env --block-signal=HUP,USR1,CHLD";
    facts(desk, way, block, &["grep", "SigBlk", "/proc/self/status"])
}

fn inherited(desk: &Desk, way: Way) -> String {
    let before = "umask 027; ulimit -n 321; ulimit -c 0; exec 7<dead; exec";
    // The terminals of tests beside this one are inherited by all that is started meanwhile.
    let open = "for one in /proc/$$/fd/*; do case $(readlink $one) in ''|/dev/ptmx|/dev/pts/*) ;; *) echo ${one##*/};; esac; done";
    let script = format!("pwd; umask; ulimit -n; ulimit -c; readlink /proc/self/fd/7; {open}");
    facts(desk, way, before, &["sh", "-c", &script])
}

/// What ends a program whose reader has gone.
fn broken_pipe(desk: &Desk, way: Way) -> String {
    let script = "sh -c 'while :; do echo x; done'; echo $? > status";
    let status = desk.path().join("status");
    let _ = fs::remove_file(&status);
    let mut command = desk.shell(way, script);
    let mut started =
        Started(command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut reader = started.0.stdout.take().unwrap();
    reader.read_exact(&mut [0; 2]).unwrap();
    drop(reader);
    match lines_of(&status).trim().parse::<i32>().unwrap() {
        code if code > 128 => name(code - 128),
        code => format!("exit {code}"),
    }
}

/// How many processes stand between the one that starts it and the program.
fn between(desk: &Desk, way: Way) -> String {
    let ready = desk.path().join("ready");
    let _ = fs::remove_file(&ready);
    let started = Started::new(desk.shell(way, "echo $$ > ready; exec sleep 300"));
    let mut pid = lines_of(&ready).trim().to_owned();
    let mut count = 0;
    while pid != started.pid().to_string() {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        stat.rsplit(") ").next().unwrap().split(' ').nth(1).unwrap().clone_into(&mut pid);
        count += 1;
        assert!(count < 10);
    }
    let _ = Command::new("kill").args(["-KILL", lines_of(&ready).trim()]).status();
    count.to_string()
}
