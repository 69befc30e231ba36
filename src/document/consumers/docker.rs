//! Files for `docker run --env-file`: a name, `=`, and every byte to the line's end. There are no quotes, escapes or
//! comments behind a value. The rules are those of `pkg/kvfile` in docker/cli.

use super::{Consumer, Refusal, line, text};

/// `docker run --env-file`.
#[derive(Clone, Copy, Debug)]
pub struct Docker;

impl Consumer for Docker {
    fn takes_name(&self, name: &[u8]) -> bool {
        let is_plain =
            |char: char| !char.is_whitespace() && !char.is_control() && char != '=' && char != '\u{FEFF}';
        // `#` begins a comment.
        std::str::from_utf8(name)
            .is_ok_and(|name| !name.is_empty() && !name.starts_with('#') && name.chars().all(is_plain))
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        text(value)?;
        if value.contains(&b'\n') {
            return Err(Refusal::LineFeed);
        }
        if value.ends_with(b"\r") {
            return Err(Refusal::CarriageReturn);
        }
        if name.len() + 1 + value.len() > LONGEST {
            return Err(Refusal::Long);
        }
        line(&[name, b"=", value], out);
        Ok(())
    }
}

/// Go's `bufio.MaxScanTokenSize`, less the line feed.
const LONGEST: usize = 64 * 1024 - 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: &[u8]) -> Result<String, Refusal> {
        let mut out = Vec::new();
        Docker.entry(b"A", value, &mut out).map(|()| String::from_utf8(out).unwrap())
    }

    #[test]
    fn a_value_stands_as_it_is() {
        for value in ["", " a # b ", "\"quoted\"", "$X \\n", "a\rb", "=="] {
            assert_eq!(entry(value.as_bytes()), Ok(format!("A={value}\n")));
        }
    }

    #[test]
    fn what_a_line_cannot_hold_is_refused() {
        for (value, why) in [
            (b"a\nb".as_slice(), Refusal::LineFeed),
            (b"a\r", Refusal::CarriageReturn),
            (b"\xFF", Refusal::NotUtf8),
            (&vec![b'a'; LONGEST - 1], Refusal::Long),
        ] {
            assert_eq!(entry(value), Err(why));
        }
        assert!(entry(&vec![b'a'; LONGEST - 2]).is_ok());
    }

    #[test]
    fn names_are_as_free_as_with_docker() {
        for (name, taken) in
            [("A.B-c", true), ("ä", true), ("", false), ("#A", false), ("A B", false), ("\u{FEFF}A", false)]
        {
            assert_eq!(Docker.takes_name(name.as_bytes()), taken, "{name}");
        }
    }
}
