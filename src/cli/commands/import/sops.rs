//! `lacre import sops`: files that sops wrote are sealed, after it was said once how their dotenv values are read.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::super::super::ui::Ui;
use super::super::super::{Context, Failure};
use super::super::{count, listing};
use super::{Common, ask, listed};
use crate::workspace::import::sops::{RuleChange, Taken};
use crate::workspace::tree;

/// Seal files that sops wrote, and say once how their dotenv values are read
#[derive(Args, Debug)]
#[command(
    after_help = "The format is the same, so nothing is converted: sops goes on reading the files. What differs is the reading of dotenv values. sops hands `A=\"x\"` to a process with the quotes; lacre reads quotes, `export`, blanks and comments. Variables that this makes a difference for are named, and you are asked which is meant: `--dialect lacre`, or `--dialect literal`, which writes `lacre: {dotenv: literal}` into the creation rule.\n\nExamples:\n  lacre import sops --all --dry-run\n  lacre import sops secrets.enc.yaml app.enc.env --dialect literal"
)]
pub struct Sops {
    /// Encrypted files
    #[arg(required_unless_present = "all")]
    pub file: Vec<PathBuf>,
    /// All encrypted files that git tracks in this repository
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
    /// How dotenv values are read that lacre and sops read differently
    #[arg(long, value_enum)]
    pub dialect: Option<Dialect>,
    /// Plan and question.
    #[command(flatten)]
    pub common: Common,
}

/// How dotenv values are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// Quotes, blanks, `export` and comments are read, as `lacre help dotenv` says
    Lacre,
    /// The text right of `=` as it stands, as sops hands it on
    Literal,
}

impl Dialect {
    const fn name(self) -> &'static str {
        match self {
            Self::Lacre => "lacre",
            Self::Literal => "literal",
        }
    }
}

/// Runs it.
///
/// # Errors
/// Every reason why nothing was changed.
pub fn run(arguments: &Sops, context: &Context<'_>) -> Result<u8, Failure> {
    let (world, common) = (context.world, arguments.common);
    let paths = if arguments.all { tracked(context)? } else { named(arguments, context) };
    let taken: Vec<Taken> =
        paths.iter().map(|path| Taken::read(world, &context.keyring, path)).collect::<Result<_, _>>()?;
    let open: Vec<&Path> =
        taken.iter().filter(|one| one.is_open_question()).map(|one| one.file.path.as_path()).collect();
    let to_seal = taken.iter().filter(|one| one.sealed.is_some()).count();
    let asks =
        !common.dry_run && to_seal > 0 && (!common.yes || !open.is_empty() && arguments.dialect.is_none());
    plan(&taken, arguments, asks, context)?;
    let dialect = if open.is_empty() { None } else { dialect(arguments, context)? };
    let changes = match dialect {
        Some(Dialect::Literal) => RuleChange::literal(world, &open)?,
        _ => Vec::new(),
    };
    let ui = Ui { quiet: context.ui.quiet && !asks };
    for change in &changes {
        let rules: Vec<_> = change.rules.iter().map(ToString::to_string).collect();
        let (rules, shown) = (rules.join(", "), context.shown(&change.path));
        ui.say(world, format!("creation rule {rules} of {shown} will say `lacre: {{dotenv: literal}}`"));
    }
    if !common.dry_run && to_seal > 0 {
        ask(common, &format!("Seal {}?", count(to_seal, "file")), context)?;
        // The rule first: should we be stopped in between, values are read as sops does, as before.
        changes.iter().try_for_each(RuleChange::write)?;
        for (number, one) in taken.iter().filter(|one| one.sealed.is_some()).enumerate() {
            one.write().map_err(|error| {
                let done = format!("{number} of {to_seal} files were sealed");
                Failure::from(error).detail(done).hint("the same command again finishes the rest")
            })?;
        }
    }
    report(&taken, arguments, dialect, context)
}

