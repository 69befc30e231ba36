//! What somebody without the key may do to a file. Where sops notices, we do; in a sealed file we notice the rest too.

use super::bench::{Bench, text};

const YAML: &str = "\
# note
a: one
b: two
n: \"12\"
open_unencrypted: clear
p_unencrypted: ab
q_unencrypted: c
list:
  - x
  - z
map:
  k: v
";

struct Tampering {
    what: &'static str,
    sops_notices: bool,
    change: fn(&str) -> String,
}

const fn noticed(what: &'static str, change: fn(&str) -> String) -> Tampering {
    Tampering { what, sops_notices: true, change }
}

const fn unnoticed(what: &'static str, change: fn(&str) -> String) -> Tampering {
    Tampering { what, sops_notices: false, change }
}

/// The line that begins with `start`, blanks aside.
fn line<'a>(text: &'a str, start: &str) -> &'a str {
    text.lines().find(|line| line.trim_start().starts_with(start)).unwrap_or_else(|| panic!("no {start}"))
}

/// The two lines change places.
fn swap(text: &str, one: &str, two: &str) -> String {
    let (one, two) = (line(text, one).to_owned(), line(text, two).to_owned());
    text.replace(&one, "\u{1}").replace(&two, &one).replace('\u{1}', &two)
}

fn swap_values(text: &str, one: &str, two: &str) -> String {
    let value = |key: &str| line(text, key).split_once(": ").unwrap().1.to_owned();
    let (first, second) = (value(one), value(two));
    text.replace(&first, "\u{1}").replace(&second, &first).replace('\u{1}', &second)
}

fn without(text: &str, start: &str) -> String {
    text.replace(&format!("{}\n", line(text, start)), "")
}

fn items(text: &str) -> [String; 2] {
    let found: Vec<_> = text.lines().filter(|line| line.trim_start().starts_with("- ENC[")).collect();
    [found[0].to_owned(), found[1].to_owned()]
}

const TAMPERINGS: &[Tampering] = &[
    noticed("two values change places", |text| swap_values(text, "a: ", "b: ")),
    noticed("two entries change places", |text| swap(text, "a: ", "b: ")),
    noticed("two list items change places", |text| {
        let [one, two] = items(text);
        text.replace(&one, "\u{1}").replace(&two, &one).replace('\u{1}', &two)
    }),
    noticed("a list item is repeated", |text| {
        let [one, _] = items(text);
        text.replace(&one, &format!("{one}\n{one}"))
    }),
    noticed("an entry is removed", |text| without(text, "b: ")),
    noticed("an entry is renamed", |text| text.replace("\na: ", "\naa: ")),
    noticed("a map is renamed", |text| text.replace("\nmap:", "\nmaps:")),
    noticed("a clear value is changed", |text| text.replace(": clear", ": cleaned")),
    noticed("a clear value is removed", |text| without(text, "open_unencrypted")),
    noticed("a value becomes clear text", |text| text.replace(line(text, "a: "), "a: mine")),
    noticed("a value becomes a number", |text| text.replace(line(text, "a: "), "a: 1")),
    noticed("a value is cut off", |text| text.replace(line(text, "a: "), "a: \"\"")),
    noticed("a ciphertext is damaged", |text| {
        text.replacen("data:", "data:AAAA", 1)
            .replace("#ENC[AES256_GCM,data:AAAA", "#ENC[AES256_GCM,data:")
            .replacen("a: ENC[AES256_GCM,data:", "a: ENC[AES256_GCM,data:AAAA", 1)
    }),
    noticed("a word becomes a number", |text| {
        text.replacen(line(text, "a: "), &line(text, "a: ").replace("type:str", "type:int"), 1)
    }),
    noticed("the MAC is removed", |text| without(text, "mac: ")),
    noticed("the MAC is emptied", |text| text.replace(line(text, "mac: "), "    mac: \"\"")),
    noticed("the MAC is another ciphertext", |text| {
        let value = line(text, "a: ").split_once(": ").unwrap().1.to_owned();
        text.replace(line(text, "mac: "), &format!("    mac: {value}"))
    }),
    noticed("the time is changed", |text| {
        text.replace(line(text, "lastmodified"), "    lastmodified: \"2020-01-01T00:00:00Z\"")
    }),
    noticed("the selector asks for more", |text| {
        text.replace("unencrypted_suffix: _unencrypted", "unencrypted_suffix: _open")
    }),
    noticed("the selector asks for less", |text| {
        text.replace("unencrypted_suffix: _unencrypted", "encrypted_regex: ^a$")
    }),
    noticed("the MAC covers less", |text| {
        text.replace("    unencrypted_suffix", "    mac_only_encrypted: true\n    unencrypted_suffix")
    }),
    noticed("the version is nonsense", |text| text.replace(line(text, "version"), "    version: x")),
    unnoticed("a digit string becomes a number", |text| {
        let line = text.lines().find(|line| line.starts_with("n: ") || line.starts_with("\"n\": ")).unwrap();
        text.replace(line, &line.replace("type:str", "type:int"))
    }),
    unnoticed("a clear entry is renamed", |text| text.replace("open_unencrypted", "shut_unencrypted")),
    unnoticed("clear text moves to its neighbour", |text| {
        text.replace(": ab", ": a").replace("q_unencrypted: c", "q_unencrypted: bc")
    }),
    unnoticed("a null is added", |text| format!("new: null\n{text}")),
    unnoticed("an empty string is added", |text| format!("new: \"\"\n{text}")),
    unnoticed("an empty map is added", |text| format!("new: {{}}\n{text}")),
    unnoticed("an empty list is added", |text| format!("new: []\n{text}")),
    unnoticed("a comment is removed", |text| without(text, "#ENC[")),
    unnoticed("the selector says the same in other words", |text| {
        text.replace("unencrypted_suffix: _unencrypted", "unencrypted_regex: _unencrypted$")
    }),
    unnoticed("a recipient is added", |text| {
        text.replace("    age:\n", "    age:\n        - recipient: age1t6wng2mu48whfq7pv97g6p7raxdl7gwg2k5fj509fry9m7t4h9xsqhuzsx\n          enc: x\n")
    }),
    unnoticed("the version is another", |text| text.replace(line(text, "version"), "    version: 3.9.9")),
];

