//! The person's terminal: questions on it, colours for it, and names made harmless for it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};

#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::base::Secret;
use crate::base::ports::Prompt;

/// `text` for a terminal: control characters (C0, C1) and those that turn the direction of reading or hide
/// themselves are spelled `\u{…}`, so that a name cannot redraw the screen or pass for another. So is the middle of
/// `##[`, which a runner of CI takes for the beginning of a command wherever it stands in a line.
#[must_use]
pub fn sanitise(text: &str) -> Cow<'_, str> {
    if text.contains(COMMAND) {
        return Cow::Owned(sanitise(&text.replace(COMMAND, "#\\u{23}[")).into_owned());
    }
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_harmful(character) {
            safe.extend(character.escape_unicode());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// JSON with all that [`sanitise`] spells out as escapes of JSON, so that it says the same.
#[must_use]
pub fn escaped_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    // It stands in strings only.
    for character in json.replace(COMMAND, "#\\u0023[").chars() {
        if is_harmful(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe
}

const COMMAND: &str = "##[";

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether to colour a stream: it is a terminal that is not `dumb`, and `NO_COLOR` is unset or empty.
#[must_use]
pub fn colours(is_terminal: bool, variables: &BTreeMap<OsString, OsString>) -> bool {
    let variable = |name: &str| variables.get(&OsString::from(name));
    is_terminal
        && variable("NO_COLOR").is_none_or(|value| value.is_empty())
        && variable("TERM").is_none_or(|value| value != "dumb")
}

/// Asks on the controlling terminal, even where stdin and stdout are pipes.
#[derive(Clone, Copy, Debug, Default)]
pub struct TerminalPrompt;

impl Prompt for TerminalPrompt {
    /// Ctrl-C and Ctrl-D decline; echo is restored either way.
    fn secret(&self, question: &str) -> Option<Secret<String>> {
        // `rpassword` asks before it stops the echo; who types at once would see it.
        #[cfg(unix)]
        let _quiet = Quiet::new();
        rpassword::prompt_password(format!("{} ", sanitise(question))).ok().map(Secret::new)
    }

    fn confirm(&self, question: &str) -> Option<bool> {
        let mut output = File::options().write(true).open(TERMINAL_OUT).ok()?;
        let input = File::open(TERMINAL_IN).ok()?;
        write!(output, "{} [y/N] ", sanitise(question)).ok()?;
        output.flush().ok()?;
        let mut answer = Zeroizing::new(String::new());
        BufReader::new(input.take(LONGEST_ANSWER)).read_line(&mut answer).ok()?;
        Some(means_yes(&answer))
    }

    fn tell(&self, message: &str) {
        // Nobody to tell is no reason to stop.
        let _ = writeln!(io::stderr(), "{}", sanitise(message));
    }
}

/// A terminal without echo, until this is dropped.
#[cfg(unix)]
struct Quiet(File, Termios);

#[cfg(unix)]
impl Quiet {
    fn new() -> Option<Self> {
        let terminal = File::open(TERMINAL_IN).ok()?;
        let before = tcgetattr(&terminal).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&terminal, OptionalActions::Now, &quiet).ok()?;
        Some(Self(terminal, before))
    }
}

#[cfg(unix)]
impl Drop for Quiet {
    fn drop(&mut self) {
        // A terminal that is gone echoes nothing.
        let _ = tcsetattr(&self.0, OptionalActions::Now, &self.1);
    }
}

/// The device of the terminal that one of the standard streams is, for a program that a third one asks on.
#[must_use]
pub fn device() -> Option<OsString> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;

        let names = [
            rustix::termios::ttyname(io::stdin(), Vec::new()),
            rustix::termios::ttyname(io::stderr(), Vec::new()),
            rustix::termios::ttyname(io::stdout(), Vec::new()),
        ];
        let name = names.into_iter().find_map(Result::ok)?;
        Some(OsString::from_vec(name.into_bytes()))
    }
    #[cfg(not(unix))]
    None
}

fn means_yes(answer: &str) -> bool {
    matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES")
}

const LONGEST_ANSWER: u64 = 1024;
#[cfg(not(windows))]
const TERMINAL_IN: &str = "/dev/tty";
#[cfg(not(windows))]
const TERMINAL_OUT: &str = "/dev/tty";
#[cfg(windows)]
const TERMINAL_IN: &str = "CONIN$";
#[cfg(windows)]
const TERMINAL_OUT: &str = "CONOUT$";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn harmless_names_are_borrowed() {
        for name in ["", "DB_PASSWORD", "Größe", "日本", "a b"] {
            assert!(matches!(sanitise(name), Cow::Borrowed(same) if same == name));
        }
    }

    #[test]
    fn what_could_steer_a_terminal_is_spelled_out() {
        for (name, safe) in [
            ("a\x1b[31mb", "a\\u{1b}[31mb"),
            ("a\nb", "a\\u{a}b"),
            ("a\u{9b}b", "a\\u{9b}b"),
            ("a\x7fb", "a\\u{7f}b"),
            ("exe\u{202e}gpj", "exe\\u{202e}gpj"),
            ("a\u{200b}b", "a\\u{200b}b"),
            ("a\u{2066}b", "a\\u{2066}b"),
            ("a ##[stop-commands]x\n", "a #\\u{23}[stop-commands]x\\u{a}"),
        ] {
            assert_eq!(sanitise(name), safe);
        }
    }

    #[test]
    fn escaped_json_says_the_same() {
        let json = serde_json::json!({"a\u{9b}": ["\u{202e}x\u{e0001}\u{7f}\n", "ü", "##[a]"]});
        let safe = escaped_json(&json.to_string());
        assert_eq!(safe, r##"{"a\u009b":["\u202ex\udb40\udc01\u007f\n","ü","#\u0023[a]"]}"##);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), json);
    }

    #[test]
    fn no_color_and_dumb_terminals_are_respected() {
        let with = |name: &str, value: &str| BTreeMap::from([(name.into(), value.into())]);
        assert!(colours(true, &BTreeMap::new()));
        assert!(colours(true, &with("NO_COLOR", "")));
        assert!(!colours(true, &with("NO_COLOR", "1")));
        assert!(!colours(true, &with("TERM", "dumb")));
        assert!(!colours(false, &BTreeMap::new()));
    }

    #[test]
    fn only_a_clear_yes_is_one() {
        assert!(["y\n", "Y", "yes\r\n"].iter().all(|answer| means_yes(answer)));
        assert!(["", "\n", "n", "ye", "yess"].iter().all(|answer| !means_yes(answer)));
    }
}
