//! Every kind of value, key and style that YAML and JSON have.

use lacre::envelope::Verdict;

use super::bench::{Bench, leaves, text};

/// Spellings of scalars: sops must type each as we do, encrypted and, for the MAC, in the clear.
const SCALARS: &[&str] = &[
    "0",
    "-0",
    "+7",
    "7",
    "-7",
    "017",
    "-017",
    "0o17",
    "0x1F",
    "-0x1f",
    "0b101",
    "1_000",
    "08",
    "0o8",
    "0b12",
    "9223372036854775807",
    "-9223372036854775808",
    "123456789012345678901234567890",
    "1.5",
    "1.50",
    "-1.5",
    "+1.5",
    ".5",
    "-.5",
    "5.",
    "1e3",
    "1e21",
    "1e25",
    "1e-7",
    "1E+3",
    "123456.789",
    "1234567.0",
    "1.0",
    "-0.0",
    "1e400",
    ".e3",
    "1e",
    "0.1",
    "1.7976931348623157e308",
    "5e-324",
    "6.02e23",
    ".inf",
    "-.inf",
    "+.Inf",
    ".NaN",
    ".nan",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "n",
    "Y",
    "N",
    "~",
    "null",
    "Null",
    "NULL",
    "nULL",
    "''",
    "\"\"",
    "2024-01-02",
    "2024-1-2",
    "2024-01-02T03:04:05Z",
    "2024-01-02t03:04:05+01:30",
    "2024-01-02T03:04:05.678901234Z",
    "2024-01-02T03:04:05.500-08:00",
    "2024-01-02 03:04:05",
    "2024-01-02 03:04:05.25",
    "2024-01-02 03:04:05 +01:00",
    "2024-13-45",
    "1:30",
    "12:30:45",
    "1.2.3",
    "12e03",
    "0x",
    "0xg",
    "a b",
    "'it''s'",
    "\"quo\\\"te\"",
    "\"\\u00e9\\t\\x07\\0\\x7f\"",
    "é ü ß",
    "😀",
    "\"line\\nbreak\"",
    "\" outer blanks \"",
    "'#no comment'",
    "a#b",
    "!!str 12",
    "!!int \"7\"",
    "!!float 1",
    "!!bool \"true\"",
    "!!str true",
    "!!binary aGVsbG8=",
    "!!binary //79AA==",
    "!foo bar",
    "=",
    "<",
    "'%a'",
    "'@a'",
    "\"ENC[x]\"",
    "?a",
    "-a",
    ":a",
];

/// Names of keys, as YAML spells them.
const KEYS: &str = r##"
"with:colon": v
with:inner: v
"with blank": v
" outer ": v
"": v
"y": v
"n": v
"yes": v
"true": v
"12": v
"1.5": v
"2024-01-02": v
"null": v
'single''quote': v
"double\"quote": v
"line\nbreak": v
"tab\t": v
ключ: v
鍵: v
"😀": v
"#hash": v
"- dash": v
"[x]": v
"<<x": v
? complex
: v
"a": &anchor v
"x.y": {nested: {"a:b": [1, {c: d}]}}
"x":
  "y":
    z: v
  "": deep
"sops2": v
"__map_": v
"##;

/// Every way to write strings, maps and lists.
const STYLES: &str = r#"literal: |
  one
  two
keep: |+
  one

strip: |-
  one

  two
indent: |2
    two blanks more
  then none
folded: >
  one
  two

  three
   more
foldstrip: >-
  a
  b
plainml: one
  two

  three
double: "one
  two\
  three \u00e9 \x41 \U0001F600"
single: 'one
  two'
flow: {a: 1, b: [x, "y", 'z'], c: {}, d: [], "e": [[1, 2], [3]], f: null, g: , h: ~}
emptymap: {}
emptylist: []
nothing:
listoflists:
- - a
  - b
- - - c
- []
- {}
- k: v
  l:
  - m
-
  - x
-
indented:
    -   wide
    -   a: 1
        b: 2
tagged: !!map {a: 1}
seq: !!seq [1]
blanktrail: "x   "
returns: "a\rb\r\n"
separators: "nel\u0085 ls\u2028 bom\uFEFF"
"#;

