//! Rule files as trees: what is read from them, which rule matches, and what is refused.

use super::*;
use crate::base::KeyKind;
use crate::policy::SelectorKind;

fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    Node::Map(entries.into_iter().map(|(key, node)| (key.as_bytes().to_vec(), node)).collect())
}

fn list<const N: usize>(items: [Node; N]) -> Node {
    Node::List(items.into())
}

fn strings(texts: &[&str]) -> Node {
    Node::List(texts.iter().map(|text| Node::str(text)).collect())
}

fn rules<const N: usize>(rules: [Node; N]) -> Rules {
    Rules::parse(&map([("creation_rules", list(rules))])).unwrap().unwrap()
}

fn only(rule: Node) -> Result<Rule, RuleError> {
    rules([rule]).first_match("any").map(|rule| rule.unwrap().clone())
}

fn group_of<const N: usize>(fields: [(&str, Node); N]) -> Node {
    map([("key_groups", list([map(fields)]))])
}

fn nested_merges(depth: usize) -> Node {
    (0..depth).fold(list([]), |inner, _| list([map([("merge", inner)])]))
}

fn many_recipients() -> String {
    (0..1025).map(|number| format!("age1{number}")).collect::<Vec<_>>().join(",")
}

/// The groups as `kind:id` texts.
fn keys(rule: Node) -> Vec<Vec<String>> {
    let spelled = |key: &RecipientId| format!("{}:{}", key.kind.name(), key.spelling());
    only(rule).unwrap().groups.iter().map(|group| group.iter().map(spelled).collect()).collect()
}

#[test]
fn the_first_rule_that_matches_wins() {
    let rule = |regex: &str| map([("path_regex", Node::str(regex))]);
    let rules = rules([rule(r"\.env$"), rule("^prod/"), map([])]);
    for (path, index) in
        [(".env", 0), ("prod/.env", 0), ("prod/a.yaml", 1), ("x/prod/a", 2), ("/tmp/a.env.x", 2)]
    {
        assert_eq!(rules.first_match(path).unwrap().unwrap().index, index, "{path}");
    }
}

#[test]
fn no_rule_may_match() {
    let rules = rules([map([("path_regex", Node::str("^a$"))])]);
    assert_eq!(rules.first_match("b"), Ok(None));
}

#[test]
fn a_file_without_creation_rules_counts_as_absent() {
    for file in [map([]), map([("creation_rules", Node::Value(Value::Null))]), map([("keys", list([]))])] {
        assert!(Rules::parse(&file).unwrap().is_none());
    }
    assert_eq!(Rules::parse(&map([("creation_rules", map([]))])).unwrap_err(), RuleError::NotAList);
}

#[test]
fn every_field_is_read() {
    let rule = map([
        ("path_regex", Node::str("")),
        ("age", Node::str("age1a, age1b,\n")),
        ("shamir_threshold", Node::Value(Value::Int(2))),
        ("encrypted_regex", Node::str("^data$")),
        ("unencrypted_suffix", Node::str("")),
        ("mac_only_encrypted", Node::Value(Value::Bool(true))),
        (
            "lacre",
            map([
                ("require_seal", Node::Value(Value::Bool(true))),
                ("must_encrypt", Node::Value(Value::Bool(true))),
                ("dotenv", Node::str("literal")),
            ]),
        ),
        ("unknown", list([])),
    ]);
    let key = |id: &str| RecipientId::new(KeyKind::Age, id.to_owned());
    let expected = Rule {
        index: 0,
        path_regex: None,
        groups: vec![vec![key("age1a"), key("age1b")]],
        shamir_threshold: Some(2),
        selector: Some(Selector { kind: SelectorKind::EncryptedRegex, text: "^data$".to_owned() }),
        mac_only_encrypted: true,
        lacre: Extension { must_encrypt: true, require_seal: true, dotenv_literal: true },
    };
    assert_eq!(only(rule), Ok(expected));
}

#[test]
fn flat_keys_are_one_group_in_the_order_of_sops() {
    let flat = map([
        ("hc_vault_transit_uri", Node::str("https://v/v1/sops/keys/k")),
        ("kms", Node::str("arn:aws:kms:x+arn:aws:iam:role")),
        ("pgp", strings(&["85D7"])),
        ("age", strings(&["age1a", "ssh-ed25519 AAAA me", "age1a"])),
    ]);
    let expected = [
        "age:age1a",
        "age:ssh-ed25519 AAAA me",
        "pgp:85D7",
        "kms:arn:aws:kms:x+arn:aws:iam:role",
        "hc_vault:https://v/v1/sops/keys/k",
    ];
    assert_eq!(keys(flat.clone()), [expected]);
    let role = (b"role".to_vec(), Node::str("arn:aws:iam:role"));
    assert_eq!(only(flat).unwrap().groups[0][3].other, [role]);
    assert!(keys(map([("age", Node::str("")), ("key_groups", list([]))])).is_empty());
}

#[test]
fn key_groups_win_over_flat_keys_and_merged_keys_come_first() {
    let rule = map([
        ("age", Node::str("age1flat")),
        (
            "key_groups",
            list([
                map([
                    ("age", strings(&["age1a", "age1b"])),
                    ("merge", list([map([("age", strings(&["age1m", "age1a"])), ("pgp", strings(&["F"]))])])),
                ]),
                map([
                    ("kms", list([map([("arn", Node::str("arn:x")), ("role", Node::str("r"))])])),
                    ("azure_keyvault", list([map([("vaultUrl", Node::str("u")), ("key", Node::str("k"))])])),
                ]),
                map([]),
            ]),
        ),
    ]);
    let groups = only(rule.clone()).unwrap().groups;
    assert_eq!(groups[1][0].other, [(b"role".to_vec(), Node::str("r"))]);
    assert_eq!(
        keys(rule),
        [
            vec!["age:age1m", "age:age1a", "pgp:F", "age:age1b"],
            vec!["kms:arn:x+r", "azure_kv:u/keys/k"],
            vec![]
        ]
    );
}

