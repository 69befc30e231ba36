//! Rule files before and after: who is added where, what stays, and what is refused.

use super::*;

const ALICE: &str = "age1alice";
const CAROL: &str = "age1carol";

fn newcomer(name: &str, key: &str) -> Newcomer {
    let name = (!name.is_empty()).then(|| name.to_owned());
    Newcomer { name, recipient: RecipientId::guess(key).unwrap() }
}

fn added(text: &str, rules: &[usize], group: Option<usize>) -> Result<String, RuleEditError> {
    let text = add(text.as_bytes(), rules, group, &newcomer("carol", CAROL))?;
    Ok(String::from_utf8(text).unwrap())
}

fn removed(text: &str, rules: Option<&[usize]>, key: &str) -> Result<String, RuleEditError> {
    let text = remove(text.as_bytes(), rules, &RecipientId::guess(key).unwrap())?;
    Ok(String::from_utf8(text).unwrap())
}

/// Added to the first rule, and removed again.
#[track_caller]
fn there_and_back(before: &str, after: &str) {
    assert_eq!(added(before, &[0], None).unwrap(), after);
    assert_eq!(added(after, &[0], None).unwrap(), after, "twice");
    assert_eq!(removed(after, None, CAROL).unwrap(), before);
}

#[test]
fn a_list_of_anchors_takes_the_name() {
    there_and_back(
        "# who\nkeys:\n  - &alice age1alice # admin\n\ncreation_rules:\n  # all\n  - path_regex: a\n    age:\n      - *alice\n  - age: age1z\n",
        "# who\nkeys:\n  - &alice age1alice # admin\n  - &carol age1carol\n\ncreation_rules:\n  # all\n  - path_regex: a\n    age:\n      - *alice\n      - *carol\n  - age: age1z\n",
    );
}

#[test]
fn a_list_in_lines_takes_a_comment() {
    there_and_back(
        "creation_rules:\n  - age:\n    - age1alice # alice\n    # the end\n",
        "creation_rules:\n  - age:\n    - age1alice # alice\n    # the end\n    - age1carol # carol\n",
    );
    there_and_back(
        "creation_rules:\r\n  - age:\r\n    - age1alice",
        "creation_rules:\r\n  - age:\r\n    - age1alice\r\n    - age1carol # carol",
    );
}

#[test]
fn a_list_in_brackets_takes_an_anchor() {
    there_and_back(
        "creation_rules:\n  - age: [age1alice, 'age1bob'] # c\n",
        "creation_rules:\n  - age: [age1alice, 'age1bob', &carol age1carol] # c\n",
    );
    there_and_back(
        "keys: [&alice age1alice]\ncreation_rules: [{age: [*alice]}]\n",
        "keys: [&alice age1alice, &carol age1carol]\ncreation_rules: [{age: [*alice, *carol]}]\n",
    );
}

#[test]
fn a_text_with_commas_stays_one() {
    let keys = "keys:\n  - &carol age1carol\n";
    for (before, after) in [
        ("age1alice", "age1alice,age1carol"),
        ("age1alice, age1bob # c", "age1alice, age1bob, age1carol # c"),
        ("\"age1alice,age1bob\"", "\"age1alice,age1bob,age1carol\""),
        (">-\n      age1alice,\n      age1bob", ">-\n      age1alice,\n      age1bob,\n      age1carol"),
        ("|\n      age1alice,\n      age1bob,", "|\n      age1alice,\n      age1bob,\n      age1carol,"),
        ("age1alice,\n      age1bob", "age1alice,\n      age1bob,\n      age1carol"),
    ] {
        let rule = |text: &str| format!("creation_rules:\n  - age: {text}\n    pgp: ''\n");
        there_and_back(&rule(before), &(keys.to_owned() + &rule(after)));
    }
}

#[test]
fn the_name_behind_a_single_text_is_kept() {
    let after = "keys:\n  - &alice age1alice\n  - &carol age1carol\ncreation_rules:\n- age: age1alice,age1carol # alice\n";
    there("creation_rules:\n- age: age1alice # alice\n", after);
    let back = removed(after, None, CAROL).unwrap();
    assert_eq!(back, "keys:\n  - &alice age1alice\ncreation_rules:\n- age: age1alice # alice\n");
}

#[test]
fn the_first_of_a_text_goes_without_a_trace() {
    for (before, after) in [
        ("age1alice,age1bob", "age1bob"),
        (">-\n      age1alice,\n      age1bob", ">-\n      age1bob"),
        ("'age1x, age1alice,age1bob'", "'age1x,age1bob'"),
    ] {
        let rule = |text: &str| format!("creation_rules:\n  - age: {text}\n");
        assert_eq!(removed(&rule(before), None, ALICE).unwrap(), rule(after));
    }
}

