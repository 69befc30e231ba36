//! What a value should be, in words: from the schema alone, so that no message holds a value.

use super::kind::{Array, Domain, Kind, Number, Text, Url};

impl Kind {
    /// With an article: `a port: a whole number from 1 to 65535`.
    #[must_use]
    pub fn expected(&self) -> String {
        match self {
            Self::Array(array) => list(array),
            Self::Base64 { url_safe: false } => "base64".to_owned(),
            Self::Base64 { url_safe: true } => "base64 in the URL-safe alphabet".to_owned(),
            Self::Bool => "a boolean: true or false, yes or no, on or off, 1 or 0".to_owned(),
            Self::Certificate { .. } => "a certificate: X.509 in PEM".to_owned(),
            Self::Domain(domain) => domain_words(*domain),
            Self::Duration { min, max } => {
                let limits = range(*min, *max, " ms");
                format!("a duration such as 30s, 15m or 1h, or a number of milliseconds{limits}")
            }
            Self::Email => "a mail address".to_owned(),
            Self::Enum(members) => {
                let shown: Vec<&str> = members.iter().take(MOST_MEMBERS).map(String::as_str).collect();
                let more = if members.len() > MOST_MEMBERS { ", …" } else { "" };
                format!("one of: {}{more}", shown.join(", "))
            }
            Self::Ip { version: None } => "an IP address".to_owned(),
            Self::Ip { version: Some(version) } => format!("an IPv{version} address"),
            Self::IsoDate => "a date such as 2024-03-20 or 2024-03-20T15:30:00Z".to_owned(),
            Self::Json => "JSON".to_owned(),
            Self::Md5 => "an MD5 sum: 32 hexadecimal digits".to_owned(),
            Self::Number(number) => number_words(number),
            Self::Path => "a path: not empty, without control characters".to_owned(),
            Self::Pem { label: None } => {
                "PEM: from -----BEGIN …----- to -----END …-----, in lines".to_owned()
            }
            Self::Pem { label: Some(label) } => {
                format!("PEM: from -----BEGIN {label}----- to -----END {label}-----, in lines")
            }
            Self::Port { min, max } => format!("a port: a whole number from {min} to {max}"),
            Self::Record { of: None } => "a JSON object".to_owned(),
            Self::Record { of: Some(of) } => {
                format!("a JSON object whose every value is {}", of.expected())
            }
            Self::Regex => "a regular expression without lookaround".to_owned(),
            Self::Semver => "a semantic version such as 1.2.3 or 1.2.3-beta.1".to_owned(),
            Self::String(text) => text_words(text),
            Self::Url(url) => url_words(url),
            Self::Uuid => "a UUID".to_owned(),
        }
    }
}

fn list(array: &Array) -> String {
    let count = range(Some(array.min).filter(|&min| min > 1), array.max, "");
    let unique = if array.unique { ", none twice" } else { "" };
    let separator = &array.separator;
    let what = format!("a list with `{separator}` between or in JSON, each {}{unique}", array.of.expected());
    if count.is_empty() { what } else { format!("{what}; elements:{count}") }
}

fn domain_words(domain: Domain) -> String {
    let mut words = vec!["a domain such as app.example.com"];
    words.extend(domain.wildcard.then_some("*.example.com"));
    words.extend(domain.single_label.then_some("localhost"));
    words.extend(domain.ip.then_some("10.0.0.1"));
    words.join(" or ")
}

fn number_words(number: &Number) -> String {
    let what = match number.precision {
        None => "a number".to_owned(),
        Some(0) => "a whole number".to_owned(),
        Some(digits) => format!("a number with at most {digits} digits behind the point"),
    };
    let divisor = number.divisor.map_or_else(String::new, |divisor| format!(", a multiple of {divisor}"));
    format!("{what}{}{divisor}", range(number.min, number.max, ""))
}

fn text_words(text: &Text) -> String {
    let mut words = Vec::new();
    match (text.min, text.max) {
        (None, None) => {}
        (Some(min), None) => words.push(format!("of at least {min} characters")),
        (None, Some(max)) => words.push(format!("of at most {max} characters")),
        (Some(min), Some(max)) if min == max => words.push(format!("of {min} characters")),
        (Some(min), Some(max)) => words.push(format!("of {min} to {max} characters")),
    }
    words.extend(text.starts.as_ref().map(|start| format!("that starts with `{start}`")));
    words.extend(text.ends.as_ref().map(|end| format!("that ends with `{end}`")));
    words.extend(text.matches.as_ref().map(|pattern| format!("that matches `{}`", pattern.0.as_str())));
    format!("a text {}", words.join(" and ")).trim_end().to_owned()
}

fn url_words(url: &Url) -> String {
    let mut words = "a URL with scheme and host".to_owned();
    if !url.schemes.is_empty() {
        words = format!("a URL with scheme {}", url.schemes.join(" or "));
    }
    if !url.hosts.is_empty() {
        words = format!("{words}, to {}", url.hosts.join(" or "));
    }
    if url.no_trailing_slash {
        words += ", without a slash at its end";
    }
    if let Some(pattern) = &url.matches {
        words = format!("{words}, that matches `{}`", pattern.0.as_str());
    }
    words
}

/// ` from 1 to 5`, ` up to 5`, ` from 1 up`; nothing without limits.
fn range<T: std::fmt::Display>(min: Option<T>, max: Option<T>, unit: &str) -> String {
    match (min, max) {
        (None, None) => String::new(),
        (Some(min), None) => format!(" from {min}{unit} up"),
        (None, Some(max)) => format!(" up to {max}{unit}"),
        (Some(min), Some(max)) => format!(" from {min} to {max}{unit}"),
    }
}

/// Members of an `enum` that are listed.
const MOST_MEMBERS: usize = 12;
