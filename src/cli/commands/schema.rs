//! `lacre schema`: a first `.env.schema` from encrypted files, and an example file from it. What a schema says and how
//! it is checked is `crate::schema`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::super::{Context, Failure};
use super::FOUND;
use crate::workspace::layers;
use crate::workspace::tree::{self, Found};
use crate::workspace::validation::{EnvSchema, SCHEMA_FILE, Seen, draft, siblings};
use crate::world::FileProblem;
use crate::world::files::{self, PUBLIC_MODE, SIZE_LIMIT};
use crate::world::git::repository_root;

/// Draft `.env.schema` from encrypted files, and make `.env.example` from it
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre schema init\n  lacre schema example -o .env.example\n  lacre schema example --check             for CI: exit code 3 if .env.example is out of date"
)]
pub struct Schema {
    /// What to do
    #[command(subcommand)]
    pub command: SchemaCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
#[allow(missing_docs, reason = "each is documented where its arguments are")]
pub enum SchemaCommand {
    Init(Init),
    Example(Example),
}

/// Write `.env.schema` from the names, and the types of the values, of encrypted dotenv files
#[derive(Args, Debug)]
#[command(
    after_help = "A draft to be read and completed. Types are guessed where an identity opens the files, and which variables are secrets, from their names. A variable is required if every environment has it. No value is written.\n\nExamples:\n  lacre schema init\n  lacre schema init api/.env.enc"
)]
pub struct Init {
    /// Encrypted dotenv files of one folder; without it those that `run` would find
    pub file: Vec<PathBuf>,
    /// Replace a schema that is there
    #[arg(long)]
    pub force: bool,
}

/// Print what `.env.schema` describes as a dotenv file: its examples and defaults, never a real value
#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  lacre schema example\n  lacre schema example -o .env.example\n  lacre schema example --check"
)]
pub struct Example {
    /// The schema; without it the nearest `.env.schema`, from here up to the repository's root
    pub schema: Option<PathBuf>,
    /// Write to FILE
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write nothing, and end with exit code 3 if FILE, or `.env.example` beside the schema, differs
    #[arg(long)]
    pub check: bool,
    /// Replace a file that was not made by this command
    #[arg(long)]
    pub force: bool,
}

/// Runs it.
///
/// # Errors
/// When a file cannot be read or written.
pub fn run(arguments: &Schema, context: &Context<'_>) -> Result<u8, Failure> {
    match &arguments.command {
        SchemaCommand::Init(arguments) => init(arguments, context),
        SchemaCommand::Example(arguments) => write_example(arguments, context),
    }
}

fn init(arguments: &Init, context: &Context<'_>) -> Result<u8, Failure> {
    let found = dotenv_files(arguments, context)?;
    let folder = one_folder(&found)?;
    let path = folder.join(SCHEMA_FILE);
    let shown = context.shown(&path);
    if files::exists(&path) && !arguments.force {
        return Err(Failure::user(format!("{shown} is there already"))
            .hint("`--force` replaces it; `lacre check` tells what it does not know"));
    }
    let look = |found| Ok(Seen::look(context.world, &context.keyring, found)?.0);
    let seen: Vec<Seen> = found.iter().map(look).collect::<Result<_, Failure>>()?;
    let closed = seen.iter().filter(|file| !file.opened).map(|file| context.shown(&file.path));
    let closed: Vec<String> = closed.collect();
    if !closed.is_empty() {
        context
            .ui
            .note(context.world, format!("no identity opens {}: no types from there", closed.join(", ")));
    }
    let text = draft(&seen);
    write(&path, text.as_bytes())?;
    context.ui.say(context.world, format!("wrote {shown}; read it, complete it and commit it"));
    Ok(0)
}

/// Those that were named, else those that `run` would find with any `--env`.
fn dotenv_files(arguments: &Init, context: &Context<'_>) -> Result<Vec<Found>, Failure> {
    let mut paths = arguments.file.clone();
    if paths.is_empty() {
        paths = layers::find(&context.world.folder, None, false)?;
    }
    let mut found = tree::named(context.world, &paths)?;
    let beside = siblings(&found)?;
    found.extend(beside);
    match found.iter().find(|found| found.sealed.document().format().name() != "dotenv") {
        Some(other) => Err(Failure::user(format!("{} is no dotenv file", context.shown(&other.path)))
            .hint("the schema of a YAML or JSON file is a JSON Schema, `NAME.schema.json` beside it")),
        None => Ok(found),
    }
}

fn one_folder(found: &[Found]) -> Result<PathBuf, Failure> {
    let mut folders = found.iter().filter_map(|found| found.path.parent());
    let first = folders.next().unwrap_or(Path::new("."));
    if folders.any(|other| other != first) {
        return Err(Failure::usage("the files are of several folders, and each has a schema of its own"));
    }
    Ok(first.to_owned())
}

fn write_example(arguments: &Example, context: &Context<'_>) -> Result<u8, Failure> {
    let schema = schema(arguments, context)?;
    let text = schema.schema.example();
    let beside = || schema.path.with_file_name(".env.example");
    let output = arguments.output.as_deref().filter(|path| *path != Path::new("-"));
    let output = output.map(|path| context.world.path(path));
    if arguments.check {
        let path = output.unwrap_or_else(beside);
        if files::exists(&path) && files::read(&path, SIZE_LIMIT)? == text.as_bytes() {
            return Ok(0);
        }
        let (path, schema) = (context.shown(&path), context.shown(&schema.path));
        context.ui.say(context.world, format!("{path} is not what {schema} makes"));
        return Ok(FOUND);
    }
    let Some(path) = output else {
        context.print(text.as_bytes())?;
        return Ok(0);
    };
    // Its first line says where it is from.
    let is_ours =
        |old: &[u8]| old.split(|byte| *byte == b'\n').next() == text.lines().next().map(str::as_bytes);
    if files::exists(&path) && !arguments.force && !is_ours(&files::read(&path, SIZE_LIMIT)?) {
        return Err(Failure::user(format!("{} was not made by this command", context.shown(&path)))
            .hint("`--force` replaces it"));
    }
    write(&path, text.as_bytes())?;
    context.ui.say(context.world, format!("wrote {}", context.shown(&path)));
    Ok(0)
}

/// The schema that was named, else the nearest.
fn schema(arguments: &Example, context: &Context<'_>) -> Result<EnvSchema, Failure> {
    let here = &context.world.folder;
    let nothing =
        |words: String| Failure::user(words).hint("`lacre schema init` drafts one from encrypted files");
    if let Some(path) = &arguments.schema {
        let path = context.world.path(path);
        let missing = || nothing(format!("there is no {}", context.shown(&path)));
        return EnvSchema::at(path.clone())?.ok_or_else(missing);
    }
    let root = repository_root(here).filter(|root| here.starts_with(root)).unwrap_or_else(|| here.clone());
    for folder in here.ancestors().take_while(|folder| folder.starts_with(&root)) {
        if let Some(schema) = EnvSchema::beside(folder)? {
            return Ok(schema);
        }
    }
    Err(nothing(format!("there is no `{SCHEMA_FILE}` here")))
}

/// What holds no secret: readable for all, and links are followed inside the repository.
fn write(path: &Path, text: &[u8]) -> Result<(), Failure> {
    let root = path.parent().and_then(repository_root);
    match files::create(path, root.as_deref(), text, PUBLIC_MODE) {
        Err(error) if error.problem == FileProblem::Exists => {
            files::update(path, root.as_deref(), |_| Ok::<_, Failure>(Some(text.to_vec())))?;
            Ok(())
        }
        result => Ok(result?),
    }
}
