//! Three-way merging: the base is neutral on either side, and changes in different places never conflict.

use std::collections::BTreeMap;

use lacre::base::{Node, Path, Step, Value};
use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::document::{Format, Ini, Json};
use lacre::envelope::{ChangeError, MergeError, Plain, merge};
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

/// A path by names as people use them.
fn values_key(plain: &Plain, path: &Path) -> Path {
    let name = |step: &Step| match step {
        Step::Key(key) => Step::Key(plain.document().format().key_name(key).to_vec()),
        index @ Step::Index(_) => index.clone(),
    };
    Path { document: path.document, steps: path.steps.iter().map(name).collect() }
}
