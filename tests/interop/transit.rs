//! Keys in a transit engine, of a real OpenBao on this machine: what sops wrapped opens here, and what we wrap opens
//! there. Servers that only a file names are not contacted.

use std::fs;

use super::bench::{Bench, text};
use super::peers::{Bao, TOKEN, Variables, both_read_and_change};

fn only_token() -> Variables {
    vec![("VAULT_TOKEN", TOKEN.into())]
}

#[test]
fn files_for_a_transit_key_open_and_change_in_both_directions() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    for engine in ["transit", "team/transit"] {
        let uri = bao.uri(engine, "app");
        bench.write(".sops.yaml", format!("creation_rules:\n  - hc_vault_transit_uri: {uri}\n"));
        both_read_and_change(&bench, &bao.variables());
    }
}

#[test]
fn our_entry_has_the_fields_of_sops() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    let uri = bao.uri("team/transit", "app");
    bench.write(".sops.yaml", format!("creation_rules:\n  - hc_vault_transit_uri: {uri}\n"));
    bench.write("e.json", "{\"a\": \"b\"}");
    let entry = |sealed: &[u8]| {
        let file: serde_json::Value = serde_json::from_slice(sealed).unwrap();
        let entry = file["sops"]["hc_vault"][0].as_object().unwrap().clone();
        assert!(entry["enc"].as_str().unwrap().starts_with("vault:v1:"));
        let mut fields: Vec<(String, serde_json::Value)> = entry.into_iter().collect();
        fields.retain(|(name, _)| name != "enc" && name != "created_at");
        fields.sort_by(|one, two| one.0.cmp(&two.0));
        fields
    };
    let ours = bench.lacre_with(["encrypt", "e.json", "-o", "-"], bao.variables()).ok();
    let theirs = bench.sops_with(["encrypt", "e.json"], bao.variables()).ok();
    assert_eq!(entry(&ours), entry(&theirs));
    assert!(text(&ours).contains("\"created_at\""));
}

#[test]
fn a_server_is_contacted_by_the_users_word_only() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    let uri = bao.uri("transit", "app");
    bench.write(".sops.yaml", format!("creation_rules:\n  - hc_vault_transit_uri: {uri}\n"));
    bench.write("a.yaml", "a: b\n");
    // By the rule of a file it is not, by the command line it is.
    let said = bench.lacre_with(["encrypt", "a.yaml", "-o", "-"], only_token()).fails(1);
    let hint = format!("hint: if the server is yours: `export VAULT_ADDR={}`", bao.address);
    assert!(said.contains(&hint), "{said}");
    let sealed = bench.lacre_with(["encrypt", "a.yaml", "-r", &uri, "-o", "-"], only_token()).ok();
    let mut named = only_token();
    named.push(("SOPS_VAULT_URIS", uri.clone().into()));
    bench.lacre_with(["sops", "encrypt", "a.yaml"], named).ok();
    bench.write("a.yaml", sealed);
    let said = bench.lacre_with(["decrypt", "a.yaml"], only_token()).fails(4);
    assert!(said.contains("is not contacted unasked") && said.contains(&hint), "{said}");
    let lists = [
        ("all".to_owned(), 0),
        (bao.address.clone(), 0),
        (format!("https://other.example,{}/v1/transit", bao.address), 0),
        (format!("{}/v1/tran", bao.address), 4),
        ("none".to_owned(), 4),
        (bao.address[..bao.address.len() - 1].to_owned(), 4),
    ];
    for (list, code) in lists {
        let mut variables = only_token();
        variables.push(("SOPS_HC_VAULT_ALLOWLIST", list.clone().into()));
        assert_eq!(bench.lacre_with(["decrypt", "a.yaml"], variables).code, code, "{list}");
    }
    assert_eq!(bench.sops_with(["decrypt", "a.yaml"], only_token()).ok(), b"a: b\n");
}

