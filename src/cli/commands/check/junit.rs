//! Findings as the XML of `JUnit`, which most CI systems show: a suite a file, a case a finding. A warning that does not
//! fail the command does not fail its case either.

use super::super::super::{Context, Failure};
use super::Row;
use crate::world::terminal::sanitise;

/// All `files` have a suite; one without findings passes its only case.
pub(super) fn print(context: &Context<'_>, files: &[String], rows: &[Row<'_>]) -> Result<(), Failure> {
    let mut names: Vec<&String> = files.iter().chain(rows.iter().map(|row| &row.file)).collect();
    names.sort();
    names.dedup();
    let failures = rows.iter().filter(|row| row.fails).count();
    let clean = |name: &str| !rows.iter().any(|row| row.file == name);
    let tests = rows.len() + names.iter().filter(|name| clean(name)).count();
    context.print_line("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    context.print_line(&format!(
        "<testsuites name=\"lacre check\" tests=\"{tests}\" failures=\"{failures}\">"
    ))?;
    for name in names {
        let own: Vec<&Row<'_>> = rows.iter().filter(|row| row.file == *name).collect();
        let failures = own.iter().filter(|row| row.fails).count();
        let (tests, shown) = (own.len().max(1), escaped(name));
        context.print_line(&format!(
            "  <testsuite name=\"{shown}\" tests=\"{tests}\" failures=\"{failures}\">"
        ))?;
        if own.is_empty() {
            context.print_line(&format!("    <testcase classname=\"{shown}\" name=\"check\"/>"))?;
        }
        for row in own {
            print_case(context, row, &shown)?;
        }
        context.print_line("  </testsuite>")?;
    }
    context.print_line("</testsuites>")
}

fn print_case(context: &Context<'_>, row: &Row<'_>, file: &str) -> Result<(), Failure> {
    let code = row.finding.code;
    let name = escaped(format!("{code} {}", row.finding.subject).trim_end());
    let said = escaped(&row.sentence());
    let line = row.finding.line;
    context.print_line(&format!(
        "    <testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{line}\">"
    ))?;
    let place = format!("{file}:{line}");
    context.print_line(&if row.fails {
        format!("      <failure type=\"{code}\" message=\"{said}\">{place}</failure>")
    } else {
        format!("      <system-out>{place}: {}: {said}</system-out>", row.level())
    })?;
    context.print_line("    </testcase>")
}

/// For attributes and text alike. XML has no way to say a control character, so they are spelled out.
fn escaped(text: &str) -> String {
    let text = sanitise(text);
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            // The two that are no characters of XML although they are of Unicode.
            '\u{fffe}' | '\u{ffff}' => safe.extend(character.escape_unicode()),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_an_attribute_or_an_element() {
        assert_eq!(
            escaped("\"a\"='<b>' & \u{0}\u{ffff}"),
            "&quot;a&quot;=&apos;&lt;b&gt;&apos; &amp; \\u{0}\\u{ffff}"
        );
    }
}
