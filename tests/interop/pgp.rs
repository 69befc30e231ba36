//! PGP keys, through the real gpg: what sops wrapped opens here, and what we wrap opens there.

use super::bench::{Bench, text};
use super::peers::{Gpg, both_read_and_change};

#[test]
fn files_for_a_pgp_key_open_and_change_in_both_directions() {
    let (Some(bench), Some(gpg)) = (Bench::new(), Gpg::new()) else { return };
    let (key, _) = gpg.key("alice", "");
    bench.write(".sops.yaml", format!("creation_rules:\n  - pgp: {key}\n"));
    both_read_and_change(&bench, &gpg.variables());
}

#[test]
fn our_entry_has_the_fields_and_the_spelling_of_sops() {
    let (Some(bench), Some(gpg)) = (Bench::new(), Gpg::new()) else { return };
    let (key, subkey) = gpg.key("alice", "");
    let blanks: String = key.as_bytes().chunks(4).map(|four| format!("{} ", text(four))).collect();
    for id in [key.clone(), key.to_lowercase(), blanks, key[24..].to_owned(), format!("{subkey}!")] {
        bench.write(".sops.yaml", format!("creation_rules:\n  - pgp: '{id}'\n"));
        bench.write("e.json", "{\"a\": \"b\"}");
        let fields = |sealed: &[u8]| {
            let file: serde_json::Value = serde_json::from_slice(sealed).unwrap();
            let entry = file["sops"]["pgp"][0].as_object().unwrap().clone();
            let enc = entry["enc"].as_str().unwrap();
            assert!(enc.starts_with("-----BEGIN PGP MESSAGE-----\n\n"), "{enc}");
            assert!(enc.ends_with("\n-----END PGP MESSAGE-----"), "{enc}");
            assert_eq!(entry["created_at"].as_str().unwrap().len(), "2026-01-01T00:00:00Z".len());
            let mut names: Vec<String> = entry.keys().cloned().collect();
            names.sort();
            (names, entry["fp"].clone())
        };
        let ours = bench.lacre_with(["encrypt", "e.json", "-o", "-"], gpg.variables()).ok();
        let theirs = bench.sops_with(["encrypt", "e.json"], gpg.variables()).ok();
        assert_eq!(fields(&ours), fields(&theirs), "{id}");
        bench.write("e.json", &ours);
        bench.sops_with(["decrypt", "e.json"], gpg.variables()).ok();
    }
}

#[test]
fn one_of_several_keys_is_enough_and_none_is_told() {
    let (Some(bench), Some(gpg), Some(other)) = (Bench::new(), Gpg::new(), Gpg::new()) else { return };
    let (mine, _) = gpg.key("alice", "");
    let (theirs, _) = other.key("bob", "");
    let public = other.run(&["--armor", "--export", &theirs]);
    bench.write("bob.asc", public);
    gpg.run(&["--import", bench.path("bob.asc").to_str().unwrap()]);
    bench.write(".sops.yaml", format!("creation_rules:\n  - pgp: {theirs},{mine}\n"));
    bench.write("s.yaml", "a: b\n");
    bench.write("s.yaml", bench.lacre_with(["encrypt", "s.yaml", "-o", "-"], gpg.variables()).ok());
    for keyring in [&gpg, &other] {
        assert_eq!(bench.lacre_with(["decrypt", "s.yaml"], keyring.variables()).ok(), b"a: b\n");
        assert_eq!(bench.sops_with(["decrypt", "s.yaml"], keyring.variables()).ok(), b"a: b\n");
    }
    let Some(nobody) = Gpg::new() else { return };
    bench.sops_with(["decrypt", "s.yaml"], nobody.variables()).fails(128);
    let said = bench.lacre_with(["decrypt", "s.yaml"], nobody.variables()).fails(4);
    assert!(said.contains(&format!("not usable: pgp `{mine}`: gpg says: ")), "{said}");
    assert!(said.contains("No secret key"), "{said}");
    bench.write("n.yaml", "a: b\n");
    let said = bench.lacre_with(["encrypt", "n.yaml"], nobody.variables()).fails(1);
    assert!(said.starts_with("error: cannot encrypt `n.enc.yaml` for its recipients: pgp `"), "{said}");
    assert!(!bench.path("n.enc.yaml").exists());
}

