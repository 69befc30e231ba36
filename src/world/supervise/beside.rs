//! Beside a program until it ends: one loop that waits for signals, for its end, for what is typed and for the clock.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group, wait, waitpid,
};
use rustix::stdio::stdin;
use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGSTOP, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH,
};
use signal_hook::low_level::raise;

use super::dispositions::{self, Disposition};
use super::pump::Pump;
use super::screen::Screen;
use super::signals::{Caught, Signals};
use super::spawn::{Running, Start};
use super::standing::{Standing, Terminal, is_orphaned};
use super::{Change, End, Launch, Supervision};
use crate::world::processes::StartError;

/// From being asked to end until being ended.
const GRACE: Duration = Duration::from_secs(10);

/// How often a watch is asked.
const WATCH: Duration = Duration::from_millis(500);

/// How often a program in the background is looked at, for nobody says when it comes to the front.
const FRONT: Duration = Duration::from_millis(250);

/// Us beside a program.
pub(super) struct Beside {
    signals: Signals,
    terminal: Terminal,
    standing: Standing,
    /// We are the one inside a terminal that another one of us has made.
    inside: bool,
    running: Running,
    ending: Option<Ending>,
    timed_out: bool,
}

/// The program was asked to end.
struct Ending {
    /// When it is ended.
    deadline: Instant,
    /// What is started then.
    next: Option<Launch>,
}

impl Beside {
    /// Starts `launch`.
    pub(super) fn start(launch: Launch, inside: bool) -> Result<Self, StartError> {
        let mut terminal = Terminal::open();
        let standing =
            if inside { Standing::Own } else { Standing::find(&terminal, launch.filter.is_some()) };
        let refused = |error: io::Error| StartError::from_system(&launch.program.path, &error);
        let signals = Signals::catch(standing != Standing::Inside).map_err(refused)?;
        if standing == Standing::Own {
            // From the background we take the terminal back.
            dispositions::set(SIGTTOU, Disposition::Ignored).map_err(refused)?;
        }
        let running = start(standing, &mut terminal, &signals, launch)?;
        Ok(Self { signals, terminal, standing, inside, running, ending: None, timed_out: false })
    }

    /// Stays until the end.
    pub(super) fn run(mut self, supervision: Supervision<'_>) -> Result<End, StartError> {
        let Supervision { timeout, mut watch } = supervision;
        let mut timeout = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut asked = Instant::now();
        loop {
            let ends = self.ending.as_ref().map(|ending| ending.deadline);
            let watches = watch.as_ref().map(|_| asked + WATCH);
            let looks = self.is_away().then(|| Instant::now() + FRONT);
            self.wait([ends, watches, looks, timeout].into_iter().flatten().min());
            for caught in self.signals.take() {
                self.caught(caught);
            }
            if self.is_away() {
                self.come_to_front();
            }
            if let Some(status) = self.reap() {
                if self.ended()? {
                    continue;
                }
                return Ok(self.end(status));
            }
            let now = Instant::now();
            if timeout.is_some_and(|timeout| timeout <= now) {
                (timeout, self.timed_out) = (None, true);
                self.ask_to_end(None);
            }
            if self.ending.as_ref().is_some_and(|ending| ending.deadline <= now) {
                self.kill();
            }
            if let Some(watch) = watch.as_mut().filter(|_| asked + WATCH <= now) {
                self.change(watch());
                asked = Instant::now();
            }
        }
    }