/// Clear parts may be shared; sops copies them.
const ALIASES: &str = "\
base_unencrypted: &b\n  x: 1\n  y: [2, two]\nder_unencrypted:\n  <<: *b\n  y: 3\nuse_unencrypted: *b\ns: secret\n";

const DOCUMENTS: &[&str] = &[
    "---\na: 1\nl: [x]\n---\nb: two\nb2: 2.5\n...\n---\n{}\n---\nc:\n  - d\n",
    "a: 1\n...\n---\na: 1\n...\n",
    "# head\n---\n# one\na: 1\n---\n# two\na: 2\n# end\n",
    "\u{FEFF}a: x\r\nb: |\r\n  y\r\n  z\r\n",
    "a: no line end",
    "{\"a\": \"x\", \"b\": [1, 2.5, true, null, \"\"], \"c\": {\"d\": \"e\"}}",
    "{\n  \"a\": \"x\",\n  \"b\": {\"d\": \"e\"}\n}\n",
    "{a: x}\n",
];

const JSON: &str = r#"{
	"int": 1, "neg": -7, "zero": 0, "float": 1.5, "exp": 1e3, "big": 1e21, "small": 1e-7, "one": 1.0,
	"t": true, "f": false, "n": null, "e": "", "s": "x", "el": [], "em": {},
	"esc": "a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000\u001f", "html": "<&>\u2028", "uni": "é 😀 ключ", "lone": "\ud800x",
	"": "empty key", "a:b": "colon", " ": "blank", "ключ": 1, "😀": 2, "k\n": "x", "a.b": 1, "[0]": 1,
	"nested": {"a": {"b": [1, [2, [3, {"c": "d"}]], [], {}]}}, "dup": 1, "dup": 2, "date": "2024-01-02", "looks": "ENC[no]",
	"x_unencrypted": 1, "y_unencrypted": [1.50, 1e21, "s", true, null, {"z": "q", "e": 5e-324}]
}
"#;

fn yaml_of(scalars: &[&str], suffix: &str) -> Vec<u8> {
    let lines = scalars.iter().enumerate();
    lines.map(|(number, scalar)| format!("k{number}{suffix}: {scalar}\n")).collect::<String>().into_bytes()
}

#[test]
fn every_scalar_of_yaml_means_the_same_encrypted() {
    let Some(bench) = Bench::new() else { return };
    bench.agree("scalars.yaml", &yaml_of(SCALARS, ""));
}

#[test]
fn every_scalar_of_yaml_means_the_same_in_the_clear() {
    let Some(bench) = Bench::new() else { return };
    // sops writes a clear `-0.0` as `-0`, reads that as an integer, and finds that its own MAC does not match.
    let scalars: Vec<_> = SCALARS.iter().copied().filter(|scalar| *scalar != "-0.0").collect();
    let mut plain = yaml_of(&scalars, "_unencrypted");
    plain.extend_from_slice(b"one: encrypted\n");
    bench.agree("clear.yaml", &plain);
}

#[test]
fn a_clear_minus_zero_stays_what_it_is_in_our_files() {
    let Some(bench) = Bench::new() else { return };
    let plain = b"zero_unencrypted: -0.0\none: encrypted\n";
    let ours = bench.encrypt("zero.yaml", plain);
    bench.sops_reads("zero.yaml", &ours);
    assert_eq!(bench.open("zero.yaml", &ours).unwrap().1.document().text(), plain);
}

#[test]
fn integers_beyond_64_bits_are_refused_where_sops_fails_or_loses_digits() {
    let Some(bench) = Bench::new() else { return };
    bench.write("big.yaml", "a: 18446744073709551615\n");
    bench.sops(["encrypt", "big.yaml"]).fails(23);
    bench.lacre(["encrypt", "big.yaml", "-o", "-"]).fails(1);
    let theirs = bench.sops_encrypts("big.json", b"{\"a\": 18446744073709551615}");
    assert!(bench.sops_reads("big.json", &theirs).contains("18446744073709552000"));
    bench.open("big.json", &theirs).unwrap();
    bench.write("big.json", "{\"a\": 18446744073709551615}");
    bench.lacre(["encrypt", "big.json", "-o", "-"]).fails(1);
}

