//! Which values are settings and no secrets: words that stand all over a repository whatever is encrypted. Files of
//! sops are mostly encrypted as a whole, so these hold `kind: Secret` and `AWS_REGION=eu-central-1` too.

use crate::redact::is_maskable;
use crate::schema::hygiene::sounds_secret;

/// Whether it is worth to look for `value`, called `name`: it is long and varied enough, and its name sounds like a
/// secret, or it is not made of words.
pub fn is_worth_finding(name: &str, value: &[u8]) -> bool {
    is_maskable(value) && (sounds_secret(name) || !reads_like_a_setting(value))
}

/// Words of one case with few digits, between the signs of paths, host names, addresses and versions: `eu-central-1`,
/// `https://api.example.org:8443/v1`, `Opaque`.
fn reads_like_a_setting(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value.trim_ascii()) else { return false };
    let (is_arn, is_address) = (text.starts_with("arn:"), text.contains("://"));
    let has_user = is_address && text.contains('@');
    !has_user && text.split(|sign: char| is_sign(sign)).all(|word| is_word(word, is_arn))
}

const fn is_sign(sign: char) -> bool {
    matches!(sign, '.' | '_' | '-' | '/' | ':' | '@' | ',' | ' ')
}

fn is_word(word: &str, is_arn: bool) -> bool {
    let letters = word.trim_end_matches(|digit: char| digit.is_ascii_digit());
    let digits = word.len() - letters.len();
    let rest = letters.get(1..).unwrap_or_default();
    let is_one_case = letters.bytes().all(|byte| byte.is_ascii_uppercase())
        || (letters.bytes().take(1).all(|byte| byte.is_ascii_alphabetic())
            && rest.bytes().all(|byte| byte.is_ascii_lowercase()));
    let most_digits = match letters.len() {
        0 if is_arn => 12,
        0 => 4,
        _ => 2,
    };
    is_one_case && letters.len() <= LONGEST_WORD && digits <= most_digits
}

/// Letters of a word.
const LONGEST_WORD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_not_looked_for() {
        for value in [
            "eu-central-1",
            "Secret",
            "Opaque",
            "INFO",
            "https://api.example.org:8443/v1",
            "db01.internal.example.org",
            "/var/lib/service/data",
            "arn:aws:iam::123456789012:role/deploy",
            "2026-01-31",
            "someone@example.org",
            "correct-horse-battery",
        ] {
            assert!(!is_worth_finding("A", value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn what_is_not_made_of_words_is_looked_for() {
        for value in [
            "hunter2-x8f3",
            "postgres://app:horse-battery@db.example.org/app",
            "9d6c8b7e-1f2a-4c3d-8e9f-0a1b2c3d4e5f",
            "kJh3Ks9Qw",
            "abcdefghijklmnopqrstuvw",
            "8274619035",
            "p\u{e4}ssw\u{f6}rter sind lang",
        ] {
            assert!(is_worth_finding("A", value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn a_name_that_sounds_like_a_secret_makes_words_one() {
        assert!(is_worth_finding("DB_PASSWORD", b"correct-horse-battery"));
        assert!(is_worth_finding("smtp.password", b"sesame-street"));
        // Redaction would not mask it either.
        assert!(!is_worth_finding("DB_PASSWORD", b"abc"));
        assert!(!is_worth_finding("DB_PASSWORD", b"localhost"));
    }
}
