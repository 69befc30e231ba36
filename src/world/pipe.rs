//! A program that gives bytes on its standard output, and may be handed some on its input: no secret goes by arguments
//! or files, and no shell stands between. Which program, and whether it may run at all, is decided above.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::Variables;
use super::processes::{StartError, StartProblem};

/// Bytes of a program's complaints that are kept.
const LONGEST_COMPLAINT: u64 = 4096;

/// How long an answer may take; a person may have to be asked.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Bytes of an answer at the most.
const LONGEST_ANSWER: u64 = 1 << 20;

/// What a program left behind.
pub struct Piped {
    /// Whether it says that all went well.
    pub success: bool,
    /// Its output; it may hold a data key.
    pub output: Zeroizing<Vec<u8>>,
    /// The start of what it said on stderr.
    pub complaint: Vec<u8>,
}

/// Why a program's output cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PipeError {
    /// It does not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// Its output is longer than anything it should say.
    #[error("it says more than {0} bytes")]
    TooLong(u64),
    /// The pipes broke.
    #[error("its output cannot be read ({0})")]
    Broken(io::ErrorKind),
}

/// Runs `program` in `folder` with exactly `variables`, feeds it `input`, and waits for as long as it takes: a person
/// may have to find a card. The controlling terminal stays its own to ask on. Output beyond `limit` bytes ends it.
///
/// # Errors
/// When it does not start or says too much; how it ended is told by [`Piped::success`].
pub fn pipe(
    program: &Path,
    arguments: &[OsString],
    variables: &Variables,
    folder: &Path,
    input: &[u8],
    limit: u64,
) -> Result<Piped, PipeError> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| StartError::from_system(program, &error))?;
    let (Some(mut stdin), Some(stdout), Some(stderr)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(StartError::new(program, StartProblem::System(0)).into());
    };
    // All three at once, or a program that fills one pipe while we wait at another would never end.
    thread::scope(|scope| {
        // A program that does not want its input closes it; what it made of that, it says itself.
        scope.spawn(move || drop(stdin.write_all(input)));
        let complaint = scope.spawn(move || complaint(stderr));
        let output = read(stdout, limit);
        if output.is_err() {
            end(&mut child);
        }
        let complaint = complaint.join().unwrap_or_default();
        let status = child.wait().map_err(|error| PipeError::Broken(error.kind()))?;
        Ok(Piped { success: status.success(), output: output?, complaint })
    })
}

/// What `program`, one that hands out credentials and ends, prints on stdout. Its stderr is ours, for it may have to
/// ask; its stdin is empty.
///
/// # Errors
/// In words: it does not start, fails, says too much or takes too long.
pub fn answer(
    program: &Path,
    arguments: &[OsString],
    variables: &Variables,
    patience: Duration,
) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let deadline = Instant::now() + patience;
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| "does not start")?;
    let stdout = child.stdout.take().ok_or("cannot be read from")?;
    let (sender, receiver) = mpsc::channel();
    // A program that is killed may leave children that keep the pipe open, so the reader is not waited for.
    thread::spawn(move || drop(sender.send(read(stdout, LONGEST_ANSWER))));
    let bytes = match receiver.recv_timeout(patience) {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(PipeError::TooLong(_))) => return Err(stop(&mut child, "says too much")),
        Ok(Err(_)) => return Err(stop(&mut child, "cannot be read from")),
        Err(_) => return Err(stop(&mut child, "takes too long")),
    };
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(bytes),
            Ok(Some(_)) | Err(_) => return Err("ended with an error"),
            Ok(None) if Instant::now() >= deadline => return Err(stop(&mut child, "takes too long")),
            Ok(None) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn stop(child: &mut Child, problem: &'static str) -> &'static str {
    // It may have ended by itself.
    drop(child.kill());
    drop(child.wait());
    problem
}

fn read(from: impl Read, limit: u64) -> Result<Zeroizing<Vec<u8>>, PipeError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    from.take(limit + 1).read_to_end(&mut bytes).map_err(|error| PipeError::Broken(error.kind()))?;
    if bytes.len() as u64 > limit { Err(PipeError::TooLong(limit)) } else { Ok(bytes) }
}

/// The start of it; the rest is read too, so that nobody is blocked by a full pipe.
fn complaint(mut from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let kept = from.by_ref().take(LONGEST_COMPLAINT).read_to_end(&mut bytes);
    if kept.is_ok() {
        drop(io::copy(&mut from, &mut io::sink()));
    }
    bytes
}

/// A program that was ended already is no matter.
fn end(child: &mut Child) {
    drop(child.kill());
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, input: &[u8], limit: u64) -> Result<Piped, PipeError> {
        let arguments = ["-c".into(), script.into()];
        let variables = Variables::from([("PATH".into(), "/usr/bin:/bin".into())]);
        pipe(Path::new("/bin/sh"), &arguments, &variables, Path::new("/"), input, limit)
    }

    #[test]
    fn input_goes_in_and_output_comes_out() {
        let piped = shell("cat; echo complaint >&2; exit 3", b"abc", 100).unwrap();
        assert_eq!((piped.success, piped.output.as_slice()), (false, &b"abc"[..]));
        assert_eq!(piped.complaint, b"complaint\n");
    }

    #[test]
    fn full_pipes_on_all_three_sides_block_nobody() {
        let input = vec![b'x'; 300_000];
        let noise = "head -c 300000 /dev/zero >&2; cat; head -c 300000 /dev/zero >&2";
        let piped = shell(noise, &input, 300_000).unwrap();
        assert_eq!((piped.success, piped.output.len()), (true, 300_000));
        assert_eq!(piped.complaint.len() as u64, LONGEST_COMPLAINT);
    }

    #[test]
    fn a_program_that_ignores_its_input_or_says_too_much_is_no_trap() {
        assert!(shell("exit 0", &vec![0; 300_000], 10).unwrap().success);
        let endless = shell("exec cat /dev/zero", b"", 1000).err();
        assert_eq!(endless, Some(PipeError::TooLong(1000)));
    }

    #[test]
    fn a_program_that_is_none_is_told() {
        let gone = pipe(Path::new("/nowhere/x"), &[], &Variables::new(), Path::new("/"), b"", 1).err();
        assert_eq!(
            gone.map(|error| error.to_string()).as_deref(),
            Some("cannot run `/nowhere/x`: its interpreter is missing")
        );
    }

    fn answered(script: &str, patience: Duration) -> Result<Vec<u8>, &'static str> {
        let arguments = [OsString::from("-c"), OsString::from(script)];
        let variables = Variables::from([("A".into(), "1".into())]);
        answer(Path::new("/bin/sh"), &arguments, &variables, patience).map(|bytes| bytes.to_vec())
    }

    #[test]
    fn an_answer_is_what_is_printed_and_only_the_given_variables_are_seen() {
        assert_eq!(answered("printf %s \"$A$HOME\"", PATIENCE), Ok(b"1".to_vec()));
    }

    #[test]
    fn a_program_that_misbehaves_gives_nothing() {
        assert_eq!(answered("echo secret; exit 3", PATIENCE), Err("ended with an error"));
        assert_eq!(
            answered("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaa; done", PATIENCE),
            Err("says too much")
        );
        assert_eq!(answered("exec sleep 60", Duration::from_millis(50)), Err("takes too long"));
        assert_eq!(answered("exec sleep 60 >&-", Duration::from_millis(50)), Err("takes too long"));
        let nothing = answer(Path::new("/nowhere"), &[], &Variables::new(), PATIENCE);
        assert_eq!(nothing.unwrap_err(), "does not start");
    }
}