    /// Waits until something happens, or `until`.
    fn wait(&mut self, until: Option<Instant>) {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        // Rounded up, for a clock that has not come yet would be asked again and again.
        let left = left.and_then(|left| Timespec::try_from(left + Duration::from_millis(1)).ok());
        let Running { ended, screen, .. } = &mut self.running;
        let (mut typed, mut taken) = (false, false);
        {
            let mut all = vec![PollFd::from_borrowed_fd(self.signals.descriptor(), PollFlags::IN)];
            all.extend(ended.as_ref().map(|ended| PollFd::new(ended, PollFlags::IN)));
            let fixed = all.len();
            let listens = screen.as_ref().is_some_and(Screen::listens);
            let (keyboard, waiting) = (stdin(), screen.as_ref().and_then(Screen::waiting));
            if listens {
                all.push(PollFd::from_borrowed_fd(keyboard, PollFlags::IN));
            } else if let Some(waiting) = &waiting {
                all.push(PollFd::from_borrowed_fd(waiting.as_fd(), PollFlags::OUT));
            }
            // A signal interrupts it, and is then to be read.
            if poll(&mut all, left.as_ref()).is_ok()
                && all.get(fixed).is_some_and(|one| !one.revents().is_empty())
            {
                (typed, taken) = (listens, !listens);
            }
        }
        if let Some(screen) = screen {
            if typed {
                screen.read();
            }
            if typed || taken {
                screen.hand_on();
            }
        }
    }

    fn caught(&mut self, Caught { signal, by_terminal }: Caught) {
        if let (SIGWINCH, Some(screen)) = (signal, &self.running.screen) {
            screen.fit();
        }
        match (signal, self.standing) {
            (SIGCHLD, _) | (SIGWINCH, Standing::Inside) => {}
            (SIGCONT, _) => self.resumed(),
            (SIGWINCH, Standing::Shared) if self.running.screen.is_some() => self.tell(signal),
            // The terminal has told the program too.
            (_, Standing::Shared) if by_terminal => {}
            (_, Standing::Own) if by_terminal => {
                self.terminal.give(self.running.pid);
                self.tell_group(signal);
            }
            _ => self.tell(signal),
        }
        if let (SIGHUP | SIGINT | SIGQUIT | SIGTERM, Some(ending)) = (signal, &mut self.ending) {
            ending.next = None;
        }
    }

    /// What became of the program: its end. That it was stopped is seen to here.
    fn reap(&mut self) -> Option<WaitStatus> {
        let options = WaitOptions::NOHANG | WaitOptions::UNTRACED;
        loop {
            // As the first process of a system we inherit the orphans.
            let found =
                if getpid() == Pid::INIT { wait(options) } else { waitpid(Some(self.running.pid), options) };
            let (pid, status) = match found {
                Ok(found) => found?,
                Err(rustix::io::Errno::INTR) => continue,
                Err(_) => return None,
            };
            if pid != self.running.pid {
                continue;
            }
            match status.stopping_signal() {
                Some(signal) => self.stopped(signal),
                None => return Some(status),
            }
        }
    }

    /// The program was stopped, and so are we, for the shell to see it.
    fn stopped(&mut self, signal: i32) {
        if self.standing == Standing::Own && matches!(signal, SIGTTIN | SIGTTOU) && self.terminal.is_ours() {
            // It was brought to the front while it ran, and has noticed only now.
            return self.resumed();
        }
        if !self.terminal.exists() {
            return;
        }
        self.terminal.take_back();
        self.running.pumps.iter_mut().for_each(Pump::flush);
        if let Some(screen) = &mut self.running.screen {
            screen.leave();
        }
        let signal = match (self.inside, self.standing, signal) {
            // Nobody would stop us for a terminal; the one of us outside can tell.
            (true, ..) => SIGSTOP,
            (false, Standing::Inside, SIGSTOP) => SIGTSTP,
            _ => signal,
        };
        // The system would take no notice of it, and has taken none without us.
        let unseen = !self.inside && self.standing != Standing::Shared && signal != SIGSTOP && is_orphaned();
        if !unseen {
            let raised = || drop(raise(signal));
            if signal == SIGSTOP || dispositions::with_default(signal, raised).is_err() {
                drop(raise(SIGSTOP));
            }
        }
        self.resumed();
    }

    /// We go on, and so does the program.
    fn resumed(&mut self) {
        match self.standing {
            Standing::Shared => self.tell(SIGCONT),
            Standing::Own => {
                self.terminal.give(self.running.pid);
                self.tell_group(SIGCONT);
            }
            Standing::Inside => {
                self.come_to_front();
                self.tell(SIGCONT);
            }
        }
    }

