//! How we stand to the terminal, and so how a program beside us must: in our process group, in one of its own that the
//! terminal is handed to, or on a terminal that we make for it.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{FileType, fstat};
use rustix::process::{Pid, getpgid, getpgrp, getpid, getppid, getsid};
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{isatty, tcgetpgrp, tcsetpgrp};

/// Where a program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// In our process group: we are one of a pipeline, of a script or of a service, and what is meant for the group is
    /// meant for the program.
    Shared,
    /// In a process group of its own, which gets the terminal when it is ours: we are a whole job of a shell.
    Own,
    /// On a terminal of its own, beside another one of us (see `inside`).
    Inside,
}

impl Standing {
    /// Where a program goes whose output is `filtered`, or not.
    pub(super) fn find(terminal: &Terminal, filtered: bool) -> Self {
        let is_pipe = |stream: BorrowedFd<'_>| {
            fstat(stream).is_ok_and(|stat| {
                matches!(FileType::from_raw_mode(stat.st_mode), FileType::Fifo | FileType::Socket)
            })
        };
        // Also false where a stream is another terminal than the one that controls us.
        let is_ours = |stream: BorrowedFd<'_>| isatty(stream) && tcgetpgrp(stream) == Ok(getpgrp());
        if filtered {
            return if is_ours(stdin()) && is_ours(stdout()) { Self::Inside } else { Self::Shared };
        }
        let alone = getpgrp() == getpid() && ![stdin(), stdout(), stderr()].into_iter().any(is_pipe);
        if alone && terminal.is_ours() { Self::Own } else { Self::Shared }
    }
}

/// The terminal that controls us, if there is one.
pub(super) struct Terminal {
    device: Option<File>,
    /// We have handed it to a program.
    given: bool,
}

impl Terminal {
    pub(super) fn open() -> Self {
        Self { device: File::open("/dev/tty").ok(), given: false }
    }

    /// There is one, so that somebody sees when we are stopped.
    pub(super) fn exists(&self) -> bool {
        self.device.is_some()
    }

    /// What is typed is for our process group.
    pub(super) fn is_ours(&self) -> bool {
        self.device.as_ref().is_some_and(|device| tcgetpgrp(device) == Ok(getpgrp()))
    }

    /// A handle for the program that takes it.
    pub(super) fn handle(&self) -> Option<File> {
        self.device.as_ref().and_then(|device| device.try_clone().ok())
    }

    /// A program has taken it.
    pub(super) fn was_taken(&mut self) {
        self.given = true;
    }

    /// Hands it to `group`, if it is ours. `SIGTTOU` must be ignored, for we then stand in the background.
    pub(super) fn give(&mut self, group: Pid) {
        if self.is_ours() && self.set(group) {
            self.given = true;
        }
    }

    /// Takes back what was handed out.
    pub(super) fn take_back(&mut self) {
        if std::mem::take(&mut self.given) {
            self.set(getpgrp());
        }
    }

    fn set(&self, group: Pid) -> bool {
        self.device.as_ref().is_some_and(|device| tcsetpgrp(device.as_fd(), group).is_ok())
    }
}

/// Whether nobody watches over our process group, which has no member but us: then the system does not stop it for a
/// terminal, and neither may we.
pub(super) fn is_orphaned() -> bool {
    let Some(parent) = getppid() else { return true };
    getsid(Some(parent)).ok() != getsid(None).ok() || getpgid(Some(parent)) == Ok(getpgrp())
}
