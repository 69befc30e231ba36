//! A shell with job control on a real terminal: what it sees of a program, and what the program sees of the terminal.

use rexpect::session::{PtyReplSession, spawn_bash};

use super::desk::{Desk, LACRE, Way};

const PATIENCE: u64 = 10_000;

/// A bash in the desk's folder, its screen 123 wide and 45 high.
fn shell(desk: &Desk) -> PtyReplSession {
    let shell = spawn_bash(Some(PATIENCE)).unwrap();
    // It would not end with stopped jobs otherwise.
    let mut shell = shell.quit_command(Some("kill -KILL $$".into()));
    shell.process_mut().set_kill_timeout(Some(1000));
    say(&mut shell, &format!("cd '{}'; stty cols 123 rows 45; unset PROMPT_COMMAND", desk.path().display()));
    say(&mut shell, &format!("export TOKEN={} SOPS_AGE_KEY_FILE=$PWD/keys.txt", super::desk::VALUE));
    shell
}

/// What a line prints, to the next prompt.
fn say(shell: &mut PtyReplSession, line: &str) -> String {
    shell.send_line(line).unwrap();
    shell.wait_for_prompt().unwrap()
}

/// How a line of bash starts `script` that way.
fn line(desk: &Desk, way: Way, script: &str) -> String {
    let command = desk.shell(way, script);
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    shell_words::join(words.map(|word| word.to_str().unwrap()))
}

pub fn terminal(desk: &Desk, way: Way) -> String {
    let mut shell = shell(desk);
    let script = "test -t 0 && test -t 1 && test -t 2 && stty size && echo ok > /dev/tty";
    let said = say(&mut shell, &line(desk, way, script));
    if said.contains("45 123") && said.contains("ok") { "kept".into() } else { "lost".into() }
}

pub fn ctrl_c(desk: &Desk, way: Way) -> String {
    let mut shell = shell(desk);
    shell.send_line(&line(desk, way, "echo rea''dy; sleep 300")).unwrap();
    shell.exp_string("ready").unwrap();
    shell.send_control('c').unwrap();
    shell.wait_for_prompt().unwrap();
    let said = say(&mut shell, "echo code=$?.");
    if said.contains("code=130.") { "SIGINT".into() } else { format!("?{said}") }
}

/// bash ends a loop when a program in it has died by SIGINT, not when it has only returned 130.
pub fn loop_ends(desk: &Desk, way: Way) -> String {
    let mut shell = shell(desk);
    let line = line(desk, way, "echo rea''dy; sleep 300");
    shell.send_line(&format!("bash -c {}", shell_words::quote(&format!("{line}; echo went-on")))).unwrap();
    shell.exp_string("ready").unwrap();
    shell.send_control('c').unwrap();
    let said = shell.wait_for_prompt().unwrap();
    if said.contains("went-on") { "goes on".into() } else { "ends".into() }
}

pub fn ctrl_z(desk: &Desk, way: Way) -> String {
    let mut shell = shell(desk);
    shell.send_line(&line(desk, way, "echo rea''dy; read word; echo got $word; exit 3")).unwrap();
    shell.exp_string("ready").unwrap();
    shell.send_control('z').unwrap();
    shell.exp_string("Stopped").unwrap();
    shell.wait_for_prompt().unwrap();
    assert!(say(&mut shell, "stty -a").contains(" icanon"));
    shell.send_line("fg").unwrap();
    shell.exp_string("read word").unwrap();
    shell.send_line("hello").unwrap();
    shell.exp_string("got hello").unwrap();
    shell.wait_for_prompt().unwrap();
    let said = say(&mut shell, "echo code=$?.");
    if said.contains("code=3.") { "works".into() } else { format!("?{said}") }
}

/// The ways that stay beside the program: with a terminal of its own, and on ours.
fn beside(script: &str) -> [String; 2] {
    let script = shell_words::quote(script).into_owned();
    ["--redact", "--timeout 5m"].map(|flag| format!("{LACRE} run -f secret.enc.env {flag} -- sh -c {script}"))
}

#[test]
fn a_killed_job_ends_and_the_terminal_is_as_it_was() {
    let desk = Desk::new();
    for line in beside("trap 'echo heard; exit 4' TERM; echo rea''dy; while :; do sleep 0.1; done") {
        let mut shell = shell(&desk);
        let before = say(&mut shell, "stty -a");
        shell.send_line(&line).unwrap();
        shell.exp_string("ready").unwrap();
        shell.send_control('z').unwrap();
        shell.exp_string("Stopped").unwrap();
        shell.wait_for_prompt().unwrap();
        shell.send_line("bg").unwrap();
        shell.wait_for_prompt().unwrap();
        say(&mut shell, "kill %1");
        shell.send_line("wait %1; echo code=$?.").unwrap();
        shell.exp_string("code=4.").unwrap();
        shell.wait_for_prompt().unwrap();
        assert_eq!(say(&mut shell, "stty -a"), before, "{line}");
    }
}

