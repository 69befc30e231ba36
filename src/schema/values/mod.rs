//! Whether a value is of a kind. Values are never changed on the way: no blanks are cut off, nothing is rounded.

mod certificate;
mod encoded;
mod net;
#[cfg(test)]
mod tests;
mod time;

use serde_json::Value;

use super::kind::{Array, Kind, Number, Pattern, Text};
use super::options;

pub use certificate::lifetime;
pub use time::milliseconds;

impl Kind {
    /// Whether the value is of this kind. A certificate must be one; how long it lives is not asked here.
    #[must_use]
    pub fn fits(&self, value: &[u8]) -> bool {
        match self {
            Self::String(text) if *text == Text::default() => true,
            Self::Base64 { url_safe } => encoded::base64(value, *url_safe),
            Self::Certificate { .. } => lifetime(value).is_some(),
            Self::Json => serde_json::from_slice::<Value>(value).is_ok(),
            Self::Pem { label } => encoded::has_pem(value, label.as_deref()),
            _ => std::str::from_utf8(value).is_ok_and(|value| self.fits_text(value)),
        }
    }

    fn fits_text(&self, value: &str) -> bool {
        match self {
            Self::Array(array) => is_array(value, array),
            Self::Bool => {
                let value = value.to_ascii_lowercase();
                BOOLEANS.contains(&value.as_str())
            }
            Self::Domain(domain) => net::is_domain(value, *domain),
            Self::Duration { min, max } => {
                milliseconds(value).is_some_and(|length| is_within(length, *min, *max))
            }
            Self::Email => net::is_email(value),
            Self::Enum(members) => members.iter().any(|member| member == value),
            Self::Ip { version } => net::is_ip(value, *version),
            Self::IsoDate => time::is_iso_date(value),
            Self::Md5 => value.len() == 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit()),
            Self::Number(number) => is_number(value, number),
            Self::Path => !value.is_empty() && !value.contains(char::is_control),
            Self::Port { min, max } => {
                let plain = is_plain(value) && (value.len() == 1 || !value.starts_with('0'));
                plain && value.parse().is_ok_and(|port: u16| (*min..=*max).contains(&port))
            }
            Self::Record { of } => is_record(value, of.as_deref()),
            Self::Regex => options::compile(value, "").is_some(),
            Self::Semver => is_semver(value),
            Self::String(text) => is_text(value, text),
            Self::Url(url) => net::is_url(value, url),
            Self::Uuid => is_uuid(value),
            Self::Base64 { .. } | Self::Certificate { .. } | Self::Json | Self::Pem { .. } => {
                self.fits(value.as_bytes())
            }
        }
    }
}

fn is_text(value: &str, limits: &Text) -> bool {
    let length = value.chars().count();
    limits.min.is_none_or(|min| length >= min)
        && limits.max.is_none_or(|max| length <= max)
        && limits.starts.as_deref().is_none_or(|start| value.starts_with(start))
        && limits.ends.as_deref().is_none_or(|end| value.ends_with(end))
        && is_found(value, limits.matches.as_ref())
}

fn is_found(value: &str, pattern: Option<&Pattern>) -> bool {
    pattern.is_none_or(|Pattern(regex)| regex.is_match(value))
}

fn is_number(value: &str, limits: &Number) -> bool {
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, digits) = match mantissa.split_once('.') {
        Some((whole, digits)) => (whole, Some(digits)),
        None => (mantissa, None),
    };
    let is_spelled = is_plain(whole) && digits.is_none_or(is_plain) && exponent.is_none_or(is_plain);
    let is_precise = limits.precision.is_none_or(|most| {
        let digits = digits.map_or(0, str::len);
        exponent.is_none() && digits <= most && (most > 0 || !mantissa.contains('.'))
    });
    is_spelled
        && is_precise
        && value.parse().is_ok_and(|number: f64| {
            let is_multiple = |divisor: f64| (number / divisor - (number / divisor).round()).abs() < 1e-9;
            number.is_finite()
                && is_within(number, limits.min, limits.max)
                && limits.divisor.is_none_or(is_multiple)
        })
}

fn is_within(number: f64, min: Option<f64>, max: Option<f64>) -> bool {
    min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
}

/// Digits and nothing else.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_array(value: &str, array: &Array) -> bool {
    let items: Vec<String> = if value.trim_start().starts_with('[') {
        match serde_json::from_str(value) {
            Ok(Value::Array(items)) => items.iter().map(spelled).collect(),
            _ => return false,
        }
    } else {
        value.split(array.separator.as_str()).map(|item| item.trim().to_owned()).collect()
    };
    let mut sorted: Vec<&String> = items.iter().collect();
    sorted.sort_unstable();
    items.len() >= array.min
        && array.max.is_none_or(|max| items.len() <= max)
        && !(array.unique && sorted.windows(2).any(|pair| pair.first() == pair.last()))
        && items.iter().all(|item| !item.is_empty() && array.of.fits(item.as_bytes()))
}

fn is_record(value: &str, of: Option<&Kind>) -> bool {
    match serde_json::from_str(value) {
        Ok(Value::Object(entries)) => {
            of.is_none_or(|kind| entries.values().all(|entry| kind.fits(spelled(entry).as_bytes())))
        }
        _ => false,
    }
}

/// A JSON value as a variable would hold it.
fn spelled(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// semver.org 2.0.0.
fn is_semver(value: &str) -> bool {
    let (rest, build) = match value.split_once('+') {
        Some((rest, build)) => (rest, Some(build)),
        None => (value, None),
    };
    let (core, before) = match rest.split_once('-') {
        Some((core, before)) => (core, Some(before)),
        None => (rest, None),
    };
    let is_counted = |part: &str| is_plain(part) && (part.len() == 1 || !part.starts_with('0'));
    let is_word = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    core.split('.').count() == 3
        && core.split('.').all(is_counted)
        && before.is_none_or(|before| {
            before.split('.').all(|part| is_word(part) && (!is_plain(part) || is_counted(part)))
        })
        && build.is_none_or(|build| build.split('.').all(is_word))
}

fn is_uuid(value: &str) -> bool {
    let lengths = value.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && value.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// What programs take for yes and no.
pub const BOOLEANS: [&str; 10] = ["0", "1", "f", "false", "no", "off", "on", "t", "true", "yes"];
