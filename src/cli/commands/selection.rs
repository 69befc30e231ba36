//! Which variables `run` and `export` hand on: the files, and what of them. How leaves become variables is
//! `workspace::environment`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::failure::Code;
use super::super::{Context, Failure};
use crate::envelope::Plain;
use crate::workspace::environment::{Choice, Environment, EnvironmentError, Note};
use crate::workspace::layers::{self, LayersError};
use crate::workspace::names::FileType;
use crate::workspace::steering::is_steering;
use crate::workspace::{Error, OpenFile, open_file};
use crate::world::files::{self, SIZE_LIMIT};

/// Flags of `run` and `export`.
#[derive(Args, Debug)]
pub struct Selection {
    /// An encrypted file (repeatable, later files win); without it the nearest `.env.enc`, from here up to the
    /// repository's root
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["env", "inherit"])]
    pub file: Vec<PathBuf>,
    /// Add `.env.NAME.enc` of the same folder, which wins [env: `LACRE_ENV`]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Layer the files of all folders, from the repository's root down
    #[arg(long)]
    pub inherit: bool,
    /// Only these names
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub only: Vec<String>,
    /// All but these names
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    pub except: Vec<String>,
    /// YAML, JSON, INI: nested leaves too, their names joined by `_` in upper case
    #[arg(long)]
    pub flatten: bool,
    /// dotenv: hand on quotes and all, as sops does
    #[arg(long)]
    pub literal: bool,
    /// Let a file set NAME although it steers loaders, shells or tools (repeatable) [env: `LACRE_ALLOW_NAMES`]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub allow_name: Vec<String>,
    /// Where no identity opens a file, as for pull requests from forks: `fail`, `skip` it, or read a plaintext FILE
    /// in its place
    #[arg(long, value_name = "fail|skip|FILE", default_value = "fail", hide_default_value = true)]
    pub no_identity: PathBuf,
}

impl Selection {
    /// Opens the files and reads their variables.
    ///
    /// # Errors
    /// When a file is missing or does not open, or a variable cannot be handed on or is refused.
    pub fn read(&self, context: &Context<'_>) -> Result<Environment, Failure> {
        let choice =
            Choice { only: &self.only, except: &self.except, flatten: self.flatten, literal: self.literal };
        let mut environment = Environment::default();
        let mut skipped = false;
        let mut stands_in = false;
        for path in self.files(context)? {
            match OpenFile::open(context.world, &context.keyring, &path, None) {
                Ok(file) => {
                    context.tell_about(&file);
                    environment.add(context.world, &file, choice)?;
                }
                Err(error) => {
                    let failure = Failure::from(error);
                    if failure.code != Code::NoIdentity || self.no_identity == Path::new("fail") {
                        return Err(failure);
                    }
                    let ui = context.ui;
                    if self.no_identity == Path::new("skip") {
                        ui.warn(context.world, format!("{}; skipped", failure.message));
                        skipped = true;
                        continue;
                    }
                    let plain = context.world.path(&self.no_identity);
                    let shown = context.shown(&plain);
                    ui.warn(context.world, format!("{}; {shown} stands in", failure.message));
                    if !stands_in {
                        environment.add_plain(context.world, &plain, &self::plain(&plain)?, choice)?;
                        stands_in = true;
                    }
                }
            }
        }
        if !skipped {
            self.check_only(&environment)?;
        }
        self.check_steering(&environment, context)?;
        for note in environment.notes() {
            match note {
                Note::Duplicate { .. } => context.ui.warn(context.world, note),
                _ => context.ui.note(context.world, note),
            }
        }
        Ok(environment)
    }

    fn files(&self, context: &Context<'_>) -> Result<Vec<PathBuf>, Failure> {
        if self.file.iter().any(|file| file == Path::new("-")) {
            return Err(Failure::usage("`-f -` is not possible: stdin belongs to the command"));
        }
        if !self.file.is_empty() {
            return Ok(self.file.iter().map(|file| context.world.path(file)).collect());
        }
        let by_variable =
            || context.world.variable("LACRE_ENV").map(|name| name.to_string_lossy().into_owned());
        let name = self.env.clone().or_else(by_variable);
        let files = layers::find(&context.world.folder, name.as_deref(), self.inherit)?;
        let elsewhere: Vec<String> = files
            .iter()
            .filter(|file| file.parent() != Some(&context.world.folder))
            .map(|file| context.shown(file))
            .collect();
        if !elsewhere.is_empty() {
            context.ui.note(context.world, format!("reading {}", elsewhere.join(", ")));
        }
        Ok(files)
    }

    /// A program would miss a name that was asked for in vain.
    fn check_only(&self, environment: &Environment) -> Result<(), Failure> {
        match self.only.iter().find(|name| environment.get(name.as_bytes()).is_none()) {
            Some(name) => {
                Err(Failure::user(format!("there is no variable `{name}`, which `--only` asks for")))
            }
            None => Ok(()),
        }
    }

    /// Refuses names that steer other programs.
    fn check_steering(&self, environment: &Environment, context: &Context<'_>) -> Result<(), Failure> {
        let by_variable = context.world.variable("LACRE_ALLOW_NAMES");
        let by_variable = by_variable.map(|names| names.to_string_lossy()).unwrap_or_default();
        let allowed = |name: &[u8]| {
            let mut names = self.allow_name.iter().map(String::as_str).chain(by_variable.split(','));
            names.any(|allowed| allowed.trim().as_bytes() == name)
        };
        let refused = environment
            .variables()
            .iter()
            .find(|variable| is_steering(&variable.name) && !allowed(&variable.name));
        match refused {
            None => Ok(()),
            Some(variable) => {
                let name = String::from_utf8_lossy(&variable.name);
                Err(Failure::user(format!(
                    "{} sets `{name}`, which steers loaders, shells or tools: refused",
                    context.shown(&variable.file)
                ))
                .hint(format!(
                    "if you know who set it, insist with `--allow-name {name}`; else `--except {name}`"
                )))
            }
        }
    }
}

/// The plaintext that stands in.
fn plain(path: &Path) -> Result<Plain, Failure> {
    let form = |cause| Error::Form { path: path.to_owned(), cause };
    let bytes = files::read(path, SIZE_LIMIT)?;
    let format = open_file::format_of(FileType::of(path));
    let text = format.prepare(bytes).text;
    Ok(Plain::parse(text.expose().clone(), format).map_err(form)?)
}

impl From<EnvironmentError> for Failure {
    fn from(error: EnvironmentError) -> Self {
        let hint = error.hint().map(str::to_owned);
        match error {
            EnvironmentError::Rule(error) => error.into(),
            error => Self { hint, ..Self::user(error.to_string()) },
        }
    }
}

impl From<LayersError> for Failure {
    fn from(error: LayersError) -> Self {
        match error {
            LayersError::File(error) => error.into(),
            LayersError::Nothing(_) => Self::user(error.to_string())
                .hint("`lacre encrypt .env` makes one; or name a file with `-f FILE`"),
            LayersError::Word => Self::usage(error.to_string()),
            LayersError::Missing(_) => {
                Self::user(error.to_string()).hint("it was asked for by `--env` or `LACRE_ENV`")
            }
        }
    }
}
