//! `sops publish` into a real key-value store of OpenBao: what we put there is what sops puts there.

use std::ffi::OsString;

use super::bench::Bench;
use super::peers::{Bao, TOKEN};

/// The secret as it is stored, without what the store knows about it.
fn stored(bao: &Bao, path: &str, version: u8) -> serde_json::Value {
    let answer: serde_json::Value = serde_json::from_str(&bao.ask("GET", path, &[], "")).unwrap();
    answer.pointer(if version == 2 { "/data/data" } else { "/data" }).cloned().expect("data")
}

type Variables = [(&'static str, OsString); 3];

fn scene() -> Option<(Bench, Bao, Variables)> {
    let (bench, bao) = (Bench::new()?, Bao::new()?);
    bao.ask("POST", "sys/mounts/old", &[], "{\"type\":\"kv\",\"options\":{\"version\":\"1\"}}");
    let variables = [
        ("SOPS_AGE_KEY_FILE", bench.path("keys.txt").into_os_string()),
        ("VAULT_ADDR", bao.address.clone().into()),
        ("VAULT_TOKEN", TOKEN.into()),
    ];
    let rules = format!(
        "creation_rules:\n  - age: {}\ndestination_rules:\n  - path_regex: ^old\n    vault_path: a/b\n    vault_kv_mount_name: old/\n    \
         vault_kv_version: 1\n  - path_regex: ^s3\n    s3_bucket: x\n  - path_regex: ^new\n    vault_path: team/app/\n    omit_extensions: true\n",
        bench.recipient
    );
    bench.write(".sops.yaml", rules);
    Some((bench, bao, variables))
}

#[test]
fn the_store_holds_what_sops_would_put_there() {
    let Some((bench, bao, variables)) = scene() else { return };
    for (suffix, text) in [
        ("yaml", "s: x\nn: 5\nf: 1.5\nb: true\nl: [1, two]\nm:\n  k: v\n"),
        ("json", "{\"s\": \"<x>\", \"m\": {\"k\": [\"ü\", false]}}"),
        ("env", "A=one\nB=\"quoted\"\n"),
        ("ini", "[db]\nuser = app\n"),
    ] {
        for (start, folder, version) in [("old", "old/a/b", 1), ("new", "secret/data/team/app", 2)] {
            let [theirs, ours] = ["theirs", "ours"].map(|who| format!("{start}-{who}.{suffix}"));
            let sealed = bench.sops_encrypts(&theirs, text.as_bytes());
            bench.write(&theirs, &sealed);
            bench.write(&ours, &sealed);
            bench.sops_with(["publish", "--yes", &theirs], variables.clone()).ok();
            bench.lacre_with(["sops", "publish", "--yes", &ours], variables.clone()).ok();
            let place = |name: &str| {
                let name = if version == 2 { name.trim_end_matches(&format!(".{suffix}")) } else { name };
                stored(&bao, &format!("{folder}/{name}"), version)
            };
            assert_eq!(place(&ours), place(&theirs), "{start}.{suffix}");
        }
    }
}

#[test]
fn what_cannot_be_published_is_refused_alike() {
    let Some((bench, _bao, variables)) = scene() else { return };
    for name in ["other.yaml", "new-plain.yaml"] {
        bench.write(name, "a: 1\n");
        let theirs = bench.sops_with(["publish", "--yes", name], variables.clone()).code;
        let ours = bench.lacre_with(["sops", "publish", "--yes", name], variables.clone()).code;
        assert_eq!(ours, theirs, "{name}");
        assert_ne!(ours, 0, "{name}");
    }
    let sealed = bench.sops_encrypts("s3.yaml", b"a: 1\n");
    bench.write("s3.yaml", sealed);
    bench.lacre_with(["sops", "publish", "--yes", "s3.yaml"], variables.clone()).fails(1);
    // Without a word of the user's, nobody is contacted.
    let [identity, ..] = variables;
    let said = bench.lacre_with(["sops", "publish", "--yes", "s3.yaml"], [identity]).fails(1);
    assert!(said.contains("S3"), "{said}");
}
