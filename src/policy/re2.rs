//! Go's regular expressions, which sops uses everywhere, compiled by the `regex` crate. The two dialects differ in
//! their classes (`\d \w \s \b` are ASCII in Go), in `\Q…\E`, octal escapes, literal braces and what a `[` inside
//! brackets means; every such construct is spelled anew here, and what Go refuses is refused.

use std::fmt::Write as _;

use regex::bytes::{Regex, RegexBuilder};

/// The text is no regular expression in Go's syntax, or compiles to something too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the regular expression of the selector is not valid")]
pub struct InvalidRegex;

/// Compiles a pattern in Go's syntax (RE2). Searching with it is unanchored and linear in the searched text.
///
/// # Errors
/// When Go would refuse the pattern, or it is longer than 64 KiB or needs more than 4 MiB.
pub fn compile(pattern: &str) -> Result<Regex, InvalidRegex> {
    // Unfinished braces are looked for to the end of the pattern, each of them.
    if pattern.len() > LONGEST {
        return Err(InvalidRegex);
    }
    let mut translator = Translator { rest: pattern, out: String::new() };
    translator.expression().ok_or(InvalidRegex)?;
    RegexBuilder::new(&translator.out)
        .size_limit(MOST_BYTES)
        .dfa_size_limit(MOST_BYTES)
        .build()
        .map_err(|_| InvalidRegex)
}

const LONGEST: usize = 64 << 10;

const MOST_BYTES: usize = 4 << 20;

/// Go's limit for the numbers in `{n,m}`.
const MOST_REPEATS: u32 = 1000;

const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// Every method takes what it understands off `rest`, appends its translation, and returns `None` on bad syntax.
struct Translator<'a> {
    rest: &'a str,
    out: String,
}