#[test]
fn a_program_that_is_killed_leaves_the_terminal_as_it_was() {
    let desk = Desk::new();
    for line in beside("stty raw -echo; kill -KILL $$") {
        let mut shell = shell(&desk);
        let before = say(&mut shell, "stty -a");
        say(&mut shell, &line);
        let said = say(&mut shell, "echo code=$?.");
        assert!(said.contains("code=137."), "{line}: {said}");
        // bash puts right what a program of its own leaves behind.
        if line.contains("--redact") {
            assert_eq!(say(&mut shell, "stty -a"), before, "{line}");
        }
    }
}

#[test]
fn a_new_size_is_told() {
    let desk = Desk::new();
    for line in beside("trap 'stty size; exit 4' WINCH; echo rea''dy; while :; do sleep 0.1; done") {
        let mut shell = shell(&desk);
        shell.send_line(&line).unwrap();
        shell.exp_string("ready").unwrap();
        let size = rustix::termios::Winsize { ws_row: 31, ws_col: 97, ws_xpixel: 0, ws_ypixel: 0 };
        rustix::termios::tcsetwinsize(shell.process().get_file_handle().unwrap(), size).unwrap();
        shell.exp_string("31 97").unwrap();
        shell.wait_for_prompt().unwrap();
    }
}

#[test]
fn the_program_leads_the_group_that_has_the_terminal() {
    let desk = Desk::new();
    for line in beside("ps -o pid=,pgid=,tpgid= $$ | tr -s ' ' , ; echo $$ done") {
        let mut shell = shell(&desk);
        let said = say(&mut shell, &line);
        let numbers =
            said.lines().find(|line| line.starts_with(',') || line.contains(',')).unwrap().to_owned();
        let numbers: Vec<&str> = numbers.trim().split(',').filter(|number| !number.is_empty()).collect();
        assert_eq!((numbers[0], numbers[0]), (numbers[1], numbers[2]), "{said}");
    }
}

#[test]
fn the_end_of_input_and_ctrl_backslash_arrive() {
    let desk = Desk::new();
    for line in beside("ulimit -c 0; cat; echo end; sleep 300") {
        let mut shell = shell(&desk);
        shell.send_line(&line).unwrap();
        shell.send_line("typed").unwrap();
        shell.exp_string("typed").unwrap();
        shell.send_control('d').unwrap();
        shell.exp_string("end").unwrap();
        shell.send_control('\\').unwrap();
        shell.wait_for_prompt().unwrap();
        let said = say(&mut shell, "echo code=$?.");
        assert!(said.contains("code=131."), "{line}: {said}");
    }
}

#[test]
fn a_shell_has_its_own_jobs() {
    let desk = Desk::new();
    let mut shell = shell(&desk);
    shell.send_line(&format!("{LACRE} run -f secret.enc.env --redact -- bash --norc -i")).unwrap();
    shell.send_line("PS1='inner''>'; echo $TOKEN").unwrap();
    shell.exp_string("[TOKEN]").unwrap();
    shell.exp_string("inner>").unwrap();
    shell.send_line("sleep 300").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    shell.send_control('z').unwrap();
    shell.exp_string("Stopped").unwrap();
    shell.exp_string("inner>").unwrap();
    shell.send_line("kill %1; suspend -f").unwrap();
    shell.wait_for_prompt().unwrap();
    shell.send_line("fg").unwrap();
    shell.send_line("exit 9").unwrap();
    shell.wait_for_prompt().unwrap();
    assert!(say(&mut shell, "echo code=$?.").contains("code=9."));
}

#[test]
fn a_pipeline_ends_as_one() {
    let desk = Desk::new();
    for line in beside("echo rea''dy >&2; sleep 300") {
        let mut shell = shell(&desk);
        shell.send_line(&format!("{line} | cat")).unwrap();
        shell.exp_string("ready").unwrap();
        shell.send_control('c').unwrap();
        shell.wait_for_prompt().unwrap();
        let said = say(&mut shell, "echo codes=${PIPESTATUS[*]}.");
        assert!(said.contains("codes=130 130."), "{line}: {said}");
    }
}

#[test]
fn an_editor_puts_the_screen_right_before_it_stops() {
    if std::process::Command::new("vim").arg("--version").output().is_err() {
        eprintln!("skipped: there is no `vim`");
        return;
    }
    let desk = Desk::new();
    let mut shell = shell(&desk);
    for flag in ["--redact", "--timeout 5m"] {
        let vim = "env TERM=vt100 vim -u NONE -N -c 'set t_ti=ENTER; t_te=LEAVE;' note";
        shell.send_line(&format!("{LACRE} run -f secret.enc.env {flag} -- {vim}")).unwrap();
        shell.exp_string("note").unwrap();
        shell.send("ihello\x1b").unwrap();
        shell.flush().unwrap();
        shell.exp_string("hello").unwrap();
        shell.send_control('z').unwrap();
        shell.exp_string("LEAVE;").unwrap();
        shell.exp_string("Stopped").unwrap();
        shell.wait_for_prompt().unwrap();
        shell.send_line("fg").unwrap();
        shell.exp_string("ENTER;").unwrap();
        shell.send("\x1b:x\r").unwrap();
        shell.flush().unwrap();
        shell.wait_for_prompt().unwrap();
        assert_eq!(std::fs::read_to_string(desk.path().join("note")).unwrap(), "hello\n");
        say(&mut shell, "rm note");
    }
}
