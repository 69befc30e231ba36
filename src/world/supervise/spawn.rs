//! Starts a program as it would be started by itself: with the signals, the process group and the terminal that it
//! expects, and its output where it is filtered.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::fs::fstat;
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, ioctl_tiocsctty, kill_process, pidfd_open, setpgid, setsid,
};
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{isatty, tcsetpgrp};

use super::dispositions::{self, Disposition};
use super::inside;
use super::pump::Pump;
use super::screen::Screen;
use super::standing::Standing;
use super::{FilterMaker, Launch};
use crate::world::processes::StartError;

/// A program that runs, and what carries its output.
pub(super) struct Running {
    pub(super) pid: Pid,
    /// Readable when it has ended, even where the signal that tells so is blocked.
    pub(super) ended: Option<OwnedFd>,
    pub(super) pumps: Vec<Pump>,
    pub(super) screen: Option<Screen>,
}

/// What a program is started with.
pub(super) struct Start {
    pub(super) standing: Standing,
    /// The terminal that it takes, if it stands in a group of its own and the terminal is ours.
    pub(super) terminal: Option<File>,
    pub(super) original: Vec<(i32, Disposition)>,
}

impl Start {
    /// Starts `launch`.
    pub(super) fn start(self, launch: Launch) -> Result<Running, StartError> {
        let Launch { program, filter } = launch;
        let refused = |error: io::Error| StartError::from_system(&program.path, &error);
        let inside = self.standing == Standing::Inside;
        let program = if inside { inside::wrap(&program).map_err(refused)? } else { program.clone() };
        let mut command = program.command();
        let mut outlets = Outlets::default();
        if let Some(filter) = &filter {
            outlets = Outlets::lay(&mut command, inside, filter).map_err(refused)?;
        }
        self.prepare(&mut command);
        let child = command.spawn().map_err(refused)?;
        // Our copies of its ends, without which its output would never end.
        drop(command);
        let pid = Pid::from_child(&child);
        let ended = pidfd_open(pid, PidfdFlags::empty()).ok();
        let pumps =
            outlets.pumps.into_iter().map(|(source, target, filter)| Pump::start(source, target, filter));
        let pumps = pumps.collect::<io::Result<_>>().map_err(refused)?;
        let mut running = Running { pid, ended, pumps, screen: outlets.screen };
        if let Some(screen) = running.screen.as_mut().filter(|_| inside) {
            screen.enter().map_err(refused)?;
        }
        Ok(running)
    }

    /// What happens in the new process before it becomes the program.
    fn prepare(self, command: &mut Command) {
        let Self { standing, terminal, original } = self;
        let parent = getpid();
        let prepare = move || -> io::Result<()> {
            match standing {
                Standing::Shared => {}
                Standing::Own => {
                    setpgid(None, None)?;
                    if let Some(terminal) = &terminal {
                        // Refused where another group has taken it meanwhile; then it runs in the background.
                        let _ = tcsetpgrp(terminal, getpid());
                    }
                }
                Standing::Inside => {
                    setsid()?;
                    ioctl_tiocsctty(stdin())?;
                }
            }
            for (signal, disposition) in &original {
                dispositions::set(*signal, *disposition)?;
            }
            #[cfg(target_os = "linux")]
            rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
            if getppid() != Some(parent) {
                // We died before it could be told.
                kill_process(getpid(), Signal::TERM)?;
            }
            Ok(())
        };
        #[expect(
            unsafe_code,
            reason = "between `fork` and `exec`: system calls alone, on values made before, without locks or memory"
        )]
        unsafe {
            command.pre_exec(prepare);
        }
    }
}

/// Where the output of a program goes, from its end to our stream.
#[derive(Default)]
struct Outlets {
    pumps: Vec<(OwnedFd, BorrowedFd<'static>, Box<dyn crate::base::ports::Filter>)>,
    screen: Option<Screen>,
}

impl Outlets {
    /// Streams of ours that are one are one for the program too, so that their order stays.
    fn lay(command: &mut Command, inside: bool, filter: &FilterMaker) -> io::Result<Self> {
        let mut outlets = Self::default();
        let (out_shown, err_shown) = (isatty(stdout()), isatty(stderr()));
        let is_one = is_same(stdout(), stderr()) || (out_shown && err_shown);
        let mut shown = None;
        if out_shown || err_shown {
            // A system without terminals to make has pipes.
            if let Ok((screen, slave)) = Screen::make(!inside) {
                let target = if out_shown { stdout() } else { stderr() };
                outlets.pumps.push((screen.output()?, target, filter()));
                outlets.screen = Some(screen);
                shown = Some(slave);
            } else if inside {
                return Err(io::ErrorKind::Unsupported.into());
            }
        }
        let mut first: Option<OwnedFd> = None;
        for (is_out, is_shown) in [(true, out_shown), (false, err_shown)] {
            let end = match (&shown, &first) {
                (Some(slave), _) if is_shown => copy(slave)?,
                (_, Some(first)) if is_one => copy(first)?,
                _ => {
                    let (source, end) = io::pipe()?;
                    let target = if is_out { stdout() } else { stderr() };
                    outlets.pumps.push((source.into(), target, filter()));
                    end.into()
                }
            };
            if is_out {
                first = Some(copy(&end)?);
                command.stdout(Stdio::from(end));
            } else {
                command.stderr(Stdio::from(end));
            }
        }
        if let Some(slave) = shown.filter(|_| inside) {
            command.stdin(Stdio::from(slave));
        }
        Ok(outlets)
    }
}

fn copy(descriptor: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(descriptor.as_fd(), 3)?)
}

fn is_same(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    let place = |stream| fstat(stream).ok().map(|stat| (stat.st_dev, stat.st_ino));
    place(one).is_some() && place(one) == place(other)
}