impl Translator<'_> {
    fn expression(&mut self) -> Option<()> {
        let mut repeated = false;
        while let Some(next) = self.rest.chars().next() {
            let is_repetition = match next {
                '(' => self.group()?,
                '[' => self.class()?,
                '*' | '+' | '?' => {
                    self.take(1);
                    self.out.push(next);
                    true
                }
                '\\' => self.escape()?,
                '{' => self.braces()?,
                _ => {
                    self.take(next.len_utf8());
                    self.out.push(next);
                    false
                }
            };
            if is_repetition {
                // Go refuses `a**`, which the crate would read as `(a*)*`.
                if repeated {
                    return None;
                }
                if self.rest.starts_with('?') {
                    self.take(1);
                    self.out.push('?');
                }
            }
            repeated = is_repetition;
        }
        Some(())
    }

    fn take(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.chars().next()?;
        self.take(next.len_utf8());
        Some(next)
    }

    fn literal(&mut self, literal: char) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.out, "\\x{{{:X}}}", u32::from(literal));
    }

    /// `(`, `(?flags)`, `(?flags:`, `(?P<name>` and `(?<name>`; names are dropped, nobody looks at them.
    fn group(&mut self) -> Option<bool> {
        self.take(1);
        self.out.push('(');
        if let Some(extension) = self.rest.strip_prefix('?') {
            let named = extension.strip_prefix("P<").or_else(|| extension.strip_prefix('<'));
            if let Some((name, rest)) = named.and_then(|named| named.split_once('>')) {
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
                self.rest = rest;
                return (!name.is_empty() && name.bytes().all(is_word)).then_some(false);
            }
            let flags = extension.split_once([':', ')'])?.0;
            if !flags.chars().all(|flag| matches!(flag, 'i' | 'm' | 's' | 'U' | '-')) {
                return None;
            }
            self.rest = extension.get(flags.len()..)?;
            self.out.push('?');
            self.out.push_str(flags);
        }
        Some(false)
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else is a literal brace.
    fn braces(&mut self) -> Option<bool> {
        let number = |text: &str| -> Option<u32> {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse().unwrap_or(u32::MAX))
        };
        let bounds =
            self.rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(inner, _)| inner);
        let most = bounds.and_then(|inner| match inner.split_once(',') {
            None => number(inner),
            Some((least, "")) => number(least),
            Some((least, most)) => Some(number(least)?.max(number(most)?)),
        });
        let (Some(inner), Some(most)) = (bounds, most) else {
            self.take(1);
            self.literal('{');
            return Some(false);
        };
        self.take(inner.len() + 2);
        let _ = write!(self.out, "{{{inner}}}");
        (most <= MOST_REPEATS).then_some(true)
    }

    /// A backslash outside brackets.
    fn escape(&mut self) -> Option<bool> {
        match self.rest.as_bytes().get(1)? {
            b'A' => self.spell("\\A"),
            b'B' => self.spell("(?-u:\\B)"),
            b'b' => self.spell("(?-u:\\b)"),
            b'z' => self.spell("\\z"),
            b'Q' => {
                self.take(2);
                let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
                self.rest = rest;
                quoted.chars().for_each(|literal| self.literal(literal));
            }
            _ if self.named_class()? => {}
            _ => {
                let literal = self.escaped_literal()?;
                self.literal(literal);
            }
        }
        Some(false)
    }

    /// Replaces an escape of two characters.
    fn spell(&mut self, translation: &str) {
        self.take(2);
        self.out.push_str(translation);
    }

    /// `\d`, `\pL`, `\p{Greek}` and their like, inside and outside brackets; whether there was one.
    fn named_class(&mut self) -> Option<bool> {
        let mut characters = self.rest.chars().skip(1);
        match characters.next()? {
            'D' => self.spell("[^0-9]"),
            'd' => self.spell("[0-9]"),
            // No vertical tab, unlike the crate.
            'S' => self.spell("[^\\t\\n\\x0C\\r ]"),
            's' => self.spell("[\\t\\n\\x0C\\r ]"),
            'W' => self.spell("[^0-9A-Za-z_]"),
            'w' => self.spell("[0-9A-Za-z_]"),
            letter @ ('p' | 'P') => {
                self.take(2);
                let class = match self.rest.strip_prefix('{') {
                    Some(rest) => rest.split_once('}')?.0,
                    None => self.rest.get(..1)?,
                };
                self.take(if self.rest.starts_with('{') { class.len() + 2 } else { 1 });
                let name = class.strip_prefix('^').unwrap_or(class);
                if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
                    return None;
                }
                let negated = (letter == 'P') != (name.len() < class.len());
                let _ = write!(self.out, "\\{}{{{name}}}", if negated { 'P' } else { 'p' });
            }
            _ => return Some(false),
        }
        Some(true)
    }

    /// A backslash and what makes one character with it.
    fn escaped_literal(&mut self) -> Option<char> {
        self.take(1);
        Some(match self.next()? {
            'a' => '\x07',
            'f' => '\x0C',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0B',
            'x' => {
                let digits = match self.rest.strip_prefix('{') {
                    Some(rest) => rest.split_once('}')?.0,
                    None => self.rest.get(..2)?,
                };
                self.take(if self.rest.starts_with('{') { digits.len() + 2 } else { 2 });
                if digits.starts_with('+') {
                    return None;
                }
                char::from_u32(u32::from_str_radix(digits, 16).ok()?)?
            }
            first @ '0'..='7' => {
                let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
                let more = self.rest.bytes().take(2).take_while(|byte| octal(byte)).count();
                // `\1` alone would be a back-reference.
                if first != '0' && more == 0 {
                    return None;
                }
                let digits = format!("{first}{}", self.rest.get(..more)?);
                self.take(more);
                char::from_u32(u32::from_str_radix(&digits, 8).ok()?)?
            }
            other if other.is_ascii() && !other.is_ascii_alphanumeric() => other,
            _ => return None,
        })
    }

    /// Brackets. Each member is escaped: the crate reads nested classes and `&&`, `--`, `~~` where Go reads letters.
    fn class(&mut self) -> Option<bool> {
        self.take(1);
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.take(1);
            self.out.push('^');
        }
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if self.posix_class()? || (self.rest.starts_with('\\') && self.named_class()?) {
                continue;
            }
            let low = self.class_member()?;
            self.literal(low);
            if self.rest.starts_with('-') && !self.rest.starts_with("-]") {
                self.take(1);
                let high = self.class_member()?;
                self.out.push('-');
                self.literal(high);
            }
        }
        self.take(1);
        self.out.push(']');
        Some(false)
    }

    fn class_member(&mut self) -> Option<char> {
        if self.rest.starts_with('\\') { self.escaped_literal() } else { self.next() }
    }

    /// `[:alpha:]` or `[:^alpha:]`; whether there was one.
    fn posix_class(&mut self) -> Option<bool> {
        let Some((name, rest)) = self.rest.strip_prefix("[:").and_then(|rest| rest.split_once(":]")) else {
            return Some(false);
        };
        if !POSIX_CLASSES.contains(&name.strip_prefix('^').unwrap_or(name)) {
            return None;
        }
        self.rest = rest;
        let _ = write!(self.out, "[:{name}:]");
        Some(true)
    }
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        for (pattern, text, matches) in [
            ("pass", "my_password", true),
            ("^pass$", "my_password", false),
            ("(?i)PASS", "password", true),
            (r"^\d$", "٣", false),
            (r"^\D$", "٣", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^\s$", "\u{a0}", false),
            (r"^\s$", "\x0b", false),
            (r"^[\s_]$", " ", true),
            (r"é\b", "éa", true),
            (r"é\B", "é", true),
            (r"^\Qa.b\E+$", "a.bb", true),
            (r"^\Q[", "[", true),
            (r"^\101\0$", "A\0", true),
            (r"^\x41\x{42}$", "AB", true),
            (r"^\_\<\-$", "_<-", true),
            ("^a{,2}$", "a{,2}", true),
            ("^{$", "{", true),
            ("^a{2,3}?$", "aaa", true),
            ("^[a[b]]$", "[]", true),
            ("^[a&&b]$", "&", true),
            ("^[]a]$", "]", true),
            ("^[^]a]$", "]", false),
            ("^[+--]$", ",", true),
            ("^[a-]$", "-", true),
            (r"^[[:alpha:]\pN]+$", "a1", true),
            (r"^\p{^Greek}$", "α", false),
            ("(?P<1st>a)(?<second>b)", "ab", true),
            ("", "anything", true),
            ("a$", "a\n", false),
        ] {
            assert_eq!(compile(pattern).unwrap().is_match(text.as_bytes()), matches, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn patterns_that_go_refuses_are_refused() {
        for pattern in [
            "([",
            "(",
            ")",
            "[",
            "[]",
            "[b-a]",
            "a**",
            "a{2}{3}",
            "*",
            "a{1001}",
            r"\1",
            r"\8",
            r"\E",
            r"\Z",
            r"\y",
            "(?=a)",
            "(?x)a",
            "(?<>a)",
            "[[:nope:]]",
            r"\C",
            r"[\b]",
            r"\x{110000}",
            "\\",
            r"[\",
            r"\pX",
            r"\p{",
            "(?P<n",
            "((((a{1000}){1000}){1000}){1000})",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(pattern in r"[\\\[\]{}()?P<>:a-c0-9QEpx^,|*é-]{0,24}") {
            let _ = compile(&pattern);
        }
    }
}
