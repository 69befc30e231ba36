//! Which forms there are, spelled out by hand.

use super::*;

fn shown(value: &str) -> Vec<String> {
    forms(value.as_bytes()).iter().map(|form| String::from_utf8_lossy(form.expose()).into_owned()).collect()
}

#[track_caller]
fn has<const N: usize>(value: &str, expected: [&str; N]) {
    let forms = shown(value);
    for form in expected {
        assert!(forms.iter().any(|one| one == form), "{value:?} has no form {form:?}: {forms:#?}");
    }
}

#[test]
fn a_plain_word_is_itself_base64_hex_and_utf_16() {
    let expected = [
        "hunter22",
        "aHVudGVyMj",
        "aHVudGVyMjI",
        "aHVudGVyMjI=",
        "h1bnRlcjIy",
        "odW50ZXIyM",
        "odW50ZXIyMg",
        "odW50ZXIyMg==",
        "68756e7465723232",
        "68756E7465723232",
        "h\0u\0n\0t\0e\0r\x002\x002\0",
        "\0h\0u\0n\0t\0e\0r\x002\x002",
    ];
    assert_eq!(shown("hunter22"), expected);
}

#[test]
fn percent_encoders_differ_in_what_stays_bare() {
    has(
        "a b/ö(~*",
        [
            "a%20b%2F%C3%B6%28~%2A",
            "a+b%2F%C3%B6%28~%2A",
            "a%20b%2f%c3%b6%28~%2a",
            "a%20b%2F%C3%B6(~*",
            "a+b%2F%C3%B6%28%7E*",
            "a%20b/%C3%B6%28~%2A",
        ],
    );
}

#[test]
fn json_writers_differ_in_what_they_escape() {
    has(
        "a\"b\\/ö😀<\n\u{1}",
        [
            "a\\\"b\\\\/ö😀<\\n\\u0001",
            "a\\\"b\\\\\\/ö😀<\\n\\u0001",
            "a\\\"b\\\\/\\u00f6\\ud83d\\ude00<\\n\\u0001",
            "a\\\"b\\\\\\/\\u00F6\\uD83D\\uDE00<\\n\\u0001",
            "a\\\"b\\\\/ö😀\\u003c\\n\\u0001",
        ],
    );
}

#[test]
fn shells_quote_in_four_ways() {
    has("it's $5", ["it'\\''s $5", "it'\"'\"'s $5", "it's \\$5", "it\\'s\\ \\$5"]);
    has("#a'b\nc\u{1}", ["#a\\'b\\nc\\001", "#a'b\\nc\\x01"]);
    has("~ab;cd", ["\\~ab\\;cd"]);
}

#[test]
fn long_base64_is_also_looked_for_in_lines() {
    let value = "0123456789".repeat(7);
    let line = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2";
    has(&value, [line, &format!("{line}\nNzg5MDEyMzQ1Njc4OQ==")]);
}

#[test]
fn lines_count_from_16_bytes_on_and_armor_does_not() {
    let value = "-----BEGIN PRIVATE KEY-----\r\nMC4CAQAwBQYDK2Vw\r\nshort\r\n-----END PRIVATE KEY-----\r\n";
    let forms = shown(value);
    assert!(forms.contains(&"MC4CAQAwBQYDK2Vw".to_owned()));
    assert!(!forms.iter().any(|form| form == "short" || form == "-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn what_stands_round_a_value_is_no_secret() {
    let forms = shown(" hunter22\n");
    assert_eq!(forms[0], "hunter22");
    assert!(!forms.iter().any(|form| form.contains('\n')), "{forms:?}");
    has(" hunter22\n", ["IGh1bnRlcjIyCg=="]);
}

#[test]
fn short_regular_and_common_values_are_not_masked() {
    for value in [
        "",
        "abcde",
        "aaaaaaaa",
        "abcabcabc",
        "111122223333",
        "true",
        "false ",
        "localhost",
        "Production",
        "öööaa",
    ] {
        assert!(!is_maskable(value.as_bytes()), "{value}");
    }
    for value in ["hunter2", "s3cr3t", "correct horse", "4711-0815", "ключик"] {
        assert!(is_maskable(value.as_bytes()), "{value}");
    }
    assert!(is_maskable(&b"0123456789abcdef".repeat(65_536)));
    assert!(!is_maskable(&b"0123456789abcdefg".repeat(65_536)));
}

#[test]
fn a_terminal_prints_line_feeds_behind_carriage_returns() {
    has("abc12\ndef34\r\nghi56", ["abc12\r\ndef34\r\r\nghi56"]);
}
