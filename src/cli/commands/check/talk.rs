//! What `lacre check` says beside its findings: what was not checked and why, and how it went.

use std::path::PathBuf;

use super::super::super::Context;
use super::super::{NOTHING_TRACKED, count};
use super::Row;
use crate::schema::Severity;
use crate::workspace::guards::Guarded;
use crate::workspace::validation::Report;

/// Files that one note names at the most.
const MOST_SHOWN: usize = 5;

/// What is no finding, and worth to know.
pub(super) fn of_files(context: &Context<'_>, report: &Report, guarded: &Guarded) {
    let (ui, world) = (context.ui, context.world);
    of_guards(context, guarded);
    if report.files.is_empty() && guarded.files.is_empty() {
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
    if !report.closed.is_empty() && guarded.closed.is_empty() {
        let shown = listed(context, &report.closed);
        ui.note(world, format!("no identity opens {shown}: only names were checked there"));
    }
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    if guarded.accepted > 0 {
        let findings = count(guarded.accepted, "finding");
        ui.note(world, format!("{findings} that a rule file accepts are left out"));
    }
    let files = count(report.files.len().max(guarded.files.len()), "file");
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

/// After the files of the next commit: short, for it stands above every commit.
pub(super) fn of_commit(context: &Context<'_>, guarded: &Guarded, rows: &[Row<'_>]) {
    of_guards(context, guarded);
    if !rows.iter().any(|row| row.fails) {
        return;
    }
    let (ui, world) = (context.ui, context.world);
    let errors = rows.iter().filter(|row| row.fails).count();
    ui.say(
        world,
        format!(
            "{} in what is staged; `git commit --no-verify` commits it all the same",
            count(errors, "error")
        ),
    );
}

/// What guards could not look at.
fn of_guards(context: &Context<'_>, guarded: &Guarded) {
    let (ui, world) = (context.ui, context.world);
    if !guarded.skipped.is_empty() {
        let shown = listed(context, &guarded.skipped);
        ui.warn(world, format!("not looked at, for they are too large or not here: {shown}"));
    }
    if !guarded.closed.is_empty() {
        let shown = listed(context, &guarded.closed);
        ui.note(
            world,
            format!("no identity at hand opens {shown}: MAC, seal and known values were not checked there"),
        );
    }
}
