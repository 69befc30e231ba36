//! The test files of sops's own repository (spec 9.2), made anew: written by the real sops, for PGP keys of our own,
//! under the creation rules of its functional tests; each is expected to say what theirs say.

use lacre::document::yaml::Yaml;
use lacre::envelope::Plain;

use super::bench::{Bench, Run, leaves, text};
use super::peers::Gpg;

struct Files {
    bench: Bench,
    gpg: Gpg,
    one: String,
    two: String,
}

impl Files {
    fn new() -> Option<Self> {
        let (bench, gpg) = (Bench::new()?, Gpg::new()?);
        let ((one, _), (two, _)) = (gpg.key("one", ""), gpg.key("two", ""));
        Some(Self { bench, gpg, one, two })
    }

    fn rule(&self, rule: &str) {
        let rule = rule.replace("ONE", &self.one).replace("TWO", &self.two);
        self.bench.write(".sops.yaml", format!("creation_rules:\n{rule}"));
    }

    /// Written by the real sops.
    #[track_caller]
    fn write(&self, name: &str, plain: &[u8], flags: &[&str]) {
        self.bench.write("plain", plain);
        let mut words = vec!["encrypt", "--filename-override", name, "--output", name];
        words.extend_from_slice(flags);
        words.push("plain");
        let run = self.bench.run_named("sops", &words, self.gpg.variables());
        run.ok();
    }

    fn lacre(&self, words: &[&str]) -> Run {
        self.bench.run_named("lacre", words, self.gpg.variables())
    }

    #[track_caller]
    fn says(&self, name: &str, plain: &str) {
        assert_eq!(text(&self.lacre(&["decrypt", name]).ok()), plain, "{name}");
    }
}

const COMMENTS: &str = "\
# first comment in file
lorem: ipsum
# this-is-a-comment
dolor: sit
";

const EXAMPLE_YAML: &str = "\
myapp1: t00m4nys3cr3tzupdated
app2:
    db:
        user: bob
        password: c4r1b0u
    # private key for secret operations in app2
    key: |
        -----BEGIN RSA PRIVATE KEY-----
        MIIBPAIBAAJBAPTMNIyHuZtpLYc7VsHQtwOkWYobkUblmHWRmbXzlAX6K8tMf3Wf
        -----END RSA PRIVATE KEY-----
number: 1234.56789
an_array:
    - secretuser1
    - secretuser2
    - true
somebooleans:
    - true
    - false
clear_unencrypted: stays
empty: \"\"
nothing: null
";

#[test]
fn one_value_in_every_format() {
    let Some(files) = Files::new() else { return };
    files.rule("  - pgp: ONE\n");
    for (name, plain) in [
        ("format.enc.yaml", "foo: bar\n"),
        ("format.enc.json", "{\n\t\"foo\": \"bar\"\n}\n"),
        ("format.enc.env", "foo = bar\n"),
        ("format.enc.ini", "[foo]\nbar = baz\n"),
        ("example.txt", "any bytes\n\u{0}\n"),
    ] {
        files.write(name, plain.as_bytes(), &[]);
        let read = text(&files.lacre(&["decrypt", name]).ok());
        assert_eq!(read.trim_end(), plain.trim_end(), "{name}");
    }
    // The blank belongs to the name, as sops reads it, and names are bound to values.
    assert!(text(&files.bench.read("format.enc.env")).starts_with("foo =ENC["));
    assert_eq!(files.lacre(&["decrypt", "--extract", "[\"foo\"][\"bar\"]", "format.enc.ini"]).ok(), b"baz");
}

#[test]
fn encrypted_comments_and_clear_ones() {
    let Some(files) = Files::new() else { return };
    files.rule("  - pgp: ONE\n");
    files.write("comments.enc.yaml", COMMENTS.as_bytes(), &[]);
    let sealed = text(&files.bench.read("comments.enc.yaml"));
    assert!(!sealed.contains("# first") && sealed.contains("#ENC["), "{sealed}");
    files.says("comments.enc.yaml", COMMENTS);
    // As releases before the encryption of comments left them.
    let mut lines = COMMENTS.lines();
    let clear: String = sealed
        .lines()
        .map(|line| {
            let own = lines.next().unwrap_or_default();
            format!("{}\n", if line.starts_with("#ENC[") { own } else { line })
        })
        .collect();
    files.bench.write("comments_unencrypted_comments.yaml", clear);
    files.says("comments_unencrypted_comments.yaml", COMMENTS);
    let theirs = files.bench.run_named(
        "sops",
        &["decrypt", "comments_unencrypted_comments.yaml"],
        files.gpg.variables(),
    );
    assert_eq!(text(&theirs.ok()), COMMENTS);
}

#[test]
fn comments_in_lists() {
    let Some(files) = Files::new() else { return };
    files.rule("  - pgp: ONE\n");
    let plain =
        "list:\n    # above the first\n    - one\n    # above the second\n    - two\n    # at the end\n";
    files.write("comments_list.yaml", plain.as_bytes(), &[]);
    assert!(text(&files.bench.read("comments_list.yaml")).contains("- ENC["));
    files.says("comments_list.yaml", plain);
}

