//! What grows beyond all measure on its way from one form into another, and addresses in disguise.

use std::fmt::Write;

use lacre::base::ports::{CountedRandom, FrozenClock};
use lacre::document::yaml::Yaml;
use lacre::envelope::{Metadata, Plain, encrypt};
use lacre::keys::KeyShare;
use lacre::policy::Selector;

use crate::support::{ALICE, BOB, Scene};
use crate::{key, refused, run, unreadable, wrapped, yaml};

/// An encrypted YAML file of `plain` for alice.
fn sealed(plain: &str) -> Vec<u8> {
    let metadata =
        Metadata::new(vec![vec![wrapped(&KeyShare::new(vec![7; 32]))]], Selector::default(), false);
    let plain = Plain::parse(plain.as_bytes().to_vec(), &Yaml).unwrap();
    let clock = FrozenClock(time::OffsetDateTime::UNIX_EPOCH);
    encrypt(&plain, metadata, &key(), &clock, &CountedRandom::default()).unwrap().text
}

#[test]
fn aliases_of_one_long_text() {
    let aliases = |count: usize| format!("l_unencrypted: [{}]\n", vec!["*a"; count].join(", "));
    let long = "x".repeat(1 << 20);
    let scene = Scene::new().identity("alice");
    // Opened, but not written out.
    scene.write("a.yaml", sealed(&format!("s: x\na_unencrypted: &a {long}\n{}", aliases(200))));
    let (code, _, err) = run(&scene, &["decrypt", "a.yaml", "-o", "plain"]);
    assert_eq!(code, 0, "{err}");
    for to in ["json", "yaml", "ini", "dotenv", "binary"] {
        let (code, out, err) = run(&scene, &["decrypt", "a.yaml", "--to", to]);
        assert!(code == i32::from(to != "yaml") && (to == "yaml" || out.is_empty()), "{to}: {code} {err}");
    }
    for arguments in
        [&["sops", "decrypt", "--output-type", "json", "a.yaml"][..], &["sops", "exec-env", "a.yaml", "true"]]
    {
        let (code, out, err) = run(&scene, arguments);
        assert!(code > 0 && code != 101 && out.is_empty(), "{arguments:?}: {code} {err}");
    }
    // Not even opened: all of it would have to go through the MAC.
    let short =
        String::from_utf8(sealed(&format!("s: x\na_unencrypted: &a y\n{}", aliases(20_000)))).unwrap();
    refused("b.yaml", short.replace("&a y", &format!("&a {long}")), "");
}

#[test]
fn aliases_that_nest_deeper_than_a_document_may() {
    let (open, close) = ("[".repeat(100), "]".repeat(100));
    let mut text = format!("s: x\nu_unencrypted:\n  a0: &a0 {open}x{close}\n");
    for level in 1..30 {
        writeln!(text, "  a{level}: &a{level} {open}*a{}{close}", level - 1).unwrap();
    }
    let scene = Scene::new().identity("alice").file("a.yaml", sealed(&text));
    assert_eq!(run(&scene, &["decrypt", "a.yaml"]), (0, text, String::new()));
    let (code, out, err) = run(&scene, &["decrypt", "a.yaml", "--to", "json"]);
    assert!(code == 1 && out.is_empty() && err.contains("alias"), "{code} {err}");
}

#[test]
fn a_name_of_a_megabyte_beside_many() {
    let mut json = format!("{{\"s\": {{\"{}\": \"x\"", "n".repeat(1 << 20));
    for number in 0..20_000 {
        write!(json, ", \"k{number}\": \"x\"").unwrap();
    }
    let scene = Scene::new().identity("alice").file("a.json", json + "}}");
    let (code, _, err) = run(&scene, &["encrypt", "-i", "-r", ALICE, "a.json"]);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = run(&scene, &["decrypt", "a.json", "--to", "ini"]);
    assert!(code == 0 && out.len() < 100 << 20, "{code} {err}");
}

#[test]
fn ini_files_made_to_hurt() {
    let tail = "lastmodified = 2026-01-01T00:00:00Z\nmac = ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]\nversion = 3.11.0\n";
    let ini = |block: &str| format!("a = 1\n\n[sops]\n{block}{tail}");
    unreadable("a.ini", ini(&format!("age{} = x\n", "__map_a".repeat(100_000))), "metadata");
    unreadable("a.ini", ini("age__list_4000000000__map_recipient = x\n"), "not well formed");
    unreadable("a.ini", ini("") + "[sops]\nversion = 3.11.0\n", "not well formed");
    refused("a.ini", format!("a = \0\n{}", ini("")), "");
    let scene = Scene::new().identity("alice");
    for (name, text) in [
        ("sections", (0..200_000).fold(String::new(), |text, number| text + &format!("[s{number}]\n"))),
        ("the same section", "[s]\na = 1\n".repeat(200_000)),
        ("comments", "; x\n".repeat(500_000)),
        ("a long line", format!("a = {}\n", "\\".repeat(8 << 20))),
        ("open quotes", "a = \"\"\"\n".repeat(200_000)),
        ("continued lines", format!("a = 1{}\n", "\\\n1".repeat(200_000))),
    ] {
        scene.write("b.ini", text);
        let _ = std::fs::remove_file(scene.path("c.ini"));
        let (code, _, err) = run(&scene, &["encrypt", "-r", ALICE, "b.ini", "-o", "c.ini"]);
        assert!([0, 1].contains(&code) && err.len() < 4000, "{name}: {code} {err}");
    }
}

