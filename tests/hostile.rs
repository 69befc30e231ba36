//! Files made to hurt: each is refused with a clear word, in little memory, and nothing is printed, run or written. The
//! real program reads them under a limit of address space, and ends by itself.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr, dead_code)]

#[path = "hostile/growth.rs"]
mod growth;
mod support;

use std::fmt::Write;
use std::process::Command;

use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::base::{DataKey, KeyKind};
use lacre::document::yaml::Yaml;
use lacre::envelope::{Metadata, Plain, encrypt};
use lacre::keys::age::AgeRecipient;
use lacre::keys::plugin::NoPlugins;
use lacre::keys::{KeyShare, Recipient, WrappedKey, shamir};
use lacre::policy::Selector;
use support::{ALICE, Scene};

/// Kilobytes of address space. The program alone takes a tenth.
const MEMORY: usize = 1_000_000;

/// Seconds after which a command counts as hanging; each takes a small part of one.
const PATIENCE: usize = 60;

const TAIL: &str = "sops_lastmodified=2026-01-01T00:00:00Z\nsops_mac=ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]\nsops_version=3.11.0\n";

/// Runs `lacre`; its exit code, stdout and stderr.
fn run(scene: &Scene, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {MEMORY}; exec timeout {PATIENCE} \"$@\"");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_lacre")]).args(arguments);
    let bare = support::program(scene);
    let variables = bare.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(variables).current_dir(scene.folder());
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

/// `decrypt` refuses `text` by exit code 1, 4 or 5, says `words`, prints nothing, and says it in a few lines.
#[track_caller]
fn refused(name: &str, text: impl AsRef<[u8]>, words: &str) {
    let scene = Scene::new().identity("alice").file(name, text);
    for arguments in [&["decrypt", name][..], &["run", "-f", name, "--", "true"], &["set", name, "A", "1"]] {
        let (code, out, err) = run(&scene, arguments);
        assert!([1, 4, 5, 125].contains(&code), "{arguments:?} ends with {code}: {err}");
        assert_eq!(out, "", "{arguments:?}");
        assert!(err.contains(words), "{arguments:?} says {err}");
        assert!(err.len() < 4000, "{arguments:?} says {} bytes", err.len());
    }
}

/// As `refused`, for files that can be listed without an identity too.
#[track_caller]
fn unreadable(name: &str, text: impl AsRef<[u8]>, words: &str) {
    refused(name, &text, words);
    let scene = Scene::new().file(name, &text);
    for command in ["list", "status"] {
        let (code, out, err) = run(&scene, &[command, name]);
        assert_eq!((code, out.as_str()), (1, ""), "{command}: {err}");
        assert!(err.contains(words), "{command} says {err}");
    }
}

fn yaml(block: &str) -> String {
    format!(
        "a: x\nsops:\n{block}    lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]\n    version: 3.11.0\n"
    )
}

/// A YAML file whose groups are what `shares` says: one age recipient wraps each.
fn grouped(shares: &[KeyShare], threshold: usize) -> Vec<u8> {
    let groups = shares.iter().map(|share| vec![wrapped(share)]).collect();
    let mut metadata = Metadata::new(groups, Selector::default(), false);
    metadata.threshold = threshold;
    let plain = Plain::parse(b"a: x\n".to_vec(), &Yaml).unwrap();
    let clock = FrozenClock(time::OffsetDateTime::UNIX_EPOCH);
    encrypt(&plain, metadata, &key(), &clock, &CountedRandom::default()).unwrap().text
}

fn wrapped(share: &KeyShare) -> WrappedKey {
    AgeRecipient::parse(ALICE, &NoPlugins).unwrap().wrap(share).unwrap()
}

fn key() -> DataKey {
    DataKey::from_bytes(&[7; 32]).unwrap()
}

#[test]
fn flattened_names_without_end() {
    let deep = format!("A=x\nsops_age{}=x\n{TAIL}", "__map_a".repeat(100_000));
    unreadable(".env.enc", deep, "metadata");
    let lists = format!("A=x\nsops_age{}=x\n{TAIL}", "__list_0".repeat(100_000));
    unreadable(".env.enc", lists, "metadata");
}

#[test]
fn a_list_index_of_four_billion() {
    for index in ["4000000000", "18446744073709551615", "99999999999999999999999", "-1"] {
        let text = format!("A=x\nsops_age__list_{index}__map_recipient=x\n{TAIL}");
        unreadable(".env.enc", text, "not well formed");
    }
}

#[test]
fn ten_thousand_recipients() {
    let mut entries = String::from("    age:\n");
    for _ in 0..10_000 {
        entries.push_str("        - recipient: age1x\n          enc: x\n");
    }
    unreadable("a.yaml", yaml(&entries), "more than 1024 keys");
}

#[test]
fn more_groups_than_shares_can_be_numbered() {
    let mut entries = String::from("    key_groups:\n");
    for _ in 0..256 {
        entries.push_str("        - age: []\n");
    }
    unreadable("a.yaml", yaml(&entries), "more than 255 key groups");
}

#[test]
fn as_many_groups_as_there_may_be_open() {
    let shares = shamir::split(&[7; 32], 2, 255, &CountedRandom::default()).unwrap();
    let scene = Scene::new().identity("alice").file("a.yaml", grouped(&shares, 2));
    assert_eq!(run(&scene, &["decrypt", "a.yaml"]), (0, "a: x\n".to_owned(), String::new()));
}

