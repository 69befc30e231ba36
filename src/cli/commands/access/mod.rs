//! `lacre access`: who can read what now, and who ever could.

mod by;
mod file;

use std::path::PathBuf;

use clap::Args;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime, Time};

use super::super::{Context, Failure};
use super::{NOTHING_TRACKED, ledger, listing};
use crate::workspace::exposure::{Ledger, When, Who};

/// Tell who can read which values, now and ever
#[derive(Args, Debug)]
#[command(
    after_help = "By the wrapped keys that stand in each version of a file, in every commit that a branch, a tag, the stash or HEAD leads to. Who needs no identity; whether two values are the same is known where one opens them.\n\nWith `--by` it is told by value: a line for each that NAME can or could read, with the commits that held it.\n\nExamples:\n  lacre access --all\n  lacre access prod.env.enc --at 2026-01-31\n  lacre access --by alice\n  lacre access prod.env.enc --json            each value version, and who held keys in which commits"
)]
pub struct Access {
    /// Encrypted files
    pub file: Vec<PathBuf>,
    /// All encrypted files; with `--by` those that are gone, too
    #[arg(long, conflicts_with = "file")]
    pub all: bool,
    /// What this person can read, and ever could: a name from `.sops.yaml`, today's or an older one, or a recipient
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// As it was then: a day (its end, UTC) or a time, as RFC 3339 writes them
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub at: Option<OffsetDateTime>,
    /// Print a JSON array, an object a file
    #[arg(long)]
    pub json: bool,
}

/// Runs it.
///
/// # Errors
/// Outside a repository, or when a file or a person is not known.
pub fn run(arguments: &Access, context: &Context<'_>) -> Result<u8, Failure> {
    if arguments.file.is_empty() && !arguments.all && arguments.by.is_none() {
        return Err(Failure::usage("no file is named").hint("name FILE…, or `--all`, or who: `--by NAME`"));
    }
    let ledger = ledger::read(context, arguments.at.map_or(When::Now, When::At))?;
    let person = arguments.by.as_deref().map(|word| ledger::person(&ledger, word)).transpose()?;
    let files = files(arguments, context, &ledger)?;
    if files.is_empty() {
        context.ui.note(context.world, NOTHING_TRACKED);
    }
    if arguments.json {
        let by = person.as_ref();
        let exposures = ledger.exposures(by.map_or(Who::Everybody, Who::Former));
        let row = |number: &usize| file::as_json(context, &ledger, *number, by, &exposures);
        let rows: Vec<_> = files.iter().filter_map(row).collect();
        context.print_line(&listing(&rows.into()))?;
        return Ok(0);
    }
    match &person {
        Some(person) => by::print(context, &ledger, person, &files)?,
        None => file::print(context, &ledger, &files)?,
    }
    Ok(0)
}

/// The files that are meant, by their numbers.
fn files(arguments: &Access, context: &Context<'_>, ledger: &Ledger) -> Result<Vec<usize>, Failure> {
    if arguments.file.is_empty() {
        if arguments.by.is_none() {
            return Ok(ledger.current.iter().map(|current| current.file).collect());
        }
        let mut all: Vec<usize> = (0..ledger.file_count()).collect();
        all.sort_by_key(|file| ledger.path(*file));
        return Ok(all);
    }
    let mut found = Vec::new();
    for file in &arguments.file {
        let path = context.world.path(file);
        let path = crate::workspace::rule_file::without_dots(&path);
        let number = ledger.file_at(&path).ok_or_else(|| {
            Failure::user(format!("git knows no encrypted version of {}", context.shown(&path)))
                .hint("`git add` a new file; with `--at`, there may have been none yet")
        })?;
        if !found.contains(&number) {
            found.push(number);
        }
    }
    Ok(found)
}

/// A day means all of it.
fn moment(text: &str) -> Result<OffsetDateTime, String> {
    if let Ok(time) = OffsetDateTime::parse(text, &Rfc3339) {
        return Ok(time);
    }
    let day = Date::parse(text, &Iso8601::DATE).ok();
    let end = day.and_then(|day| Some(day.with_time(Time::from_hms(23, 59, 59).ok()?).assume_utc()));
    end.ok_or_else(|| "a day is `2026-01-31`, a time `2026-01-31T12:00:00Z`".to_owned())
}
