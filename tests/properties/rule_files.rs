//! Rule files in every way people write them: who is added and removed again leaves the same bytes, and nobody else
//! comes, goes or loses a name.

use lacre::base::RecipientId;
use lacre::workspace::rule_edit::{Newcomer, RuleEditError, add, remove};
use proptest::prelude::*;

use super::cases;

const PEOPLE: [&str; 4] = ["alice", "bob", "dora", "emil"];

/// How one rule spells its recipients.
#[derive(Clone, Copy, Debug)]
enum Form {
    Lines,
    Brackets,
    Commas,
    Folded,
    Group,
    BracketsInLines,
}

#[derive(Clone, Debug)]
struct RuleSpec {
    form: Form,
    people: usize,
    comment: bool,
    aliases: bool,
}

#[derive(Clone, Debug)]
struct FileSpec {
    rules: Vec<RuleSpec>,
    keys: Option<bool>,
    indent: usize,
    line_end: &'static str,
    ends: bool,
    head: bool,
}

fn files() -> impl Strategy<Value = FileSpec> {
    let form = prop_oneof![
        Just(Form::Lines),
        Just(Form::Brackets),
        Just(Form::Commas),
        Just(Form::Folded),
        Just(Form::Group),
        Just(Form::BracketsInLines),
    ];
    let rule = (form, 1usize..=4, any::<bool>(), any::<bool>())
        .prop_map(|(form, people, comment, aliases)| RuleSpec { form, people, comment, aliases });
    let rules = proptest::collection::vec(rule, 1..4);
    let line_end = prop_oneof![4 => Just("\n"), 1 => Just("\r\n")];
    (rules, any::<Option<bool>>(), 0usize..3, line_end, any::<bool>(), any::<bool>()).prop_map(
        |(rules, keys, indent, line_end, ends, head)| FileSpec { rules, keys, indent, line_end, ends, head },
    )
}

fn spelled(file: &FileSpec) -> String {
    let mut lines: Vec<String> = Vec::new();
    if file.head {
        lines.extend(["# who reads what".to_owned(), String::new()]);
    }
    let dash = " ".repeat(file.indent);
    match file.keys {
        Some(true) => {
            lines.push("keys:".to_owned());
            lines.extend(PEOPLE.iter().map(|name| format!("{dash}- &{name} age1{name} # known")));
        }
        Some(false) => {
            let all: Vec<String> = PEOPLE.iter().map(|name| format!("&{name} age1{name}")).collect();
            lines.push(format!("keys: [{}]", all.join(", ")));
        }
        None => {}
    }
    lines.push("creation_rules:".to_owned());
    for (number, rule) in file.rules.iter().enumerate() {
        lines.push(format!("{dash}- path_regex: ^{number}/"));
        let field = format!("{dash}  ");
        let item = |name: &&str| match file.keys {
            Some(_) if rule.aliases => format!("*{name}"),
            _ => format!("age1{name}"),
        };
        let people = &PEOPLE[..rule.people];
        let plain: Vec<String> = people.iter().map(|name| format!("age1{name}")).collect();
        let items: Vec<String> = people.iter().map(item).collect();
        let comment = if rule.comment { " # here" } else { "" };
        match rule.form {
            Form::Lines => {
                lines.push(format!("{field}age:{comment}"));
                lines.extend(items.iter().map(|item| format!("{field}- {item}")));
            }
            Form::Brackets => lines.push(format!("{field}age: [{}]{comment}", items.join(", "))),
            Form::BracketsInLines => {
                lines.push(format!("{field}age: ["));
                lines.push(format!("{field}    {}", items.join(&format!(",\n{field}    "))));
                lines.push(format!("{field}  ]{comment}"));
            }
            Form::Commas => lines.push(format!("{field}age: {}{comment}", plain.join(","))),
            Form::Folded => {
                lines.push(format!("{field}age: >-"));
                lines.push(format!("{field}  {}", plain.join(&format!(",\n{field}  "))));
            }
            Form::Group => {
                lines.push(format!("{field}key_groups:"));
                lines.push(format!("{field}  - pgp: []"));
                lines.push(format!("{field}    age:{comment}"));
                lines.extend(items.iter().map(|item| format!("{field}      - {item}")));
            }
        }
    }
    let text = lines.join("\n") + if file.ends { "\n" } else { "" };
    text.replace('\n', file.line_end)
}

fn carol(named: bool) -> Newcomer {
    let recipient = RecipientId::guess("age1carol").unwrap();
    Newcomer { name: named.then(|| "carol".to_owned()), recipient }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn who_is_added_and_removed_again_leaves_no_trace(file in files(), at in 0usize..4, named: bool) {
        let index = at % file.rules.len();
        // A comment behind a single recipient is its name, which is written down elsewhere then.
        let is_name = |rule: &RuleSpec| matches!(rule.form, Form::Commas) && rule.people == 1 && rule.comment;
        prop_assume!(!is_name(&file.rules[index]));
        let text = spelled(&file);
        let new = carol(named);
        let after = add(text.as_bytes(), &[index], None, &new).map_err(|error| {
            TestCaseError::fail(format!("{error}\n{text}"))
        })?;
        let shown = String::from_utf8(after.clone()).unwrap();
        prop_assert!(shown.contains("age1carol"), "{}", shown);
        prop_assert_eq!(shown.contains("carol\n") || !named || shown.contains("carol "), true);
        prop_assert_eq!(&add(&after, &[index], None, &new).unwrap(), &after, "twice");
        let back = remove(&after, Some(&[index]), &new.recipient).map_err(|error| {
            TestCaseError::fail(format!("{error}\n{shown}"))
        })?;
        prop_assert_eq!(String::from_utf8(back).unwrap(), text, "by way of\n{}", shown);
    }

    #[test]
    fn who_is_removed_is_gone_or_the_last(file in files(), who in 0usize..4) {
        let text = spelled(&file);
        let recipient = RecipientId::guess(&format!("age1{}", PEOPLE[who])).unwrap();
        let lonely = file.rules.iter().any(|rule| rule.people == 1 && who == 0);
        let named = file.rules.iter().any(|rule| rule.people > who);
        match remove(text.as_bytes(), None, &recipient) {
            Err(RuleEditError::LastOne { .. }) => prop_assert!(lonely, "{}", text),
            Err(RuleEditError::NotNamed) => prop_assert!(!named, "{}", text),
            Err(error) => prop_assert!(false, "{}\n{}", error, text),
            Ok(after) => {
                let after = String::from_utf8(after).unwrap();
                prop_assert!(named && !lonely && !after.contains(&recipient.id), "{}", after);
            }
        }
    }
}
