//! A shell line that we wait for: signals meant for it are handed on, and its end is told as sops tells it.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::Command;

use super::Variables;

/// A line for the shell, with exactly these variables.
#[derive(Clone, Copy)]
pub struct Child<'a> {
    /// The line.
    pub line: &'a OsStr,
    /// Its environment.
    pub variables: &'a Variables,
    /// Where it runs.
    pub folder: &'a Path,
}

/// Why it did not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChildError {
    /// The shell cannot be started, or not be waited for.
    #[error("the shell cannot be run: {}", .0.kind())]
    Shell(#[from] io::Error),
    /// The system knows no such user.
    #[error("there is no user `{0}`")]
    NoUser(String),
    /// Only the administrator may become another user, and only on Linux.
    #[error("cannot become that user: {0}")]
    Refused(io::ErrorKind),
}

/// The code of a command that a signal has ended.
const BY_SIGNAL: u8 = 255;

impl Child<'_> {
    fn command(&self) -> Command {
        let (shell, flag) = if cfg!(windows) { ("cmd.exe", "/C") } else { ("/bin/sh", "-c") };
        let mut command = Command::new(shell);
        command.arg(flag).arg(self.line).env_clear().envs(self.variables).current_dir(self.folder);
        command
    }

    /// Runs it and waits; its code, or 255 where a signal ended it.
    ///
    /// # Errors
    /// When the shell cannot be started.
    pub fn run(&self) -> Result<u8, ChildError> {
        let status = wait::run(self.command())?;
        Ok(status.code().and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(BY_SIGNAL))
    }

    /// Starts it, and waits for nothing.
    ///
    /// # Errors
    /// When the shell cannot be started.
    pub fn start(&self) -> Result<(), ChildError> {
        self.command().spawn()?;
        Ok(())
    }

    /// Becomes it; returns only to say why not.
    #[must_use]
    pub fn become_it(&self) -> ChildError {
        #[cfg(unix)]
        return ChildError::Shell(std::os::unix::process::CommandExt::exec(&mut self.command()));
        #[cfg(not(unix))]
        ChildError::Shell(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(unix)]
mod wait {
    use std::io::{self, IsTerminal};
    use std::process::{Command, ExitStatus};

    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::Signals;

    /// Waits for `command`, and hands on the signals that ask for its end or for its attention. What is typed at a
    /// terminal reaches it without us.
    pub(super) fn run(mut command: Command) -> io::Result<ExitStatus> {
        let mut signals = Signals::new([SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2])?;
        let mut child = command.spawn()?;
        let typed = io::stdin().is_terminal();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            for signal in signals.wait() {
                if signal == SIGCHLD || (typed && matches!(signal, SIGINT | SIGQUIT)) {
                    continue;
                }
                if let Some(signal) = Signal::from_named_raw(signal) {
                    // One that is gone already needs no signal.
                    let _ = kill_process(Pid::from_child(&child), signal);
                }
            }
        }
    }
}

#[cfg(not(unix))]
mod wait {
    use std::io;
    use std::process::{Command, ExitStatus};

    pub(super) fn run(mut command: Command) -> io::Result<ExitStatus> {
        command.status()
    }
}

/// Becomes the user `name`, with the user's groups, and says so in `variables`. The programs that are started later
/// run as that user too.
///
/// # Errors
/// When there is no such user, or we may not.
#[cfg(target_os = "linux")]
pub fn become_user(name: &str, variables: &mut Variables) -> Result<(), ChildError> {
    use rustix::process::{Gid, Uid};
    use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

    let refused = |error: rustix::io::Errno| ChildError::Refused(error.kind());
    let users = std::fs::read_to_string("/etc/passwd").map_err(|error| ChildError::Refused(error.kind()))?;
    let user = users.lines().map(fields).find(|user| user.first() == Some(&name));
    let no_user = || ChildError::NoUser(super::terminal::sanitise(name).into_owned());
    let user = user.ok_or_else(no_user)?;
    let number = |at: usize| user.get(at).and_then(|text| text.parse::<u32>().ok()).ok_or_else(no_user);
    let (uid, gid) = (number(2)?, number(3)?);
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let member =
        |group: &Vec<&str>| group.get(3).is_some_and(|members| members.split(',').any(|one| one == name));
    let others = groups.lines().map(fields).filter(member).filter_map(|group| group.get(2)?.parse().ok());
    let mut all: Vec<Gid> = std::iter::once(gid).chain(others).map(Gid::from_raw).collect();
    all.dedup();
    set_thread_groups(&all).map_err(refused)?;
    set_thread_gid(Gid::from_raw(gid)).map_err(refused)?;
    set_thread_uid(Uid::from_raw(uid)).map_err(refused)?;
    variables.insert("HOME".into(), user.get(5).copied().unwrap_or("/").into());
    variables.insert("USER".into(), name.into());
    variables.insert("LOGNAME".into(), name.into());
    Ok(())
}

#[cfg(target_os = "linux")]
fn fields(line: &str) -> Vec<&str> {
    line.split(':').collect()
}

/// Not on this system.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn become_user(_: &str, _: &mut Variables) -> Result<(), ChildError> {
    Err(ChildError::Refused(io::ErrorKind::Unsupported))
}
