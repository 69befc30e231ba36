//! Three-way merging: the base is neutral on either side, and changes in different places never conflict.

use std::collections::BTreeMap;

use lacre::base::{Node, Path, Step, Value};
use lacre::document::Binary;
use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::document::{Format, Ini, Json};
use lacre::envelope::{ChangeError, Choice, MergeError, Plain, merge, merge_texts};
use proptest::prelude::*;
use proptest::sample::Index;

use super::scene::{plain, shown};
use super::{cases, round_trip, samples};

fn bases() -> impl Strategy<Value = Plain> {
    let without_aliases = |text: &String| !text.contains(" *a") && !text.contains("&a");
    prop_oneof![
        samples::dotenv().prop_map(|text| {
            let prepared = Dotenv.prepare(text.into_bytes());
            plain(prepared.text.expose(), &Dotenv as &'static dyn Format)
        }),
        samples::ini().prop_map(|text| plain(text.as_bytes(), &Ini)),
        samples::json(false, true).prop_map(|text| plain(text.as_bytes(), &Json)),
        samples::yaml(false, true)
            .prop_filter("aliases stay where they are", without_aliases)
            .prop_map(|text| plain(text.as_bytes(), &Yaml)),
    ]
}

/// Sets or removes one leaf outside lists, or adds one at the top.
fn changed(base: &Plain, (kind, pick): (u8, Index), name: &str) -> Result<(Path, Plain), ChangeError> {
    let leaves: Vec<Path> = base
        .leaves()
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| !path.steps.is_empty() && path.steps.iter().all(|step| matches!(step, Step::Key(_))))
        .collect();
    let value = Node::Value(Value::str(name));
    let key = format!("zz_{name}");
    let is_ini = base.document().format().name() == "ini";
    let steps = if is_ini { vec!["DEFAULT", &key] } else { vec![key.as_str()] };
    let new = Path { document: 0, steps: steps.into_iter().map(|key| Step::Key(key.into())).collect() };
    let (path, plain) = match leaves.get(pick.index(leaves.len().max(1))) {
        Some(path) if kind == 0 => (path.clone(), base.with(path, &value)?),
        Some(path) if kind == 1 => (path.clone(), base.without(path)?),
        _ => (new.clone(), base.with(&new, &value)?),
    };
    Ok((path, plain))
}

/// The last value at every path, by names as people use them.
fn values(plain: &Plain) -> BTreeMap<Path, String> {
    let name = |step| match step {
        Step::Key(key) => Step::Key(plain.document().format().key_name(&key).to_vec()),
        index @ Step::Index(_) => index,
    };
    let leaves = round_trip::values(plain.document()).into_iter();
    leaves
        .map(|(Path { document, steps }, kind, text)| {
            (Path { document, steps: steps.into_iter().map(name).collect() }, format!("{kind:?} {text}"))
        })
        .collect()
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn what_one_side_leaves_alone_is_taken_from_the_other(base in bases(), edits in prop::collection::vec((0..3u8, any::<Index>()), 1..4)) {
        let mut other = base.clone();
        for (number, edit) in edits.into_iter().enumerate() {
            other = changed(&other, edit, &format!("n{number}")).unwrap().1;
        }
        let kept = merge(Some(&base), &other, &base).unwrap();
        prop_assert_eq!(kept.plain.document().text(), other.document().text());
        prop_assert!(kept.taken.is_empty());
        let taken = merge(Some(&base), &base, &other).unwrap();
        prop_assert_eq!(values(&taken.plain), values(&other), "\n{}\n{}", shown(base.document().text()), shown(other.document().text()));
        let same = merge(Some(&base), &other, &other).unwrap();
        prop_assert_eq!(same.plain.document().text(), other.document().text());
    }

    #[test]
    fn changes_in_different_places_never_conflict(base in bases(), one in (0..3u8, any::<Index>()), two in (0..3u8, any::<Index>())) {
        let (place, ours) = changed(&base, one, "ours").unwrap();
        let (other, theirs) = changed(&base, two, "theirs").unwrap();
        let name = |path: &Path| values_key(&base, path);
        if name(&place) == name(&other) {
            let (forth, back) = (merge(Some(&base), &ours, &theirs), merge(Some(&base), &theirs, &ours));
            prop_assert_eq!(forth.is_err(), back.is_err());
            if let (Err(MergeError::Conflict(forth)), Err(MergeError::Conflict(back))) = (forth, back) {
                prop_assert_eq!(forth, back);
            }
            return Ok(());
        }
        let all = || [&base, &ours, &theirs].map(|plain| shown(plain.document().text())).join("\n---\n");
        let forth = merge(Some(&base), &ours, &theirs).map_err(|error| TestCaseError::fail(format!("{error}: {}", all())))?.plain;
        let back = merge(Some(&base), &theirs, &ours).unwrap().plain;
        prop_assert_eq!(values(&forth), values(&back), "\n{}\n{}\n{}", shown(base.document().text()), shown(ours.document().text()), shown(theirs.document().text()));
    }
}

/// Values by path; of a list all of them, by the path of the list.
type Whole = BTreeMap<Path, Vec<(Path, String)>>;

fn whole(plain: &Plain) -> Whole {
    let mut found = Whole::new();
    for (path, value) in values(plain) {
        let length = path.steps.iter().position(|step| matches!(step, Step::Index(_)));
        let steps = path.steps[..length.unwrap_or(path.steps.len())].to_vec();
        found.entry(Path { document: path.document, steps }).or_default().push((path, value));
    }
    found
}

