//! `lacre set`: one value, from the keyboard, stdin, a file, the system's randomness, or the command line. In all files
//! that have it: `all`.

mod all;

use std::path::PathBuf;

use clap::Args;

use super::super::{Context, Failure};
use super::encrypt::{self, Permitted, Target};
use super::generate::Spec;
use super::{name_or_path, warn_if_twice};
use crate::base::{Node, Path, Secret, Step, Type, Value};
use crate::document::dotenv::reading::name;
use crate::document::dotenv::spelling::portable;
use crate::envelope::Plain;
use crate::workspace::names::FileType;
use crate::workspace::save::{self, Change};
use crate::workspace::{Error, OpenFile, RuleFile, json_node};
use crate::world::files::{self, SIZE_LIMIT};

/// Set one value of an encrypted file
#[derive(Args, Debug)]
#[command(
    group = clap::ArgGroup::new("source").multiple(false),
    override_usage = "lacre set [OPTIONS] <FILE> <PATH> [VALUE]\n       lacre set --all [OPTIONS] <NAME> [-]",
    after_help = "Examples:\n  lacre set .env.enc STRIPE_KEY                       asks, without echo\n  pass stripe | lacre set .env.enc STRIPE_KEY -\n  lacre set .env.enc TLS_KEY --from-file key.pem\n  lacre set .env.enc SESSION_KEY --generate token:32\n  lacre set secrets.enc.yaml db.port 5432\n  lacre set secrets.enc.yaml hosts --value-json '[\"a\", \"b\"]'\n  pass new/db | lacre set --all DB_PASSWORD -          in all files that have it\n\nSPEC: password[:32] (characters every reader and URL takes bare), token[:bytes], hex[:bytes], uuid\n\nA value keeps its type if VALUE reads as that type. FILE is made when a creation rule matches it.\n\nWith --all, NAME is set in every encrypted file that git tracks here and that has it, in one transaction: if one of them does not open, none is written. Where it has different values, they are named and none is written; its value is no argument."
)]
pub struct Set {
    /// The encrypted file; with `--all`, the name
    pub file: PathBuf,
    /// Name of the variable, `a[0].b` or `["a"][0]["b"]`
    #[arg(required_unless_present = "all")]
    pub path: Option<String>,
    /// The value; `-` reads stdin, less one final line feed; without it you are asked
    #[arg(group = "source", value_parser = secret)]
    pub value: Option<Secret<String>>,
    /// Take every byte of F
    #[arg(long, value_name = "F", group = "source")]
    pub from_file: Option<PathBuf>,
    /// Draw a new value, which is not shown
    #[arg(long, value_name = "SPEC", group = "source")]
    pub generate: Option<Spec>,
    /// Take a JSON value: numbers, words, lists and objects keep their type
    #[arg(long, value_name = "JSON", group = "source", value_parser = secret)]
    pub value_json: Option<Secret<String>>,
    /// Set the empty string
    #[arg(long, group = "source")]
    pub empty: bool,
    /// Which document of a YAML file, from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub document: usize,
    /// dotenv: store the text as it stands, quotes and all, as sops does
    #[arg(long)]
    pub literal: bool,
    /// For a new file: a recipient (repeatable)
    #[arg(short, long, value_name = "RECIPIENT")]
    pub recipient: Vec<String>,
    /// In many files.
    #[command(flatten)]
    pub everywhere: all::Everywhere,
}

#[expect(clippy::unnecessary_wraps, reason = "clap wants a parser that could fail")]
fn secret(text: &str) -> Result<Secret<String>, std::convert::Infallible> {
    Ok(Secret::new(text.to_owned()))
}

impl Set {
    fn value(&self) -> Option<&str> {
        self.value.as_ref().map(|value| value.expose().as_str())
    }

    fn names_a_source(&self) -> bool {
        self.value.is_some()
            || self.from_file.is_some()
            || self.generate.is_some()
            || self.value_json.is_some()
            || self.empty
    }
}

/// Runs it.
///
/// # Errors
/// When there is no value to set, or the file does not open or cannot hold it.
pub fn run(arguments: &Set, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.everywhere.all {
        return all::run(arguments, context);
    }
    let at = arguments.path.as_deref().unwrap_or_default();
    let path = context.world.path(&arguments.file);
    let exists = files::exists(&path);
    if at.contains('=') && !at.starts_with('[') && !arguments.names_a_source() {
        // What stands behind the sign may be the secret.
        return Err(Failure::usage("the name has a `=` in it; name and value are two words")
            .hint("`lacre set FILE NAME VALUE`; without VALUE you are asked for it"));
    }
    if !exists {
        // Before anybody is asked for a secret that has no place to go.
        Target::new_file(context, &path, None, &arguments.recipient)?;
    } else if !arguments.recipient.is_empty() {
        return Err(Failure::usage("`-r` is for new files; this one has its recipients"));
    }
    let given = value(arguments, at, context)?;
    let literal = arguments.literal || RuleFile::wants_literal(context.world, &path)?;
    if exists {
        save::update(context.world, &context.keyring, &path, |file: &OpenFile| {
            let format = file.sealed.document().format().name();
            let at = name_or_path(at, format, arguments.document)?;
            warn_if_twice(context, file.sealed.document(), &at, "the last one is set");
            let node = node(arguments, format, &at, file.value(&at), &given, literal)?;
            warn_if_misread(context, format, &at, &given, literal);
            Ok::<_, Failure>(Change::Put(at, node))
        })?;
        return Ok(0);
    }
    let format = crate::workspace::open_file::format_of(FileType::of(&path));
    let start: &[u8] = if matches!(format.name(), "json" | "yaml") { b"{}\n" } else { b"" };
    let empty =
        Plain::parse(start.to_vec(), format).map_err(|cause| Error::Form { path: path.clone(), cause })?;
    let at = name_or_path(at, format.name(), arguments.document)?;
    let node = node(arguments, format.name(), &at, None, &given, literal)?;
    warn_if_misread(context, format.name(), &at, &given, literal);
    let plain = empty.with(&at, &node).map_err(|cause| Error::Change { path: path.clone(), cause })?;
    let target = Target::new_file(context, &path, None, &arguments.recipient)?;
    let permitted = Permitted { allow_empty: true, expands: false };
    encrypt::write_new(context, &target, &plain, permitted)?;
    Ok(0)
}

