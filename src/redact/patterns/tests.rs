//! What looks like a secret, in one piece and letter by letter; and what does not.

use super::*;

fn filtered<'t>(pieces: impl Iterator<Item = &'t [u8]>) -> String {
    let (mut patterns, mut out) = (Patterns::new(None).unwrap(), Vec::new());
    let mut guessed = Guessed { patterns: &mut patterns, out: &mut out };
    pieces.for_each(|piece| guessed.text(piece));
    guessed.finish();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn becomes(text: &str, expected: &str) {
    assert_eq!(filtered(std::iter::once(text.as_bytes())), expected);
    assert_eq!(filtered(text.as_bytes().chunks(1)), expected, "letter by letter");
    assert_eq!(filtered(text.as_bytes().chunks(7)), expected, "in pieces");
}

#[test]
fn a_value_behind_a_telling_name_is_masked() {
    for (text, expected) in [
        ("password=hunter22 ok", "password=[secret] ok"),
        ("DB_PASSWORD: hunter22\nnext", "DB_PASSWORD: [secret]\nnext"),
        ("url?api_key=abcdef12&x=1", "url?api_key=[secret]&x=1"),
        ("{\"apiKey\": \"a b \\\" c\", \"x\": 1}", "{\"apiKey\": \"[secret]\", \"x\": 1}"),
        ("'token' => 'abc def',", "'token' => '[secret]',"),
        ("{\\\"secret\\\":\\\"abcdef\\\",", "{\\\"secret\\\":\\\"[secret]\\\","),
        ("secret_key=abcdefg password=hijklmn", "secret_key=[secret] password=[secret]"),
        ("Authorization: Basic dXNlcjpwYXNz\r\n", "Authorization: Basic [secret]\r\n"),
        ("-H 'authorization: bearer abc.def-ghi_jkl'", "-H 'authorization: bearer [secret]'"),
    ] {
        becomes(text, expected);
    }
}

#[test]
fn tokens_of_services_are_masked_behind_their_beginning() {
    for start in [
        "AKIA",
        "ghp_",
        "github_pat_",
        "glpat-",
        "xoxb-",
        "sk_live_",
        "sk-ant-",
        "AIza",
        "npm_",
        "eyJ",
        "AGE-SECRET-KEY-1",
        "AGE-SECRET-KEY-PQ-1",
    ] {
        becomes(&format!("a {start}0123456789ABCDEF b"), &format!("a {start}[secret] b"));
    }
}

#[test]
fn a_private_key_is_masked_up_to_its_armor() {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEF\n".repeat(20);
    let head = "-----BEGIN RSA PRIVATE KEY-----";
    let text = format!("{head}\nProc-Type: 4,ENCRYPTED\n\n{body}-----END RSA PRIVATE KEY-----\nbehind");
    for size in [1, 5, 7, 10_000] {
        let out = filtered(text.as_bytes().chunks(size));
        assert_eq!(out, format!("{head}[secret]-----END RSA PRIVATE KEY-----\nbehind"));
        // As a diff takes it away.
        let out = filtered(text.replace('\n', "\n-").as_bytes().chunks(size));
        assert_eq!(out, format!("{head}[secret]------END RSA PRIVATE KEY-----\n-behind"));
    }
}

#[test]
fn other_text_passes() {
    for text in [
        "the password is secret",
        "password=",
        "password: no\n",
        "token = x;",
        "AKIA",
        "my ghp_short token",
        "bearer of news",
        "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n",
        "a=b&c=d",
        "compwd",
        "",
    ] {
        becomes(text, text);
    }
}

#[test]
fn a_prompt_is_handed_on_at_once_and_little_is_held() {
    let (mut patterns, mut out) = (Patterns::new(None).unwrap(), Vec::new());
    patterns.push(b"Password: ", &mut out);
    assert_eq!(out, b"Password: ");
    patterns.push(b"hunte", &mut out);
    assert_eq!(out, b"Password: ");
    patterns.push(b"r22", &mut out);
    assert_eq!(out, b"Password: [secret]");
    for _ in 0..100 {
        patterns.push(&[b'x'; 1000], &mut out);
        assert!(patterns.text.len() <= REMEMBERED);
    }
    // A value without an end is none.
    assert!(out.ends_with(b"xxx") && out.len() < 40_000);
}
