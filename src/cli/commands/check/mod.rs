//! `lacre check`: whether encrypted files hold what their schemas ask for, and whether a repository holds what it must
//! not. What is looked for is `workspace::validation` and `workspace::guards`; how it is told, the rooms beside this one.

mod base;
mod github;
mod junit;
mod sarif;
mod talk;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::{Context, Failure};
use super::FOUND;
use crate::schema::Severity;
use crate::workspace::exposure::exposed;
use crate::workspace::guards::{self, Guarded, code};
use crate::workspace::tree::{self, Found};
use crate::workspace::validation::{Finding, Report, siblings, validate};
use crate::world::git::repository_root;

/// Check encrypted files against their schemas, and what must not stand in a repository
#[derive(Args, Debug)]
#[command(
    after_help = "Without FILE: all encrypted files that git tracks here. Dotenv files are held against the `.env.schema` beside them, `secrets.enc.yaml` and `.json` against a JSON Schema, `secrets.schema.json`. Names are checked without any identity, values where one opens the file. Every `.env.NAME.enc` is judged together with its `.env.enc`, as `run --env NAME` layers them; `.env.enc` alone only where there is no such file.\n\nWithout a schema too: placeholders left over, secrets under names that build tools publish (`NEXT_PUBLIC_`, `VITE_`), files in which nothing is encrypted, and secrets that production shares with development; plaintext that git tracks or a Dockerfile would copy, and encrypted files that an ignore line hides. `--staged` and `--all` look for what must not stand in a repository at all: `lacre help git`.\n\nExamples:\n  lacre check\n  lacre check --strict                     warnings fail too\n  lacre check --format github              annotations, for a step of GitHub Actions\n  lacre check --format sarif > lacre.sarif\n  lacre check --all                        every tracked file, for CI\n  lacre check --base origin/main           what a branch changed, for its review\n  lacre check --staged                     the next commit, for a hook\n\nExit codes: 0 nothing is wrong, 3 an error was found (with `--strict`: or a warning), 5 a file was tampered with (with `--staged` and `--all` that is an error among others)"
)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub struct Check {
    /// The files
    pub file: Vec<PathBuf>,
    /// How to tell what was found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Form,
    /// The same as `--format json`: an array, an object a finding
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// End with exit code 3 for warnings too
    #[arg(long)]
    pub strict: bool,
    /// Judge what the next commit would hold instead: what must not enter a repository (for the pre-commit hook)
    #[arg(long, conflicts_with_all = ["file", "all", "base", "no_exposed"])]
    pub staged: bool,
    /// Judge all tracked files too: what must not stand in a repository
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
    /// Judge too what changed since this commit: replaced keys, older files, new recipients, loosened rules
    #[arg(long, value_name = "REV", conflicts_with = "file")]
    pub base: Option<String>,
    /// Insist too that no value which somebody who left could read is still in use
    #[arg(long, conflicts_with = "file")]
    pub no_exposed: bool,
}

/// The words of `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// By file, for people
    Text,
    /// As `--json`
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// `JUnit` XML, a test case a finding
    Junit,
    /// Annotations of GitHub Actions
    Github,
}

/// A finding as reporters need it.
struct Row<'a> {
    /// Relative to where the format's readers look from.
    file: String,
    finding: &'a Finding,
    /// It makes the command end with 3.
    fails: bool,
}

impl Row<'_> {
    /// What is wrong, with the name that it is about.
    fn sentence(&self) -> String {
        match self.finding.subject.as_str() {
            "" => self.finding.message.clone(),
            subject => format!("`{subject}` {}", self.finding.message),
        }
    }

    /// `error` or `warning`.
    fn level(&self) -> &'static str {
        match self.finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Runs it.
///
/// # Errors
/// When a file cannot be read or was tampered with.
pub fn run(arguments: &Check, context: &Context<'_>) -> Result<u8, Failure> {
    let (report, guarded) = judge(arguments, context)?;
    let form = if arguments.json { Form::Json } else { arguments.format };
    // Code hosts look from the root of the repository, people from where they are.
    let folder = &context.world.folder;
    let root = match form {
        Form::Text | Form::Json => folder.clone(),
        Form::Sarif | Form::Junit | Form::Github => repository_root(folder).unwrap_or_else(|| folder.clone()),
    };
    let shown = |path: &Path| path.strip_prefix(&root).unwrap_or(path).to_string_lossy().into_owned();
    let fails = |finding: &Finding| arguments.strict || finding.severity == Severity::Error;
    let rows: Vec<Row<'_>> = report
        .findings
        .iter()
        .map(|finding| Row { file: shown(&finding.file), finding, fails: fails(finding) })
        .collect();
    let files: Vec<String> = report.files.iter().map(|path| shown(path)).collect();
    match form {
        Form::Text => text::print(context, &rows)?,
        Form::Json => text::print_json(context, &rows)?,
        Form::Sarif => sarif::print(context, &rows)?,
        Form::Junit => junit::print(context, &files, &rows)?,
        Form::Github => github::print(context, &rows)?,
    }
    if arguments.staged {
        talk::of_commit(context, &guarded, &rows);
    } else {
        talk::of_files(context, &report, &guarded);
    }
    Ok(if rows.iter().any(|row| row.fails) { FOUND } else { 0 })
}

/// All that is wrong with what is meant, and what guards looked at for it.
fn judge(arguments: &Check, context: &Context<'_>) -> Result<(Report, Guarded), Failure> {
    let (world, keyring) = (context.world, &context.keyring);
    if arguments.staged {
        // It runs at every commit.
        keyring.ask_nobody();
        let mut guarded = guards::staged(world, keyring)?;
        let mut report = Report { files: guarded.files.clone(), ..Report::default() };
        report.add(std::mem::take(&mut guarded.findings));
        return Ok((report, guarded));
    }
    let mut found = files(arguments, context)?;
    let mut guarded = match (arguments.all, arguments.file.is_empty()) {
        (true, _) => guards::all(world, keyring)?,
        (_, true) => guards::everyday(world, keyring)?,
        _ => Guarded::default(),
    };
    // What does not open for what was done to it is told already, and holds nothing to be judged.
    let is_told = |said: &Finding| matches!(said.code, code::CLEAR | code::TAMPERED);
    found.retain(|found| !guarded.findings.iter().any(|said| said.file == found.path && is_told(said)));
    let mut report = validate(world, keyring, &found)?;
    report.add(std::mem::take(&mut guarded.findings));
    if !arguments.all {
        report.files.append(&mut guarded.files);
    }
    if let Some(rev) = &arguments.base {
        base::add(&mut report, rev, context)?;
    }
    if arguments.no_exposed {
        report.add(exposed(world, keyring)?);
    }
    Ok((report, guarded))
}

/// The files that are meant, and those that make environments with them.
fn files(arguments: &Check, context: &Context<'_>) -> Result<Vec<Found>, Failure> {
    if arguments.file.is_empty() {
        return Ok(tree::tracked(context.world, &context.world.folder)?);
    }
    let mut found = tree::named(context.world, &arguments.file)?;
    let layers = siblings(&found)?;
    found.extend(layers);
    Ok(found)
}