#[test]
fn a_name_that_is_there_is_used() {
    assert_eq!(
        added("keys:\n- &carol age1carol\ncreation_rules:\n- age: [age1alice]\n", &[0], None).unwrap(),
        "keys:\n- &carol age1carol\ncreation_rules:\n- age: [age1alice, *carol]\n"
    );
}

#[test]
fn one_alias_becomes_a_list() {
    there(
        "keys:\n- &alice age1alice\ncreation_rules:\n- age: *alice\n",
        "keys:\n- &alice age1alice\n- &carol age1carol\ncreation_rules:\n- age: [*alice, *carol]\n",
    );
}

#[track_caller]
fn there(before: &str, after: &str) {
    assert_eq!(added(before, &[0], None).unwrap(), after);
}

#[test]
fn a_kind_that_a_rule_has_not_yet_gets_a_list() {
    there(
        "creation_rules:\n  - pgp: F\n",
        "creation_rules:\n  - pgp: F\n    age:\n      - age1carol # carol\n",
    );
    there(
        "creation_rules:\n  - pgp: F\n    age:\n",
        "creation_rules:\n  - pgp: F\n    age:\n      - age1carol # carol\n",
    );
    there("creation_rules:\n  - {pgp: F}\n", "creation_rules:\n  - {pgp: F, age: [&carol age1carol]}\n");
}

#[test]
fn every_kind_of_key_is_added_to_rules_and_groups() {
    for (key, kind, flat, group) in [
        ("ssh-ed25519 AAAA", "age", "ssh-ed25519 AAAA # n", "ssh-ed25519 AAAA # n"),
        (
            "85D77543B3D624B63CEA9E6DBC17301B491B3F21",
            "pgp",
            "85D77543B3D624B63CEA9E6DBC17301B491B3F21 # n",
            "85D77543B3D624B63CEA9E6DBC17301B491B3F21 # n",
        ),
        (
            "arn:aws:kms:e:1:key/a+arn:aws:iam::1:role/r",
            "kms",
            "arn:aws:kms:e:1:key/a+arn:aws:iam::1:role/r # n",
            "arn: arn:aws:kms:e:1:key/a # n\n          role: arn:aws:iam::1:role/r",
        ),
        (
            "projects/p/locations/l/keyRings/r/cryptoKeys/k",
            "gcp_kms",
            "projects/p/locations/l/keyRings/r/cryptoKeys/k # n",
            "resource_id: projects/p/locations/l/keyRings/r/cryptoKeys/k # n",
        ),
        (
            "https://v.vault.azure.net/keys/k/0",
            "azure_keyvault",
            "https://v.vault.azure.net/keys/k/0 # n",
            "key: k # n\n          vaultUrl: https://v.vault.azure.net\n          version: \"0\"",
        ),
        (
            "https://v:8200/v1/t/keys/k",
            "vault",
            "https://v:8200/v1/t/keys/k # n",
            "https://v:8200/v1/t/keys/k # n",
        ),
    ] {
        let (flat_field, group_field) = match kind {
            "vault" => ("hc_vault_transit_uri", "hc_vault"),
            _ => (kind, kind),
        };
        let new = newcomer("n", key);
        let before = "creation_rules:\n- unencrypted_regex: x\n";
        let after = add(before.as_bytes(), &[0], None, &new).unwrap();
        assert_eq!(String::from_utf8(after).unwrap(), format!("{before}  {flat_field}:\n    - {flat}\n"));
        let before = "creation_rules:\n- key_groups:\n    - age:\n        - age1a\n";
        let after = add(before.as_bytes(), &[0], None, &new).unwrap();
        let after = String::from_utf8(after).unwrap();
        let expected = if kind == "age" {
            format!("{before}        - {group}\n")
        } else {
            format!("{before}      {group_field}:\n        - {group}\n")
        };
        assert_eq!(after, expected);
        assert_eq!(removed(&after, None, key).unwrap(), before, "{key}");
    }
}

#[test]
fn the_group_is_asked_for_where_there_are_several() {
    let text = "creation_rules:\n- key_groups:\n  - age: [age1a]\n  - age: [age1b]\n    merge:\n    - age: [age1m]\n";
    assert_eq!(added(text, &[0], None), Err(RuleEditError::GroupNeeded { rule: 1, groups: 2 }));
    assert_eq!(added(text, &[0], Some(2)), Err(RuleEditError::NoGroup { rule: 1, group: 3 }));
    assert_eq!(added(text, &[1], None), Err(RuleEditError::NoRule(2)));
    let after = added(text, &[0], Some(1)).unwrap();
    assert_eq!(after, text.replace("age1b]", "age1b, &carol age1carol]"));
    assert_eq!(removed(&after, None, "age1m").unwrap(), after.replace("    - age: [age1m]\n", "    - {}\n"));
    assert_eq!(removed(text, None, "age1a"), Err(RuleEditError::LastOne { rule: 1, group: Some(1) }));
}