fn named(arguments: &Sops, context: &Context<'_>) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in arguments.file.iter().map(|file| context.world.path(file)) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    paths
}

/// The encrypted files that git tracks.
fn tracked(context: &Context<'_>) -> Result<Vec<PathBuf>, Failure> {
    let found = tree::tracked(context.world, &context.world.folder)?;
    let found: Vec<PathBuf> = found.into_iter().map(|found| found.path).collect();
    if found.is_empty() { Err(Failure::user("git tracks no encrypted file here")) } else { Ok(found) }
}

/// What each file is, and which names of it are read in two ways.
fn plan(taken: &[Taken], arguments: &Sops, asks: bool, context: &Context<'_>) -> Result<(), Failure> {
    if arguments.common.json && arguments.common.dry_run {
        return Ok(());
    }
    let ui = Ui { quiet: context.ui.quiet && !asks };
    for one in taken {
        let (shown, values) = (context.shown(&one.file.path), count(one.values(), "value"));
        let line = match one.sealed {
            Some(_) => format!("{shown} will be sealed: {values}"),
            None => format!("{shown} is sealed already: {values}"),
        };
        let mut lines = vec![line];
        if !one.differing.is_empty() && one.sealed.is_some() {
            let names = listed(&one.differing);
            lines.push(if one.is_literal {
                format!("  read as sops does, by its creation rule: {names}")
            } else {
                format!("  read otherwise by sops, which hands quotes, blanks and comments on: {names}")
            });
        }
        if !one.renamed.is_empty() && one.sealed.is_some() {
            let names = listed(&one.renamed);
            lines.push(format!("  without `export` and blanks before the name, which sops keeps: {names}"));
        }
        for line in lines {
            if arguments.common.dry_run { context.print_row(&line)? } else { ui.say(context.world, line) }
        }
    }
    Ok(())
}

/// Which dialect is meant: said, or asked.
fn dialect(arguments: &Sops, context: &Context<'_>) -> Result<Option<Dialect>, Failure> {
    if arguments.dialect.is_some() || arguments.common.dry_run {
        return Ok(arguments.dialect);
    }
    let question = "Shall programs get these values as sops hands them on, quotes and all?";
    match context.world.prompt.confirm(question) {
        Some(true) => Ok(Some(Dialect::Literal)),
        Some(false) => Ok(Some(Dialect::Lacre)),
        None => Err(Failure::usage(
            "lacre and sops read some of these values differently; say which is meant",
        )
        .hint("`--dialect lacre` reads quotes and comments, `--dialect literal` hands them on as sops does")),
    }
}

fn report(
    taken: &[Taken],
    arguments: &Sops,
    dialect: Option<Dialect>,
    context: &Context<'_>,
) -> Result<u8, Failure> {
    let dry_run = arguments.common.dry_run;
    let values: usize = taken.iter().map(Taken::values).sum();
    let sealed = taken.iter().filter(|one| one.sealed.is_some()).count();
    if arguments.common.json {
        let row = |one: &Taken| {
            let state = match (&one.sealed, dry_run) {
                (None, _) => "unchanged",
                (Some(_), true) => "planned",
                (Some(_), false) => "written",
            };
            json!({
                "file": context.here(&one.file.path),
                "format": one.file.sealed.document().format().name(),
                "state": state,
                "values": one.values(),
                "differing": one.differing,
                "renamed": one.renamed,
                "literal": one.is_literal || one.is_open_question() && dialect == Some(Dialect::Literal),
            })
        };
        let rows: Vec<_> = taken.iter().map(row).collect();
        let dialect = dialect.map(Dialect::name);
        let result = json!({ "files": rows, "dry_run": dry_run, "dialect": dialect, "compared": values });
        context.print_line(&listing(&result))?;
    } else if !dry_run {
        let (sealed, values) = (count(sealed, "file"), count(values, "value"));
        let said = format!("sealed {sealed}; compared {values}, old and new: all the same");
        context.ui.say(context.world, said);
    }
    Ok(0)
}
