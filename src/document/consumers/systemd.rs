//! Files for `EnvironmentFile=` of systemd (systemd.exec(5)): always in double quotes, where a line feed is itself and only
//! `"`, `\`, `$` and a backtick are escaped. Nothing is expanded.

use super::shell::is_shell_name;
use super::{Consumer, Refusal, line, text};

/// `EnvironmentFile=`.
#[derive(Clone, Copy, Debug)]
pub struct Systemd;

impl Consumer for Systemd {
    fn takes_name(&self, name: &[u8]) -> bool {
        is_shell_name(name)
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        // systemd drops the whole variable for a code point that Unicode has set aside.
        if text(value)?.chars().any(is_noncharacter) {
            return Err(Refusal::NotUtf8);
        }
        let mut quoted = Vec::with_capacity(value.len() + 2);
        quoted.push(b'"');
        for byte in value {
            if matches!(byte, b'"' | b'\\' | b'$' | b'`') {
                quoted.push(b'\\');
            }
            quoted.push(*byte);
        }
        quoted.push(b'"');
        line(&[name, b"=", &quoted], out);
        Ok(())
    }
}

fn is_noncharacter(char: char) -> bool {
    let code = u32::from(char);
    (0xFDD0..=0xFDEF).contains(&code) || code & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_characters_are_escaped() {
        let mut out = Vec::new();
        Systemd.entry(b"A", b" it's \"x\" \\n $5 `y`\r\nz ", &mut out).unwrap();
        assert_eq!(out, b"A=\" it's \\\"x\\\" \\\\n \\$5 \\`y\\`\r\nz \"\n");
    }

    #[test]
    fn what_systemd_drops_is_refused() {
        for value in ["\u{FFFE}", "\u{FDD0}", "\u{10FFFF}"] {
            assert_eq!(Systemd.entry(b"A", value.as_bytes(), &mut Vec::new()), Err(Refusal::NotUtf8));
        }
        assert_eq!(Systemd.entry(b"A", b"\xFF", &mut Vec::new()), Err(Refusal::NotUtf8));
    }
}
