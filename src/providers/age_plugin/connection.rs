//! One conversation with a plugin: stanzas over its stdin and stdout, in the protocol of the age project (C2SP
//! `age-plugin`). Each is bounded, and the program sees the variables that it is given, no more.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use age_core::format::Stanza;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::world::Variables;
use crate::world::processes::child_is_left;

/// Which half of the protocol is spoken.
#[derive(Clone, Copy)]
pub(super) enum Machine {
    Identity,
    Recipient,
}

/// A plugin that was started. It ends when this is dropped, for then its pipes are closed.
pub(super) struct Connection {
    input: BufReader<ChildStdout>,
    output: ChildStdin,
    _folder: tempfile::TempDir,
}

/// What a plugin is answered.
pub(super) enum Reply<'a> {
    /// No, or nobody is there.
    Fail,
    /// Done, with words of the protocol and data.
    Ok(&'a [&'a str], &'a [u8]),
    /// We do not know what it wants.
    Unsupported,
}

/// Characters of a full line of base64; a shorter one ends a body.
const COLUMNS: usize = 64;
/// Bytes of a stanza at the most.
const LONGEST_STANZA: u64 = 1 << 20;

impl Connection {
    /// Starts `program` in an empty folder. `None`: it sees our own variables.
    pub(super) fn open(program: &Path, machine: Machine, variables: Option<&Variables>) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let machine = match machine {
            Machine::Identity => "--age-plugin=identity-v1",
            Machine::Recipient => "--age-plugin=recipient-v1",
        };
        let mut command = Command::new(program.canonicalize()?);
        command.arg(machine).current_dir(folder.path());
        if let Some(variables) = variables {
            command.env_clear().envs(variables);
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        child_is_left();
        let (Some(output), Some(input)) = (child.stdin, child.stdout) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        Ok(Self { input: BufReader::new(input), output, _folder: folder })
    }

    /// Says `tag` with its arguments and data.
    pub(super) fn send(&mut self, tag: &str, arguments: &[&str], body: &[u8]) -> io::Result<()> {
        let words = arguments.iter().flat_map(|argument| [" ", argument]);
        let mut text = Zeroizing::new(["-> ", tag].into_iter().chain(words).collect::<String>());
        text.push('\n');
        let encoded = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(body));
        let mut rest = encoded.as_str();
        loop {
            let (line, more) = rest.split_at_checked(COLUMNS).unwrap_or((rest, ""));
            text.push_str(line);
            text.push('\n');
            if line.len() < COLUMNS {
                break;
            }
            rest = more;
        }
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
    }

    /// Says a stanza, after `tag` and `arguments`.
    pub(super) fn send_stanza(&mut self, tag: &str, arguments: &[&str], stanza: &Stanza) -> io::Result<()> {
        let own = std::iter::once(&stanza.tag).chain(&stanza.args).map(String::as_str);
        let all: Vec<&str> = arguments.iter().copied().chain(own).collect();
        self.send(tag, &all, &stanza.body)
    }

    /// Answers what was received last.
    pub(super) fn reply(&mut self, reply: &Reply<'_>) -> io::Result<()> {
        match reply {
            Reply::Fail => self.send("fail", &[], b""),
            Reply::Ok(words, body) => self.send("ok", words, body),
            Reply::Unsupported => self.send("unsupported", &[], b""),
        }
    }

    /// What the plugin says next; `None` when it is done.
    pub(super) fn receive(&mut self) -> io::Result<Option<Stanza>> {
        let mut left = LONGEST_STANZA;
        let head = self.line(&mut left)?;
        let words = head.strip_prefix("-> ").ok_or(io::ErrorKind::InvalidData)?;
        let mut words = words.split(' ').map(str::to_owned);
        let tag = words.next().filter(|tag| !tag.is_empty()).ok_or(io::ErrorKind::InvalidData)?;
        let args: Vec<String> = words.collect();
        let mut encoded = Zeroizing::new(String::new());
        loop {
            let line = self.line(&mut left)?;
            encoded.push_str(&line);
            match line.len() {
                0..COLUMNS => break,
                COLUMNS => {}
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
        let body = BASE64_STANDARD_NO_PAD.decode(encoded.as_bytes());
        let body = body.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok((tag != "done").then_some(Stanza { tag, args, body }))
    }

    /// One line, of the bytes that are `left`.
    fn line(&mut self, left: &mut u64) -> io::Result<Zeroizing<String>> {
        let mut line = Zeroizing::new(String::new());
        let count = (&mut self.input).take(*left).read_line(&mut line)?;
        *left -= u64::try_from(count).unwrap_or(*left);
        match line.pop() {
            Some('\n') => Ok(line),
            Some(_) if *left == 0 => Err(io::ErrorKind::InvalidData.into()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    /// A file that is never written while tests start programs.
    const PLUGIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/age-plugin-say");

    fn said(script: &str) -> Result<Option<Stanza>, io::ErrorKind> {
        let variables = Variables::from([("SAY".into(), script.into())]);
        let opened = Connection::open(Path::new(PLUGIN), Machine::Recipient, Some(&variables));
        opened.and_then(|mut one| one.receive()).map_err(|error| error.kind())
    }

    fn printed(text: &str) -> Result<Option<Stanza>, io::ErrorKind> {
        said(&format!("printf -- '{text}'"))
    }

    #[test]
    fn a_stanza_is_read_as_it_is_written() {
        let stanza = printed("-> msg a b\\nYWJj\\n").unwrap().unwrap();
        assert_eq!(
            (stanza.tag.as_str(), stanza.args.join(" "), stanza.body.as_slice()),
            ("msg", "a b".into(), &b"abc"[..])
        );
        let long = printed(&format!("-> x\\n{}\\n\\n", "A".repeat(64))).unwrap().unwrap();
        assert_eq!(long.body, [0; 48]);
        assert!(printed("-> done\\n\\n").unwrap().is_none());
    }

    #[test]
    fn what_is_no_stanza_is_refused() {
        for (text, kind) in [
            ("", io::ErrorKind::UnexpectedEof),
            ("-> msg\\n", io::ErrorKind::UnexpectedEof),
            ("-> msg", io::ErrorKind::UnexpectedEof),
            ("hello\\n\\n", io::ErrorKind::InvalidData),
            ("-> \\n\\n", io::ErrorKind::InvalidData),
            ("-> msg\\n!!!!\\n", io::ErrorKind::InvalidData),
            (&format!("-> msg\\n{}\\n\\n", "A".repeat(65)), io::ErrorKind::InvalidData),
        ] {
            assert_eq!(printed(text).err(), Some(kind), "{text}");
        }
        let endless = said("while :; do printf 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'; done");
        assert_eq!(endless.err(), Some(io::ErrorKind::InvalidData));
    }

    #[test]
    fn only_the_given_variables_are_seen() {
        let stanza = said("printf -- \"-> x $1 .$HOME\\n\\n\"").unwrap().unwrap();
        assert_eq!(stanza.args, ["--age-plugin=recipient-v1", "."]);
    }
}
