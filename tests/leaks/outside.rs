//! The same for imports, and for services that fail.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{ALICE, feed, program};
use crate::{CANARY, check, holds, leaks_below, scene};

#[test]
fn an_import_says_names_only() {
    let scene = scene();
    let theirs = format!("DOTENV_PUBLIC_KEY=x\nA={CANARY}\nB=${{A}}\nC=\"$(echo {CANARY})\"\n");
    let broken = format!("DOTENV_PUBLIC_KEY=x\nA={CANARY}\n{CANARY}\n");
    let locked = format!("A=encrypted:{CANARY}\nB=\"encrypted:BB{CANARY}\"\n");
    let root = scene.folder().parent().unwrap().to_owned();
    for (text, tool) in [
        (format!("A={CANARY}\nB=\"{CANARY}\"\n"), "dotenv"),
        (format!("A={CANARY}\nB=\"{CANARY}\n"), "dotenv"),
        (theirs, "dotenvx"),
        (broken, "dotenvx"),
        (locked, "dotenvx"),
    ] {
        for flags in [&["--yes"][..], &["--dry-run"], &["--dry-run", "--json"], &["--resolve", "--yes"]] {
            if tool == "dotenv" && flags.contains(&"--resolve") {
                continue;
            }
            scene.write("d/.env", &text);
            scene.write("d/.env.keys", format!("DOTENV_PRIVATE_KEY={CANARY}\n"));
            let mut command = program(&scene);
            command.args(["import", tool, "d", "-r", ALICE]).args(flags);
            let output = feed(command, b"");
            fs::remove_file(scene.path("d/.env")).unwrap();
            fs::remove_file(scene.path("d/.env.keys")).unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!holds(&output.stderr) && !holds(&output.stdout), "{tool} {flags:?}: {said}");
            assert!(output.status.code().is_some_and(|code| code < 70), "{tool} {flags:?}: {said}");
            assert_eq!(leaks_below(&root), Vec::<PathBuf>::new(), "{tool} {flags:?}");
            drop(fs::remove_file(scene.path("d/.env.enc")));
        }
    }
    for arguments in [
        &["import", "sops", ".env.enc", "a.enc.json", "a.enc.yaml", "--yes"][..],
        &["import", "sops", "--all", "--dry-run"],
        &["import", "sops", "tampered.env", "--yes"],
        &["import", "sops", "bob.enc.env", "--yes", "--json"],
    ] {
        check(&scene, arguments, "", false);
    }
}

#[test]
fn what_is_imported_stays_where_it_was() {
    let scene = scene();
    let place = tempfile::tempdir().unwrap();
    let (folder, plain) = (place.path().to_str().unwrap(), place.path().join(".env"));
    let keys = place.path().join(".env.keys");
    let twin = place.path().join(".env.enc");
    let long = format!("encrypted:{}", "QUFB".repeat(60));
    for (text, key) in [
        (format!("A={CANARY}\nB=\"{CANARY}\"\n"), ""),
        (format!("A={CANARY}\nB=\"{CANARY}\n"), ""),
        (format!("A=\"{long}\"\nB={CANARY}\n"), CANARY),
        (format!("DOTENV_PUBLIC_KEY={CANARY}\nA=$({CANARY})\n"), "11"),
        (format!("DOTENV_PUBLIC_KEY=x\nA=${{{CANARY}}}\nB=$A{CANARY}\n"), ""),
        (format!("DOTENV_PUBLIC_KEY=x\nA={CANARY}\nB=$A$A\n"), ""),
    ] {
        for verb in ["dotenv", "dotenvx"] {
            for more in [&["--dry-run"][..], &["--dry-run", "--json"], &["--yes"], &["--yes", "--json"]] {
                fs::write(&plain, &text).unwrap();
                fs::write(&keys, format!("DOTENV_PRIVATE_KEY={key}\n")).unwrap();
                let resolve: &[&str] = if verb == "dotenvx" { &["--resolve"] } else { &[] };
                let arguments = [&["import", verb, folder, "-r", ALICE], more, resolve].concat();
                check(&scene, &arguments, "", false);
                fs::remove_file(&plain).unwrap();
                fs::remove_file(&keys).unwrap();
                assert_eq!(leaks_below(place.path()), Vec::<PathBuf>::new(), "{arguments:?}");
                let _ = fs::remove_file(&twin);
            }
        }
    }
}

#[test]
fn services_that_fail_are_told_without_what_they_were_given() {
    let mut scene = scene();
    let root = scene.folder().parent().unwrap().to_owned();
    let log = root.join("bin/log");
    let gpg = root.join("bin/gpg");
    let note = format!("{{ printf '%s\\n' \"$@\"; env; }} >> '{}'", log.display());
    fs::write(&gpg, format!("#!/bin/sh\n{note}\nexit 2\n")).unwrap();
    fs::set_permissions(&gpg, PermissionsExt::from_mode(0o755)).unwrap();
    for (name, value) in [
        ("VAULT_TOKEN", CANARY),
        ("VAULT_ADDR", "http://127.0.0.1:1"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", CANARY),
        ("AWS_SESSION_TOKEN", CANARY),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ] {
        scene = scene.variable(name, value);
    }
    let fingerprint = "0123456789ABCDEF0123456789ABCDEF01234567";
    let vault = "http://127.0.0.1:1/v1/transit/keys/k";
    let arn = "arn:aws:kms:eu-west-1:1:key/a";
    let rule = format!(
        "destination_rules:\n  - vault_path: app\n    vault_kv_mount_name: secret\ncreation_rules:\n  - age: {ALICE}\n    \
         pgp: {fingerprint}\n    hc_vault_transit_uri: {vault}\n    kms: {arn}\n"
    );
    scene.write(".sops.yaml", rule);
    let file = "a.enc.yaml";
    for arguments in [
        &["recipients", "sync", "--yes", file][..],
        &["recipients", "add", "--yes", &format!("k={arn}"), file],
        &["recipients", "add", "--yes", "--file-only", fingerprint, file],
        &["recipients", "add", "--yes", "--file-only", vault, file],
        &["sops", "updatekeys", "-y", file],
        &["sops", "rotate", "-i", "--add-pgp", fingerprint, file],
        &["sops", "rotate", "-i", "--add-kms", arn, file],
        &["sops", "rotate", "-i", "--add-hc-vault-transit", vault, file],
        &["sops", "publish", "--yes", file],
        &["encrypt", "--type", "yaml", "--filename", "new.yaml"],
    ] {
        check(&scene, arguments, &format!("a: {CANARY}\n"), false);
    }
    // Nobody but services could open these.
    for (kind, fields) in [
        ("pgp", format!("fp: {fingerprint}")),
        ("kms", format!("arn: {arn}")),
        (
            "hc_vault",
            "vault_address: http://127.0.0.1:1\n          engine_path: transit\n          key_name: k".into(),
        ),
    ] {
        let text = format!(
            "a: x\nsops:\n    {kind}:\n        - {fields}\n          enc: vault:v1:QQ==\n          created_at: \"2026-01-01T00:00:00Z\"\n    \
             lastmodified: \"2026-01-01T00:00:00Z\"\n    mac: ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]\n    version: 3.11.0\n"
        );
        scene.write("s.yaml", text);
        for arguments in [&["decrypt", "s.yaml"][..], &["rekey", "s.yaml"], &["sops", "-d", "s.yaml"]] {
            check(&scene, arguments, "", false);
        }
    }
    assert!(fs::read_to_string(log).unwrap().contains("--no-encrypt-to"), "gpg was not asked");
}
