//! The forms in which a careless program prints a value, made without lacre.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// What a program prints that wants to know how its secrets look: a line a form.
pub fn printed(value: &str) -> String {
    let mut lines = vec![value.to_owned(), format!("value={value};"), percent(value), json(value)];
    for before in ["", "x", "xy"] {
        let text = format!("{before}{value}");
        lines.push(STANDARD.encode(&text));
        lines.push(URL_SAFE.encode(&text));
        lines.push(STANDARD.encode(format!("{text}.")));
        lines.push(STANDARD.encode(&text).trim_end_matches('=').to_owned());
    }
    lines.push(hex(value));
    lines.push(hex(value).to_uppercase());
    lines.join("\n") + "\n"
}

/// What of these may never stand in a log.
pub fn forbidden(value: &str) -> Vec<String> {
    let mut found = vec![percent(value), json(value), hex(value), hex(value).to_uppercase()];
    found
        .extend(value.lines().filter(|line| line.len() > 5 && !line.starts_with("-----")).map(str::to_owned));
    for before in 0..3 {
        let text = ["", "x", "xy"][before].to_owned() + value;
        // The letters that `value` alone decides.
        let letters = (before * 8).div_ceil(6)..text.len() * 8 / 6;
        found.push(STANDARD.encode(&text)[letters.clone()].to_owned());
        found.push(URL_SAFE.encode(&text)[letters].to_owned());
    }
    found
}

fn percent(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    value
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn json(value: &str) -> String {
    let text = serde_json::Value::from(value).to_string();
    text[1..text.len() - 1].to_owned()
}

fn hex(value: &str) -> String {
    let digits: Vec<String> = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}
