//! Schemas and examples written anew: from names and guesses, and from a schema. No value of a variable goes in.

use std::fmt::Write as _;

use super::Schema;
use super::hygiene::sounds_secret;
use super::kind::Kind;
use super::lines;
use super::term::{Term, is_name};

/// What is known of a variable before there is a schema.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft<'a> {
    /// Its name.
    pub name: &'a str,
    /// It is always there.
    pub required: bool,
    /// What its values seem to be.
    pub kind: Option<Kind>,
}

impl Schema {
    /// A schema to begin with, in which a name is sensitive if it sounds so. A name that no schema can have stands in a
    /// comment. Reads back with [`Schema::parse`].
    #[must_use]
    pub fn init(drafts: &[Draft<'_>]) -> String {
        let mut text = INIT_HEADER.to_owned();
        for Draft { name, required, kind } in drafts {
            text.push('\n');
            if !is_name(name) {
                let name: String = name.chars().filter(char::is_ascii_graphic).collect();
                let _ = writeln!(text, "# `{name}` is no name for a schema: letters, digits and _");
                continue;
            }
            let optional = (!required).then(|| "@optional".to_owned());
            let sensitive = sounds_secret(name).then(|| "@sensitive".to_owned());
            let typed = kind.as_ref().filter(|kind| !matches!(kind, Kind::Enum(_) | Kind::String(_)));
            let typed = typed.map(|kind| format!("@type={}", kind.name()));
            let decorators: Vec<String> = optional.into_iter().chain(sensitive).chain(typed).collect();
            if !decorators.is_empty() {
                let _ = writeln!(text, "# {}", decorators.join(" "));
            }
            let _ = writeln!(text, "{name}=");
        }
        text
    }

    /// A `.env.example`: every name with its example, else its default, else nothing, under its description and what is
    /// expected of it. Reads back with [`Schema::parse`], and as dotenv.
    #[must_use]
    pub fn example(&self) -> String {
        let mut text = EXAMPLE_HEADER.to_owned();
        for item in &self.items {
            text.push('\n');
            for line in item.description.lines() {
                let _ = writeln!(text, "{}", format!("# {line}").trim_end());
            }
            let required = if item.required { "required" } else { "optional" };
            let expected = match &item.kind {
                kind if *kind == Kind::default() => String::new(),
                kind => format!("; {}", kind.expected().replace(char::is_control, " ")),
            };
            let _ = writeln!(text, "# {required}{expected}");
            let value = item.example.as_ref().or(item.default.as_ref()).and_then(|value| spelled(value));
            let _ = writeln!(text, "{}={}", item.name, value.unwrap_or_default());
        }
        text
    }
}

impl Kind {
    /// The kind that a value seems to have; `None` if it is any text. The value itself is nowhere in it.
    #[must_use]
    pub fn guess(name: &str, value: &[u8]) -> Option<Self> {
        let port = Self::Port { min: 1, max: u16::MAX };
        let text = std::str::from_utf8(value).ok()?;
        let has = |part| text.contains(part);
        let guesses = [
            (matches!(text, "true" | "false"), Self::Bool),
            (name.to_ascii_uppercase().ends_with("PORT"), port),
            (true, Self::int()),
            (has("://"), Self::Url(super::Url::default())),
            (has("-----BEGIN CERTIFICATE"), Self::Certificate { days: 30 }),
            (has("-----BEGIN "), Self::Pem { label: None }),
            (text.starts_with(['{', '[']), Self::Json),
            (has("@"), Self::Email),
            (true, Self::Uuid),
            (has(".") || has(":"), Self::Ip { version: None }),
        ];
        guesses.into_iter().find(|(may_be, kind)| *may_be && kind.fits(value)).map(|(_, kind)| kind)
    }
}

/// A value as it may stand behind `=`: bare, or in the first quotes that give it back. `None`: none do.
fn spelled(value: &str) -> Option<String> {
    let is_bare = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:@%+,".contains(&byte));
    let spellings = ["'", "\"", "`"].map(|quote| format!("{quote}{value}{quote}"));
    let bare = is_bare.then(|| value.to_owned()).into_iter();
    bare.chain(spellings).find(|spelling| gives_back(spelling, value))
}

fn gives_back(spelling: &str, value: &str) -> bool {
    let entries = lines::read(&format!("A={spelling}\n")).map(|lines| lines.entries);
    let Ok([entry]) = entries.as_deref() else {
        return false;
    };
    entry.value.as_ref().map_or(value.is_empty(), |term| Term::text(term) == Some(value))
}

const INIT_HEADER: &str = "\
# What this program expects of its variables. `lacre help schema` tells the language.
# @defaultRequired=true @defaultSensitive=false
# ---
";

const EXAMPLE_HEADER: &str = "\
# Copy to .env and fill in. Written by `lacre schema example`; no value here is a real one.
";
