//! Schemas mean here what they mean to varlock, whose language this is: the same values are of the same types, apart from
//! those that the table names. Skipped where varlock is not installed; `tests/peers/install.sh` installs it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "starts varlock, and says that it was skipped"
)]

use std::path::Path;
use std::process::Command;

use lacre::schema::Schema;

/// Values of one type, by who takes them.
struct Row {
    kind: &'static str,
    both: &'static [&'static str],
    neither: &'static [&'static str],
    /// Addresses of version 6 where no version is named; UUIDs of later versions.
    we: &'static [&'static str],
    /// What it changes until it fits, and we do not: values reach a process as they are. What it takes for a URL or date
    /// out of leniency. Port 0, which nobody can call.
    they: &'static [&'static str],
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row { kind: "string", both: &["x", "a b"], neither: &[], we: &[], they: &[] },
    Row { kind: "string(minLength=3, maxLength=5)", both: &["abc"], neither: &["ab", "abcdef"], we: &[], they: &[] },
    Row { kind: "string(isLength=3)", both: &["abc"], neither: &["ab"], we: &[], they: &[] },
    Row { kind: "string(startsWith=sk-, endsWith=z)", both: &["sk-z"], neither: &["sk-", "z"], we: &[], they: &[] },
    Row { kind: r#"string(matches=regex("^[a-z]+\d$", "i"))"#, both: &["ABC1"], neither: &["abc", "1"], we: &[], they: &[] },
    Row { kind: "number", both: &["1", "-1.5", "1e3", "+5"], neither: &["x", "Infinity"], we: &[], they: &["0x10", "12px", " 7", ".5", "5."] },
    Row { kind: "number(min=1, max=5)", both: &["1", "5"], neither: &["0", "6"], we: &[], they: &[] },
    Row { kind: "number(isInt=true)", both: &["2"], neither: &[], we: &[], they: &["1.5"] },
    Row { kind: "number(precision=1)", both: &["1.5"], neither: &[], we: &[], they: &["1.55"] },
    Row { kind: "number(isDivisibleBy=3)", both: &["9"], neither: &["10"], we: &[], they: &[] },
    Row { kind: "boolean", both: &["true", "FALSE", "yes", "no", "on", "off", "1", "0", "t", "f"], neither: &["y", "n", "2", "maybe"], we: &[], they: &[" true"] },
    Row { kind: "url", both: &["https://example.com", "http://a", "mailto:a@b.de", "postgres://u:p@h:5432/d", "https://[::1]:80/", "redis://", "file:///x", "jdbc:postgresql://h/d"], neither: &["example.com", "postgres://u:p/x@h/d", "https://", "https://a b", "https://h:99999"], we: &[], they: &["localhost:3000", "http:a"] },
    Row { kind: "url(allowedProtocols=[postgres, https])", both: &["https://a.b", "POSTGRES://a"], neither: &["http://a.b"], we: &[], they: &[] },
    Row { kind: r#"url(allowedDomains=[example.com, "localhost:3000"])"#, both: &["https://example.com:1/x", "https://EXAMPLE.com", "http://localhost:3000"], neither: &["http://localhost:1", "https://a.example.com"], we: &[], they: &[] },
    Row { kind: "url(noTrailingSlash=true)", both: &["https://a.b"], neither: &["https://a.b/"], we: &[], they: &[] },
    Row { kind: "domain", both: &["example.com", "a.b.c", "EXAMPLE.com"], neither: &["localhost", "-a.b", "a..b", "10.0.0.1", "*.a.b", "a_b.c", "a.b.", "a.1"], we: &[], they: &[] },
    Row { kind: "domain(allowWildcard=true, allowSingleLabel=true, allowIp=true)", both: &["localhost", "*.a.b", "10.0.0.1"], neither: &[], we: &[], they: &[] },
    Row { kind: "enum(a, b)", both: &["a"], neither: &["B", "c"], we: &[], they: &[] },
    Row { kind: "enum(1, 2)", both: &["1"], neither: &["3"], we: &[], they: &[] },
    Row { kind: "email", both: &["a@b.de", "a.b+c@d.example"], neither: &["a@b", "a..b@c.de", ".a@b.de", "a b@c.de", "@b.de", "a@b.c", "a@b_c.de"], we: &[], they: &[r#""x y"@b.de"#, "a@[127.0.0.1]"] },
    Row { kind: "port", both: &["1", "65535"], neither: &["65536", "80.5", "-1", "x"], we: &[], they: &["0", "080"] },
    Row { kind: "port(min=1024, max=2000)", both: &["1024"], neither: &["1023", "2001"], we: &[], they: &[] },
    Row { kind: "ip", both: &["1.2.3.4"], neither: &["1.2.3.256", "01.2.3.4", "fe80::1%eth0", "x"], we: &["::1", "::ffff:1.2.3.4"], they: &[] },
    Row { kind: "ip(version=4)", both: &["1.2.3.4"], neither: &["::1"], we: &[], they: &[] },
    Row { kind: "ip(version=6)", both: &["::1"], neither: &["1.2.3.4"], we: &[], they: &[] },
    Row { kind: "semver", both: &["1.2.3", "1.2.3-beta.1", "1.2.3+b.1"], neither: &["1.2", "v1.2.3", "1.2.3-01", "01.2.3"], we: &[], they: &[] },
    Row { kind: "isoDate", both: &["2024-03-20", "2024-03-20T15:30:00Z", "2024-03-20T15:30:00.123+01:00", "2024-03-20T15:30"], neither: &["2024-13-20", "x"], we: &[], they: &["2024-02-30", "20240320", "2024-03-20 15:30:00", "2024-W10"] },
    Row { kind: "uuid", both: &["123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-000000000000", "123E4567-E89B-12D3-A456-426614174000"], neither: &["123e4567", "{123e4567-e89b-12d3-a456-426614174000}"], we: &["018f3c5e-7b1a-7c3d-9e2f-1a2b3c4d5e6f"], they: &[] },
    Row { kind: "md5", both: &["d41d8cd98f00b204e9800998ecf8427e", "D41D8CD98F00B204E9800998ECF8427E"], neither: &["d41d"], we: &[], they: &[] },
    Row { kind: "duration", both: &["1h", "30m", "500ms", "2days", "1.5h", "30 s", "100", "1w", "2 weeks", "10min", "5sec", "1hr", "3hrs", "4mins"], neither: &["1h30m", "x", "-1s", "1e3", "1y"], we: &[], they: &[] },
    Row { kind: "duration(min=1m, max=1h)", both: &["1m"], neither: &["30s", "2h"], we: &[], they: &[] },
    Row { kind: "array(number)", both: &["1,2", "[1, 2]", "1, 2", "7"], neither: &["1,x", r#"[1, "x"]"#], we: &[], they: &[] },
    Row { kind: "array(string, minLength=2, unique=true)", both: &["a,b"], neither: &["a", "a,a"], we: &[], they: &[] },
    Row { kind: r#"array(enum(a, b), separator=";")"#, both: &["a;b"], neither: &["a,b"], we: &[], they: &[] },
    Row { kind: "record", both: &[r#"{"a": 1}"#], neither: &["[1]", "x"], we: &[], they: &[] },
    Row { kind: "record(number)", both: &[r#"{"a": 1}"#], neither: &[r#"{"a": "x"}"#], we: &[], they: &[] },
    Row { kind: "simple-object", both: &[r#"{"a": 1}"#], neither: &["1"], we: &[], they: &[] },
];

impl Row {
    /// Every value, with whether we and they take it.
    fn verdicts(&self) -> Vec<(&'static str, bool, bool)> {
        let lists = [
            (self.both, true, true),
            (self.neither, false, false),
            (self.we, true, false),
            (self.they, false, true),
        ];
        lists.iter().flat_map(|(values, we, they)| values.iter().map(|value| (*value, *we, *they))).collect()
    }
}

#[test]
fn a_value_is_of_a_type_as_the_table_says() {
    for row in ROWS {
        let schema = Schema::parse(format!("# @type={}\nA=\n", row.kind).as_bytes()).unwrap();
        for (value, expected, _) in row.verdicts() {
            assert_eq!(schema.items[0].kind.fits(value.as_bytes()), expected, "{} {value:?}", row.kind);
        }
    }
}

#[test]
fn varlock_takes_the_same_values_but_for_those_that_are_named() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers/node_modules/varlock/bin/cli.js");
    if !program.exists() {
        eprintln!("skipped: varlock not found");
        return;
    }
    let all: Vec<_> =
        ROWS.iter().flat_map(|row| row.verdicts().into_iter().map(|verdict| (row.kind, verdict))).collect();
    let folder = tempfile::tempdir().unwrap();
    let header = "# @defaultSensitive=false @defaultRequired=false\n# ---".to_owned();
    let items = all.iter().enumerate().map(|(at, (kind, _))| format!("# @type={kind}\nV{at}="));
    let schema = [header].into_iter().chain(items).collect::<Vec<_>>().join("\n") + "\n";
    std::fs::write(folder.path().join(".env.schema"), schema).unwrap();
    let output = Command::new("node")
        .arg(program)
        .args(["load", "--format", "json-full"])
        .envs(all.iter().enumerate().map(|(at, (_, (value, ..)))| (format!("V{at}"), *value)))
        .env("HOME", folder.path())
        .env("VARLOCK_TELEMETRY_DISABLED", "1")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let talk = String::from_utf8(output.stdout).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&talk[talk.find("{\n").expect("a report")..]).unwrap();
    let errors = report["errors"]["configItems"].as_object().unwrap();
    for (at, (kind, (value, _, expected))) in all.into_iter().enumerate() {
        assert_eq!(!errors.contains_key(&format!("V{at}")), expected, "{kind} {value:?}");
    }
}
