//! A team of three, each with a clone, works at random on encrypted files: what git and lacre make of it is what a model
//! says, and no merge stops that need not. `LACRE_TEAM_SEED`, `LACRE_TEAM_OPERATIONS` and `LACRE_TEAM_REPLAYED` choose
//! another run.
#![cfg(unix)]
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::similar_names,
    clippy::unnecessary_wraps,
    clippy::unwrap_used,
    reason = "tests"
)]

mod support;
#[path = "team/mod.rs"]
mod team;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::PathBuf;
use std::str::FromStr;

use lacre::workspace::names::FileType;
use team::model::{State, merge_states};
use team::{Tally, Team, peer};

fn number<T: FromStr<Err: Debug>>(variable: &str, usual: T) -> T {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

fn sops() -> Option<PathBuf> {
    let required = std::env::var_os("LACRE_REQUIRE_SOPS").is_some_and(|value| value != "0");
    let found = std::env::var_os("SOPS_BINARY").map(PathBuf::from).filter(|path| path.exists());
    assert!(found.is_some() || !required, "no sops program found: set SOPS_BINARY");
    if found.is_none() {
        eprintln!("note: without sops, which SOPS_BINARY names");
    }
    found
}

/// So many operations, and of the merges among them so many with plain git and sops.
fn play(operations: usize, replayed: usize) {
    let mut team = Team::new(number("LACRE_TEAM_SEED", 1));
    for _ in 0..number("LACRE_TEAM_OPERATIONS", operations) {
        team.operate();
    }
    team.finish();
    let sops = sops();
    team.look_at_everything(sops.as_deref());
    assert_eq!(team.tally.conflicts, team.tally.true_conflicts);
    eprintln!("{:#?}", team.tally);
    if let Some(sops) = sops {
        let peers = peer::replay(&team, &sops, number("LACRE_TEAM_REPLAYED", replayed));
        let Tally { merges, true_conflicts, conflicts, .. } = team.tally;
        eprintln!(
            "merges of files that both sides changed: {merges}; true conflicts: {true_conflicts}; lacre: {conflicts}; \
             git with sops, in {} of them: {} conflicts, and {} merged files that sops refuses",
            peers.merges, peers.conflicts, peers.broken
        );
    }
}

#[test]
fn a_team_ends_with_one_plaintext_and_stopped_only_where_it_had_to() {
    play(100, 10);
}

#[test]
fn a_driver_that_takes_one_side_or_stops_without_need_is_noticed() {
    for (driver, words) in [("true", "is not as it should be"), ("false", "conflicts")] {
        let caught = std::panic::catch_unwind(|| {
            let mut team = Team::new(1);
            for person in &team.people {
                person.git(&["config", "merge.lacre.driver", driver]).ok();
            }
            for _ in 0..300 {
                team.operate();
            }
        });
        let caught = caught.expect_err("the driver merges as well");
        let caught = caught.downcast::<String>().unwrap();
        assert!(caught.contains(words), "{caught}");
    }
}

#[test]
fn the_model_merges_by_value_and_by_set() {
    let state = |leaves: &[(&str, i32)], people: &[&'static str]| State {
        kind: FileType::Yaml,
        leaves: leaves.iter().map(|(name, value)| (vec![(*name).to_owned()], (*value).into())).collect(),
        people: people.iter().copied().collect(),
        notes: BTreeSet::new(),
    };
    let base = state(&[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1), ("f", 1)], &["alice", "bob"]);
    // Ours changes a, b and c, removes d and e, adds g and h; theirs the same or otherwise.
    let ours = state(&[("a", 2), ("b", 2), ("c", 2), ("f", 1), ("g", 1), ("h", 1)], &["alice", "bob", "ci"]);
    let theirs = state(&[("a", 1), ("b", 2), ("c", 3), ("d", 2), ("e", 1), ("f", 2), ("h", 2)], &["alice"]);
    let (merged, conflicts) = merge_states(&base, &ours, &theirs);
    assert_eq!(conflicts.concat(), ["c", "d", "h"]);
    let expected = state(&[("a", 2), ("b", 2), ("c", 2), ("f", 2), ("g", 1), ("h", 1)], &["alice", "ci"]);
    assert_eq!(merged, expected);
}

#[test]
#[ignore = "takes minutes: `.ci/run` calls it"]
fn a_team_does_two_thousand_operations() {
    play(2000, usize::MAX);
}