#[test]
fn what_the_server_refuses_is_told_in_plain_words() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    bench.write("w.yaml", "a: b\n");
    let uri = bao.uri("transit", "app");
    let encrypt = |uri: &str, variables: Variables| {
        bench.lacre_with(["encrypt", "w.yaml", "-r", uri, "-o", "-"], variables)
    };
    let sealed = encrypt(&uri, bao.variables()).ok();
    bench.write("sealed.yaml", sealed);
    let said = encrypt(&bao.uri("nowhere", "app"), bao.variables()).fails(1);
    assert!(said.contains("it has no such engine or key"), "{said}");
    let wrong = || vec![("VAULT_ADDR", bao.address.clone().into()), ("VAULT_TOKEN", "wrong".into())];
    let said = encrypt(&uri, wrong()).fails(1);
    assert!(said.contains("permission denied: the token is wrong, expired, or not allowed"), "{said}");
    let none = vec![("VAULT_ADDR", bao.address.clone().into())];
    let said = encrypt(&uri, none).fails(1);
    assert!(said.contains("there is no token") && said.contains("hint: log in with"), "{said}");
    // A token that may unwrap only.
    let token = bao.token("path \"transit/decrypt/app\" { capabilities = [\"update\"] }");
    let reader = || vec![("VAULT_ADDR", bao.address.clone().into()), ("VAULT_TOKEN", token.clone().into())];
    encrypt(&uri, reader()).fails(1);
    assert_eq!(bench.lacre_with(["decrypt", "sealed.yaml"], reader()).ok(), b"a: b\n");
    // Its key is gone, then the server is sealed.
    bench.write("moved.yaml", text(&bench.read("sealed.yaml")).replace("key_name: app", "key_name: gone"));
    let said = bench.lacre_with(["decrypt", "moved.yaml"], bao.variables()).fails(4);
    assert!(said.contains("this share was not wrapped by it"), "{said}");
    bao.ask("PUT", "sys/seal", &[], "{}");
    let said = bench.lacre_with(["decrypt", "sealed.yaml"], bao.variables()).fails(4);
    assert!(said.contains("it is sealed, or not in service"), "{said}");
}

#[test]
fn tokens_at_home_and_namespaces_are_as_sops_takes_them() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    bao.ask("POST", "sys/namespaces/crew", &[], "{}");
    bao.ask("POST", "sys/mounts/own", &[("x-vault-namespace", "crew")], "{\"type\":\"transit\"}");
    fs::write(bench.path("home/.vault-token"), TOKEN).unwrap();
    let uri = bao.uri("own", "app");
    bench.write(".sops.yaml", format!("creation_rules:\n  - hc_vault_transit_uri: {uri}\n"));
    bench.write("n.yaml", "a: b\n");
    let variables = || -> Variables {
        vec![("VAULT_ADDR", bao.address.clone().into()), ("VAULT_NAMESPACE", "crew".into())]
    };
    let ours = bench.lacre_with(["encrypt", "n.yaml", "-o", "-"], variables()).ok();
    let theirs = bench.sops_with(["encrypt", "n.yaml"], variables()).ok();
    for sealed in [ours, theirs] {
        bench.write("n.yaml", sealed);
        assert_eq!(bench.sops_with(["decrypt", "n.yaml"], variables()).ok(), b"a: b\n");
        assert_eq!(bench.lacre_with(["decrypt", "n.yaml"], variables()).ok(), b"a: b\n");
        let outside = [("VAULT_ADDR", bao.address.clone())];
        bench.lacre_with(["decrypt", "n.yaml"], outside).fails(4);
    }
}

#[test]
fn only_a_server_with_a_trusted_certificate_gets_the_token() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::with_tls()) else { return };
    let uri = bao.uri("transit", "app");
    assert!(uri.starts_with("https://"));
    bench.write(".sops.yaml", format!("creation_rules:\n  - hc_vault_transit_uri: {uri}\n"));
    bench.write("c.yaml", "a: b\n");
    let with = |name: &'static str, value: std::ffi::OsString| -> Variables {
        let mut variables = bao.variables();
        variables.push((name, value));
        variables
    };
    let trusted = || with("VAULT_CACERT", bao.authority().into());
    let ours = bench.lacre_with(["encrypt", "c.yaml", "-o", "-"], trusted()).ok();
    let theirs = bench.sops_with(["encrypt", "c.yaml"], trusted()).ok();
    for sealed in [ours, theirs] {
        bench.write("c.yaml", sealed);
        assert_eq!(bench.sops_with(["decrypt", "c.yaml"], trusted()).ok(), b"a: b\n");
        assert_eq!(bench.lacre_with(["decrypt", "c.yaml"], trusted()).ok(), b"a: b\n");
        let said = bench.lacre_with(["decrypt", "c.yaml"], bao.variables()).fails(4);
        assert!(said.contains("its TLS certificate is not trusted"), "{said}");
        // sops would follow this one.
        let said = bench.lacre_with(["decrypt", "c.yaml"], with("VAULT_SKIP_VERIFY", "1".into())).fails(4);
        assert!(said.contains("`VAULT_SKIP_VERIFY` is not followed"), "{said}");
        assert!(said.contains("hint: put the certificate of its authority into a file"), "{said}");
    }
}

#[test]
fn what_is_said_to_this_machine_goes_past_any_proxy() {
    let (Some(bench), Some(bao)) = (Bench::new(), Bao::new()) else { return };
    let uri = bao.uri("transit", "app");
    bench.write("p.yaml", "a: b\n");
    let mut variables = bao.variables();
    variables.extend(["ALL_PROXY", "HTTP_PROXY"].map(|name| (name, "http://127.0.0.1:1".into())));
    bench.lacre_with(["encrypt", "p.yaml", "-r", &uri, "-o", "-"], variables).ok();
}
