//! How a value is written: every style, and which of them can hold it. What is read back is exactly that value.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use time::format_description::well_known::Rfc3339;

use super::block::Chomp;
use super::lexeme;
use super::plain;
use crate::base::{Style, Value};

/// Where and how a value is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Within brackets.
    pub flow: bool,
    /// Where a block scalar may be written: how.
    pub block: Option<Block>,
    /// The style to keep where it can hold the value; without one, plain only where every YAML reader agrees.
    pub style: Option<Style>,
    /// `\n` or `\r\n`.
    pub newline: &'static str,
}

/// The surroundings of a block scalar.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Where the parent's entries stand in their lines.
    pub parent: usize,
    /// Where the lines shall stand.
    pub indent: usize,
    /// Whether `+` may be used: blank lines that follow would become part of the value.
    pub keep: bool,
}

/// The text for `value`; `None` when YAML or sops cannot hold it.
pub fn spell(value: &Value, manner: &Manner) -> Option<String> {
    Some(match value {
        Value::Bool(bool) => bool.to_string(),
        Value::Float(float) if float.is_nan() => ".nan".to_owned(),
        Value::Float(float) if float.is_infinite() => {
            if *float > 0.0 {
                ".inf".to_owned()
            } else {
                "-.inf".to_owned()
            }
        }
        // With a point or an exponent, so that it stays a float.
        Value::Float(float) => format!("{float:?}"),
        Value::Int(int) => int.to_string(),
        Value::Null => "null".to_owned(),
        Value::Str(bytes) => match std::str::from_utf8(bytes.expose()) {
            Ok(text) => string(text, manner),
            Err(_) => format!("!!binary {}", BASE64_STANDARD.encode(bytes.expose())),
        },
        Value::Time(time) => {
            let text = time.format(&Rfc3339).ok()?;
            if !matches!(plain::plain(&text), Ok(Some(read)) if read == *value) {
                return None;
            }
            text
        }
    })
}

/// A key: in one line, in the plainest style that every reader takes for a string.
pub fn key(name: &str, style: Option<Style>) -> String {
    let style = style.filter(|style| *style == Style::Double);
    string(name, &Manner { flow: true, block: None, style, newline: "\n" })
}

fn string(text: &str, manner: &Manner) -> String {
    let kept = match manner.style {
        Some(Style::Folded) => manner.block.and_then(|block| folded(text, block, manner.newline)),
        Some(Style::Literal) => manner.block.and_then(|block| literal(text, block, manner.newline)),
        Some(Style::Plain) => is_plain(text, manner.flow).then(|| text.to_owned()),
        Some(Style::Single) if is_printable(text) && !text.contains('\n') => Some(single(text)),
        Some(Style::Single | Style::Double) => Some(double(text)),
        None => (is_plain(text, manner.flow) && !is_old_word(text)).then(|| text.to_owned()),
    };
    kept.unwrap_or_else(|| {
        let literal = || manner.block.and_then(|block| literal(text, block, manner.newline));
        if text.contains('\n') {
            literal().unwrap_or_else(|| double(text))
        } else if is_plain(text, manner.flow) && !is_old_word(text) {
            text.to_owned()
        } else if is_printable(text) && !is_old_word(text) && matches!(plain::plain(text), Ok(None)) {
            single(text)
        } else {
            double(text)
        }
    })
}

/// `"…"`, which holds everything.
pub fn double(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len() + 2);
    spelled.push('"');
    for char in text.chars() {
        match char {
            '"' => spelled.push_str("\\\""),
            '\\' => spelled.push_str("\\\\"),
            '\n' => spelled.push_str("\\n"),
            '\r' => spelled.push_str("\\r"),
            '\t' => spelled.push_str("\\t"),
            '\0' => spelled.push_str("\\0"),
            _ if is_printable_char(char) => spelled.push(char),
            _ => {
                let code = u32::from(char);
                spelled.push_str(if code > 0xFFFF { "\\U" } else { "\\u" });
                spelled.push_str(&if code > 0xFFFF { hex(code, 8) } else { hex(code, 4) });
            }
        }
    }
    spelled.push('"');
    spelled
}

