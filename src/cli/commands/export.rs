//! `lacre export`: the variables that `run` would set, written down for another consumer.

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::super::{Context, Failure};
use super::selection::Selection;
use crate::document::dotenv::spelling::portable;
use crate::document::shell;
use crate::workspace::environment::Variable;

/// Print the variables that `run` would set, for another consumer
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  eval \"$(lacre export --format shell)\"\n  lacre export --format json | jq -r .DATABASE_URL\n  lacre export -f db.enc.yaml --flatten --format dotenv > /run/secrets/app.env\n\ndotenv: each value in the spelling that most readers of dotenv read alike\nshell:  `export NAME='…'` lines, for POSIX shells\njson:   one flat object in one line, name → string"
)]
pub struct Export {
    /// Which variables.
    #[command(flatten)]
    pub selection: Selection,
    /// How to write them down
    #[arg(long, value_name = "FORMAT")]
    pub format: Form,
}

/// The words of `--format`.
#[derive(Clone, Copy, Debug, ValueEnum)]
#[allow(missing_docs, reason = "they are the words themselves")]
pub enum Form {
    Dotenv,
    Json,
    Shell,
}

/// Runs it.
///
/// # Errors
/// When a file does not open, or a variable cannot be written down; nothing was printed then.
pub fn run(arguments: &Export, context: &Context<'_>) -> Result<u8, Failure> {
    let environment = arguments.selection.read(context)?;
    let variables = environment.variables();
    let text = match arguments.format {
        Form::Dotenv => lines(variables, |variable| dotenv(variable, context)),
        Form::Json => json(variables),
        Form::Shell => lines(variables, |variable| {
            let line = shell::export(&variable.name, variable.value.expose());
            line.map(|line| Zeroizing::new(line.expose().clone())).ok_or_else(|| no_name(variable, "shell"))
        }),
    }?;
    context.print(&text)?;
    Ok(0)
}

type Text = Zeroizing<Vec<u8>>;

fn lines(variables: &[Variable], line: impl Fn(&Variable) -> Result<Text, Failure>) -> Result<Text, Failure> {
    let mut text = Text::default();
    for variable in variables {
        text.extend_from_slice(&line(variable)?);
        text.push(b'\n');
    }
    Ok(text)
}

fn dotenv(variable: &Variable, context: &Context<'_>) -> Result<Text, Failure> {
    if !is_dotenv_name(&variable.name) {
        return Err(no_name(variable, "dotenv"));
    }
    let spelled = portable(variable.value.expose());
    if !spelled.misread_by.is_empty() {
        let (name, readers) = (name(variable), spelled.misread_by.join(", "));
        context
            .ui
            .warn(context.world, format!("`{name}` has no spelling that all read: {readers} misread it"));
    }
    Ok(Zeroizing::new([&variable.name, b"=".as_slice(), spelled.text.expose()].concat()))
}

fn json(variables: &[Variable]) -> Result<Text, Failure> {
    let mut object = Map::new();
    for variable in variables {
        let value = std::str::from_utf8(variable.value.expose()).map_err(|_| {
            Failure::user(format!("the value of `{}` is not UTF-8, so JSON cannot hold it", name(variable)))
        })?;
        let name = std::str::from_utf8(&variable.name).map_err(|_| no_name(variable, "JSON"))?;
        object.insert(name.to_owned(), Value::from(value));
    }
    Ok(Zeroizing::new(format!("{}\n", Value::from(object)).into_bytes()))
}

fn no_name(variable: &Variable, form: &str) -> Failure {
    Failure::user(format!("`{}` is no name that {form} can hold", name(variable)))
        .hint(format!("leave it out with `--except {}`", name(variable)))
}

fn name(variable: &Variable) -> String {
    String::from_utf8_lossy(&variable.name).into_owned()
}

/// A name that readers of dotenv take for one; `sops_` begins the metadata of an encrypted file.
fn is_dotenv_name(name: &[u8]) -> bool {
    let is_start = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    name.first().is_some_and(is_start)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte))
        && !name.starts_with(b"sops_")
}
