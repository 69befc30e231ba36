//! By person: each value that they can or could read, with the commits that held it.

use time::OffsetDateTime;

use super::super::super::{Context, Failure};
use super::super::ledger;
use crate::workspace::exposure::{Class, Ledger, Person, ValueVersion, Version};
use crate::workspace::history::Moment;

/// Commits that one line names.
const MOST_COMMITS: usize = 4;

/// Prints what `person` can and could read of `files`.
///
/// # Errors
/// When nobody reads it any more.
pub fn print(
    context: &Context<'_>,
    ledger: &Ledger,
    person: &Person,
    files: &[usize],
) -> Result<(), Failure> {
    context.print_row(&ledger::shown(ledger, person))?;
    let mut nothing = true;
    for file in files {
        let values = ledger.value_versions(*file, Some(&person.keys));
        if values.is_empty() {
            continue;
        }
        nothing = false;
        let state = match ledger.current_of(*file) {
            None => "gone, was readable",
            Some(_) if ledger.recipients_now(*file).iter().any(|key| person.keys.contains(key)) => {
                "is a recipient"
            }
            Some(_) => "was a recipient",
        };
        context.print_row(&format!("{}: {state}", ledger::file(context, ledger, *file)))?;
        for values in values.chunk_by(|one, two| one.name == two.name) {
            if let Some(value) = values.first() {
                context.print_row(&format!("  {}", ledger.name(value.name)))?;
            }
            for value in values {
                context.print_row(&format!("    {}", line(ledger, person, value, *file)))?;
            }
        }
    }
    if nothing {
        context.print_row("  could never read a value")?;
    }
    Ok(())
}

fn line(ledger: &Ledger, person: &Person, value: &ValueVersion, file: usize) -> String {
    let versions = || value.versions.iter().filter_map(|number| ledger.versions.get(*number));
    let mut commits: Vec<_> = versions().flat_map(|version| ledger.commits_of(version, file)).collect();
    commits.sort_by_key(|commit| commit.time);
    commits.dedup();
    let shown: Vec<_> = commits.iter().take(MOST_COMMITS).collect();
    let days = shown.chunk_by(|one, two| one.time.date() == two.time.date());
    let mut words: Vec<String> = days.filter_map(|day| Some(day_shown(day.first()?.time, day))).collect();
    if commits.is_empty() {
        words.push("not committed".to_owned());
    }
    if commits.len() > MOST_COMMITS {
        words.push(format!("and {} more", commits.len() - MOST_COMMITS));
    }
    if value.in_use {
        words.push("in use".to_owned());
    }
    if matches!(value.class, Class::Closed(_)) {
        words.push("does not open here".to_owned());
    }
    if let Some(version) = versions().next()
        && !versions().any(|version| version.opens_with(&person.keys))
    {
        words.push(format!("together: {}", coalition(ledger, version)));
    }
    words.join(", ")
}

/// A day, and its commits.
fn day_shown(time: OffsetDateTime, day: &[&&Moment]) -> String {
    let ids: Vec<_> = day.iter().map(|commit| commit.id.short()).collect();
    format!("{} ({})", time.date(), ids.join(", "))
}

/// `2 of: alice | bob, carol | dave`
fn coalition(ledger: &Ledger, version: &Version) -> String {
    let group =
        |group: &Vec<usize>| group.iter().map(|key| ledger.people.shown(*key)).collect::<Vec<_>>().join(", ");
    let groups: Vec<_> = version.groups.iter().map(group).collect();
    format!("{} of: {}", version.needed(), groups.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::git;

    #[test]
    fn a_day_is_told_once_for_its_commits() {
        let time = OffsetDateTime::UNIX_EPOCH;
        let author = || git::Person { name: String::new(), email: String::new() };
        let id = |digit: &str| git::ObjectId::parse(digit.repeat(40).as_bytes()).unwrap();
        let moment = |digit: &str| Moment { id: id(digit), time, author: author() };
        let (one, two) = (moment("1"), moment("2"));
        assert_eq!(day_shown(time, &[&&one, &&two]), "1970-01-01 (11111111, 22222222)");
    }
}
