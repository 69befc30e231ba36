//! `--base REV`: what changed since a commit, for whoever reviews it.

use super::super::super::{Context, Failure};
use super::super::commits;
use crate::workspace::review::{ReviewError, review};
use crate::workspace::validation::Report;

/// Adds to `report` what changed since `rev`.
pub(super) fn add(report: &mut Report, rev: &str, context: &Context<'_>) -> Result<(), Failure> {
    let reviewed = review(context.world, &context.keyring, rev).map_err(|error| match error {
        ReviewError::Other(error) => error.into(),
        error => Failure::user(error.to_string()).hint(
            "`git fetch` what it names; in CI, check out the whole history: `fetch-depth: 0` of actions/checkout, \
             `GIT_DEPTH: 0` of GitLab",
        ),
    })?;
    report.add(reviewed.findings);
    if reviewed.is_shallow {
        commits::warn_shallow(context, "older versions that are put back may not be noticed");
    }
    Ok(())
}
