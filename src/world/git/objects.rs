//! Objects by their names, from one running `git cat-file`: a history has thousands, and a process each would take
//! longer than all else.

use std::fmt;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::Git;

/// The name of an object: 40 or 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(Box<str>);

impl ObjectId {
    /// Reads a name in full; `None` for anything else, and for the name of nothing, all zeros.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        let is_name = matches!(text.len(), 40 | 64) && text.iter().all(is_digit);
        let names_something = text.iter().any(|byte| *byte != b'0');
        (is_name && names_something).then(|| std::str::from_utf8(text).ok().map(|text| Self(text.into())))?
    }

    /// All digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first 8 digits, for people.
    #[must_use]
    pub fn short(&self) -> &str {
        self.0.get(..8).unwrap_or(&self.0)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads objects one by one. Ends with its owner.
#[derive(Debug)]
pub struct Objects {
    child: Child,
    names: Option<ChildStdin>,
    contents: BufReader<ChildStdout>,
}

impl Git {
    /// A reader of objects; `None` when git does not start.
    #[must_use]
    pub fn objects(&self) -> Option<Objects> {
        let mut command = self.command(&["cat-file", "--batch"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let (names, contents) = (child.stdin.take(), BufReader::new(child.stdout.take()?));
        Some(Objects { child, names, contents })
    }
}

impl Objects {
    /// The content of the blob `id`; `None` when it is not here, is no blob, or is larger than `limit` bytes.
    #[must_use]
    pub fn blob(&mut self, id: &ObjectId, limit: u64) -> Option<Vec<u8>> {
        let names = self.names.as_mut()?;
        names.write_all(format!("{id}\n").as_bytes()).and_then(|()| names.flush()).ok()?;
        let mut header = String::new();
        // `ID TYPE SIZE`, or `ID missing`.
        self.contents.by_ref().take(LONGEST_HEADER).read_line(&mut header).ok()?;
        let mut words = header.split_ascii_whitespace().skip(1);
        let (kind, size) = (words.next()?, words.next()?.parse::<u64>().ok()?);
        let mut content = Vec::new();
        let wanted = kind == "blob" && size <= limit;
        let mut rest = self.contents.by_ref().take(size.checked_add(1)?);
        if wanted {
            rest.read_to_end(&mut content).ok()?;
        } else {
            std::io::copy(&mut rest, &mut std::io::sink()).ok()?;
        }
        // The line feed behind it.
        (wanted && content.pop() == Some(b'\n')).then_some(content)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // At the end of its input, git ends.
        drop(self.names.take());
        drop(self.child.wait());
    }
}

const LONGEST_HEADER: u64 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_full_names_of_something_are_names() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(ObjectId::parse(id.as_bytes()).unwrap().short(), "01234567");
        for other in ["", "HEAD", &id[1..], &id.to_uppercase(), &"0".repeat(40)] {
            assert_eq!(ObjectId::parse(other.as_bytes()), None, "{other}");
        }
    }
}
