//! What keeps us beside the program that `run` starts: its output is masked, or it has a time to end by.

use std::ffi::OsString;
use std::io::{self, Write};
use std::time::Duration;

use clap::Args;

use super::super::super::Context;
use super::super::redact;
use super::masking::Masking;
use crate::redact::{Known, Options};
use crate::world::processes::{StartError, become_default};
use crate::world::supervise::{Change, End, Launch, Supervision, asked_inside, supervise};

/// Flags of `run` for which we stay.
#[derive(Args, Debug)]
pub struct Supervised {
    /// Mask the secrets of the files in what the program prints, by `[NAME]`, in their usual encodings too
    #[arg(long)]
    pub redact: bool,
    /// With `--redact`: TEXT in place of every secret
    #[arg(long, value_name = "TEXT", requires = "redact")]
    pub mask: Option<String>,
    /// With `--redact`: mask too what only looks like a secret
    #[arg(long, requires = "redact")]
    pub patterns: bool,
    /// End the program after this time by SIGTERM, 10 seconds later by SIGKILL; exit code 124. A number with `s`,
    /// `m`, `h` or `d`; 0 is no limit
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
}

impl Supervised {
    /// Whether something follows the program's start.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.redact || self.timeout.is_some()
    }

    /// Starts it and stays to its end.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn stay(&self, launch: Launch, watch: Option<&mut dyn FnMut() -> Change>) -> Result<End, StartError> {
        let timeout = self.timeout.filter(|time| !time.is_zero());
        supervise(launch, Supervision { timeout, watch })
    }

    /// What is masked, if that is asked for; nothing of ours yet.
    #[must_use]
    pub fn masking(&self) -> Option<Masking> {
        let options = Options { mask: self.mask.clone(), patterns: self.patterns };
        self.redact.then(|| Masking::new(options))
    }

    /// Masks `secrets` too from now on, and names what passes.
    pub fn learn(masking: &Masking, secrets: &[Known], context: &Context<'_>) {
        redact::warn(&masking.learn(secrets), context);
    }
}

/// The exit code; where it was a signal, we die of it too, for what waits for us to see it. The first process of a
/// container cannot, and says 128+n.
#[must_use]
pub fn code(end: End) -> u8 {
    match end {
        End::Code(code) => code,
        End::Signal(signal) => become_default(signal),
        End::TimedOut => 124,
    }
}

/// The exit code, if these words of a command line are those by which one of us starts another on a terminal that it
/// has made for a program. What goes wrong is said there: the terminal is the program's.
#[must_use]
pub fn inside(words: &[OsString]) -> Option<u8> {
    match asked_inside(words)? {
        Ok(end) => Some(code(end)),
        Err(error) => {
            // Without a terminal there is nobody to tell.
            let _ = writeln!(io::stderr(), "error: {error}");
            Some(126)
        }
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let number = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match text.get(number.len()..) {
        Some("" | "s") => 1.0,
        Some("m") => 60.0,
        Some("h") => 3600.0,
        Some("d") => 86400.0,
        _ => return Err("one unit is enough: s, m, h or d".into()),
    };
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let seconds = number.parse::<f64>().ok().filter(|_| is_plain);
    let seconds = seconds.ok_or("a number with s, m, h or d, such as 30s")? * unit;
    Duration::try_from_secs_f64(seconds).map_err(|_| "that is too long".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, milliseconds) in [
            ("30", 30_000),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("0", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "-1s", "1w", "1ms", "1 s", "inf", "nan", "1e3", "9999999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