fn hex(code: u32, digits: usize) -> String {
    format!("{code:0digits$X}")
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A literal block of `text`; `None` when it cannot be one.
fn literal(text: &str, block: Block, newline: &str) -> Option<String> {
    Some(format!("|{}{newline}{}", indicators(text, block)?, literal_lines(text, block.indent, newline)?))
}

fn folded(text: &str, block: Block, newline: &str) -> Option<String> {
    Some(format!(">{}{newline}{}", indicators(text, block)?, folded_lines(text, block.indent, newline)?))
}

fn indicators(text: &str, block: Block) -> Option<String> {
    let digit = match block.indent.checked_sub(block.parent) {
        _ if !needs_indicator(text) => String::new(),
        Some(digit @ 1..=9) => digit.to_string(),
        _ => return None,
    };
    let chomp = chomp_of(text);
    (chomp != Chomp::Keep || block.keep).then(|| format!("{digit}{}", chomp.sign()))
}

/// The chomping that gives `text` its line ends back.
pub fn chomp_of(text: &str) -> Chomp {
    match text.len() - text.trim_end_matches('\n').len() {
        0 => Chomp::Strip,
        1 => Chomp::Clip,
        _ => Chomp::Keep,
    }
}

/// The first line that holds something begins with a blank.
pub fn needs_indicator(text: &str) -> bool {
    text.trim_start_matches('\n').starts_with(' ')
}

/// The content lines of a literal block, without the last line end.
pub fn literal_lines(text: &str, indent: usize, newline: &str) -> Option<String> {
    let body = text.trim_end_matches('\n');
    if !is_block(text) {
        return None;
    }
    let lines: Vec<String> = body.split('\n').map(|line| indented(line, indent)).collect();
    Some(lines.join(newline) + &trailing(text, newline))
}

/// The content lines of a folded block, not folded further; `None` where folding would change the text.
pub fn folded_lines(text: &str, indent: usize, newline: &str) -> Option<String> {
    let body = text.trim_end_matches('\n');
    if !is_block(text) || body.split('\n').any(|line| line.starts_with([' ', '\t'])) {
        return None;
    }
    let mut spelled = String::new();
    let mut filled = false;
    for (number, line) in body.split('\n').enumerate() {
        if number > 0 {
            spelled.push_str(newline);
        }
        if !line.is_empty() {
            // One line end between two lines would be read as a blank.
            if filled {
                spelled.push_str(newline);
            }
            spelled.push_str(&indented(line, indent));
            filled = true;
        }
    }
    Some(spelled + &trailing(text, newline))
}

fn trailing(text: &str, newline: &str) -> String {
    let ends = text.len() - text.trim_end_matches('\n').len();
    newline.repeat(ends.saturating_sub(1))
}

fn indented(line: &str, indent: usize) -> String {
    if line.is_empty() { String::new() } else { lexeme::blanks(indent) + line }
}

fn is_block(text: &str) -> bool {
    let body = text.trim_matches('\n');
    !body.is_empty()
        && is_printable(text)
        && !body
            .split('\n')
            .any(|line| line.trim_start_matches(' ').is_empty() && !line.is_empty() || line.starts_with('\t'))
}

/// Whether a plain scalar of this text is read as this text.
fn is_plain(text: &str, flow: bool) -> bool {
    let mut chars = text.chars();
    let starts = match (chars.next(), chars.next()) {
        (Some('-' | '?' | ':'), next) => next.is_some_and(|next| !" \t,[]{}".contains(next)),
        (Some(first), _) => !",[]{}#&*!|>'\"%@`".contains(first),
        (None, _) => false,
    };
    starts
        && text != "<<"
        && !text.starts_with("---")
        && !text.starts_with("...")
        && !text.starts_with([' ', '\t'])
        && !text.ends_with([' ', '\t', ':'])
        && ![": ", ":\t", " #", "\t#"].iter().any(|breaking| text.contains(breaking))
        && !(flow && text.contains([',', '[', ']', '{', '}']))
        && !text.contains('\n')
        && is_printable(text)
        && matches!(plain::plain(text), Ok(None))
}

/// Words and numbers that other readers do not take for a string.
fn is_old_word(text: &str) -> bool {
    const WORDS: [&str; 8] = ["y", "yes", "n", "no", "on", "off", "true", "false"];
    let sexagesimal = |byte: u8| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b'_' | b'+' | b'-');
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        || text == "="
        || text.contains(':') && text.bytes().all(sexagesimal)
}

/// All of it may stand in a text as it is; line feeds too.
fn is_printable(text: &str) -> bool {
    text.chars().all(|char| matches!(char, '\n' | '\t') || is_printable_char(char))
}

/// Not a control character, no line end of other readers (U+2028), no byte order mark.
fn is_printable_char(char: char) -> bool {
    match char {
        ' '..='~' | '\u{A0}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' => {
            !matches!(char, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
        }
        _ => char >= '\u{10000}',
    }
}
