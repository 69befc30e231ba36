//! Words of a command line as Go programs read them: `-output x`, `--output=x`, flags behind the file too, and an
//! environment variable per flag. clap knows none of that, so this is the one parser of our own.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::world::World;

/// One flag.
#[derive(Clone, Copy, Debug)]
pub struct Flag {
    /// Its names without dashes, the first is the one to ask by.
    pub names: &'static [&'static str],
    /// What follows it.
    pub takes: Takes,
    /// The variable that stands in for it.
    pub variable: Option<&'static str>,
    /// One line about it.
    pub about: &'static str,
}

/// What follows a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or `=true`.
    Nothing,
    /// Nothing, or `=false`; it is on by itself.
    OnByItself,
    /// A whole number.
    Number,
    /// A text; the last one counts.
    Text,
    /// A text; all count.
    Texts,
}

/// What a command was given.
#[derive(Clone, Debug, Default)]
pub struct Words {
    given: BTreeMap<&'static str, Vec<OsString>>,
    /// What is no flag.
    pub rest: Vec<OsString>,
}

/// Why a command line cannot be read. Names only: what follows a flag may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// What follows is not what belongs there.
    #[error("invalid value for flag -{0}")]
    Invalid(String),
    /// Nothing follows.
    #[error("flag needs an argument: -{0}")]
    Missing(String),
    /// As `-i` beside `--in-place`.
    #[error("cannot use two forms of the same flag: {0}")]
    TwoForms(&'static str),
    /// There is no such flag.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
}

/// `--help` of every command.
pub const HELP: Flag =
    Flag { names: &["help", "h"], takes: Takes::Nothing, variable: None, about: "show help" };

impl Words {
    /// Reads `arguments`. In a command, flags may also stand behind what is no flag; before it (`is_root`), not.
    ///
    /// # Errors
    /// [`WordsError`]
    pub fn read(
        flags: &[Flag],
        arguments: &[OsString],
        is_root: bool,
        world: &World,
    ) -> Result<Self, WordsError> {
        let mut words = Self::default();
        words.take_variables(flags, world)?;
        let ordered = if is_root { arguments.to_vec() } else { flags_first(flags, arguments) };
        let mut used: BTreeMap<&str, &str> = BTreeMap::new();
        let mut rest = ordered.into_iter();
        while let Some(word) = rest.next() {
            let Some((name, value)) = split(&word) else {
                if word != "--" {
                    words.rest.push(word);
                }
                words.rest.extend(rest);
                break;
            };
            let found = flags.iter().find_map(|flag| {
                let name = flag.names.iter().find(|known| **known == name)?;
                Some((flag, *name))
            });
            let (flag, spelling) = found.ok_or_else(|| WordsError::Unknown(shown(&name)))?;
            let main = flag.main();
            if used.insert(main, spelling).is_some_and(|before| before != spelling) {
                return Err(WordsError::TwoForms(main));
            }
            let value = match (value, flag.takes) {
                (Some(value), _) => value,
                (None, Takes::Nothing | Takes::OnByItself) => "true".into(),
                (None, _) => rest.next().ok_or_else(|| WordsError::Missing(name.clone()))?,
            };
            words.take(flag, value)?;
        }
        Ok(words)
    }

    fn take_variables(&mut self, flags: &[Flag], world: &World) -> Result<(), WordsError> {
        for flag in flags {
            let Some(value) = flag.variable.and_then(|name| world.variable(name)) else { continue };
            if flag.takes == Takes::Texts {
                for part in value.to_string_lossy().split(',') {
                    self.take(flag, part.trim().into())?;
                }
            } else {
                self.take(flag, value.clone())?;
            }
        }
        Ok(())
    }

    fn take(&mut self, flag: &Flag, value: OsString) -> Result<(), WordsError> {
        let text = value.to_string_lossy();
        let fits = match flag.takes {
            Takes::Nothing | Takes::OnByItself => truth(&text).is_some(),
            Takes::Number => text.parse::<i64>().is_ok(),
            Takes::Text | Takes::Texts => true,
        };
        if !fits {
            return Err(WordsError::Invalid(flag.main().to_owned()));
        }
        let given = self.given.entry(flag.main()).or_default();
        if flag.takes != Takes::Texts {
            given.clear();
        }
        given.push(value);
        Ok(())
    }

    /// Whether the switch `name` is on.
    #[must_use]
    pub fn on(&self, name: &str) -> bool {
        self.text(name).and_then(|text| truth(&text)).unwrap_or(false)
    }

    /// The raw text behind `name`, if it is not empty.
    #[must_use]
    pub fn os(&self, name: &str) -> Option<&OsString> {
        self.given.get(name)?.last().filter(|value| !value.is_empty())
    }

