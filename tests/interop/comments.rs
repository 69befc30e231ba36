//! Comments of YAML: where each stands decides what its ciphertext is bound to.

use lacre::envelope::Plain;

use super::bench::{Bench, format_of, text};

/// 35 places of a comment.
const POSITIONS: &str = include_str!("../vectors/yaml/comment-positions.yaml");

const IN_LISTS: &str = "\
l:
  # one
  - a # inline
  # two
  # three

  - b
  - # dash
    k: \"v\"
  - [\"x\"] # flow
  # end
m:
  # only
  k: v
e:
  - {a: \"b\"} # after
  #nospace
  -
    # in item
    z: 1
";

/// The texts of all comments, blanks at their ends cut.
fn comments(plain: &Plain) -> Vec<String> {
    let lines = text(plain.document().text());
    let mut found: Vec<_> =
        lines.lines().filter_map(|line| Some(line.split_once('#')?.1.trim().to_owned())).collect();
    found.sort();
    found
}

fn agree(name: &str, plain: &str) {
    let Some(bench) = Bench::new() else { return };
    let theirs = bench.agree(name, plain.as_bytes());
    let expected = comments(&Plain::parse(plain.as_bytes().to_vec(), format_of(name)).unwrap());
    let (opened, back) = bench.open(name, &theirs).unwrap();
    assert_eq!(opened.stuck_comments, 0);
    assert_eq!(comments(&back), expected);
    let ours = bench.encrypt(name, plain.as_bytes());
    assert!(!text(&ours).contains(expected[0].as_str()));
    let (_, back) = bench.open(name, &ours).unwrap();
    assert_eq!(text(back.document().text()), plain);
}

#[test]
fn comments_in_all_35_positions_are_bound_alike() {
    assert_eq!(POSITIONS.matches("# C").count(), 35);
    // An alias that leads to a ciphertext is refused here.
    agree("positions.yaml", &POSITIONS.replace("*anc", "w"));
}

#[test]
fn comments_in_lists_are_read_in_the_form_of_either() {
    agree("lists.yaml", IN_LISTS);
}

#[test]
fn a_clear_comment_added_by_hand_stops_neither() {
    let Some(bench) = Bench::new() else { return };
    let theirs = bench.sops_encrypts("a.yaml", b"# one\na: b\nl:\n  - x\n");
    let edited = text(&theirs).replacen("a: ENC", "# by hand\na: ENC", 1);
    assert!(bench.sops_reads("a.yaml", edited.as_bytes()).contains("# by hand\n"));
    let (opened, plain) = bench.open("a.yaml", edited.as_bytes()).unwrap();
    assert_eq!(opened.stuck_comments, 0);
    assert!(text(plain.document().text()).contains("# by hand\n"));
    let ours = bench.encrypt("a.yaml", b"# one\na: b\n");
    let edited = text(&ours).replacen("a: ENC", "# by hand\na: ENC", 1);
    assert!(bench.sops_reads("a.yaml", edited.as_bytes()).contains("# by hand\n"));
    bench.open("a.yaml", edited.as_bytes()).unwrap();
}

#[test]
fn an_empty_comment_in_a_list_adds_no_item_to_our_files() {
    let Some(bench) = Bench::new() else { return };
    let ours = bench.encrypt("a.yaml", b"l:\n  - x\n  #\n  - y\n");
    let (_, plain) = bench.open("a.yaml", &ours).unwrap();
    assert_eq!(plain.leaves().len(), 2);
    // What sops makes of a bare `#` in a list is an item, in its own files too (2.4).
    let theirs = bench.sops_encrypts("a.yaml", b"l:\n  - x\n  #\n  - y\n");
    bench.open("a.yaml", &theirs).unwrap();
}
