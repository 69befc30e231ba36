//! References that dotenvx expands: `$NAME`, `${NAME}`, `${NAME:-else}` and its kin. They are written out only where
//! the file alone decides what they mean; commands are found, and never run.

use std::collections::BTreeMap;

use memchr::memmem;

use crate::base::Secret;

/// What stands above in the file, by name.
pub(super) type Known = BTreeMap<Vec<u8>, Secret<Vec<u8>>>;

/// Why a reference is not written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// It refers to what does not stand above it: elsewhere, below, or itself.
    Unknown,
    /// A `$` or backslash in what it refers to, where dotenvx would expand once more.
    Again,
    /// `\$` beside references.
    Escaped,
    /// A few lines that refer to each other stand for more than memory holds.
    Large,
}

/// Bytes that the references of one file may stand for, at the most.
pub(super) const MOST_BYTES: usize = 64 << 20;

impl Reason {
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Unknown => {
                "a reference leads to no name above it in this file: the environment, a later line or itself decides"
            }
            Self::Again => "what it refers to holds a `$` or a backslash, or becomes a reference itself",
            Self::Escaped => "it holds `\\$` beside references",
            Self::Large => "the references of the file stand for more than 64 MiB",
        }
    }
}

/// Whether dotenvx would run a command in `value`.
pub(super) fn has_command(value: &[u8]) -> bool {
    memmem::find(value, b"$(").is_some_and(|at| value.get(at..).is_some_and(|rest| rest.contains(&b')')))
}

/// Whether dotenvx would expand something in `value`.
pub(super) fn has_reference(value: &[u8]) -> bool {
    next(value, 0).is_some()
}

/// `value` without references.
pub(super) fn expand(value: &[u8], known: &Known, left: &mut usize) -> Result<Vec<u8>, Reason> {
    if memmem::find(value, b"\\$").is_some() {
        return Err(Reason::Escaped);
    }
    let mut result = Vec::with_capacity(value.len());
    let mut at = 0;
    while let Some((start, end, inner)) = next(value, at) {
        result.extend_from_slice(value.get(at..start).unwrap_or_default());
        let meaning = meaning(inner, known)?;
        *left = left.checked_sub(meaning.len()).ok_or(Reason::Large)?;
        result.extend_from_slice(&meaning);
        at = end;
    }
    result.extend_from_slice(value.get(at..).unwrap_or_default());
    // Behind a `$`, a value becomes a name.
    if has_reference(&result) { Err(Reason::Again) } else { Ok(result) }
}

fn meaning(inner: &[u8], known: &Known) -> Result<Vec<u8>, Reason> {
    let first = |operator: &[u8]| memmem::find(inner, operator).map(|at| (at, operator.len()));
    let operators: [&[u8]; 4] = [b":+", b"+", b":-", b"-"];
    // The first in the text; of two at one place the longer.
    let found =
        operators.iter().filter_map(|operator| first(operator)).min_by_key(|(at, length)| (*at, 2 - length));
    let (name, operator, other) = match found {
        Some((at, length)) => (
            inner.get(..at).unwrap_or_default(),
            inner.get(at..at + length).unwrap_or_default(),
            inner.get(at + length..).unwrap_or_default(),
        ),
        None => (inner, &b""[..], &b""[..]),
    };
    let value = known.get(name).ok_or(Reason::Unknown)?.expose();
    let chosen = match operator {
        b":-" if value.is_empty() => other,
        b"+" => other,
        b":+" if !value.is_empty() => other,
        b":+" => b"",
        _ => value,
    };
    // Where a value holds a reference itself, dotenvx may stop at it, whatever is chosen.
    if value.iter().chain(chosen).any(|byte| matches!(byte, b'$' | b'\\')) {
        return Err(Reason::Again);
    }
    Ok(chosen.to_vec())
}

/// The next reference at or behind `from`: where it begins and ends, and what stands in it.
fn next(value: &[u8], from: usize) -> Option<(usize, usize, &[u8])> {
    let mut from = from;
    loop {
        let start = from + memchr::memchr(b'$', value.get(from..)?)?;
        from = start + 1;
        if start.checked_sub(1).is_some_and(|before| value.get(before) == Some(&b'\\')) {
            continue;
        }
        let rest = value.get(from..)?;
        if let Some(inner) = rest.strip_prefix(b"{") {
            let length = inner.iter().position(|byte| matches!(byte, b'{' | b'}')).unwrap_or_default();
            if length > 0 && inner.get(length) == Some(&b'}') {
                return Some((start, from + length + 2, inner.get(..length)?));
            }
            continue;
        }
        let is_first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
        if rest.first().is_some_and(is_first) {
            let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
            return Some((start, from + length, rest.get(..length)?));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(value: &str) -> Result<String, Reason> {
        let known = [("A", "1"), ("EMPTY", ""), ("DOLLAR", "p$w")];
        let known = known.map(|(name, value)| (name.into(), Secret::new(value.into())));
        let mut left = 4;
        expand(value.as_bytes(), &BTreeMap::from(known), &mut left)
            .map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn references_to_names_above_are_written_out() {
        for (value, expected) in [
            ("$A", "1"),
            ("${A}x$A", "1x1"),
            ("${A:-x}", "1"),
            ("${EMPTY:-x-y}", "x-y"),
            ("${EMPTY-x}", ""),
            ("${A:+x}", "x"),
            ("${EMPTY:+x}", ""),
            ("${EMPTY+x}", "x"),
            ("$5 ${} $ ${A", "$5 ${} $ ${A"),
            ("${ $A", "${ 1"),
        ] {
            assert_eq!(expanded(value).as_deref(), Ok(expected), "{value}");
        }
    }

    #[test]
    fn what_the_file_does_not_decide_is_refused() {
        for (value, reason) in [
            ("$B", Reason::Unknown),
            ("${B:-x}", Reason::Unknown),
            ("$DOLLAR", Reason::Again),
            ("${DOLLAR:+x}", Reason::Again),
            ("$${A:+x}", Reason::Again),
            ("${${A}}", Reason::Again),
            ("\\$A $A", Reason::Escaped),
            ("$A$A$A$A$A", Reason::Large),
        ] {
            assert_eq!(expanded(value), Err(reason), "{value}");
        }
    }

    #[test]
    fn commands_are_found() {
        assert!(has_command(b"x$(date)") && !has_command(b"$(") && !has_command(b"$x)"));
    }
}
