//! Which variables `run` and `export` hand on: the files, and what of them. How leaves become variables is
//! `workspace::environment`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::failure::Code;
use super::super::{Context, Failure};
use crate::envelope::Plain;
use crate::redact::Known;
use crate::workspace::environment::{Choice, Environment, EnvironmentError, Note};
use crate::workspace::layers::{self, LayersError};
use crate::workspace::names::FileType;
use crate::workspace::secrets::secrets;
use crate::workspace::steering::is_steering;
use crate::workspace::{Error, OpenFile, open_file};
use crate::world::files::{self, SIZE_LIMIT};

/// Is shown each encrypted file that was opened, and may refuse it.
pub type Look<'l> = dyn FnMut(&OpenFile) -> Result<(), Failure> + 'l;

/// Which files: flags of every command that reads them as `run` does.
#[derive(Args, Debug)]
pub struct Files {
    /// An encrypted file (repeatable, later files win); without it the nearest `.env.enc`, from here up to the
    /// repository's root
    #[arg(short = 'f', long = "env-file", value_name = "FILE", conflicts_with_all = ["env", "inherit"])]
    pub file: Vec<PathBuf>,
    /// Add `.env.NAME.enc` of the same folder, which wins [env: `LACRE_ENV`]
    #[arg(long, value_name = "NAME")]
    pub env: Option<String>,
    /// Layer the files of all folders, from the repository's root down
    #[arg(long)]
    pub inherit: bool,
    /// Where no identity opens a file, as for pull requests from forks: `fail`, `skip` it, or read a plaintext FILE
    /// in its place
    #[arg(long, value_name = "fail|skip|FILE", default_value = "fail", hide_default_value = true)]
    pub no_identity: PathBuf,
}

/// Flags of `run` and `export`.
#[derive(Args, Debug)]
pub struct Selection {
    /// Which files.
    #[command(flatten)]
    pub files: Files,
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
    /// Leave values out, with a warning, whose names no variable can have; where they are exported, none there
    #[arg(long)]
    pub skip_invalid: bool,
    /// Let a file set NAME although it steers loaders, shells or tools (repeatable) [env: `LACRE_ALLOW_NAMES`]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub allow_name: Vec<String>,
}

/// A file of a selection, opened.
enum Source {
    Encrypted(Box<OpenFile>),
    /// Stands in for files that no identity opens.
    Plain(PathBuf, Plain),
}

impl Files {
    /// Opens the files; all their encrypted values, by name, are what no output may show. Nested ones too, and also
    /// those that a later file replaces.
    ///
    /// # Errors
    /// When a file is missing or does not open.
    pub fn secrets(&self, context: &Context<'_>) -> Result<Vec<Known>, Failure> {
        let encrypted = |source: &Source| match source {
            Source::Encrypted(file) => secrets(file),
            Source::Plain(..) => Vec::new(),
        };
        Ok(self.open(&self.paths(false, context)?, context)?.iter().flatten().flat_map(encrypted).collect())
    }

    /// Opens the files; `None` stands for one that was skipped.
    fn open(&self, paths: &[PathBuf], context: &Context<'_>) -> Result<Vec<Option<Source>>, Failure> {
        let mut sources = Vec::new();
        let mut stands_in = false;
        for path in paths {
            let failure = match OpenFile::open(context.world, &context.keyring, path, None) {
                Ok(file) => {
                    context.tell_about(&file);
                    sources.push(Some(Source::Encrypted(Box::new(file))));
                    continue;
                }
                Err(error) => Failure::from(error),
            };
            if failure.code != Code::NoIdentity || self.no_identity == Path::new("fail") {
                return Err(failure);
            }
            if self.no_identity == Path::new("skip") {
                context.ui.warn(context.world, format!("{}; skipped", failure.message));
                sources.push(None);
                continue;
            }
            let plain = context.world.path(&self.no_identity);
            let shown = context.shown(&plain);
            context.ui.warn(context.world, format!("{}; {shown} stands in", failure.message));
            if !std::mem::replace(&mut stands_in, true) {
                let text = self::plain(&plain)?;
                sources.push(Some(Source::Plain(plain, text)));
            }
        }
        Ok(sources)
    }

    /// The files that are meant, the one that wins last. None is no error if they are `optional` and none was named.
    ///
    /// # Errors
    /// When there is none, or one that was asked for is missing.
    pub fn paths(&self, optional: bool, context: &Context<'_>) -> Result<Vec<PathBuf>, Failure> {
        if self.file.iter().any(|file| file == Path::new("-")) {
            return Err(Failure::usage("`-f -` is not possible: stdin belongs to the command"));
        }
        if !self.file.is_empty() {
            return Ok(self.file.iter().map(|file| context.world.path(file)).collect());
        }
        let by_variable =
            || context.world.variable("LACRE_ENV").map(|name| name.to_string_lossy().into_owned());
        let name = self.env.clone().or_else(by_variable);
        let files = match layers::find(&context.world.folder, name.as_deref(), self.inherit) {
            Err(LayersError::Nothing(_)) if optional => Vec::new(),
            found => found?,
        };
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
}

impl Selection {
    /// Opens the files, reads their variables, and tells about them.
    ///
    /// # Errors
    /// When a file is missing or does not open, or a variable cannot be handed on or is refused.
    pub fn read(&self, context: &Context<'_>) -> Result<Environment, Failure> {
        let environment = self.gather(context)?;
        Self::tell(&environment, context);
        Ok(environment)
    }

    /// The same, with no word about variables.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn gather(&self, context: &Context<'_>) -> Result<Environment, Failure> {
        self.gather_from(&self.files.paths(false, context)?, &[], &mut |_| Ok(()), context)
    }

    /// The same from these files, the one that wins last; `look` sees each. The names in `as_files` become files, not
    /// variables.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn gather_from(
        &self,
        paths: &[PathBuf],
        as_files: &[String],
        look: &mut Look<'_>,
        context: &Context<'_>,
    ) -> Result<Environment, Failure> {
        let Self { only, except, flatten, literal, skip_invalid, .. } = self;
        let (flatten, literal, skip_invalid) = (*flatten, *literal, *skip_invalid);
        let choice = Choice { only, except, flatten, literal, as_files, skip_invalid };
        let mut environment = Environment::default();
        let mut skipped = false;
        for source in self.files.open(paths, context)? {
            environment.is_makeshift |= !matches!(source, Some(Source::Encrypted(_)));
            match source {
                Some(Source::Encrypted(file)) => {
                    look(&file)?;
                    environment.add(context.world, &file, choice)?;
                }
                Some(Source::Plain(path, plain)) => {
                    environment.add_plain(context.world, &path, &plain, choice)?;
                }
                None => skipped = true,
            }
        }
        if !skipped {
            self.check_only(&environment)?;
            check_files(as_files, &environment)?;
        }
        self.check_steering(&environment, context)?;
        Ok(environment)
    }

    /// What the person should know about the variables.
    pub fn tell(environment: &Environment, context: &Context<'_>) {
        for note in environment.notes() {
            match note {
                Note::Duplicate { .. } | Note::Skipped { .. } => context.ui.warn(context.world, note),
                _ => context.ui.note(context.world, note),
            }
        }
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

/// A secret that was asked for as a file.
fn check_files(names: &[String], environment: &Environment) -> Result<(), Failure> {
    match names.iter().find(|name| environment.get(name.as_bytes()).is_none()) {
        Some(name) => Err(Failure::user(format!("there is no value `{name}`, which `--file` asks for"))
            .hint("`lacre run --explain` lists the names; an encrypted file is named with `-f`")),
        None => Ok(()),
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
