//! What a scalar means: the typing of spec 5.2.2, and of explicit tags. How values are written is `spelling.rs`.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::base::{Problem, Value};

/// The value of a plain scalar; `None` when it is a string.
///
/// # Errors
/// An integer that fits 64 bits only without a sign: sops cannot hold it.
pub fn plain(text: &str) -> Result<Option<Value>, Problem> {
    let Some(&first) = text.as_bytes().first() else { return Ok(Some(Value::Null)) };
    Ok(match first {
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' => word(text),
        b'.' => special_float(text).or_else(|| finite(text)).map(Value::Float),
        b'+' | b'-' | b'0'..=b'9' => return number(text),
        _ => None,
    })
}

/// The value of a scalar under the core tag `!!name`, whatever its style; `None` when it is a string.
///
/// # Errors
/// When the text is no such value.
pub fn tagged(name: &str, text: &str) -> Result<Option<Value>, Problem> {
    let value = plain(text);
    Ok(Some(match (name, value) {
        ("binary", _) => Value::Str(crate::base::Secret::new(binary(text).ok_or(Problem::Syntax)?)),
        ("bool", Ok(Some(value @ Value::Bool(_))))
        | ("float", Ok(Some(value @ Value::Float(_))))
        | ("int", Ok(Some(value @ Value::Int(_))))
        | ("null", Ok(Some(value @ Value::Null)))
        | ("timestamp", Ok(Some(value @ Value::Time(_)))) => value,
        #[expect(clippy::cast_precision_loss, reason = "a float tag asks for the nearest double")]
        ("float", Ok(Some(Value::Int(int)))) => Value::Float(int as f64),
        ("bool" | "float" | "int" | "null" | "timestamp", Err(problem)) => return Err(problem),
        ("bool" | "float" | "int" | "null" | "timestamp", _) => return Err(Problem::Syntax),
        _ => return Ok(None),
    }))
}

/// Base64 as YAML writes it: blanks and line ends anywhere.
fn binary(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    GeneralPurpose::new(&STANDARD, config).decode(digits).ok()
}

fn word(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        "~" | "null" | "Null" | "NULL" => Some(Value::Null),
        _ => None,
    }
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        _ => None,
    }
}

fn number(text: &str) -> Result<Option<Value>, Problem> {
    if let Some(time) = timestamp(text) {
        return Ok(Some(Value::Time(time)));
    }
    if let Some(float) = special_float(text) {
        return Ok(Some(Value::Float(float)));
    }
    let digits = text.replace('_', "");
    if let Some(int) = integer(&digits) {
        return int.map(|int| Some(Value::Int(int)));
    }
    Ok(finite(&digits).map(Value::Float))
}

/// Go's base-0 syntax, without the underscores; `None` when it is no integer of 64 bits.
fn integer(text: &str) -> Option<Result<i64, Problem>> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (radix, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, unsigned.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, unsigned.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, unsigned.get(2..)?),
        [b'0', _, ..] => (8, unsigned.get(1..)?),
        _ => (10, unsigned),
    };
    if !digits.starts_with(|digit: char| digit.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if text.starts_with('-') {
        return 0_i64.checked_sub_unsigned(magnitude).map(Ok);
    }
    match i64::try_from(magnitude) {
        Ok(int) => Some(Ok(int)),
        Err(_) if text.starts_with('+') => None,
        Err(_) => Some(Err(Problem::NumberTooLarge)),
    }
}

/// A decimal float with digits, `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, within the range of a double.
fn finite(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    text.parse().ok().filter(|float: &f64| float.is_finite())
}

/// `Y-M-DTh:m:s[.frac](Z|+hh:mm)`, `Y-M-D h:m:s[.frac]` or `Y-M-D`.
fn timestamp(text: &str) -> Option<OffsetDateTime> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let rest = rest.strip_prefix('-')?;
    let (day, clock) = match rest.find(['T', 't', ' ']) {
        Some(at) => (rest.get(..at)?, Some(rest.get(at..)?)),
        None => (rest, None),
    };
    let (month, day) = day.split_once('-')?;
    let month = Month::try_from(two_digits(month)?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, two_digits(day)?).ok()?;
    let Some(clock) = clock else { return Some(date.midnight().assume_utc()) };
    let (separator, clock) = clock.split_at_checked(1)?;
    let (clock, offset) = if separator == " " { (clock, UtcOffset::UTC) } else { zone(clock)? };
    let (clock, fraction) = clock.split_once('.').map_or((clock, None), |(clock, rest)| (clock, Some(rest)));
    let mut parts = clock.split(':').map(two_digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() {
        return None;
    }
    let time = Time::from_hms_nano(hour, minute, second, fraction.map_or(Some(0), nanoseconds)?).ok()?;
    Some(date.with_time(time).assume_offset(offset))
}

