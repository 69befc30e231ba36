//! Metadata as other releases wrote it, and as hands may have changed it: the union of what any sops reads opens here.

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lacre::base::{DataKey, Type, Value};
use lacre::cipher::{Cipher, Mac};
use lacre::keys::Recipient;
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;

use super::bench::{Bench, leaves, text};

/// What is changed in the metadata, whether sops 3.11 reads it, and how.
type Shape = (&'static str, bool, fn(&str) -> String);

fn first(from: &str, to: &str, text: &str) -> String {
    assert!(text.contains(from), "no {from} in\n{text}");
    text.replacen(from, to, 1)
}

const YAML: &[Shape] = &[
    ("empty lists", true, |text| {
        first(
            "sops:\n",
            "sops:\n    kms: []\n    gcp_kms: []\n    azure_kv: []\n    hc_vault: []\n    pgp: []\n",
            text,
        )
    }),
    ("null lists", true, |text| first("sops:\n", "sops:\n    kms: null\n    pgp: ~\n    gcp_kms:\n", text)),
    ("empty rules", true, |text| {
        first("sops:\n", "sops:\n    encrypted_regex: \"\"\n    unencrypted_regex: \"\"\n", text)
    }),
    ("a threshold of one", true, |text| first("sops:\n", "sops:\n    shamir_threshold: 1\n", text)),
    ("an unquoted time", true, |text| {
        let line = text.lines().find(|line| line.contains("lastmodified")).unwrap();
        text.replace(line, &line.replace('"', ""))
    }),
    ("a time with a zone and a fraction", false, |text| first("Z\"", ".25+00:00\"", text)),
    ("a quoted MAC", true, |text| {
        let line = text.lines().find(|line| line.contains("mac: ")).unwrap();
        text.replace(line, &format!("{}\"", line.replace("mac: ", "mac: \"")))
    }),
    ("unknown fields", true, |text| first("sops:\n", "sops:\n    attention: x\n    more: {a: [1]}\n", text)),
    ("metadata first", true, |text| {
        let at = text.find("sops:\n").unwrap();
        format!("{}{}", &text[at..], &text[..at])
    }),
    ("a version of the Python era", true, |text| first("version: 3.11.0", "version: \"1.13\"", text)),
    ("a version with build metadata", true, |text| first("version: 3.11.0", "version: v3.13.2+tool.1", text)),
    ("names in other letter case", false, |text| {
        first("lastmodified:", "LastModified:", &first("mac:", "MAC:", text))
    }),
    ("a string for a number", false, |text| first("sops:\n", "sops:\n    shamir_threshold: \"0\"\n", text)),
    ("a string for a flag", false, |text| {
        first("sops:\n", "sops:\n    mac_only_encrypted: \"false\"\n", text)
    }),
    ("a single map for a list", false, |text| {
        first("        - recipient: ", "        recipient: ", text)
            .replace("\n          enc: |", "\n        enc: |")
    }),
    ("an empty map for a list", false, |text| first("sops:\n", "sops:\n    kms: {}\n", text)),
    ("flow metadata", true, |text| {
        let recipient = text.lines().find(|line| line.contains("recipient:")).unwrap().to_owned();
        let end = "-----END AGE ENCRYPTED FILE-----\n";
        let (start, rest) = text.split_once(&recipient).unwrap();
        let (enc, rest) = rest.split_once(end).unwrap();
        let enc: Vec<_> = enc.lines().skip(2).map(str::trim).filter(|line| !line.is_empty()).collect();
        let id = recipient.split(": ").nth(1).unwrap();
        format!("{start}        - {{recipient: {id}, enc: \"{}\\n{}\"}}\n{rest}", enc.join("\\n"), end.trim())
    }),
    ("a key group", true, |text| {
        let (start, rest) = text.split_once("    age:\n").unwrap();
        let (age, rest) = rest.split_once("    lastmodified").unwrap();
        let age: String = age.lines().map(|line| format!("      {line}\n")).collect();
        format!(
            "{start}    key_groups:\n        - pgp: null\n          hc_vault: []\n          age:\n{age}    lastmodified{rest}"
        )
    }),
];

const JSON: &[Shape] = &[
    ("null lists", true, |text| {
        first("\"sops\": {", "\"sops\": {\"kms\": null, \"pgp\": null, \"gcp_kms\": [],", text)
    }),
    ("unknown fields", true, |text| first("\"sops\": {", "\"sops\": {\"attention\": {\"x\": [1]},", text)),
    ("names in other letter case", false, |text| first("\"mac\"", "\"Mac\"", text)),
    ("a string for a number", false, |text| {
        first("\"sops\": {", "\"sops\": {\"shamir_threshold\": \"0\",", text)
    }),
];

const DOTENV: &[Shape] = &[
    ("a threshold and a flag", true, |text| {
        format!("{text}sops_shamir_threshold=0\nsops_mac_only_encrypted=false\n")
    }),
    ("unknown names", true, |text| format!("sops_attention=x\nsops_more__map_a__list_0=y\n{text}")),
    ("a name twice", true, |text| format!("sops_version=3.0.0\n{text}")),
];

fn all(name: &str, plain: &str, shapes: &[Shape]) {
    let Some(bench) = Bench::new() else { return };
    let theirs = text(&bench.sops_encrypts(name, plain.as_bytes()));
    for (what, sops_reads, change) in shapes {
        let changed = change(&theirs);
        assert_ne!(changed, theirs, "{what}");
        let (_, plain) =
            bench.open(name, changed.as_bytes()).unwrap_or_else(|error| panic!("{what}: {error}\n{changed}"));
        let values: Vec<_> = leaves(&plain).into_iter().map(|leaf| leaf.2).collect();
        assert_eq!(values, ["secret", "too"], "{what}");
        if *sops_reads {
            bench.write(name, &changed);
            let run = bench.sops(["decrypt", name]);
            assert_eq!(run.code, 0, "{what}: {}\n{changed}", run.err);
        }
        // What we write after reading it is in a shape that every sops reads.
        bench.write(name, &changed);
        bench.lacre(["set", name, "a", "changed"]).ok();
        assert!(text(&bench.sops(["decrypt", name]).ok()).contains("changed"), "{what}");
    }
}

#[test]
fn every_shape_of_yaml_metadata_is_read() {
    all("s.yaml", "a: secret\nb: too\n", YAML);
}

#[test]
fn every_shape_of_json_metadata_is_read() {
    all("s.json", "{\"a\": \"secret\", \"b\": \"too\"}", JSON);
}

#[test]
fn every_shape_of_dotenv_metadata_is_read() {
    all("s.env", "a=secret\nb=too\n", DOTENV);
}

#[test]
fn a_version_that_is_none_is_refused_by_both() {
    let Some(bench) = Bench::new() else { return };
    let theirs = text(&bench.sops_encrypts("v.yaml", b"a: b\n"));
    for version in ["", "version: \"\"", "version: x", "version: 3.x"] {
        bench.write("v.yaml", theirs.replace("version: 3.11.0", version));
        assert_ne!(bench.sops(["decrypt", "v.yaml"]).code, 0, "{version}");
        bench.lacre(["decrypt", "v.yaml"]).fails(1);
    }
}

#[test]
fn an_empty_file_is_refused() {
    let Some(bench) = Bench::new() else { return };
    for name in ["e.yaml", "e.json", "e.env"] {
        bench.write(name, "");
        bench.lacre(["encrypt", name, "-o", "-"]).fails(1);
        bench.lacre(["decrypt", name]).fails(1);
        // sops makes an encrypted file of an empty dotenv file.
        assert_eq!(bench.sops(["encrypt", name]).code == 0, name == "e.env");
        assert_ne!(bench.sops(["decrypt", name]).code, 0);
    }
}

/// A value and a MAC with nonces of 12 bytes, as other writers made them.
#[test]
fn nonces_of_12_bytes_are_read_and_replaced() {
    let Some(bench) = Bench::new() else { return };
    let key = [7; 32];
    let short = |plain: &[u8], aad: &[u8]| {
        let cipher = Aes256Gcm::new_from_slice(&key).unwrap();
        let nonce = [9; 12];
        let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad }).unwrap();
        let (data, tag) = sealed.split_at(sealed.len() - 16);
        let [data, iv, tag] = [data, &nonce, tag].map(|part| BASE64_STANDARD.encode(part));
        format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]")
    };
    let mut mac = Mac::new(false);
    mac.feed(&Value::str("short"));
    mac.feed(&Value::str("long"));
    let time = "2026-01-02T03:04:05Z";
    let mut long = String::new();
    let mut cipher = Cipher::new(&DataKey::from_bytes(&key).unwrap());
    cipher.encrypt(Type::Str, b"long", b"b:", [3; 32], &mut long).unwrap();
    let share = key.to_vec().into();
    let wrapped = AgeRecipient::parse(&bench.recipient, &NoPlugins).unwrap().wrap(&share).unwrap();
    let enc: String = wrapped.enc.lines().map(|line| format!("              {line}\n")).collect();
    let sealed = format!(
        "a: {}\nb: {long}\nsops:\n    age:\n        - recipient: {}\n          enc: |\n{enc}    lastmodified: \"{time}\"\n    mac: {}\n    version: 3.9.0\n",
        short(b"short", b"a:"),
        wrapped.recipient,
        short(mac.finish().as_bytes(), time.as_bytes()),
    );
    assert_eq!(bench.sops_reads("n.yaml", sealed.as_bytes()), "a: short\nb: long\n");
    assert_eq!(
        text(bench.open("n.yaml", sealed.as_bytes()).unwrap().1.document().text()),
        "a: short\nb: long\n"
    );
    bench.write("n.yaml", &sealed);
    bench.lacre(["set", "n.yaml", "c", "new"]).ok();
    assert_eq!(text(&bench.sops(["decrypt", "n.yaml"]).ok()), "a: short\nb: long\nc: new\n");
    bench.sops(["set", "n.yaml", "[\"c\"]", "\"newer\""]).ok();
    assert_eq!(text(&bench.lacre(["get", "n.yaml", "a"]).ok()), "short\n");
}
