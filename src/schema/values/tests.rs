//! Values and kinds that no other tool has; the others are held against varlock in `tests/schema_peer.rs`.

use time::{Duration, OffsetDateTime};

use crate::schema::{Problem, Schema, Severity};

/// Valid for 100 days, to the second that [`END`] says.
const CERTIFICATE: &str = "\
-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUUw8/pf3cV7/J5jbVFIqjtLp9vWMwCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKbGFjcmUgdGVzdDAeFw0yNjExMjIwNjEyNDZaFw0yNzAzMDIw
NjEyNDZaMBUxEzARBgNVBAMMCmxhY3JlIHRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQQ1MyUp0/FzZiJHZIh0qxbVR7BfIGN+IhZuyQpBppLnZYZoN7cOxDF
zz4gT5nYTPgRCyT9x+INBESkomJWMPiso1MwUTAdBgNVHQ4EFgQUC3RfLagqYgOK
KfBPjlH+R0jzg/gwHwYDVR0jBBgwFoAUC3RfLagqYgOKKfBPjlH+R0jzg/gwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAoG3c5JUFaSnbOq3GPdw2
sHVSPm3H23kyNjcKWMWlSicCIEt/l52an6mrFwj6+t6YS0uAA2mRc47FdGLnmDND
bnDV
-----END CERTIFICATE-----
";

const END: i64 = 1_803_967_966;

/// Those of the values that are of the type.
fn fitting<const N: usize>(kind: &str, values: [&'static str; N]) -> Vec<&'static str> {
    let schema = Schema::parse(format!("# @type={kind}\nA=\n").as_bytes()).unwrap();
    values.into_iter().filter(|value| schema.items[0].kind.fits(value.as_bytes())).collect()
}

fn certificate(kind: &str, value: &str, before_end: Duration) -> Vec<(Problem, Severity)> {
    let schema = Schema::parse(format!("# @type={kind}\nA=\n").as_bytes()).unwrap();
    let now = OffsetDateTime::from_unix_timestamp(END).unwrap() - before_end;
    let found = schema.check_values(&[("A", value.as_bytes())], now);
    found.into_iter().map(|finding| (finding.problem, finding.severity)).collect()
}

#[test]
fn a_certificate_warns_before_its_end_and_fails_behind_it() {
    let at = |before_end| certificate("certificate", CERTIFICATE, before_end);
    assert_eq!(at(Duration::days(99)), []);
    assert_eq!(at(Duration::days(30)), []);
    assert_eq!(
        at(Duration::days(30) - Duration::SECOND),
        [(Problem::Expires { days: 29 }, Severity::Warning)]
    );
    assert_eq!(at(Duration::ZERO), [(Problem::Expires { days: 0 }, Severity::Warning)]);
    assert_eq!(at(-Duration::SECOND), [(Problem::Expired { days: 0 }, Severity::Error)]);
    assert_eq!(at(-Duration::days(3)), [(Problem::Expired { days: 3 }, Severity::Error)]);
    assert_eq!(at(Duration::days(101)), [(Problem::NotYetValid, Severity::Error)]);
    let long = certificate("certificate(days=60)", CERTIFICATE, Duration::days(40));
    assert_eq!(long, [(Problem::Expires { days: 40 }, Severity::Warning)]);
}

#[test]
fn a_broken_certificate_is_none() {
    let cut = CERTIFICATE.replacen("MII", "MIIB", 1);
    let one_line = CERTIFICATE.replace('\n', "\\n");
    for broken in [
        cut.as_str(),
        one_line.as_str(),
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let expected = "a certificate: X.509 in PEM".to_owned();
        let found = certificate("certificate", broken, Duration::days(50));
        assert_eq!(found, [(Problem::WrongKind { expected }, Severity::Error)], "{broken}");
    }
    let chain = format!("{CERTIFICATE}words\n{CERTIFICATE}");
    assert_eq!(certificate("certificate", &chain, Duration::days(50)), []);
}

#[test]
fn pem_is_a_block_with_the_right_label() {
    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nAAAA\nBBBB\n-----END EC PRIVATE KEY-----\n";
    const OLD: &str =
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----";
    const OTHER: &str = "-----BEGIN A-----\nAAAA\n-----END B-----";
    const FLAT: &str = "-----BEGIN A-----\\nAAAA\\n-----END A-----";
    const BARE: &str = "-----BEGIN A-----\n-----END A-----";
    let all = [KEY, OLD, OTHER, FLAT, BARE, "AAAA"];
    assert_eq!(fitting("pem", all), [KEY, OLD]);
    assert_eq!(fitting("pem(PRIVATE KEY)", all), [KEY, OLD]);
    assert_eq!(fitting("pem(label=\"RSA PRIVATE KEY\")", all), [OLD]);
    assert_eq!(fitting("pem(CERTIFICATE)", [CERTIFICATE, KEY]), [CERTIFICATE]);
}

#[test]
fn types_of_our_own_take_what_they_say() {
    assert_eq!(fitting("int", ["1", "-1", "1.0", "1e3", "x", "1 "]), ["1", "-1"]);
    assert_eq!(fitting("int(min=1, max=3)", ["0", "1", "3", "4"]), ["1", "3"]);
    assert_eq!(fitting("bool", ["true", "2"]), ["true"]);
    assert_eq!(
        fitting("base64", ["AAA=", "AAA", "A+/A", "A-_A", "A", "AA\nAA", "A A"]),
        ["AAA=", "AAA", "A+/A", "AA\nAA"]
    );
    assert_eq!(fitting("base64url", ["A+/A", "A-_A", "AA=="]), ["A-_A", "AA=="]);
    assert_eq!(fitting("json", ["{}", "[1", "\"x\"", "x"]), ["{}", "\"x\""]);
    assert_eq!(fitting("path", ["/a b", "./x", "C:\\x", "a\nb"]), ["/a b", "./x", "C:\\x"]);
    assert_eq!(fitting("regex", ["^a+$", "(", "(?=a)"]), ["^a+$"]);
    assert_eq!(fitting("regex(\"^a,b$\")", ["a,b", "xa,b"]), ["a,b"]);
    assert_eq!(fitting("string(matches=/^a\\/B/i)", ["A/bc", "ab"]), ["A/bc"]);
    assert_eq!(fitting("length(min=2, max=3)", ["a", "\u{e4}b", "abcd"]), ["\u{e4}b"]);
    assert_eq!(fitting("length(2)", ["a", "ab", "abc"]), ["ab"]);
    let clusters =
        ["mongodb://u:p@a:1,b:2/d", "mongodb://a:1,b:x/d", "http://::1/", "postgres:///d", "http://:80/"];
    assert_eq!(fitting("url", clusters), ["mongodb://u:p@a:1,b:2/d", "postgres:///d"]);
    assert_eq!(fitting("string(matches=\"^\\$argon2id\\$\")", ["$argon2id$v", "argon2id"]), ["$argon2id$v"]);
    assert_eq!(fitting("startsWith(sk-)", ["sk-1", "pk-1"]), ["sk-1"]);
}