#[test]
fn addresses_that_mean_this_machine_in_disguise() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for address in [
        format!("http://127.0.0.1:{port}"),
        format!("http://127.1:{port}"),
        format!("http://0x7f000001:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://localhost.:{port}"),
        format!("http://LOCALHOST:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}"),
        format!("http://vault.example.org@127.0.0.1:{port}"),
        format!("http://user:hidden@127.0.0.1:{port}"),
        format!("http://vault.example.org%40127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}#@vault.example.org"),
        format!("http://127.0.0.1:{port}\\\\@vault.example.org"),
        format!("http://１２７.0.0.1:{port}"),
        format!("http://127.0.0.1:0{port}"),
    ] {
        let entry = format!(
            "    hc_vault:\n        - vault_address: \"{address}\"\n          engine_path: transit\n          key_name: k\n          enc: vault:v1:x\n          created_at: \"2026-01-01T00:00:00Z\"\n"
        );
        let scene = Scene::new()
            .file("a.yaml", yaml(&entry))
            .variable("VAULT_TOKEN", "hidden")
            .variable("VAULT_ADDR", "https://vault.example.org")
            .variable("SOPS_HC_VAULT_ALLOWLIST", "https://vault.example.org,http://127.0.0.1:1");
        for arguments in [&["decrypt", "a.yaml"][..], &["sops", "-d", "a.yaml"], &["rekey", "a.yaml"]] {
            let (code, out, err) = run(&scene, arguments);
            assert!(code > 0 && out.is_empty() && !err.contains("hidden"), "{address}: {code} {err}");
            assert!(listener.accept().is_err(), "{address} is contacted by {arguments:?}");
        }
    }
}

#[test]
fn references_of_dotenvx_that_stand_for_billions() {
    let mut text = format!("DOTENV_PUBLIC_KEY=x\nA0={}\n", "x".repeat(100));
    for level in 1..40 {
        writeln!(text, "A{level}=$A{0}$A{0}", level - 1).unwrap();
    }
    let scene = Scene::new().file(".env", text);
    let (code, _, err) = run(&scene, &["import", "dotenvx", "--resolve", "--yes", "-r", ALICE, ".env"]);
    assert!(code == 1 && err.contains("64 MiB"), "{code} {err}");
}

#[test]
fn rule_files_made_to_hurt() {
    let crowd = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice\n";
    let scene = Scene::new().file("keys", crowd.repeat(10_000)).file("a.yaml", "a: x\n");
    scene.write(".sops.yaml", format!("creation_rules:\n  - age: {ALICE}\n"));
    let (code, _, err) = run(&scene, &["recipients", "add", "--yes", "@keys"]);
    assert!(code == 2 && err.contains("more than 1024 public keys"), "{code} {err}");
    for rules in [
        "creation_rules:\n  - path_regex: ((a{1000}){1000}){1000}\n    age: x\n".to_owned(),
        format!("creation_rules:\n{}", "  - path_regex: b\n    age: x\n".repeat(5000)),
        format!("creation_rules: {}{}\n", "[".repeat(100_000), "]".repeat(100_000)),
        format!("creation_rules:\n  - key_groups:\n{}", "    - merge:\n".repeat(5000)),
        "creation_rules:\n  - &r\n    key_groups:\n      - merge: [*r]\n".to_owned(),
    ] {
        scene.write(".sops.yaml", &rules);
        for arguments in [
            &["encrypt", "a.yaml"][..],
            &["config", "explain", "a.yaml"],
            &["config", "explain"],
            &["recipients", "add", "--yes", &format!("bob={ALICE}"), "--rule", "1"],
            &["sops", "encrypt", "a.yaml"],
        ] {
            let (code, _, err) = run(&scene, arguments);
            let shown: String = rules.chars().take(60).collect();
            assert!((0..=8).contains(&code) && err.len() < 4000, "{arguments:?} {shown}: {code} {err}");
        }
    }
}

#[test]
fn a_recipient_behind_a_line_end_that_only_sops_sees() {
    for end in ["\u{85}", "\u{2028}", "\u{2029}"] {
        let scene = Scene::new().identity("alice").file("a.yaml", "a: x\n");
        let rules = format!("creation_rules:\n  - key_groups:\n    - age:\n      - {ALICE}\n");
        scene.write(".sops.yaml", &rules);
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN";
        scene.write("keys", format!("{key} carol{end}      - {BOB}\n"));
        let (code, _, err) = run(&scene, &["recipients", "add", "--yes", "--rule-only", "@keys"]);
        assert!(code > 0 && scene.text(".sops.yaml") == rules, "{code} {err}");
        for hidden in [format!("{rules}      # carol{end}      - {BOB}\n"), format!("{rules}    # x{end}\n")]
        {
            scene.write(".sops.yaml", hidden);
            for arguments in
                [&["encrypt", "a.yaml"][..], &["config", "explain", "a.yaml"], &["sops", "encrypt", "a.yaml"]]
            {
                let (code, out, err) = run(&scene, arguments);
                let is_told = err.contains("ends the line for sops");
                assert!(code == 1 && out.is_empty() && is_told, "{arguments:?}: {code} {err}");
            }
        }
        let file = String::from_utf8(sealed("a: x\n")).unwrap();
        let entry = format!("      # x{end}        - recipient: {BOB}\n");
        let at = file.find("    lastmodified").unwrap();
        unreadable("b.yaml", [&file[..at], &entry, &file[at..]].concat(), "ends the line for sops");
    }
}
