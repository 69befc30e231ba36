//! Which leaves are encrypted: each of the six selectors, by way of `.sops.yaml`, with the MAC over all or over the
//! encrypted values alone.

use lacre::policy::{Selector, SelectorKind};

use super::bench::{Bench, format_of, leaves, tags, text};
use lacre::envelope::Plain;

const PLAIN: &str = "\
# top
plain: 1
secret_a: s
a_open: o
# marker
marked: m
after: a
inline: i # marker
nested:
  secret: {deep: [1, \"two\"]}
  other: o
  list:
    - secret: z
    - \"y\"
list:
  # marker
  - one
  - two
a_open_not: x
last: \"end\"
";

const SELECTORS: [(SelectorKind, &str); 6] = [
    (SelectorKind::EncryptedCommentRegex, "^ mark"),
    (SelectorKind::EncryptedRegex, "^secret|st$"),
    (SelectorKind::EncryptedSuffix, "ed"),
    (SelectorKind::UnencryptedCommentRegex, "marker$"),
    (SelectorKind::UnencryptedRegex, "^(secret|list)$"),
    (SelectorKind::UnencryptedSuffix, "_open"),
];

/// Go's expressions where Rust's differ: classes are ASCII, and there is a way to quote.
const GO_REGEX: &str = r"^\w+_w$|^\Qa.b\E$|(?i:^upper$)|^[[:alpha:]]{3}$|\d\z|(?P<name>^p\s)|^\pL{2}$|\bc\b";

const NAMES: &str = "\
abc_w: x
ключ_w: x
a-b_w: x
a.b: x
aXb: x
UPPER: x
abc: x
абв: x
ab1: x
ab٣: x
\"p q\": x
\"p\\u00a0q\": x
яя: x
\"я c\": x
яc: x
";

fn rule(bench: &Bench, selector: &str, mac_only: bool) {
    let age = &bench.recipient;
    bench.write(
        ".sops.yaml",
        format!("creation_rules:\n  - age: {age}\n    {selector}\n    mac_only_encrypted: {mac_only}\n"),
    );
}

/// Where ciphertext stands: the names of the lines, without what differs from writing to writing.
fn encrypted_lines(sealed: &str) -> Vec<String> {
    let body = sealed.split("\nsops:").next().unwrap();
    body.lines()
        .filter(|line| line.contains("ENC["))
        .map(|line| line.split("ENC[").next().unwrap().to_owned())
        .collect()
}

#[test]
fn each_selector_encrypts_the_same_leaves() {
    let Some(bench) = Bench::new() else { return };
    for (kind, expression) in SELECTORS {
        for mac_only in [false, true] {
            rule(&bench, &format!("{}: '{expression}'", kind.name()), mac_only);
            bench.write("plain.yaml", PLAIN);
            let theirs = bench.sops(["encrypt", "plain.yaml"]).ok();
            let ours = bench.lacre(["encrypt", "plain.yaml", "-o", "-"]).ok();
            let what = format!("{} {mac_only}", kind.name());
            let written = text(&ours);
            assert!(written.contains(&format!("    {}: ", kind.name())), "{what}");
            assert_eq!(written.contains("mac_only_encrypted: true"), mac_only);
            assert_eq!(tags("e.yaml", &ours), tags("e.yaml", &theirs), "{what}");
            let comments = |sealed: &[u8]| text(sealed).matches("type:comment").count();
            assert_eq!(comments(&ours), comments(&theirs), "{what}");
            assert_eq!(bench.sops_reads("e.yaml", &ours), bench.sops_reads("e.yaml", &theirs), "{what}");
            for sealed in [&ours, &theirs] {
                let (opened, plain) =
                    bench.open("e.yaml", sealed).unwrap_or_else(|error| panic!("{what}: {error}"));
                assert_eq!(opened.stuck_comments, 0, "{what}");
                let values = plain.leaves().into_iter().map(|(_, value)| text(&value.plain_bytes()));
                let expected = "1 s o m a i 1 two o z y one two x end";
                assert_eq!(values.collect::<Vec<_>>().join(" "), expected, "{what}");
            }
        }
    }
}

/// The same kinds of names in every format, with comments where there are some.
const FORMATS: [(&str, &str); 5] = [
    ("f.yaml", PLAIN),
    (
        "f.json",
        r#"{"plain": 1, "secret_a": "s", "a_open": "o", "n": {"secret": ["2", {"c": "3"}], "wanted": "4"}, "list": [1]}"#,
    ),
    ("f.env", "# top\nplain=1\nsecret_a=s\n# marker\nmarked=m\nafter=a\na_open=o\n# marker\n\nlist=l\n"),
    (
        "f.ini",
        "; marker\n[plain]\nsecret=1\na=2\n; marker\nb_open=3\nlist = 4 # marker\nwanted=5\n[secret]\nx=6\n; top\ny=7\nz=8\n",
    ),
    ("f.bin", "any bytes"),
];

#[test]
fn every_selector_holds_in_every_format() {
    let Some(bench) = Bench::new() else { return };
    for (kind, expression) in SELECTORS {
        for mac_only in [false, true] {
            // The text of a comment begins with a blank everywhere but in INI.
            let expression = expression.trim_start_matches("^ ");
            rule(&bench, &format!("{}: '{expression}'", kind.name()), mac_only);
            for (name, plain) in FORMATS {
                let what = format!("{name} {} {mac_only}", kind.name());
                bench.write(name, plain);
                let theirs = bench.sops(["encrypt", name]).ok();
                let ours = bench.lacre(["encrypt", "--allow-empty", name, "-o", "-"]).ok();
                assert_eq!(tags(name, &ours), tags(name, &theirs), "{what}");
                let comments = |sealed: &[u8]| text(sealed).matches("type:comment").count();
                assert_eq!(comments(&ours), comments(&theirs), "{what}\n{}\n{}", text(&ours), text(&theirs));
                assert_eq!(bench.sops_reads(name, &ours), bench.sops_reads(name, &theirs), "{what}");
                for sealed in [&ours, &theirs] {
                    let (opened, read) =
                        bench.open(name, sealed).unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert_eq!(opened.stuck_comments, 0, "{what}");
                    assert_eq!(leaves(&read), leaves(&Plain::parse(plain.into(), format_of(name)).unwrap()));
                }
            }
        }
    }
}

#[test]
fn under_mac_only_encrypted_clear_values_may_be_edited_by_hand() {
    let Some(bench) = Bench::new() else { return };
    let plain = b"clear_unencrypted: old\nsecret: s\n";
    for mac_only in [false, true] {
        let sealed = bench.encrypt_as("m.yaml", plain, Selector::default(), mac_only);
        let edited = text(&sealed).replace(": old", ": new");
        bench.write("m.yaml", &edited);
        assert_eq!(bench.sops(["decrypt", "m.yaml"]).code, if mac_only { 0 } else { 51 });
        assert_eq!(bench.open("m.yaml", edited.as_bytes()).is_ok(), mac_only);
    }
}

#[test]
fn expressions_are_those_of_go() {
    let Some(bench) = Bench::new() else { return };
    rule(&bench, &format!("encrypted_regex: '{GO_REGEX}'"), false);
    bench.write("names.yaml", NAMES);
    let theirs = text(&bench.sops(["encrypt", "names.yaml"]).ok());
    let ours = text(&bench.lacre(["encrypt", "names.yaml", "-o", "-"]).ok());
    let names = |sealed: &str| {
        encrypted_lines(sealed)
            .iter()
            .map(|line| line.replace("\\u00a0", "\\_").replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&ours), names(&theirs));
    assert!(names(&ours).len() > 5 && names(&ours).len() < 14, "{:?}", names(&ours));
    bench.sops_reads("names.yaml", ours.as_bytes());
}

#[test]
fn an_invalid_expression_is_refused_here_but_a_file_that_has_one_is_read() {
    let Some(bench) = Bench::new() else { return };
    rule(&bench, "encrypted_regex: '(['", false);
    bench.write("plain.yaml", "a: clear\n");
    let theirs = bench.sops(["encrypt", "plain.yaml"]).ok();
    assert!(text(&theirs).contains("a: clear"));
    bench.open("plain.yaml", &theirs).unwrap();
    assert!(bench.lacre(["encrypt", "plain.yaml", "-o", "-"]).fails(1).contains("encrypt"));
    bench.write("theirs.yaml", &theirs);
    bench.lacre(["set", "theirs.yaml", "a", "secret"]).fails(1);
    assert_eq!(bench.read("theirs.yaml"), theirs);
}

#[test]
fn two_selectors_are_refused_by_both() {
    let Some(bench) = Bench::new() else { return };
    let sealed = text(&bench.sops_encrypts("two.yaml", b"a: b\n"));
    let twice =
        sealed.replace("    unencrypted_suffix: ", "    encrypted_regex: x\n    unencrypted_suffix: ");
    assert_ne!(twice, sealed);
    bench.write("two.yaml", twice);
    assert_ne!(bench.sops(["decrypt", "two.yaml"]).code, 0);
    bench.lacre(["decrypt", "two.yaml"]).fails(1);
    rule(&bench, "encrypted_regex: x\n    encrypted_suffix: y", false);
    bench.write("plain.yaml", "x: b\n");
    assert_ne!(bench.sops(["encrypt", "plain.yaml"]).code, 0);
    bench.lacre(["encrypt", "plain.yaml", "-o", "-"]).fails(1);
}

#[test]
fn selectors_hold_in_json_and_dotenv() {
    let Some(bench) = Bench::new() else { return };
    let json = br#"{"a": "1", "b": {"secret": ["2", {"c": "3"}], "d": "4"}}"#;
    for (name, plain) in [("p.json", &json[..]), ("p.env", b"a=1\nmy_secret=2\n#note\nsecret_b=\n")] {
        for field in ["encrypted_regex: secret", "unencrypted_regex: ^a$", "encrypted_suffix: secret"] {
            rule(&bench, field, true);
            bench.write(name, plain);
            let theirs = bench.sops(["encrypt", name]).ok();
            let ours = bench.lacre(["encrypt", name, "-o", "-"]).ok();
            assert_eq!(text(&ours).matches("type:str").count(), text(&theirs).matches("type:str").count());
            assert_eq!(bench.sops_reads(name, &ours), bench.sops_reads(name, &theirs), "{name} {field}");
            bench.open(name, &theirs).unwrap();
        }
    }
}
