//! Who may open a file, and where each program finds its identity.

use std::fs;

use lacre::keys::new_identity::NewKind;

use super::bench::{Bench, Run, identity, text};

/// Recipient and identity file of each kind.
fn people() -> Vec<(String, String)> {
    let file: serde_json::Value =
        serde_json::from_str(include_str!("../vectors/keys/wrapped_by_sops.json")).unwrap();
    let ssh = |name: &str| {
        let vector =
            file["vectors"].as_array().unwrap().iter().find(|vector| vector["name"] == name).unwrap();
        let part = |field: &str| vector[field].as_str().unwrap().to_owned();
        (part("recipient"), part("identity"))
    };
    let own = |kind, nth| {
        let new = identity(kind, nth);
        (new.recipient.clone(), new.text.expose().clone())
    };
    vec![own(NewKind::X25519, 3), own(NewKind::PostQuantum, 4), ssh("ssh-ed25519"), ssh("ssh-rsa")]
}

/// Decrypts with `identity` alone, wherever each kind of it can stand.
fn everywhere(bench: &Bench, name: &str, identity: &str, run: impl Fn(&Bench, [(&str, String); 1]) -> Run) {
    let nothing = || [("NOTHING", String::new())];
    if identity.starts_with("-----") {
        let ssh = bench.path("home/.ssh");
        fs::create_dir_all(&ssh).unwrap();
        let own = if identity.len() > 1000 { "id_rsa" } else { "id_ed25519" };
        fs::write(ssh.join(own), identity).unwrap();
        run(bench, nothing()).ok();
        fs::remove_file(ssh.join(own)).unwrap();
        bench.write("ssh_key", identity);
        let path = bench.path("ssh_key").to_str().unwrap().to_owned();
        run(bench, [("SOPS_AGE_SSH_PRIVATE_KEY_FILE", path)]).ok();
        return;
    }
    assert_ne!(run(bench, nothing()).code, 0, "{name} opened without an identity");
    let key = identity.lines().last().unwrap().to_owned();
    run(bench, [("SOPS_AGE_KEY", key)]).ok();
    run(bench, [("SOPS_AGE_KEY", identity.replace('\n', "\r\n"))]).ok();
    bench.write("own.txt", identity);
    let path = bench.path("own.txt").to_str().unwrap().to_owned();
    run(bench, [("SOPS_AGE_KEY_FILE", path.clone())]).ok();
    run(bench, [("SOPS_AGE_KEY_CMD", format!("cat {path}"))]).ok();
    let default = bench.path("home/.config/sops/age");
    fs::create_dir_all(&default).unwrap();
    fs::write(default.join("keys.txt"), identity).unwrap();
    run(bench, nothing()).ok();
    run(bench, [("SOPS_AGE_KEY_FILE", "/nowhere".to_owned())]).ok();
    fs::remove_file(default.join("keys.txt")).unwrap();
    let other = bench.path("xdg/sops/age");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("keys.txt"), identity).unwrap();
    run(bench, [("XDG_CONFIG_HOME", bench.path("xdg").to_str().unwrap().to_owned())]).ok();
}

#[test]
fn every_kind_of_recipient_opens_in_both_directions_from_every_place() {
    let Some(bench) = Bench::new() else { return };
    let people = people();
    let list: String = people.iter().map(|(recipient, _)| format!("      - {recipient}\n")).collect();
    bench.write(".sops.yaml", format!("creation_rules:\n  - key_groups:\n    - age:\n{list}"));
    bench.write("p.yaml", "a: secret\n");
    bench.write("theirs.yaml", bench.sops(["encrypt", "p.yaml"]).ok());
    bench.write("ours.yaml", bench.lacre(["encrypt", "p.yaml", "-o", "-"]).ok());
    assert_eq!(text(&bench.read("ours.yaml")).matches("recipient: ").count(), people.len());
    for (_, identity) in &people {
        everywhere(&bench, "ours", identity, |bench, variables| {
            bench.sops_with(["decrypt", "ours.yaml"], variables)
        });
        everywhere(&bench, "theirs", identity, |bench, variables| {
            bench.lacre_with(["decrypt", "theirs.yaml"], variables)
        });
    }
}

#[test]
fn more_than_ten_recipients_are_read_in_every_format() {
    let Some(bench) = Bench::new() else { return };
    let mut all: Vec<String> = (20..31).map(|nth| identity(NewKind::X25519, nth).recipient).collect();
    all.push(bench.recipient.clone());
    bench.write(".sops.yaml", format!("creation_rules:\n  - age: {}\n", all.join(",")));
    for (name, plain) in [("m.yaml", "a: b\n"), ("m.json", "{\"a\": \"b\"}"), ("m.env", "a=b\n")] {
        bench.write(name, plain);
        let theirs = bench.sops(["encrypt", name]).ok();
        let ours = bench.lacre(["encrypt", name, "-o", "-"]).ok();
        bench.write(name, &theirs);
        assert_eq!(text(&bench.lacre(["decrypt", name, "--extract", "a"]).ok()), "b", "{name}");
        bench.sops_reads(name, &ours);
    }
}

#[test]
fn a_file_for_somebody_else_opens_for_neither() {
    let Some(bench) = Bench::new() else { return };
    let other = identity(NewKind::X25519, 8).recipient;
    bench.write(".sops.yaml", format!("creation_rules:\n  - age: {other}\n"));
    bench.write("o.yaml", "a: b\n");
    bench.write("o.yaml", bench.sops(["encrypt", "o.yaml"]).ok());
    bench.sops(["decrypt", "o.yaml"]).fails(128);
    let error = bench.lacre(["decrypt", "o.yaml"]).fails(4);
    assert!(error.contains("your identity is not among its recipients"), "{error}");
}

#[test]
fn what_is_not_encrypted_or_encrypted_already_is_refused_by_both() {
    let Some(bench) = Bench::new() else { return };
    for (name, plain) in [("x.yaml", "a: b\n"), ("x.json", "{\"a\": \"b\"}"), ("x.env", "a=b\n")] {
        bench.write(name, plain);
        assert_ne!(bench.sops(["decrypt", name]).code, 0, "{name}");
        bench.lacre(["decrypt", name]).fails(1);
        bench.write(name, bench.encrypt(name, plain.as_bytes()));
        bench.sops(["encrypt", name]).fails(203);
        bench.lacre(["encrypt", "-i", name]).fails(1);
    }
}