#[test]
fn metadata_that_stands_twice() {
    // Of flattened names the last one counts, as in older releases of sops.
    refused(".env.enc", format!("A=x\n{TAIL}{TAIL}"), "recipients: none");
    let twice = "{\"a\": \"x\", \"sops\": {\"version\": \"3.11.0\"}, \"sops\": {\"version\": \"3.11.0\"}}";
    unreadable("a.json", twice, "not well formed");
    let twice = yaml("    shamir_threshold: 2\n") + "sops:\n    version: 3.11.0\n";
    unreadable("a.yaml", twice, "sops");
}

#[test]
fn aliases_that_stand_for_billions() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        writeln!(bomb, "a{level}: &a{level} [{}]", [alias.as_str(); 10].join(", ")).unwrap();
    }
    let block = yaml("    age:\n        - recipient: age1x\n          enc: x\n");
    let text = format!("{bomb}{block}");
    let scene = Scene::new().identity("alice").file("a.yaml", text).file("b.yaml", &bomb);
    let (code, out, err) = run(&scene, &["decrypt", "a.yaml"]);
    assert!([1, 4, 5].contains(&code) && out.is_empty(), "{code} {err}");
    let (code, out, err) = run(&scene, &["encrypt", "-r", ALICE, "b.yaml"]);
    assert!(code == 1 && out.is_empty() && err.contains("alias"), "{code} {err}");
    scene.write(".sops.yaml", format!("{bomb}creation_rules:\n  - age: *a11\n"));
    scene.write("c.yaml", "a: x\n");
    let (code, _, err) = run(&scene, &["encrypt", "c.yaml"]);
    assert!(code == 1 && err.contains(".sops.yaml"), "{code} {err}");
}

#[test]
fn nesting_without_end() {
    let depth = 100_000;
    let sops = "\"sops\": {\"lastmodified\": \"2026-01-01T00:00:00Z\", \"version\": \"3.11.0\"}";
    unreadable("a.json", format!("{{\"a\": {}{}, {sops}}}", "[".repeat(depth), "]".repeat(depth)), "deep");
    unreadable("a.yaml", format!("a: {}{}\n{}", "[".repeat(depth), "]".repeat(depth), yaml("")), "deep");
    let mut steps = String::new();
    for level in 0..2000 {
        writeln!(steps, "{}a:", " ".repeat(level)).unwrap();
    }
    unreadable("b.yaml", format!("{steps}{}", yaml("")), "deep");
}

#[test]
fn shares_that_stand_for_one_point() {
    let shares = shamir::split(&[7; 32], 2, 3, &CountedRandom::default()).unwrap();
    let twice = [shares[0].clone(), shares[0].clone()];
    refused("a.yaml", grouped(&twice, 2), "two key shares are the same one");
    let mut origin = shares[1].clone();
    *origin.last_mut().unwrap() = 0;
    refused("a.yaml", grouped(&[shares[0].clone(), origin], 2), "two key shares are the same one");
    let long = KeyShare::new(shares[1].iter().copied().chain([1]).collect());
    refused("a.yaml", grouped(&[shares[0].clone(), long], 2), "different lengths");
}

#[test]
fn wrapped_keys_of_another_length() {
    for length in [0, 1, 16, 31, 33, 64] {
        refused("a.yaml", grouped(&[KeyShare::new(vec![7; length])], 0), "damaged");
    }
    // Two shares of 31 bytes make a key of 30.
    let shares = shamir::split(&[7; 30], 2, 2, &CountedRandom::default()).unwrap();
    refused("a.yaml", grouped(&shares, 2), "damaged");
}

#[test]
fn a_threshold_that_no_file_can_have() {
    let shares = shamir::split(&[7; 32], 2, 2, &CountedRandom::default()).unwrap();
    refused("a.yaml", grouped(&shares, usize::try_from(u32::MAX).unwrap()), "key groups");
    unreadable("b.yaml", yaml("    shamir_threshold: 99999999999999999999\n"), "shamir_threshold");
}

#[test]
fn nul_bytes() {
    refused(".env.enc", format!("A=\0x\n{TAIL}"), "");
    let scene = Scene::new().identity("alice").file(".env", "A=a\0b\n").file("b.yaml", "B: \"a\\0b\"\n");
    let (code, _, err) = run(&scene, &["encrypt", "-r", ALICE, ".env"]);
    assert!(code == 1 && err.contains("line 1, `A`"), "{code} {err}");
    let (code, _, err) = run(&scene, &["encrypt", "-r", ALICE, "b.yaml"]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = run(&scene, &["run", "-f", "b.enc.yaml", "--", "env"]);
    assert!(code == 125 && out.is_empty() && err.contains("NUL"), "{code} {err}");
}

#[test]
fn plugins_whose_names_are_paths() {
    for recipient in ["age1../../bin/true1qqqqqq", "age1/bin/sh1qqqqqq", "age1a b1qqqqqq"] {
        let entry = format!("    age:\n        - recipient: {recipient}\n          enc: x\n");
        refused("a.yaml", yaml(&entry), "");
        let scene = Scene::new().file("b.yaml", "a: x\n");
        let (code, _, err) = run(&scene, &["--allow-plugin", "encrypt", "-r", recipient, "b.yaml"]);
        assert!(code == 1 && err.contains("no age recipient"), "{code} {err}");
    }
}

#[test]
fn a_list_of_keys_that_no_one_has() {
    let mut entries = String::new();
    for kind in KeyKind::ALL {
        let id = kind.id_field();
        writeln!(
            entries,
            "    {}:\n        - {id}: x\n          enc: x\n          created_at: \"2026-01-01T00:00:00Z\"",
            kind.name()
        )
        .unwrap();
    }
    let scene = Scene::new().file("a.yaml", yaml(&entries));
    let (code, out, err) = run(&scene, &["decrypt", "a.yaml"]);
    assert!(code == 4 && out.is_empty() && err.contains("gcp_kms x"), "{code} {err}");
}
