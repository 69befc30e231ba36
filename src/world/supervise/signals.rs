//! The signals that come for us while we stay beside a program: caught, told apart by where they come from, and handed
//! out one by one to the loop that waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use signal_hook::consts::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU,
    SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU,
};
use signal_hook::iterator::backend::SignalDelivery;
use signal_hook::iterator::exfiltrator::WithRawSiginfo;

use super::dispositions::{self, Disposition};

/// A signal that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caught {
    pub(super) signal: i32,
    /// The system sent it, for what was typed or became of the terminal: our whole process group has got it.
    pub(super) by_terminal: bool,
}

/// All that can be caught and means something to a program, but the three below.
const FORWARDED: [i32; 15] = [
    SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGPROF, SIGQUIT, SIGTERM, SIGTSTP, SIGURG, SIGUSR1, SIGUSR2,
    SIGVTALRM, SIGWINCH, SIGXCPU,
];

/// What the system sends to a whole process group.
const OF_TERMINALS: [i32; 8] = [SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH];

/// Catches signals as long as it lives.
pub(super) struct Signals {
    delivery: SignalDelivery<UnixStream, WithRawSiginfo>,
    /// What the program must find as we found it.
    original: Vec<(i32, Disposition)>,
}

impl Signals {
    /// Catches; with `background`, also what a terminal sends to those who are not in its foreground, else that has its
    /// usual effect on us.
    pub(super) fn catch(background: bool) -> io::Result<Self> {
        let signals = FORWARDED.iter().chain(&[SIGCHLD]);
        let signals: Vec<i32> =
            signals.chain(background.then_some(&[SIGTTIN, SIGTTOU]).into_iter().flatten()).copied().collect();
        let original = |signal: &i32| {
            let ignored = dispositions::is_ignored(*signal);
            (*signal, if ignored { Disposition::Ignored } else { Disposition::Default })
        };
        let original = signals.iter().map(original).collect();
        let (read, write) = UnixStream::pair()?;
        let delivery = SignalDelivery::with_pipe(read, write, WithRawSiginfo, signals)?;
        Ok(Self { delivery, original })
    }

    /// What each signal did before we caught it.
    pub(super) fn original(&self) -> Vec<(i32, Disposition)> {
        self.original.clone()
    }

    /// Readable when a signal has come.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.delivery.get_read().as_fd()
    }

    /// The signals that have come since the last call.
    pub(super) fn take(&mut self) -> Vec<Caught> {
        let by_system = |code: i32| {
            if cfg!(target_os = "linux") { code > 0 } else { !matches!(code, 0x1_0001 | 0x1_0002) }
        };
        self.delivery
            .pending()
            .map(|info| Caught {
                signal: info.si_signo,
                by_terminal: by_system(info.si_code) && OF_TERMINALS.contains(&info.si_signo),
            })
            .collect()
    }
}