#[test]
fn nobody_left_is_refused() {
    for text in [
        "creation_rules:\n- age: age1alice\n",
        "creation_rules:\n- age: [age1alice]\n- age: age1b,age1alice\n",
        "keys: [&a age1alice]\ncreation_rules:\n- age: [*a, age1alice]\n",
    ] {
        assert_eq!(
            removed(text, None, ALICE),
            Err(RuleEditError::LastOne { rule: 1, group: None }),
            "{text}"
        );
    }
    assert_eq!(removed("creation_rules:\n- age: age1b\n", None, ALICE), Err(RuleEditError::NotNamed));
    let both = "creation_rules:\n- age: [age1alice]\n  pgp: [F]\n";
    assert_eq!(removed(both, None, ALICE).unwrap(), "creation_rules:\n- pgp: [F]\n");
}

#[test]
fn what_several_rules_share_changes_for_all_or_none() {
    for text in [
        "team: &team [age1alice]\ncreation_rules:\n- path_regex: a\n  age: *team\n- age: *team\n",
        "base: &base {age: [age1alice]}\ncreation_rules:\n- path_regex: a\n  <<: *base\n- <<: *base\n",
        "team: &team age1alice,age1bob\ncreation_rules:\n- path_regex: a\n  age: *team\n- age: *team\n",
    ] {
        assert_eq!(added(text, &[0], None), Err(RuleEditError::Shared(vec![2])), "{text}");
        let after = added(text, &[0, 1], None).unwrap();
        assert!(after.contains("age1carol"), "{after}");
        assert_eq!(removed(&after, Some(&[1]), CAROL), Err(RuleEditError::Shared(vec![1])));
        assert_eq!(removed(&after, None, CAROL).unwrap(), text);
    }
}

#[test]
fn an_anchor_that_is_still_needed_moves_to_the_first_alias() {
    let text = "creation_rules:\n- path_regex: a\n  age:\n  - &alice age1alice\n  - age1b\n- age: [*alice, age1c]\n- age: [*alice]\n";
    assert_eq!(
        removed(text, Some(&[0]), ALICE).unwrap(),
        "creation_rules:\n- path_regex: a\n  age:\n  - age1b\n- age: [&alice age1alice, age1c]\n- age: [*alice]\n"
    );
}

#[test]
fn a_definition_stays_while_something_uses_it() {
    let text = "keys:\n- &alice age1alice\n- &bob age1bob\ncreation_rules:\n- path_regex: a\n  age: [*alice, *bob]\n- age: [*alice, *bob]\n";
    assert_eq!(removed(text, Some(&[0]), ALICE).unwrap(), text.replacen("[*alice, *bob]", "[*bob]", 1));
    let published = format!("{text}destination_rules:\n- recreation_rule: {{age: *alice}}\n");
    assert!(removed(&published, None, ALICE).unwrap().starts_with("keys:\n- &alice age1alice\n"));
}

#[test]
fn names_are_checked() {
    let text = "keys:\n- &carol age1x\ncreation_rules:\n- age: [age1a]\n- age:\n  - age1b # dora\n";
    assert_eq!(added(text, &[0], None), Err(RuleEditError::NameTaken { line: 2 }));
    let named = |name: &str, rule| add(text.as_bytes(), &[rule], None, &newcomer(name, CAROL));
    assert_eq!(named("dora", 0), Err(RuleEditError::NameTaken { line: 6 }));
    for name in ["a\nb", " a", "a # b", "", "a\u{1b}"] {
        let new = Newcomer { name: Some(name.to_owned()), ..newcomer("", CAROL) };
        assert_eq!(add(text.as_bytes(), &[0], None, &new), Err(RuleEditError::Name));
    }
    assert_eq!(named("the boss", 0), Err(RuleEditError::Name));
    let after = String::from_utf8(named("the boss", 1).unwrap()).unwrap();
    assert_eq!(after, format!("{text}  - age1carol # the boss\n"));
}

#[test]
fn without_a_name_there_is_only_the_key() {
    let text = "keys:\n- &alice age1alice\ncreation_rules:\n- age: [*alice]\n";
    let after = add(text.as_bytes(), &[0], None, &newcomer("", CAROL)).unwrap();
    assert_eq!(String::from_utf8(after).unwrap(), text.replace("[*alice]", "[*alice, age1carol]"));
}
