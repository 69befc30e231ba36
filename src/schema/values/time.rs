//! Dates, and lengths of time.

use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, PrimitiveDateTime};

/// A date, or a date and a time, with a zone or without.
pub fn is_iso_date(value: &str) -> bool {
    // The extended form alone: `20240320` could as well be a number.
    value.as_bytes().get(4) == Some(&b'-')
        && (Date::parse(value, &Iso8601::PARSING).is_ok()
            || PrimitiveDateTime::parse(value, &Iso8601::PARSING).is_ok()
            || OffsetDateTime::parse(value, &Iso8601::PARSING).is_ok())
}

/// `1.5h`, `30 s`, `2days`, or a number of milliseconds.
pub fn milliseconds(text: &str) -> Option<f64> {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    number.starts_with(|letter: char| letter.is_ascii_digit()).then_some(())?;
    let factor = match unit.strip_prefix(' ').unwrap_or(unit).to_ascii_lowercase().as_str() {
        "" | "ms" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1e3,
        "m" | "min" | "mins" | "minute" | "minutes" => 60e3,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600e3,
        "d" | "day" | "days" => 86_400e3,
        "w" | "week" | "weeks" => 7.0 * 86_400e3,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}
