//! The same rule file, the same file name: for whom, by which selector and threshold each program would encrypt.

use std::fs;
use std::process::{Command, Stdio};

use lacre::base::{KeyKind, RecipientId};
use lacre::document::yaml::Yaml;
use lacre::envelope::Sealed;
use lacre::policy::Selector;
use lacre::workspace::RuleFile;
use lacre::workspace::rule_edit::{Newcomer, add, remove};
use lacre::world::World;

use super::bench::{Bench, identity, program, text};
use lacre::keys::new_identity::NewKind;

/// `A`, `B` and `C` stand for recipients in the tables.
fn people(bench: &Bench) -> [(&'static str, String); 3] {
    [
        ("AAA", bench.recipient.clone()),
        ("BBB", identity(NewKind::X25519, 41).recipient.clone()),
        ("CCC", identity(NewKind::X25519, 42).recipient.clone()),
    ]
}

fn with_people(bench: &Bench, text: &str) -> String {
    people(bench).iter().fold(text.to_owned(), |text, (name, key)| text.replace(name, key))
}

/// All that a rule decides, in words.
fn decided(groups: &[Vec<RecipientId>], threshold: usize, selector: &Selector, mac_only: bool) -> String {
    let mut all: Vec<Vec<String>> = Vec::new();
    for group in groups {
        let mut keys: Vec<String> = Vec::new();
        for key in group {
            // sops writes a recipient twice that stands twice in a flat field; we once.
            if !keys.contains(&key.spelling()) {
                keys.push(key.spelling());
            }
        }
        all.push(keys);
    }
    // With one group there is nothing to share, whatever number is written.
    let threshold = match all.len() {
        0 | 1 => 0,
        count if threshold == 0 => count,
        _ => threshold,
    };
    format!("{all:?} {threshold} {} {} {mac_only}", selector.kind.name(), selector.text)
}

fn by_sops(bench: &Bench, name: &str, variables: &[(&str, String)]) -> Option<String> {
    by(bench, "sops", &["encrypt", name], variables)
}

fn by_lacre(bench: &Bench, name: &str, variables: &[(&str, String)]) -> Option<String> {
    by(bench, "lacre", &["sops", "encrypt", name], variables)
}

fn by(bench: &Bench, program: &str, words: &[&str], variables: &[(&str, String)]) -> Option<String> {
    let run = bench.run_named(program, words, variables.iter().cloned());
    if run.code != 0 {
        return None;
    }
    let sealed = Sealed::parse(run.out, &Yaml).unwrap();
    let metadata = sealed.metadata();
    Some(decided(&metadata.recipients(), metadata.threshold, &metadata.selector, metadata.mac_only_encrypted))
}

const NAMES: [&str; 5] = ["a.yaml", "prod/a.yaml", "prod/db/b.yaml", "dev/a.enc.yaml", "prod/../a.yaml"];

/// Rule files that both read alike, good and bad.
const RULE_FILES: [&str; 42] = [
    "creation_rules:\n- age: AAA\n",
    "creation_rules:\n- age: AAA,BBB\n",
    "creation_rules:\n- age: AAA, BBB ,,AAA,\n",
    "creation_rules:\n- age: >-\n    AAA,\n    BBB\n",
    "creation_rules:\n- age: [AAA, 'BBB,CCC']\n",
    "creation_rules:\n- age:\n  - AAA\n  - BBB\n",
    "creation_rules:\n- age: nonsense\n",
    "creation_rules:\n- age: 12\n",
    "creation_rules:\n- age: [AAA, 12]\n",
    "creation_rules:\n- age: {a: AAA}\n",
    "creation_rules:\n- age: ''\n",
    "creation_rules:\n- {}\n",
    "creation_rules: []\n",
    "creation_rules: {}\n",
    "creation_rules:\n",
    "keys: [AAA]\n",
    "creation_rules:\n- path_regex: ^prod/\n  age: AAA\n- path_regex: enc\n  age: BBB\n- age: CCC\n",
    "creation_rules:\n- path_regex: prod/.*\\.yaml$\n  age: AAA\n",
    "creation_rules:\n- path_regex: ''\n  age: AAA\n- age: BBB\n",
    "creation_rules:\n- path_regex: '^a\\.yaml$'\n  age: AAA\n",
    "creation_rules:\n- path_regex: '(?i)PROD/[[:alpha:]]\\.'\n  age: AAA\n",
    "creation_rules:\n- path_regex: '('\n  age: AAA\n",
    "creation_rules:\n- path_regex: ^a\n  age: BBB\n- path_regex: '('\n  age: AAA\n",
    "creation_rules:\n- age: AAA\n  encrypted_regex: ^x$\n",
    "creation_rules:\n- age: AAA\n  unencrypted_suffix: _clear\n  mac_only_encrypted: true\n",
    "creation_rules:\n- age: AAA\n  encrypted_comment_regex: secret\n",
    "creation_rules:\n- age: AAA\n  encrypted_regex: x\n  encrypted_suffix: y\n",
    "creation_rules:\n- age: AAA\n  encrypted_regex: ''\n  encrypted_suffix: y\n",
    "creation_rules:\n- age: AAA\n  mac_only_encrypted: yes\n",
    "creation_rules:\n- age: AAA\n  mac_only_encrypted: maybe\n",
    "creation_rules:\n- age: AAA\n  shamir_threshold: 2\n  unknown: [1]\n",
    "creation_rules:\n- age: CCC\n  key_groups:\n  - age: [AAA]\n  - age: [BBB]\n",
    "creation_rules:\n- shamir_threshold: 2\n  key_groups:\n  - age: [AAA]\n  - age: [BBB]\n  - age: [CCC]\n",
    "creation_rules:\n- shamir_threshold: 3\n  key_groups:\n  - age: [AAA]\n  - age: [BBB]\n",
    "creation_rules:\n- key_groups:\n  - age: [AAA]\n  - {}\n",
    "creation_rules:\n- key_groups:\n  - age: [AAA, AAA, 'BBB,AAA']\n    merge:\n    - age: [BBB]\n      merge: [{age: [CCC]}]\n",
    "creation_rules:\n- key_groups: []\n  age: AAA\n",
    "creation_rules:\n- key_groups: {}\n  age: AAA\n",
    "creation_rules:\n- key_groups:\n  - age: AAA\n",
    "keys: [&a AAA, &b BBB]\nall: &all [*a, *b]\ncreation_rules:\n- path_regex: ^prod\n  key_groups: [{age: *all}]\n- age: *a\n",
    "base: &base {age: AAA, encrypted_regex: b}\ncreation_rules:\n- <<: *base\n  encrypted_regex: own\n",
    "---\ncreation_rules:\n- age: AAA\n...\n",
];

fn prepared() -> Option<Bench> {
    let bench = Bench::new()?;
    for folder in ["prod/db", "dev"] {
        fs::create_dir_all(bench.path(folder)).unwrap();
    }
    for name in NAMES {
        bench.write(name, "x: y\n# secret\nz: w\n");
    }
    Some(bench)
}

#[test]
fn both_choose_alike_for_every_rule_file_and_name() {
    let Some(bench) = prepared() else { return };
    let mut chosen = 0;
    for rules in RULE_FILES {
        bench.write(".sops.yaml", with_people(&bench, rules));
        for name in NAMES {
            let (ours, theirs) = (by_lacre(&bench, name, &[]), by_sops(&bench, name, &[]));
            assert_eq!(ours, theirs, "{name} under\n{rules}");
            chosen += usize::from(ours.is_some());
        }
    }
    assert!(chosen > 80, "only {chosen} of them were encrypted at all");
}

#[test]
fn variables_replace_all_groups_in_both() {
    let Some(bench) = prepared() else { return };
    let value = with_people(&bench, "BBB, CCC");
    for rules in RULE_FILES {
        bench.write(".sops.yaml", with_people(&bench, rules));
        let variables = [("SOPS_AGE_RECIPIENTS", value.clone())];
        let (ours, theirs) =
            (by_lacre(&bench, "prod/a.yaml", &variables), by_sops(&bench, "prod/a.yaml", &variables));
        // sops looks at a recipient that is replaced anyway.
        if !rules.contains("nonsense") {
            assert_eq!(ours, theirs, "{rules}");
        }
    }
    fs::remove_file(bench.path(".sops.yaml")).unwrap();
    let variables = [("SOPS_AGE_RECIPIENTS", value)];
    let ours = by_lacre(&bench, "a.yaml", &variables);
    assert!(ours.is_some());
    assert_eq!(ours, by_sops(&bench, "a.yaml", &variables));
}

#[test]
fn the_rule_file_is_found_where_sops_finds_it() {
    let Some(bench) = prepared() else { return };
    let rules = |key: &str| with_people(&bench, &format!("creation_rules:\n- age: {key}\n"));
    bench.write(".sops.yaml", rules("AAA"));
    bench.write("prod/.sops.yaml", rules("BBB"));
    bench.write("other.yaml", rules("CCC"));
    bench.write("dev/.sops.yml", rules("CCC"));
    // Not from the file's folder, but from the working folder.
    assert_eq!(by_lacre(&bench, "prod/a.yaml", &[]), by_sops(&bench, "prod/a.yaml", &[]));
    for config in
        ["other.yaml".to_owned(), bench.path("prod/.sops.yaml").display().to_string(), "none".into()]
    {
        let variables = [("SOPS_CONFIG", config)];
        let theirs = by_sops(&bench, "prod/a.yaml", &variables);
        assert_eq!(by_lacre(&bench, "prod/a.yaml", &variables), theirs, "{variables:?}");
    }
}

/// Every kind of key, told by `updatekeys`, which asks before it calls any service.
#[test]
fn every_kind_of_key_is_read_as_sops_reads_it() {
    let Some(bench) = prepared() else { return };
    let Some(sops) = program() else { return };
    bench.write("e.yaml", "a: b\n");
    let sealed = bench.sops(["encrypt", "e.yaml"]).ok();
    bench.write("e.yaml", sealed);
    for rules in [
        "- pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21, ' 85D7 7543B3D624B63CEA9E6DBC17301B491B3F22'\n",
        "- kms: arn:aws:kms:us-east-1:1:key/a+arn:aws:iam::1:role/r,arn:aws:kms:us-east-1:1:key/b\n",
        "- kms: [arn:aws:kms:us-east-1:1:key/a, 'arn:aws:kms:us-east-1:1:key/b,arn:aws:kms:us-east-1:1:key/c']\n",
        "- gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/k,projects/p/locations/l/keyRings/r/cryptoKeys/m\n",
        "- hckms: ['tr-west-1:00000000-0000-0000-0000-000000000000']\n",
        "- hckms: 'tr-west-1:00000000-0000-0000-0000-000000000000'\n",
        "- azure_keyvault: https://v.vault.azure.net/keys/k/0123\n",
        "- hc_vault_transit_uri: https://v:8200/v1/t/keys/k,http://w/v1/a/b/keys/k\n",
        "- hc_vault_transit_uri: nonsense\n",
        "- azure_keyvault: nonsense\n",
        "- kms: [{arn: 'arn:aws:kms:us-east-1:1:key/a'}]\n",
        "- key_groups: [{kms: ['arn:aws:kms:us-east-1:1:key/a']}]\n",
        "- key_groups:\n  - hc_vault: ['https://v:8200/v1/t/keys/k']\n    azure_keyvault: [{vaultUrl: https://v.vault.azure.net, key: k, version: '0123'}]\n    hckms: [{key_id: 'tr-west-1:00000000-0000-0000-0000-000000000000'}]\n    gcp_kms: [{resource_id: projects/p/locations/l/keyRings/r/cryptoKeys/k}]\n    kms: [{arn: 'arn:aws:kms:us-east-1:1:key/a', role: 'arn:aws:iam::1:role/r'}, {arn: 'arn:aws:kms:us-east-1:1:key/a'}]\n    pgp: [85D77543B3D624B63CEA9E6DBC17301B491B3F21]\n    age: [CCC]\n    merge: [{pgp: [85D77543B3D624B63CEA9E6DBC17301B491B3F22], age: [BBB]}]\n",
        "- age: AAA\n  pgp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n  hc_vault_transit_uri: https://v:8200/v1/t/keys/k\n  azure_keyvault: https://v.vault.azure.net/keys/k/0123\n  gcp_kms: projects/p/locations/l/keyRings/r/cryptoKeys/k\n  kms: arn:aws:kms:us-east-1:1:key/a\n  hckms: ['tr-west-1:00000000-0000-0000-0000-000000000000']\n",
    ] {
        let rules = with_people(&bench, &format!("creation_rules:\n{rules}"));
        bench.write(".sops.yaml", &rules);
        let mut child = Command::new(&sops)
            .args(["updatekeys", "e.yaml"])
            .current_dir(bench.path(""))
            .env_clear()
            .env("HOME", bench.path("home"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"n\n").unwrap();
        let output = child.wait_with_output().unwrap();
        let printed = text(&output.stdout) + &text(&output.stderr);
        let theirs: Vec<String> = printed
            .lines()
            .filter_map(|line| line.strip_prefix("+++ ").or_else(|| line.strip_prefix("    ")))
            .map(str::to_owned)
            .collect();
        let theirs = output.status.success().then_some(theirs);
        let (world, _) = World::test(&bench.path(""));
        let file = RuleFile::find_as_sops(&world, None).unwrap().unwrap();
        let path = bench.path("e.yaml");
        let rule = file.first_match(&[&path]).ok().flatten();
        let ours =
            rule.map(|rule| rule.groups.iter().flatten().map(RecipientId::spelling).collect::<Vec<_>>());
        assert_eq!(ours, theirs, "{rules}\n{printed}");
    }
}

#[test]
fn who_is_added_to_a_rule_file_is_a_recipient_for_sops() {
    let Some(bench) = prepared() else { return };
    let carol = with_people(&bench, "CCC");
    let new =
        Newcomer { name: Some("carol".to_owned()), recipient: RecipientId::new(KeyKind::Age, carol.clone()) };
    for rules in [
        "creation_rules:\n- age: AAA,BBB\n",
        "creation_rules:\n- age: >-\n    AAA,\n    BBB\n",
        "creation_rules:\n- age: AAA # alice\n",
        "creation_rules:\n- age: [AAA]\n",
        "creation_rules:\n- age:\n  - AAA # alice\n",
        "creation_rules:\n- key_groups:\n  - age:\n    - AAA\n",
        "keys:\n- &alice AAA\ncreation_rules:\n- age: *alice\n",
        "keys:\n- &alice AAA\ncreation_rules:\n- key_groups:\n  - age:\n    - *alice\n",
        "base: &base\n  age: AAA\ncreation_rules:\n- <<: *base\n",
        "creation_rules: [{age: AAA}]\n",
    ] {
        let before = with_people(&bench, rules);
        bench.write(".sops.yaml", &before);
        let without = by_sops(&bench, "a.yaml", &[]).unwrap();
        let after =
            add(before.as_bytes(), &[0], None, &new).unwrap_or_else(|error| panic!("{error}\n{rules}"));
        bench.write(".sops.yaml", &after);
        let with = by_sops(&bench, "a.yaml", &[]).unwrap();
        assert_eq!(with.replace(&format!(", \"{carol}\""), ""), without, "{}", text(&after));
        assert_ne!(with, without, "{}", text(&after));
        assert_eq!(by_lacre(&bench, "a.yaml", &[]), Some(with));
        bench.write(".sops.yaml", remove(&after, None, &new.recipient).unwrap());
        assert_eq!(by_sops(&bench, "a.yaml", &[]), Some(without), "{rules}");
    }
}