#[test]
fn the_agent_is_asked_for_a_key_behind_a_passphrase() {
    let (Some(bench), Some(gpg)) = (Bench::new(), Gpg::new()) else { return };
    let (key, _) = gpg.key("alice", "open sesame");
    bench.write(".sops.yaml", format!("creation_rules:\n  - pgp: {key}\n"));
    bench.write("l.yaml", "a: b\n");
    bench.write("l.yaml", bench.lacre_with(["encrypt", "l.yaml", "-o", "-"], gpg.variables()).ok());
    let reload = ["--kill", "gpg-agent"];
    let mut agent = std::process::Command::new("gpgconf");
    agent.args(reload).envs(gpg.variables());
    assert!(agent.status().unwrap().success());
    // Nobody can be asked there: the error comes at once, and holds no value.
    let said = bench.lacre_with(["decrypt", "l.yaml"], gpg.variables()).fails(4);
    assert!(said.contains(&format!("not usable: pgp `{key}`: gpg says: ")), "{said}");
    // Once the agent knows the passphrase, nobody is asked.
    let enc = bench.read("l.yaml");
    let start = text(&enc).find("-----BEGIN").unwrap();
    let end = text(&enc).find("-----END PGP MESSAGE-----").unwrap() + 25;
    let message: String = text(&enc)[start..end].lines().map(|line| format!("{}\n", line.trim())).collect();
    bench.write("message.asc", message);
    let (message, out) = (bench.path("message.asc"), bench.path("out"));
    let unlock = ["--pinentry-mode", "loopback", "--passphrase", "open sesame", "-o", out.to_str().unwrap()];
    gpg.run(&[&unlock[..], &["-d", message.to_str().unwrap()]].concat());
    assert_eq!(bench.lacre_with(["decrypt", "l.yaml"], gpg.variables()).ok(), b"a: b\n");
}

#[test]
fn a_recipient_on_the_command_line_may_be_a_fingerprint() {
    let (Some(bench), Some(gpg)) = (Bench::new(), Gpg::new()) else { return };
    let (key, _) = gpg.key("alice", "");
    bench.write("r.yaml", "a: b\n");
    let sealed = bench.lacre_with(["encrypt", "r.yaml", "-r", &key, "-o", "-"], gpg.variables()).ok();
    bench.write("r.yaml", sealed);
    assert_eq!(bench.sops_with(["decrypt", "r.yaml"], gpg.variables()).ok(), b"a: b\n");
}

#[test]
fn both_ask_gpg_in_the_same_order() {
    let (Some(bench), Some(gpg)) = (Bench::new(), Gpg::new()) else { return };
    let (key, _) = gpg.key("alice", "");
    let age = &bench.recipient;
    bench.write(".sops.yaml", format!("creation_rules:\n  - age: {age}\n    pgp: {key}\n"));
    bench.write("o.yaml", "a: b\n");
    bench.write("o.yaml", bench.lacre_with(["encrypt", "o.yaml", "-o", "-"], gpg.variables()).ok());
    let told = bench.path("told");
    // An empty text counts as unset. Of kinds that are not named, pgp stands before age in the file.
    for (order, times) in
        [("", 0), ("age,pgp", 0), ("pgp,age", 1), ("pgp", 1), ("kms", 1), ("nonsense,pgp", 1)]
    {
        let mut variables = gpg.variables();
        let teller = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/keys/gpg-that-tells");
        variables.push(("SOPS_GPG_EXEC", teller.into()));
        variables.push(("GPG_TOLD", told.clone().into()));
        variables.push(("SOPS_AGE_KEY_FILE", bench.path("keys.txt").into()));
        variables.push(("SOPS_DECRYPTION_ORDER", order.into()));
        let mut counts = Vec::new();
        for who in ["we", "sops"] {
            bench.write("told", "");
            let run = match who {
                "we" => bench.lacre_with(["decrypt", "o.yaml"], variables.clone()),
                _ => bench.sops_with(["decrypt", "o.yaml"], variables.clone()),
            };
            assert_eq!(run.ok(), b"a: b\n");
            counts.push(text(&bench.read("told")).lines().count());
        }
        assert_eq!(counts, [times, times], "{order}");
    }
}
