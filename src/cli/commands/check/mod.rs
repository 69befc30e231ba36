//! `lacre check`: whether encrypted files hold what their schemas ask for. What is looked for is
//! `workspace::validation`; how it is told, the rooms beside this one.

mod github;
mod junit;
mod sarif;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::{Context, Failure};
use super::{FOUND, NOTHING_TRACKED, count};
use crate::schema::Severity;
use crate::workspace::tree::{self, Found};
use crate::workspace::validation::{Finding, Report, siblings, validate};
use crate::world::git::repository_root;

/// Files that one note names at the most.
const MOST_SHOWN: usize = 5;

/// Check encrypted files against their schemas; names need no identity
#[derive(Args, Debug)]
#[command(
    after_help = "Without FILE: all encrypted files that git tracks here. Dotenv files are held against the `.env.schema` beside them, `secrets.enc.yaml` and `.json` against a JSON Schema, `secrets.schema.json`. Names are checked without any identity, values where one opens the file. Every `.env.NAME.enc` is judged together with its `.env.enc`, as `run --env NAME` layers them; `.env.enc` alone only where there is no such file.\n\nWithout a schema too: placeholders left over, secrets under names that build tools publish (`NEXT_PUBLIC_`, `VITE_`), files in which nothing is encrypted, and secrets that production shares with development.\n\nExamples:\n  lacre check\n  lacre check --strict                     warnings fail too\n  lacre check --format github              annotations, for a step of GitHub Actions\n  lacre check --format sarif > lacre.sarif\n\nExit codes: 0 nothing is wrong, 3 an error was found (with `--strict`: or a warning), 5 a file was tampered with"
)]
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
    let found = files(arguments, context)?;
    let report = validate(context.world, &context.keyring, &found)?;
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
    tell(context, &report);
    Ok(if rows.iter().any(|row| row.fails) { FOUND } else { 0 })
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

/// What is no finding, and worth to know.
fn tell(context: &Context<'_>, report: &Report) {
    let (ui, world) = (context.ui, context.world);
    if report.files.is_empty() {
        ui.note(world, NOTHING_TRACKED);
        return;
    }
    for (path, words) in &report.unchecked {
        ui.note(world, format!("{}: not checked: {}", context.shown(path), words.join(", ")));
    }
    if !report.without_schema.is_empty() {
        let shown = listed(context, &report.without_schema);
        ui.note(world, format!("no schema covers {shown}; `lacre schema init` drafts one for dotenv files, `lacre help schema` explains"));
    }
    if !report.closed.is_empty() {
        let shown = listed(context, &report.closed);
        ui.note(world, format!("no identity opens {shown}: only names were checked there"));
    }
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    let files = count(report.files.len(), "file");
    ui.say(
        world,
        match (of(Severity::Error), of(Severity::Warning)) {
            (0, 0) => format!("nothing is wrong in {files}"),
            (errors, warnings) => {
                format!("{}, {} in {files}", count(errors, "error"), count(warnings, "warning"))
            }
        },
    );
}

fn listed(context: &Context<'_>, paths: &[PathBuf]) -> String {
    let shown = paths.iter().take(MOST_SHOWN).map(|path| context.shown(path));
    let more = paths.len().saturating_sub(MOST_SHOWN);
    let more = (more > 0).then(|| format!("{more} more"));
    shown.chain(more).collect::<Vec<_>>().join(", ")
}
