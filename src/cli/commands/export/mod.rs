//! `lacre export`: the variables that `run` would set, written down for another consumer. How each consumer wants them
//! is the business of `document::consumers`; the table of formats stands in `formats`.

mod formats;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::super::{Context, Failure};
use super::selection::Selection;
use crate::document::consumers::{Refusal, Refused, written};
use crate::workspace::environment::Environment;
pub use formats::{DialectWord, FORMATS, Format, draw_delimiter};

/// Print the variables that `run` would set, for another consumer
///
/// What a consumer would not read back as it is, is refused by name, and nothing is printed then.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// Which variables.
    #[command(flatten)]
    pub selection: Selection,
    /// How to write them down
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    pub format: &'static Format,
    /// dotenv: for this reader, instead of the spelling that most readers read alike
    #[arg(long = "for", value_name = "READER")]
    pub reader: Option<DialectWord>,
    /// k8s: the Secret's name
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// k8s: the Secret's namespace
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// k8s: a label of the Secret (repeatable)
    #[arg(long, value_name = "KEY=VALUE")]
    pub label: Vec<String>,
    /// k8s: the Secret's type, instead of `Opaque`
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
}

const EXAMPLES: &str = "Examples:
  eval \"$(lacre export --format shell)\"
  lacre export --format json | jq -r .DATABASE_URL
  lacre export -f db.enc.yaml --flatten --format dotenv > /run/secrets/app.env
  lacre export --format dotenv --for python > /dev/shm/app.env
  docker run --env-file <(lacre export --format docker) IMAGE
  lacre export --format k8s --name app --namespace prod --label app=web | kubectl apply -f -
  lacre export --format systemd > /run/app.env       EnvironmentFile=/run/app.env
  lacre export --format github-env >> \"$GITHUB_ENV\"
  lacre export --format gitlab --only REVIEW_URL > deploy.env

`lacre help export` says what each format can hold, and who reads it";

/// Runs it.
///
/// # Errors
/// When a file does not open, or a variable cannot be written down; nothing was printed then.
pub fn run(arguments: &Export, context: &Context<'_>) -> Result<u8, Failure> {
    context.plaintext_allowed()?;
    let format = arguments.format;
    format.check(arguments)?;
    let environment = arguments.selection.read(context)?;
    let consumer = (format.consumer)(arguments, &draw_delimiter(context)?)?;
    let (kept, left_out): (Vec<_>, Vec<_>) = pairs(&environment)
        .partition(|(name, _)| !arguments.selection.skip_invalid || consumer.takes_name(name));
    let text = written(&*consumer, kept.iter().copied())
        .map_err(|refused| failure(format.word, &refused, &environment, context))?;
    for (name, _) in left_out {
        let name = String::from_utf8_lossy(name);
        context.ui.warn(context.world, format!("`{name}` is no name for {}; skipped", format.word));
    }
    for (name, value) in kept {
        let readers = consumer.misread_by(value);
        if !readers.is_empty() {
            let (name, readers) = (String::from_utf8_lossy(name), readers.join(", "));
            let warning = format!("`{name}` has no spelling that all read: {readers} misread it");
            context.ui.warn(context.world, warning);
        }
    }
    if let Some(warning) = format.warning {
        context.ui.warn(context.world, warning);
    }
    context.print(text.expose())?;
    Ok(0)
}

/// Names and values.
fn pairs(environment: &Environment) -> impl Iterator<Item = (&[u8], &[u8])> {
    environment
        .variables()
        .iter()
        .map(|variable| (variable.name.as_slice(), variable.value.expose().as_slice()))
}

/// All that were refused: the first in the message, the others below it.
fn failure(word: &str, refused: &[Refused], environment: &Environment, context: &Context<'_>) -> Failure {
    let lines = refused.iter().map(|Refused { name, why }| {
        let file = environment.get(name).map(|one| format!(" ({})", context.shown(&one.file)));
        let (name, file) = (String::from_utf8_lossy(name), file.unwrap_or_default());
        format!("`{name}` cannot be written for {word}: {why}{file}")
    });
    let names: Vec<_> = refused.iter().map(|refused| String::from_utf8_lossy(&refused.name)).collect();
    let has_names = refused.iter().any(|refused| refused.why == Refusal::Name);
    let or_names = if has_names { ", or all such names: `--skip-invalid`" } else { "" };
    let mut lines = lines;
    let first = Failure::user(lines.next().unwrap_or_default());
    lines.fold(first, Failure::detail).hint(format!(
        "leave out what is not needed: `--except {}`{or_names}",
        shell_words::quote(&names.join(","))
    ))
}

fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let words = FORMATS.iter().map(|format| PossibleValue::new(format.word).help(format.about));
    PossibleValuesParser::new(words)
        .try_map(|word| FORMATS.iter().find(|format| format.word == word).ok_or("no such format"))
}