#[test]
fn either_of_two_keys_opens() {
    let (Some(files), Some(first), Some(second)) = (Files::new(), Gpg::new(), Gpg::new()) else { return };
    files.rule("  - pgp: ONE,TWO\n");
    files.write("multiple_keys.yaml", b"message: hello\n", &[]);
    for (key, keyring) in [(&files.one, &first), (&files.two, &second)] {
        files.bench.write("secret.asc", files.gpg.run(&["--armor", "--export-secret-keys", key]));
        keyring.run(&["--import", files.bench.path("secret.asc").to_str().unwrap()]);
        let run = files.bench.run_named("lacre", &["decrypt", "multiple_keys.yaml"], keyring.variables());
        assert_eq!(text(&run.ok()), "message: hello\n");
    }
}

#[test]
fn a_file_without_mac_is_refused_and_can_be_rescued() {
    let Some(files) = Files::new() else { return };
    files.rule("  - pgp: ONE\n");
    files.write("no_mac.yaml", b"myapp1: t00m4nys3cr3tz\n", &[]);
    let sealed = text(&files.bench.read("no_mac.yaml"));
    let without: String = sealed
        .lines()
        .filter(|line| !line.trim_start().starts_with("mac:"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_ne!(sealed, without);
    files.bench.write("no_mac.yaml", without);
    files.bench.run_named("sops", &["decrypt", "no_mac.yaml"], files.gpg.variables()).fails(51);
    files.lacre(&["decrypt", "no_mac.yaml"]).fails(5);
    let rescued = files.lacre(&["decrypt", "--ignore-mac", "no_mac.yaml"]).ok();
    assert_eq!(text(&rescued), "myapp1: t00m4nys3cr3tz\n");
}

#[test]
fn the_examples_of_its_readme() {
    let Some(files) = Files::new() else { return };
    files.rule("  - pgp: ONE,TWO\n");
    files.write("example.yaml", EXAMPLE_YAML.as_bytes(), &[]);
    let values = |plain: &[u8]| leaves(&Plain::parse(plain.to_vec(), &Yaml).unwrap());
    let read = files.lacre(&["decrypt", "example.yaml"]).ok();
    assert_eq!(values(&read), values(EXAMPLE_YAML.as_bytes()));
    assert!(text(&read).contains("    # private key for secret operations in app2\n    key: |\n"));
    let json = "{\n\t\"example_key\": \"example_value\",\n\t\"example_array\": [\n\t\t\"a\",\n\t\t\"b\"\n\t],\n\t\"example_number\": \
                25.4,\n\t\"example_booleans\": [\n\t\ttrue,\n\t\tfalse\n\t],\n\t\"empty\": \"\",\n\t\"open_unencrypted\": {\n\t\t\"a\": \
                \"b\"\n\t}\n}\n";
    files.write("example.json", json.as_bytes(), &[]);
    assert_eq!(text(&files.lacre(&["decrypt", "example.json"]).ok()).trim_end(), json.trim_end());
    let ini =
        "; comment of the section\n[section1]\nkey1 = value1\nkey2 = value2\n\n[section2]\nkey1 = value1\n";
    files.write("example.ini", ini.as_bytes(), &[]);
    let sealed = text(&files.bench.read("example.ini"));
    assert!(sealed.contains("; ENC["), "{sealed}");
    let read = text(&files.lacre(&["decrypt", "example.ini"]).ok());
    for part in ["comment of the section", "[section1]", "[section2]"] {
        assert!(read.contains(part), "{read}");
    }
    for path in ["[\"section1\"][\"key2\"]", "[\"section2\"][\"key1\"]"] {
        let theirs = files.bench.run_named(
            "sops",
            &["decrypt", "--extract", path, "example.ini"],
            files.gpg.variables(),
        );
        let ours = text(&files.lacre(&["decrypt", "--extract", path, "example.ini"]).ok());
        assert_eq!(ours.trim_end(), text(&theirs.ok()));
    }
}

#[test]
fn the_rules_of_its_functional_tests() {
    let Some(files) = Files::new() else { return };
    let groups = "  - path_regex: test_roundtrip_keygroups\n    shamir_threshold: 2\n    key_groups:\n      - pgp: [ONE]\n      - pgp: \
                  [TWO]\n";
    files.rule(groups);
    files.write("test_roundtrip_keygroups.yaml", b"a: secret\n", &[]);
    files.says("test_roundtrip_keygroups.yaml", "a: secret\n");
    // One of the two private keys is gone.
    let Some(half) = Gpg::new() else { return };
    files.bench.write("secret.asc", files.gpg.run(&["--armor", "--export-secret-keys", &files.one]));
    half.run(&["--import", files.bench.path("secret.asc").to_str().unwrap()]);
    let name = "test_roundtrip_keygroups.yaml";
    files.bench.run_named("sops", &["decrypt", name], half.variables()).fails(128);
    let said = files.bench.run_named("lacre", &["decrypt", name], half.variables()).fails(4);
    assert!(said.contains("1 of the 2 key groups"), "{said}");
    for (rule, code) in [
        ("  - pgp: ONE\n", 0),
        ("  - path_regex: ''\n", 1),
        ("  - key_groups: []\n", 1),
        ("  - key_groups:\n      - pgp: [ONE]\n      - pgp: []\n", 1),
    ] {
        files.rule(rule);
        files.bench.write("new.yaml", "a: secret\n");
        let theirs = files.bench.run_named("sops", &["encrypt", "new.yaml"], files.gpg.variables());
        let ours = files.lacre(&["encrypt", "-o", "-", "new.yaml"]);
        assert_eq!((theirs.code != 0, ours.code), (code != 0, code), "{rule}: {} {}", theirs.err, ours.err);
    }
}