#[test]
fn keys_bind_their_values_alike() {
    let Some(bench) = Bench::new() else { return };
    bench.agree("keys.yaml", KEYS.as_bytes());
}

#[test]
fn every_style_of_yaml_reads_alike() {
    let Some(bench) = Bench::new() else { return };
    bench.agree("styles.yaml", STYLES.as_bytes());
    bench.agree("crlf.yaml", STYLES.replace('\n', "\r\n").as_bytes());
}

#[test]
fn ciphertext_is_read_in_any_style() {
    let Some(bench) = Bench::new() else { return };
    let sealed = text(&bench.sops_encrypts("a.yaml", b"a: one\nb: two\nc: three\nd: four\ne:\n  - five\n"));
    let mut styled = String::new();
    for line in sealed.lines() {
        let (start, value) = line.split_once(": ").unwrap_or((line, ""));
        match start {
            "a" => styled.push_str(&format!("a: \"{value}\"\n\n")),
            "b" => styled.push_str(&format!("b:     '{value}'   \n")),
            "c" => styled.push_str(&format!("c: >-\n      {value}\n")),
            "d" => styled.push_str(&format!("d: |\n  {value}\n")),
            _ => styled.push_str(&format!("{line}\n")),
        }
    }
    let (_, plain) = bench.open("styled.yaml", styled.as_bytes()).unwrap();
    let expected = ["one", "two", "three", "four", "five"];
    assert_eq!(leaves(&plain).into_iter().map(|leaf| leaf.2).collect::<Vec<_>>(), expected);
    assert!(bench.sops_reads("styled.yaml", styled.as_bytes()).contains("d: four"));
}

#[test]
fn clear_aliases_mean_the_same() {
    let Some(bench) = Bench::new() else { return };
    let ours = bench.encrypt("aliases.yaml", ALIASES.as_bytes());
    let theirs = bench.sops_encrypts("aliases.yaml", ALIASES.as_bytes());
    assert_eq!(bench.sops_reads("aliases.yaml", &ours), bench.sops_reads("aliases.yaml", &theirs));
    let (opened, plain) = bench.open("aliases.yaml", &theirs).unwrap();
    assert_eq!(opened.verdict, Verdict::Unsealed);
    assert!(text(plain.document().text()).contains("!!merge <<:"));
    assert_eq!(bench.open("aliases.yaml", &ours).unwrap().1.document().text(), ALIASES.as_bytes());
}

#[test]
fn documents_of_every_form_read_alike() {
    let Some(bench) = Bench::new() else { return };
    for (number, plain) in DOCUMENTS.iter().enumerate() {
        let name = format!("{number}.yaml");
        bench.agree(&name, plain.as_bytes());
        if !plain.contains('[') {
            let ours = bench.encrypt(&name, plain.as_bytes());
            let (_, back) = bench.open(&name, &ours).unwrap();
            assert_eq!(text(back.document().text()), plain.replace("{a: x}", "{a: \"x\"}"));
        }
    }
}

#[test]
fn every_value_of_json_reads_alike() {
    let Some(bench) = Bench::new() else { return };
    bench.agree("values.json", JSON.as_bytes());
    bench.agree("small.json", b"{}");
    bench.agree("crlf.json", b"{\r\n  \"a\": [\r\n    \"b\"\r\n  ]\r\n}\r\n");
}

#[test]
fn json_numbers_that_sops_made_floats_of_keep_their_digits() {
    let Some(bench) = Bench::new() else { return };
    let theirs = bench.sops_encrypts("n.json", b"{\"a\": 1, \"b\": 5432, \"c\": 0.5}");
    let (_, plain) = bench.open("n.json", &theirs).unwrap();
    let values: Vec<_> = leaves(&plain).into_iter().map(|leaf| leaf.2).collect();
    assert_eq!(values, ["1", "5432", "0.5"]);
}

#[test]
fn what_follows_the_top_object_of_json_is_no_reason_to_fail_for_either() {
    let Some(bench) = Bench::new() else { return };
    let mut theirs = bench.sops_encrypts("t.json", b"{\"a\": \"b\"}");
    theirs.extend_from_slice(b"\n\n");
    bench.sops_reads("t.json", &theirs);
    bench.open("t.json", &theirs).unwrap();
}
