//! Findings as annotations of GitHub Actions: a line of output each, which the runner reads as a command. So nothing of
//! a file may begin a line or end a property.

use super::super::super::{Context, Failure};
use super::Row;
use crate::world::terminal::sanitise;

/// `::error file=…,line=…,title=…::…`
pub(super) fn print(context: &Context<'_>, rows: &[Row<'_>]) -> Result<(), Failure> {
    for row in rows {
        let (file, title) = (property(&row.file), property(&format!("lacre: {}", row.finding.code)));
        let (level, line) = (row.level(), row.finding.line);
        context.print_line(&format!(
            "::{level} file={file},line={line},title={title}::{}",
            data(&row.sentence())
        ))?;
    }
    Ok(())
}

/// As `escapeData` of the runner's own toolkit. Line ends are spelled out before, as all that steers a terminal.
fn data(text: &str) -> String {
    sanitise(text).replace('%', "%25")
}

/// As `escapeProperty`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_property_or_begins_a_command() {
        assert_eq!(
            property("a,line=9::x\n::error ::y%0A"),
            "a%2Cline=9%3A%3Ax\\u{a}%3A%3Aerror %3A%3Ay%250A"
        );
        assert_eq!(data("50% of a: b\r"), "50%25 of a: b\\u{d}");
    }
}