fn zone(clock: &str) -> Option<(&str, UtcOffset)> {
    if let Some(clock) = clock.strip_suffix('Z') {
        return Some((clock, UtcOffset::UTC));
    }
    let at = clock.find(['+', '-'])?;
    let (clock, zone) = clock.split_at_checked(at)?;
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    if hours.len() != 2 || minutes.len() != 2 {
        return None;
    }
    let (hours, minutes) = (i8::try_from(two_digits(hours)?).ok()?, i8::try_from(two_digits(minutes)?).ok()?);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    Some((clock, UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?))
}

/// A number of one or two digits.
fn two_digits(text: &str) -> Option<u8> {
    (text.len() <= 2 && text.starts_with(|first: char| first.is_ascii_digit())).then(|| text.parse().ok())?
}

fn nanoseconds(digits: &str) -> Option<u32> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{digits:0<9}").get(..9)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> String {
        match plain(text) {
            Ok(None) => "str".into(),
            Ok(Some(value)) => {
                let plain = String::from_utf8(value.plain_bytes().to_vec()).unwrap();
                format!("{} {plain}", value.kind().map_or("null", crate::base::Type::name))
            }
            Err(problem) => format!("{problem:?}"),
        }
    }

    #[test]
    fn every_spelling_has_its_type() {
        for (text, expected) in [
            ("", "null "),
            ("~", "null "),
            ("NULL", "null "),
            ("nULL", "str"),
            ("true", "bool True"),
            ("FALSE", "bool False"),
            ("yes", "str"),
            ("<<", "str"),
            ("0", "int 0"),
            ("-12", "int -12"),
            ("+12", "int 12"),
            ("1_000", "int 1000"),
            ("0x10", "int 16"),
            ("-0x10", "int -16"),
            ("0o17", "int 15"),
            ("017", "int 15"),
            ("0b101", "int 5"),
            ("0o8", "str"),
            ("0b12", "str"),
            ("08", "float 8"),
            ("9223372036854775807", "int 9223372036854775807"),
            ("-9223372036854775808", "int -9223372036854775808"),
            ("9223372036854775808", "NumberTooLarge"),
            ("18446744073709551615", "NumberTooLarge"),
            ("18446744073709551616", "float 18446744073709552000"),
            ("1.50", "float 1.5"),
            ("1.", "float 1"),
            (".5", "float 0.5"),
            ("-.5", "float -0.5"),
            ("1e3", "float 1000"),
            (".e3", "str"),
            (".", "str"),
            ("1e400", "str"),
            ("-.inf", "float -Inf"),
            (".NaN", "float NaN"),
            ("-inf", "str"),
            ("-", "str"),
            ("1:30", "str"),
            ("1.2.3", "str"),
            ("2024-01-02", "time 2024-01-02T00:00:00Z"),
            ("2024-1-2", "time 2024-01-02T00:00:00Z"),
            ("2024-01-02 3:4:5", "time 2024-01-02T03:04:05Z"),
            ("2024-01-02T03:04:05.50+01:30", "time 2024-01-02T03:04:05.5+01:30"),
            ("2024-01-02t03:04:05Z", "time 2024-01-02T03:04:05Z"),
            ("2024-01-02 03:04:05Z", "str"),
            ("2024-13-45", "str"),
            ("2024-01-02T03:04", "str"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn a_tag_decides() {
        assert_eq!(tagged("int", "7"), Ok(Some(Value::Int(7))));
        assert_eq!(tagged("float", "1"), Ok(Some(Value::Float(1.0))));
        assert_eq!(tagged("str", "1"), Ok(None));
        assert_eq!(tagged("binary", "aGV s\nbG8="), Ok(Some(Value::str("hello"))));
        assert_eq!(tagged("int", "x"), Err(Problem::Syntax));
        assert_eq!(tagged("binary", "?"), Err(Problem::Syntax));
    }
}