/// What a merge shall say, computed from values alone: what only one side changed, and what the choice says where both did.
fn model(sides: [&Whole; 3], choice: &Choice) -> (Whole, Vec<Path>) {
    let [base, ours, theirs] = sides;
    let (mut merged, mut conflicts) = (BTreeMap::new(), Vec::new());
    let mut paths: Vec<&Path> = sides.into_iter().flat_map(BTreeMap::keys).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        let (b, o, t) = (base.get(path), ours.get(path), theirs.get(path));
        let value = if o == t || b == t {
            o
        } else if b == o {
            t
        } else {
            conflicts.push(path.clone());
            match choice {
                Choice::Base => b,
                Choice::Theirs => t,
                _ => o,
            }
        };
        merged.extend(value.map(|value| (path.clone(), value.clone())));
    }
    (merged, conflicts)
}

/// Several changes, and for formats with comments a comment line between two others, if that is well-formed there.
fn edited(base: &Plain, edits: &[(u8, Index)], comment: Option<Index>, name: &str) -> Plain {
    let mut plain = base.clone();
    for (number, edit) in edits.iter().enumerate() {
        plain = changed(&plain, *edit, &format!("{name}{number}")).unwrap().1;
    }
    let format = plain.document().format();
    let Some(comment) = comment.filter(|_| format.name() != "json") else { return plain };
    let mut lines: Vec<&[u8]> = plain.document().text().split_inclusive(|byte| *byte == b'\n').collect();
    let line = format!("# comment of {name}\n");
    let at = comment.index(lines.len() + 1);
    if at > 0 && !lines[at - 1].ends_with(b"\n") {
        return plain;
    }
    lines.insert(at, line.as_bytes());
    match Plain::parse(lines.concat(), format) {
        Ok(changed) if values(&changed) == values(&plain) => changed,
        _ => plain,
    }
}

fn edits() -> impl Strategy<Value = Vec<(u8, Index)>> {
    prop::collection::vec((0..3u8, any::<Index>()), 0..6)
}

fn text(plain: &Plain) -> String {
    String::from_utf8_lossy(plain.document().text()).into_owned()
}

proptest! {
    #![proptest_config(cases(1024))]

    #[test]
    fn a_merge_says_what_the_model_says(
        base in bases(), one in edits(), two in edits(), comments in any::<[Option<Index>; 2]>(), choice in 0..3u8,
    ) {
        let choice = [Choice::Ours, Choice::Theirs, Choice::Base][usize::from(choice)].clone();
        let (ours, theirs) = (edited(&base, &one, comments[0], "o"), edited(&base, &two, comments[1], "t"));
        let merged = merge_texts(Some(&base), &ours, &theirs, &|_| choice.clone());
        let all = || [&base, &ours, &theirs, &merged.plain].map(text).join("\n---\n");
        let (expected, conflicts) = model([&whole(&base), &whole(&ours), &whole(&theirs)], &choice);
        prop_assert_eq!(whole(&merged.plain), expected, "{}", all());
        prop_assert_eq!(&merged.conflicts, &conflicts, "{}", all());
        prop_assert!(merged.unsettled.is_empty(), "{}", all());
        let comment = "# comment of o\n";
        prop_assert_eq!(text(&merged.plain).contains(comment), text(&ours).contains(comment), "{}", all());
    }

    #[test]
    fn a_side_that_changed_nothing_or_the_same_takes_the_other_as_it_is(base in bases(), edits in edits(), comment in any::<Option<Index>>()) {
        let other = edited(&base, &edits, comment, "x");
        for [base, ours, theirs] in [[&base, &other, &other], [&base, &base, &other], [&base, &other, &base]] {
            let merged = merge_texts(Some(base), ours, theirs, &|_| Choice::Theirs);
            prop_assert_eq!(text(&merged.plain), text(&other));
            prop_assert!(merged.conflicts.is_empty());
        }
        let merged = merge_texts(None, &other, &other, &|_| Choice::Theirs);
        prop_assert_eq!(text(&merged.plain), text(&other));
    }

    #[test]
    fn without_a_base_nothing_of_either_is_lost(base in bases(), one in edits(), two in edits()) {
        let (ours, theirs) = (edited(&base, &one, None, "o"), edited(&base, &two, None, "t"));
        let merged = merge_texts(None, &ours, &theirs, &|_| Choice::Ours);
        let (expected, conflicts) = model([&Whole::new(), &whole(&ours), &whole(&theirs)], &Choice::Ours);
        let all = [&ours, &theirs, &merged.plain].map(text).join("\n---\n");
        prop_assert_eq!(whole(&merged.plain), expected, "{}", all);
        prop_assert_eq!(merged.conflicts, conflicts, "{}", all);
    }

    #[test]
    fn a_binary_file_merges_as_a_whole(sides in prop::array::uniform3(prop::collection::vec(0..3u8, 0..2))) {
        let [base, ours, theirs] = sides.map(|bytes| Plain::parse(bytes, &Binary).unwrap());
        for choice in [Choice::Base, Choice::Ours, Choice::Theirs] {
            let merged = merge_texts(Some(&base), &ours, &theirs, &|_| choice.clone());
            let (expected, conflicts) = model([&whole(&base), &whole(&ours), &whole(&theirs)], &choice);
            prop_assert_eq!(whole(&merged.plain), expected);
            prop_assert_eq!(merged.conflicts, conflicts);
        }
    }
}

/// A path by names as people use them.
fn values_key(plain: &Plain, path: &Path) -> Path {
    let name = |step: &Step| match step {
        Step::Key(key) => Step::Key(plain.document().format().key_name(key).to_vec()),
        index @ Step::Index(_) => index.clone(),
    };
    Path { document: path.document, steps: path.steps.iter().map(name).collect() }
}
