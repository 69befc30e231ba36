//! Whether one `path_regex` leaves nothing for another: proven by their texts, or not told.

/// An expression that is a text, with or without its anchors.
struct Literal {
    start: bool,
    text: String,
    end: bool,
}

impl Literal {
    fn parse(regex: &str) -> Option<Self> {
        let (start, rest) = regex.strip_prefix('^').map_or((false, regex), |rest| (true, rest));
        let (end, rest) = match rest.strip_suffix('$') {
            Some(rest) if !rest.ends_with('\\') => (true, rest),
            _ => (false, rest),
        };
        let mut text = String::new();
        let mut letters = rest.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => {
                    let escaped = letters.next().filter(char::is_ascii_punctuation)?;
                    text.push(escaped);
                }
                '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '^' | '$' => return None,
                letter => text.push(letter),
            }
        }
        Some(Self { start, text, end })
    }
}

/// Whether whatever `later` matches, `earlier` matches too. `None` matches everything. False where it is not proven.
#[must_use]
pub fn covers(earlier: Option<&str>, later: Option<&str>) -> bool {
    let Some(earlier) = earlier else { return true };
    // Each is found in any text, the empty end of it at least.
    if later == Some(earlier) || matches!(earlier, ".*" | "^.*" | ".*$" | "^" | "$") {
        return true;
    }
    let (Some(early), Some(late)) = (Literal::parse(earlier), later.and_then(Literal::parse)) else {
        return false;
    };
    match (early.start, early.end) {
        (false, false) => late.text.contains(&early.text),
        (true, false) => late.start && late.text.starts_with(&early.text),
        (false, true) => late.end && late.text.ends_with(&early.text),
        (true, true) => late.start && late.end && late.text == early.text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_proven_is_covered() {
        for (earlier, later, proven) in [
            (None, Some("a"), true),
            (None, None, true),
            (Some(".*"), None, true),
            (Some("a"), None, false),
            (Some("a[b]"), Some("a[b]"), true),
            (Some("prod"), Some("^prod/db$"), true),
            (Some("^prod"), Some("prod/db"), false),
            (Some("^prod/"), Some("^prod/db"), true),
            (Some(r"\.env$"), Some(r"prod/\.env$"), true),
            (Some(r"\.env$"), Some(r"\.env"), false),
            (Some("^a$"), Some("^a$"), true),
            (Some("a.c"), Some("^a.c$"), false),
            (Some(r"a\.c"), Some("a.c"), false),
            (Some(r"\d"), Some("1"), false),
            (Some("."), None, false),
        ] {
            assert_eq!(covers(earlier, later), proven, "{earlier:?} {later:?}");
        }
    }
}
