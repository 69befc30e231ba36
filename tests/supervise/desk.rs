//! A folder with a secret, and the four ways to hand it to a program.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use signal_hook::low_level;

pub const LACRE: &str = env!("CARGO_BIN_EXE_lacre");
pub const VALUE: &str = "s3cr3t-Value-42";

/// How a program is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Plain,
    Run,
    Redact,
    Sops,
}

pub struct Desk(pub tempfile::TempDir);

impl Desk {
    pub fn new() -> Self {
        let desk = Self(tempfile::tempdir().unwrap());
        fs::create_dir(desk.path().join(".git")).unwrap();
        let recipient = desk.lacre(&["keygen", "-o", "keys.txt"], "");
        let words = ["encrypt", "--type", "dotenv", "-r", recipient.trim(), "-"];
        let file = desk.lacre(&words, &format!("TOKEN={VALUE}\n"));
        fs::write(desk.path().join("secret.enc.env"), file).unwrap();
        fs::write(desk.path().join("dead"), "no program\n").unwrap();
        desk
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn lacre(&self, words: &[&str], input: &str) -> String {
        let mut command = Command::new(LACRE);
        command.args(words).current_dir(self.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    }

    /// The words before the program; sops wants a line.
    fn words(way: Way) -> Option<Vec<&'static str>> {
        match way {
            Way::Plain => Some(vec![]),
            Way::Run => Some(vec![LACRE, "run", "-f", "secret.enc.env", "--"]),
            Way::Redact => Some(vec![LACRE, "run", "-f", "secret.enc.env", "--redact", "--"]),
            Way::Sops => None,
        }
    }

    /// `sh -c SCRIPT`, started that way; sops starts the shell itself.
    pub fn shell(&self, way: Way, script: &str) -> Command {
        match way {
            Way::Sops => {
                self.start(&[&sops().unwrap().display().to_string(), "exec-env", "secret.enc.env", script])
            }
            _ => self.program(way, &["sh", "-c", script]),
        }
    }

    /// A program, started that way.
    pub fn program(&self, way: Way, words: &[&str]) -> Command {
        match Self::words(way) {
            Some(before) => self.start(&[&before, words].concat()),
            None => self.shell(way, &shell_words::join(words)),
        }
    }

    fn start(&self, words: &[&str]) -> Command {
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).current_dir(self.path()).stdin(Stdio::null());
        command.env("SOPS_AGE_KEY_FILE", self.path().join("keys.txt")).env("TOKEN", VALUE);
        command
    }

    pub fn output(&self, way: Way, script: &str) -> Output {
        self.shell(way, script).output().unwrap()
    }
}

pub fn sops() -> Option<PathBuf> {
    std::env::var_os("SOPS_BINARY").map(PathBuf::from).filter(|path| path.exists())
}

/// A program that was started in a process group of its own, and is killed with it.
pub struct Started(pub Child);

impl Started {
    pub fn new(mut command: Command) -> Self {
        Self(command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap())
    }

    pub fn pid(&self) -> i32 {
        self.0.id().try_into().unwrap()
    }

    pub fn signal(&self, signal: i32) {
        let told = Command::new("kill").args([format!("-{signal}"), self.pid().to_string()]).status();
        assert!(told.unwrap().success());
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let group = format!("-{}", self.pid());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}

/// Waits until `found` finds something, for half a minute at most.
pub fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What `file` holds, once it holds whole lines.
pub fn lines_of(file: &Path) -> String {
    wait_for(&file.display().to_string(), || {
        fs::read_to_string(file).ok().filter(|text| text.ends_with('\n'))
    })
}

/// Whether the process lives, and is no zombie.
pub fn lives(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['Z', 'X']))
}

/// The name of a signal's number, as far as they are used here.
pub fn name(signal: i32) -> String {
    low_level::signal_name(signal).unwrap_or("?").to_owned()
}