    /// The text behind `name`, if it is not empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.os(name).map(|value| value.to_string_lossy().into_owned())
    }

    /// The number behind `name`, 0 without it.
    #[must_use]
    pub fn number(&self, name: &str) -> i64 {
        self.text(name).and_then(|text| text.parse().ok()).unwrap_or_default()
    }

    /// Every text behind `name`.
    #[must_use]
    pub fn texts(&self, name: &str) -> Vec<String> {
        let given = self.given.get(name).into_iter().flatten();
        given.map(|value| value.to_string_lossy().into_owned()).collect()
    }

    /// The comma list behind `name`.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }
}

impl Flag {
    /// The name to ask by.
    #[must_use]
    pub fn main(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }
}

/// The name and, behind `=`, the value of a flag; `None` ends the flags.
fn split(word: &OsString) -> Option<(String, Option<OsString>)> {
    let bytes = word.as_encoded_bytes();
    let body = bytes.strip_prefix(b"-").filter(|body| !body.is_empty())?;
    let body = body.strip_prefix(b"-").unwrap_or(body);
    if body.is_empty() {
        return None;
    }
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match body.iter().position(|byte| *byte == b'=') {
        Some(at) => {
            let value = word.to_string_lossy();
            let value = value.split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default();
            Some((name(body.get(..at).unwrap_or_default()), Some(value.into())))
        }
        None => Some((name(body), None)),
    }
}

/// Moves flags before the rest, as sops does, which takes one word behind every flag with it, a switch's too.
fn flags_first(flags: &[Flag], arguments: &[OsString]) -> Vec<OsString> {
    let is_flag = |word: &OsString| {
        split(word).is_some_and(|(name, _)| flags.iter().any(|flag| flag.names.contains(&name.as_str())))
    };
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    let mut takes_next = false;
    for (at, word) in arguments.iter().enumerate() {
        if takes_next && !is_flag(word) {
            takes_next = false;
            first.push(word.clone());
        } else if word == "--" {
            rest.extend(arguments.iter().skip(at).cloned());
            break;
        } else if is_flag(word) {
            takes_next = !word.as_encoded_bytes().contains(&b'=');
            first.push(word.clone());
        } else {
            rest.push(word.clone());
        }
    }
    first.append(&mut rest);
    first
}

/// The words that Go takes for true and false.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// A flag nobody knows may be anything, a pasted key too: the start of it.
fn shown(name: &str) -> String {
    name.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const FLAGS: [Flag; 4] = [
        Flag { names: &["in-place", "i"], takes: Takes::Nothing, variable: None, about: "" },
        Flag { names: &["output"], takes: Takes::Text, variable: Some("OUT"), about: "" },
        Flag { names: &["many"], takes: Takes::Texts, variable: Some("MANY"), about: "" },
        Flag { names: &["indent"], takes: Takes::Number, variable: None, about: "" },
    ];

    fn read(line: &str, is_root: bool) -> Result<Words, WordsError> {
        let (mut world, _) = World::test(Path::new("/"));
        world.variables.insert("MANY".into(), "x,y".into());
        let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        Words::read(&FLAGS, &words, is_root, &world)
    }

    #[test]
    fn one_dash_or_two_blank_or_equals_sign_mean_the_same() {
        for line in
            ["-output o f", "--output o f", "-output=o f", "--output=o f", "f --output o", "f -output=o"]
        {
            let words = read(line, false).unwrap();
            assert_eq!((words.text("output"), words.rest), (Some("o".into()), vec!["f".into()]), "{line}");
        }
    }

    #[test]
    fn before_a_command_the_first_word_that_is_no_flag_ends_them() {
        let words = read("-i f --output o", true).unwrap();
        assert!(words.on("in-place"));
        assert_eq!(words.rest, ["f", "--output", "o"]);
    }

    #[test]
    fn a_switch_takes_the_next_word_along_as_in_sops() {
        let words = read("-i f --output o", false).unwrap();
        assert_eq!((words.text("output"), words.rest.len()), (None, 3));
    }

    #[test]
    fn two_dashes_end_the_flags() {
        let words = read("-i -- --output", false).unwrap();
        assert_eq!(words.rest, ["--output"]);
    }

    #[test]
    fn a_list_has_the_items_of_the_variable_and_of_the_line() {
        assert_eq!(read("--many a,b --many c", false).unwrap().texts("many"), ["x", "y", "a,b", "c"]);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (line, error) in [
            ("--nope", WordsError::Unknown("nope".into())),
            ("--output", WordsError::Missing("output".into())),
            ("--indent x", WordsError::Invalid("indent".into())),
            ("-i=maybe f", WordsError::Invalid("in-place".into())),
            ("-i --in-place f", WordsError::TwoForms("in-place")),
        ] {
            assert_eq!(read(line, false).unwrap_err(), error, "{line}");
        }
    }
}