#[test]
fn what_sops_notices_we_notice_and_in_sealed_files_the_rest() {
    let Some(bench) = Bench::new() else { return };
    let theirs = text(&bench.sops_encrypts("t.yaml", YAML.as_bytes()));
    let ours = text(&bench.encrypt("t.yaml", YAML.as_bytes()));
    for Tampering { what, sops_notices, change } in TAMPERINGS {
        for (who, sealed) in [("sops", &theirs), ("we", &ours)] {
            let changed = change(sealed);
            assert_ne!(changed, *sealed, "{what}, {who} wrote it");
            bench.write("t.yaml", &changed);
            let verdict = bench.sops(["decrypt", "t.yaml"]);
            assert_eq!(verdict.code != 0, *sops_notices, "sops: {what}, {who} wrote it: {}", verdict.err);
            let noticed = *sops_notices || who == "we";
            let run = bench.lacre(["decrypt", "t.yaml"]);
            assert_eq!(run.code != 0, noticed, "{what}, {who} wrote it: {}", run.err);
            assert!(!noticed || run.out.is_empty(), "{what}");
        }
    }
}

#[test]
fn the_seal_cannot_be_taken_off_unseen() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in [("s.yaml", YAML), ("s.env", "A=1\nB=2\n"), ("s.json", "{\n  \"a\": \"b\"\n}\n")] {
        let sealed = text(&bench.encrypt(name, plain.as_bytes()));
        let bare: String = match name {
            "s.yaml" => without(&without(&sealed, "lacre:"), "seal: "),
            "s.env" => without(&sealed, "sops_lacre"),
            _ => {
                let start = sealed.find("\"lacre\"").unwrap();
                let end = start + sealed[start..].find("\"lastmodified\"").unwrap();
                format!("{}{}", &sealed[..start], &sealed[end..])
            }
        };
        bench.sops_reads(name, bare.as_bytes());
        let error = bench.lacre(["decrypt", name]).fails(5);
        assert!(error.contains("the seal was removed"), "{error}");
    }
}

/// From, to, and whether sops notices.
type Replacement = (&'static str, &'static str, bool);

#[test]
fn dotenv_and_json_are_guarded_alike() {
    let Some(bench) = Bench::new() else { return };
    let cases: [(&str, &str, &[Replacement]); 2] = [
        (
            "g.env",
            "A=one\nB=two\nC_unencrypted=clear\n",
            &[
                ("\nB=ENC", "\nBB=ENC", true),
                ("=clear", "=clean", true),
                ("C_un", "D_un", false),
                ("A=ENC", "E=\nA=ENC", false),
                ("A=ENC", "A=one\nB=ENC", true),
            ],
        ),
        (
            "g.json",
            "{\n\t\"A\": \"one\",\n\t\"B\": [\"two\", true],\n\t\"C_unencrypted\": 1\n}\n",
            &[
                ("\"B\"", "\"D\"", true),
                ("\"C_unencrypted\": 1", "\"C_unencrypted\": 2", true),
                ("C_un", "D_un", false),
                ("\"A\"", "\"E\": {}, \"A\"", false),
                ("type:bool", "type:str", false),
            ],
        ),
    ];
    for (name, plain, changes) in cases {
        let theirs = text(&bench.sops_encrypts(name, plain.as_bytes()));
        let ours = text(&bench.encrypt(name, plain.as_bytes()));
        for (from, to, sops_notices) in changes {
            for (who, sealed) in [("sops", &theirs), ("we", &ours)] {
                let changed = sealed.replacen(from, to, 1);
                assert_ne!(changed, *sealed, "{from}");
                bench.write(name, &changed);
                assert_eq!(bench.sops(["decrypt", name]).code != 0, *sops_notices, "{name} {to}, {who}");
                let noticed = *sops_notices || who == "we";
                assert_eq!(bench.open(name, changed.as_bytes()).is_err(), noticed, "{name} {to}, {who}");
            }
        }
    }
}