    /// The program has a terminal of its own, and ours is another's.
    fn is_away(&self) -> bool {
        let entered = self.running.screen.as_ref().is_none_or(Screen::is_entered);
        self.standing == Standing::Inside && !entered
    }

    fn come_to_front(&mut self) {
        if let Some(screen) = self.running.screen.as_mut().filter(|_| self.terminal.is_ours()) {
            // One that is gone tells so by a signal.
            let _ = screen.enter();
        }
    }

    /// The program has ended; whether another follows.
    fn ended(&mut self) -> Result<bool, StartError> {
        let Some(next) = self.ending.take().and_then(|ending| ending.next) else { return Ok(false) };
        self.drain();
        self.terminal.take_back();
        self.running.screen = None;
        self.running = start(self.standing, &mut self.terminal, &self.signals, next)?;
        Ok(true)
    }

    /// Cleans up after the last program.
    fn end(mut self, status: WaitStatus) -> End {
        self.terminal.take_back();
        self.drain();
        if self.timed_out {
            return End::TimedOut;
        }
        match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => End::Code(u8::try_from(code & 0xff).unwrap_or(u8::MAX)),
            (_, signal) => {
                let signal = signal.unwrap_or_default();
                if let Some(screen) = &self.running.screen {
                    screen.tell_others(signal);
                }
                End::Signal(signal)
            }
        }
    }

    /// Waits until what was printed is carried, or somebody wants our end too.
    fn drain(&mut self) {
        let pumps = &mut self.running.pumps;
        pumps.iter_mut().for_each(Pump::end);
        while let Some(pump) = pumps.last_mut() {
            let both = &mut [
                PollFd::from_borrowed_fd(pump.answers(), PollFlags::IN),
                PollFd::from_borrowed_fd(self.signals.descriptor(), PollFlags::IN),
            ];
            let _ = poll(both, None);
            if both.first().is_some_and(|answers| !answers.revents().is_empty()) {
                pumps.pop();
            }
            let wants_end = |caught: Caught| matches!(caught.signal, SIGHUP | SIGINT | SIGQUIT | SIGTERM);
            if self.signals.take().into_iter().any(wants_end) {
                return;
            }
        }
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::None => {}
            Change::Restart(next) => self.ask_to_end(Some(next)),
            Change::Signal(signal) => self.tell(signal),
        }
    }

    fn ask_to_end(&mut self, next: Option<Launch>) {
        match &mut self.ending {
            Some(ending) => ending.next = next,
            None => self.ending = Some(Ending { deadline: Instant::now() + GRACE, next }),
        }
        self.tell(SIGTERM);
        // One that is stopped could not hear it.
        self.tell(SIGCONT);
    }

    fn kill(&mut self) {
        let Some(ending) = &mut self.ending else { return };
        let again = ending.deadline + Duration::from_secs(1);
        // The program is a child of the one inside, which then ends by itself; if not, it is next.
        let group = self.running.screen.as_ref().filter(|_| self.standing == Standing::Inside);
        match group.and_then(Screen::group).filter(|group| *group != self.running.pid) {
            Some(group) => drop(kill_process_group(group, Signal::KILL)),
            None => drop(kill_process(self.running.pid, Signal::KILL)),
        }
        ending.deadline = again;
    }

    /// Sends `signal` to the program. It is not waited for yet, so its number is nobody else's.
    fn tell(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = kill_process(self.running.pid, signal);
        }
    }

    fn tell_group(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = kill_process_group(self.running.pid, signal);
        }
    }
}

fn start(
    standing: Standing,
    terminal: &mut Terminal,
    signals: &Signals,
    launch: Launch,
) -> Result<Running, StartError> {
    let handle = if standing == Standing::Own && terminal.is_ours() { terminal.handle() } else { None };
    let takes = handle.is_some();
    let running = Start { standing, terminal: handle, original: signals.original() }.start(launch)?;
    if takes {
        terminal.was_taken();
    }
    Ok(running)
}