#[test]
fn what_is_wrong_is_told_by_rule_and_field() {
    let number = || Node::Value(Value::Int(-1));
    let field = |field| RuleError::Field { rule: 1, field };
    for (rule, error) in [
        (list([]), RuleError::NotAMap { rule: 1 }),
        (map([("path_regex", Node::str("(["))]), RuleError::PathRegex { rule: 1 }),
        (map([("path_regex", number())]), field("path_regex")),
        (
            map([("encrypted_regex", Node::str("a")), ("encrypted_suffix", Node::str("b"))]),
            RuleError::TwoSelectors { rule: 1 },
        ),
        (map([("encrypted_regex", number())]), field("encrypted_regex")),
        (map([("age", number())]), field("age")),
        (map([("age", list([number()]))]), field("age")),
        (map([("shamir_threshold", number())]), field("shamir_threshold")),
        (map([("mac_only_encrypted", Node::str("maybe"))]), field("mac_only_encrypted")),
        (map([("hckms", Node::str("r:k"))]), field("hckms")),
        (map([("kms", list([map([("arn", Node::str("arn:x"))])]))]), field("kms")),
        (group_of([("age", Node::str("age1a"))]), field("age")),
        (group_of([("kms", strings(&["arn:x"]))]), field("kms")),
        (group_of([("merge", nested_merges(40))]), field("merge")),
        (map([("age", Node::str(&many_recipients()))]), RuleError::TooMany { rule: 1 }),
        (map([("key_groups", map([]))]), field("key_groups")),
        (map([("key_groups", strings(&["age1a"]))]), field("key_groups")),
        (map([("key_groups", list([map([("merge", map([]))])]))]), field("merge")),
        (map([("key_groups", list([map([("kms", list([map([])]))])]))]), field("kms")),
        (map([("lacre", map([("dotenv", Node::str("x"))]))]), field("dotenv")),
        (map([("lacre", map([("require_seals", Node::Value(Value::Bool(true)))]))]), field("lacre")),
        (map([("lacre", Node::str("require_seal"))]), field("lacre")),
    ] {
        assert_eq!(only(rule), Err(error));
    }
}

#[test]
fn a_broken_rule_stops_only_the_files_that_reach_it() {
    let rules =
        rules([map([("path_regex", Node::str("^a$"))]), map([("path_regex", Node::str("("))]), map([])]);
    assert_eq!(rules.first_match("a").unwrap().unwrap().index, 0);
    assert_eq!(rules.first_match("b"), Err(RuleError::PathRegex { rule: 2 }));
    assert_eq!(rules.all().flatten().count(), 2);
}

#[test]
fn every_map_of_a_group_is_read_by_its_own_names() {
    let text = Node::str;
    let rule = group_of([
        (
            "kms",
            list([map([
                ("aws_profile", text("p")),
                ("context", map([("b", text("c")), ("a", text("d"))])),
                ("arn", text(" arn:x ")),
                ("role", text("")),
                ("created", text("ignored")),
            ])]),
        ),
        ("gcp_kms", list([map([("resource_id", text("projects/p"))])])),
        ("hckms", list([map([("key_id", text("r:k"))])])),
        (
            "azure_keyvault",
            list([map([
                ("version", Node::Value(Value::Int(12))),
                ("key", text("k")),
                ("vaultUrl", text("https://v")),
            ])]),
        ),
        ("hc_vault", strings(&["https://v:8200/v1/t/keys/k"])),
    ]);
    let groups = only(rule).unwrap().groups;
    let key = |kind, id: &str| RecipientId::new(kind, id.to_owned());
    let context = map([("a", text("d")), ("b", text("c"))]);
    let mut kms = key(KeyKind::Kms, "arn:x");
    kms.other = vec![(b"context".to_vec(), context), (b"aws_profile".to_vec(), text("p"))];
    let expected = [
        kms,
        key(KeyKind::GcpKms, "projects/p"),
        key(KeyKind::HcKms, "r:k"),
        key(KeyKind::AzureKv, "k").with("vault_url", "https://v").with("version", "12"),
        key(KeyKind::HcVault, "k").with("vault_address", "https://v:8200").with("engine_path", "t"),
    ];
    assert_eq!(groups, [expected]);
}

#[test]
fn a_list_of_texts_may_have_commas_and_a_profile_is_for_all_keys_of_aws() {
    let flat = map([
        ("kms", strings(&["arn:a,arn:b+arn:r", "arn:a"])),
        ("aws_profile", Node::str("p")),
        ("age", strings(&["age1a, age1b,"])),
        ("mac_only_encrypted", Node::str("yes")),
    ]);
    let rule = only(flat.clone()).unwrap();
    assert!(rule.mac_only_encrypted);
    assert_eq!(keys(flat), [["age:age1a", "age:age1b", "kms:arn:a", "kms:arn:b+arn:r"]]);
    assert_eq!(rule.groups[0][2].field("aws_profile"), Some("p"));
    assert_eq!(rule.groups[0][0].field("aws_profile"), None);
}
