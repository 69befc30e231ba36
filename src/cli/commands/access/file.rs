//! By file: its recipients, and who was one before.

use serde_json::{Value, json};

use super::super::super::{Context, Failure};
use super::super::ledger::{self, key_json, person_json};
use super::super::{commits, count};
use crate::workspace::exposure::{Class, Exposure, Key, Ledger, Period, Person, Version, Who, Why};

/// Somebody who was a recipient of a file, or knows what it holds.
struct Former<'l> {
    person: Person,
    period: Option<Period<'l>>,
    /// What they still know of it.
    knows: Vec<&'l Exposure>,
}

/// Prints `files`.
///
/// # Errors
/// When nobody reads it any more.
pub fn print(context: &Context<'_>, ledger: &Ledger, files: &[usize]) -> Result<(), Failure> {
    let exposures = ledger.exposures(Who::Everybody);
    for file in files {
        let version = ledger.current_of(*file).and_then(|current| ledger.versions.get(current.version));
        let state = match version {
            None => ", gone".to_owned(),
            Some(version) if version.groups.len() > 1 => {
                format!(", {} of {} key groups open it", version.needed(), version.groups.len())
            }
            Some(_) => String::new(),
        };
        context.print_row(&format!("{}{state}", ledger::file(context, ledger, *file)))?;
        let mut rows = Vec::new();
        let groups = version.map_or(&[][..], |version| &version.groups);
        for (number, group) in groups.iter().enumerate() {
            let label = if groups.len() > 1 { format!("group {}: ", number + 1) } else { String::new() };
            for key in group {
                let since = ledger.period(*file, &[*key]).map(|period| period.since);
                let since = since.map_or_else(
                    || "not committed".to_owned(),
                    |since| format!("since {}", commits::shown(since)),
                );
                rows.push((format!("{label}{}", ledger.people.shown(*key)), since));
            }
        }
        let values = ledger.current_of(*file).map_or(0, |current| current.leaves.len());
        let formers = formers(ledger, &exposures, *file);
        rows.extend(formers.iter().map(|former| shown(ledger, former, values)));
        let width = rows.iter().map(|(who, _)| who.chars().count()).max().unwrap_or(0);
        for (who, when) in rows {
            context.print_row(&format!("  {who:width$}  {when}"))?;
        }
    }
    Ok(())
}

/// Who, and the rest of the row.
fn shown(ledger: &Ledger, former: &Former<'_>, values: usize) -> (String, String) {
    let who = ledger::shown(ledger, &former.person);
    let when = former.period.as_ref().map_or_else(
        || "by other files".to_owned(),
        |period| {
            let since = commits::shown(period.since);
            let until = period.until.map(commits::shown);
            format!("{since} to {}", until.unwrap_or_else(|| "today, not committed yet".to_owned()))
        },
    );
    let compared = former.knows.iter().filter(|exposure| exposure.why != Why::NotCompared).count();
    let closed = match former.knows.len() - compared {
        0 => String::new(),
        closed => format!(", {closed} could not be compared"),
    };
    let values = count(values, "value");
    (who, format!("formerly, {when}, still knows {compared} of {values}{closed}"))
}

fn formers<'l>(ledger: &'l Ledger, exposures: &'l [Exposure], file: usize) -> Vec<Former<'l>> {
    let now = ledger.recipients_now(file);
    let in_file = |exposure: &&Exposure| {
        ledger.current.get(exposure.current).is_some_and(|current| current.file == file)
    };
    let former = |mut person: Person| {
        let knows = exposures.iter().filter(in_file).filter(|exposure| exposure.person == person).collect();
        person.keys.retain(|key| !now.contains(key));
        let period = ledger.period(file, &person.keys);
        let former = Former { person, period, knows };
        (former.period.is_some() || !former.knows.is_empty()).then_some(former)
    };
    ledger.people.everybody().into_iter().filter_map(former).collect()
}

/// All that is known about `file`; with `by`, as far as it is about them, and nothing if it is not. What is exposed
/// was found before.
pub fn as_json(
    context: &Context<'_>,
    ledger: &Ledger,
    file: usize,
    by: Option<&Person>,
    exposures: &[Exposure],
) -> Option<Value> {
    let version = ledger.current_of(file).and_then(|current| ledger.versions.get(current.version));
    let keys = by.map(|person| person.keys.as_slice());
    let values = ledger.value_versions(file, keys);
    if by.is_some() && values.is_empty() {
        return None;
    }
    let formers: Vec<_> = formers(ledger, exposures, file)
        .iter()
        .filter(|former| keys.is_none_or(|keys| former.person.keys.iter().any(|key| keys.contains(key))))
        .map(|former| former_json(ledger, former))
        .collect();
    let values: Vec<_> = values
        .iter()
        .map(|value| {
            let versions = value.versions.iter().filter_map(|number| ledger.versions.get(*number));
            json!({
                "name": ledger.name(value.name),
                "in_use": value.in_use,
                "opened": matches!(value.class, Class::Known(_)),
                "versions": versions.map(|version| version_json(ledger, version, file)).collect::<Vec<_>>(),
            })
        })
        .collect();
    Some(json!({
        "file": ledger::file(context, ledger, file),
        "groups": version.map(|version| groups(version, |key| key_json(ledger, key))),
        "shamir_threshold": version.filter(|version| version.groups.len() > 1).map(Version::needed),
        "formerly": formers,
        "values": values,
    }))
}

fn former_json(ledger: &Ledger, former: &Former<'_>) -> Value {
    let mut row = person_json(ledger, &former.person);
    let names = |compared: bool| -> Vec<&str> {
        let knows = former.knows.iter().filter(|exposure| (exposure.why != Why::NotCompared) == compared);
        let leaf = |exposure: &&Exposure| {
            Some(ledger.current.get(exposure.current)?.leaves.get(exposure.leaf)?.shown.as_str())
        };
        knows.filter_map(leaf).collect()
    };
    if let Some(row) = row.as_object_mut() {
        let period = former.period.as_ref();
        row.insert("since".to_owned(), json!(period.map(|period| commits::as_json(period.since))));
        row.insert("until".to_owned(), json!(period.and_then(|period| period.until.map(commits::as_json))));
        row.insert("knows".to_owned(), json!(names(true)));
        row.insert("not_compared".to_owned(), json!(names(false)));
    }
    row
}

fn version_json(ledger: &Ledger, version: &Version, file: usize) -> Value {
    let commits = ledger.commits_of(version, file).map(commits::as_json);
    let spelling = |key| ledger.people.id(key).map(crate::base::RecipientId::spelling);
    json!({
        "commits": commits.collect::<Vec<_>>(),
        "groups": groups(version, spelling),
        "shamir_threshold": (version.groups.len() > 1).then(|| version.needed()),
    })
}

fn groups<T>(version: &Version, one: impl Fn(Key) -> T) -> Vec<Vec<T>> {
    version.groups.iter().map(|group| group.iter().map(|key| one(*key)).collect()).collect()
}
