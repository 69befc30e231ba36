//! A terminal that we make for a program: as large as ours, set as ours, and ours is raw while it stands in front.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, fcntl_dupfd_cloexec};
use rustix::process::{Signal, kill_current_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::stdio::{stderr, stdin, stdout};
use rustix::termios::{
    OptionalActions, OutputModes, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize,
};
use zeroize::Zeroizing;

/// The side of a made terminal where the program is not.
pub(super) struct Screen {
    master: OwnedFd,
    /// Ours, as it was before it became raw.
    raw: Option<Raw>,
    /// What was typed and not yet taken.
    typed: Zeroizing<Vec<u8>>,
    /// The signal that our terminal would have sent last, for what was typed.
    asked: Option<Signal>,
    /// Nothing will be typed any more.
    deaf: bool,
}

/// Our own terminal, raw until this is dropped.
struct Raw(Termios);

impl Drop for Raw {
    fn drop(&mut self) {
        // One that is gone needs no restoring.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0);
    }
}

impl Screen {
    /// A new terminal and the program's side of it. Where it is only looked at, what is printed is not changed on its
    /// way, for our own terminal does that.
    pub(super) fn make(only_output: bool) -> io::Result<(Self, OwnedFd)> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let name = ptsname(&master, Vec::new())?;
        let slave = open(&*name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        let ours = [stdin(), stdout(), stderr()].into_iter().find_map(|stream| tcgetattr(stream).ok());
        if let Some(mut settings) = ours {
            if only_output {
                settings.output_modes -= OutputModes::OPOST;
            }
            tcsetattr(&slave, OptionalActions::Now, &settings)?;
        }
        rustix::io::ioctl_fionbio(&master, true)?;
        let screen = Self { master, raw: None, typed: Zeroizing::default(), asked: None, deaf: only_output };
        screen.fit();
        Ok((screen, slave))
    }

    /// What the program prints.
    pub(super) fn output(&self) -> io::Result<OwnedFd> {
        Ok(fcntl_dupfd_cloexec(&self.master, 0)?)
    }

    /// Takes the size of our own terminal.
    pub(super) fn fit(&self) {
        let mut ours = [stdout(), stderr(), stdin()].into_iter();
        if let Some(size) = ours.find_map(|stream| tcgetwinsize(stream).ok()) {
            let _ = tcsetwinsize(&self.master, size);
        }
    }

    /// Everything that is typed on our terminal is for the program.
    pub(super) fn enter(&mut self) -> io::Result<()> {
        if self.raw.is_none() && !self.deaf {
            let before = tcgetattr(stdin())?;
            let mut raw = before.clone();
            raw.make_raw();
            tcsetattr(stdin(), OptionalActions::Now, &raw)?;
            self.raw = Some(Raw(before));
        }
        self.fit();
        Ok(())
    }

    /// Our terminal is as it was.
    pub(super) fn leave(&mut self) {
        self.raw = None;
    }

    /// Our terminal is raw.
    pub(super) fn is_entered(&self) -> bool {
        self.raw.is_some()
    }

    /// Something typed may be read.
    pub(super) fn listens(&self) -> bool {
        self.raw.is_some() && !self.deaf && self.typed.is_empty()
    }

    /// The program's side, where something typed waits to be taken.
    pub(super) fn waiting(&self) -> Option<impl AsFd + '_> {
        (!self.typed.is_empty()).then_some(&self.master)
    }

    /// Reads what was typed.
    pub(super) fn read(&mut self) {
        let mut piece = Zeroizing::new([0; 4096]);
        match rustix::io::read(stdin(), &mut *piece) {
            Ok(count) if count > 0 => {
                let piece = piece.get(..count).unwrap_or_default();
                self.typed.extend_from_slice(piece);
                let Some(Raw(settings)) = &self.raw else { return };
                let signal = |byte: &u8| match *byte {
                    byte if byte == settings.special_codes[SpecialCodeIndex::VINTR] => Some(Signal::INT),
                    byte if byte == settings.special_codes[SpecialCodeIndex::VQUIT] => Some(Signal::QUIT),
                    _ => None,
                };
                self.asked = piece.iter().rev().find_map(signal).or(self.asked);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            _ => self.deaf = true,
        }
    }

    /// Hands on what was typed, as much as is taken.
    pub(super) fn hand_on(&mut self) {
        match rustix::io::write(&self.master, &self.typed) {
            Ok(count) => {
                let count = count.min(self.typed.len());
                self.typed.drain(..count);
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => {
                self.deaf = true;
                self.typed.clear();
            }
        }
    }

    /// The program has ended by `signal`: whoever shares our process group, a script for one, learns of it if it was
    /// typed, as our own terminal would have told.
    pub(super) fn tell_others(&self, signal: i32) {
        if let Some(asked) = self.asked.filter(|asked| asked.as_raw() == signal) {
            let _ = kill_current_process_group(asked);
        }
    }

    /// The process group that has the program's side.
    pub(super) fn group(&self) -> Option<rustix::process::Pid> {
        rustix::termios::tcgetpgrp(&self.master).ok()
    }
}
