//! One room a command: its help, its flags, then what it does. What several of them need stands here.

pub mod access;
pub mod advice;
pub mod check;
pub mod ci;
mod commits;
pub mod config;
pub mod decrypt;
pub mod diff;
pub mod edit;
pub mod encrypt;
pub mod export;
pub mod find;
pub mod generate;
pub mod get;
pub mod git;
pub mod help;
pub mod import;
pub mod init;
pub mod keygen;
mod ledger;
pub mod list;
pub mod log;
pub mod offboard;
pub mod recipients;
pub mod redact;
pub mod rekey;
pub mod resolve;
pub mod run;
pub mod schema;
pub mod seal;
pub mod selection;
pub mod set;
pub mod shell;
pub mod status;
pub mod unset;

use clap::ValueEnum;

use super::{Context, Failure};
use crate::base::{Kind, Path};
use crate::document::{Document, nth_document};
use crate::workspace::OpenFile;
use crate::workspace::names::FileType;
use crate::world::terminal::escaped_json;

/// Where many files are meant and there is none.
const NOTHING_TRACKED: &str = "git tracks no encrypted file here; `git add` new ones, or name them";

/// The exit code of a check that found something.
const FOUND: u8 = 3;

/// The words of `--type`.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[allow(missing_docs, reason = "they are the words themselves")]
pub enum TypeWord {
    Binary,
    Dotenv,
    Ini,
    Json,
    Yaml,
}

impl From<TypeWord> for FileType {
    fn from(word: TypeWord) -> Self {
        match word {
            TypeWord::Binary => Self::Binary,
            TypeWord::Dotenv => Self::Dotenv,
            TypeWord::Ini => Self::Ini,
            TypeWord::Json => Self::Json,
            TypeWord::Yaml => Self::Yaml,
        }
    }
}

/// Reads a PATH argument.
fn path_argument(text: &str, document: usize) -> Result<Path, Failure> {
    let path = Path::parse(text).map_err(|error| Failure::usage(format!("`{text}`: {error}")))?;
    Ok(Path { document, ..path })
}

/// Where in a dotenv file a name that is no plain word stands: the whole text is the name.
fn name_or_path(text: &str, kind: &str, document: usize) -> Result<Path, Failure> {
    if kind == "dotenv" && !text.starts_with('[') {
        return Ok(Path::key(text.as_bytes()));
    }
    path_argument(text, document)
}

/// A listing as one line of JSON, in which nothing steers a terminal.
fn listing(rows: &serde_json::Value) -> String {
    escaped_json(&rows.to_string())
}

/// `1 file`, `2 files`.
fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// In a dotenv file a name may stand several times; `outcome` says what that means here.
fn warn_if_twice(context: &Context<'_>, document: &Document, path: &Path, outcome: &str) {
    if document.format().name() != "dotenv" {
        return;
    }
    let path = document.named(path.clone());
    let nodes = document.nodes().into_iter();
    if nodes.filter(|(other, _)| document.named(other.clone()) == path).nth(1).is_some() {
        context.ui.warn(context.world, format!("`{path}` stands more than once; {outcome}"));
    }
}

/// No single value stands at `path`.
fn no_value(context: &Context<'_>, file: &OpenFile, path: &Path) -> Failure {
    let shown = context.shown(&file.path);
    let document = file.sealed.document();
    let outline = document.outline();
    let event = document.find(path).and_then(|at| outline.events.get(at));
    let kind = match event.map(|event| &event.kind) {
        Some(Kind::Map(_)) => "map",
        Some(Kind::List(_)) => "list",
        _ if nth_document(outline, 1).is_some() => {
            return Failure::user(format!("document {} of {shown} has no value `{path}`", path.document))
                .hint("`lacre list FILE` shows what each document has; `--document N` chooses one");
        }
        _ => {
            return Failure::user(format!("{shown} has no value `{path}`"))
                .hint("`lacre list FILE` shows what it has; it needs no identity");
        }
    };
    Failure::user(format!("`{path}` of {shown} is a {kind}, not a single value"))
        .hint("`lacre list FILE` shows the paths of the values in it; `lacre decrypt FILE` prints all")
}