/// What is put at `path`, where `current` stands: spelled for dotenv, else with the type that stands there.
fn node(
    arguments: &Set,
    format: &str,
    path: &Path,
    current: Option<&Value>,
    given: &Node,
    literal: bool,
) -> Result<Node, Failure> {
    if format == "dotenv" && current.is_none() && holds_blank(path) {
        let refused = format!("`{path}` has a blank in it, so no program could use it as a variable");
        return Err(Failure::usage(refused));
    }
    Ok(match given {
        Node::Value(Value::Str(bytes)) if format == "dotenv" && !literal => {
            Node::Value(Value::Str(Secret::new(portable(bytes.expose()).text.expose().clone())))
        }
        Node::Value(Value::Str(bytes)) if arguments.value_json.is_none() => {
            Node::Value(keep_type(current, bytes.expose()))
        }
        other => other.clone(),
    })
}

/// Says which readers would take a dotenv value for something else.
fn warn_if_misread(context: &Context<'_>, format: &str, path: &Path, given: &Node, literal: bool) {
    if let Node::Value(Value::Str(bytes)) = given
        && format == "dotenv"
        && !literal
    {
        let spelled = portable(bytes.expose());
        if !spelled.misread_by.is_empty() {
            let readers = spelled.misread_by.join(", ");
            let message = format!("`{path}` has no spelling that all read: {readers} misread it");
            context.ui.warn(context.world, message);
        }
    }
}

/// Whether the variable that `path` names has a blank in its name.
fn holds_blank(path: &Path) -> bool {
    let Some(Step::Key(key)) = path.steps.first() else { return false };
    name(key).is_some_and(|name| name.iter().any(u8::is_ascii_whitespace))
}

/// `text` as a value of the type that stands there now, if it reads as one; else a string.
fn keep_type(current: Option<&Value>, text: &[u8]) -> Value {
    let string = || Value::Str(Secret::new(text.to_vec()));
    match current.and_then(Value::kind) {
        None | Some(Type::Str | Type::Comment) => string(),
        Some(kind) => Value::from_plain(kind, text.to_vec()).unwrap_or_else(|_| string()),
    }
}

/// What shall stand at `name`.
fn value(arguments: &Set, name: &str, context: &Context<'_>) -> Result<Node, Failure> {
    let string = |bytes: Vec<u8>| Node::Value(Value::Str(Secret::new(bytes)));
    if let Some(file) = &arguments.from_file {
        return Ok(string(files::read(&context.world.path(file), SIZE_LIMIT)?));
    }
    if let Some(spec) = &arguments.generate {
        let drawn = spec.draw(&*context.world.random).map_err(Error::Random)?;
        return Ok(string(drawn.expose().as_bytes().to_vec()));
    }
    if let Some(json) = &arguments.value_json {
        return json_node(json.expose().as_bytes())
            .ok_or_else(|| Failure::usage("`--value-json` is not followed by JSON"));
    }
    if arguments.empty {
        return Ok(string(Vec::new()));
    }
    let word = if arguments.everywhere.all { arguments.path.as_deref() } else { arguments.value() };
    let bytes = match word {
        Some("-") => from_stdin(context)?,
        Some(value) => {
            if context.world.terminals.stdin {
                context.ui.note(
                    context.world,
                    "your shell may keep this value in its history; without VALUE you are asked",
                );
            }
            value.as_bytes().to_vec()
        }
        None => {
            let question = format!("Value of {name} (not shown): ");
            let answer = context.world.prompt.secret(&question).ok_or_else(|| {
                Failure::usage("no value: there is no terminal to ask on")
                    .hint("give it on stdin with `-`, or with `--from-file` or `--generate`")
            })?;
            answer.expose().as_bytes().to_vec()
        }
    };
    if bytes.is_empty() {
        return Err(Failure::usage("the value is empty").hint("`--empty` sets an empty value on purpose"));
    }
    Ok(string(bytes))
}

/// All of stdin, less one final line feed.
fn from_stdin(context: &Context<'_>) -> Result<Vec<u8>, Failure> {
    let mut bytes = context.input(std::path::Path::new("-"))?.bytes;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Ok(bytes)
}
