//! `--edit`: what the editor is shown, and what of it is taken.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::repository::Repository;
use super::{TEXTS, stopped};

/// An editor that keeps what it was shown in `shown`, and does this to its file, `$1`.
fn editor(mut repository: Repository, does: &str) -> Repository {
    let path = repository.0.path("../editor");
    let shown = repository.0.path("../shown");
    fs::write(&path, format!("#!/bin/sh\ncp \"$1\" '{}'\n{does}\n", shown.display())).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    repository.0 = repository.0.variable("EDITOR", path.to_str().unwrap());
    repository
}

fn shown(repository: &Repository) -> String {
    fs::read_to_string(repository.0.path("../shown")).unwrap()
}

const TAKE_THEIRS: &str = "sed -i -e '/^<<<<<<</,/^=======/d' -e '/^>>>>>>>/d' \"$1\"";

#[test]
fn the_whole_text_counts_when_all_is_settled_by_hand() {
    let does = format!("{TAKE_THEIRS}; sed -i -e 's/^B=.*/B=mine/' -e 's/stays/is another/' \"$1\"");
    let repository = editor(stopped(TEXTS), &does);
    repository.0.run(["resolve", "x.enc.env", "--edit"]).ok().stderr(
        "settled 2 conflicts in `x.enc.env`, which is whole now; next: `git add x.enc.env`, then `git commit`\n",
    );
    let expected = "<<<<<<< ours\nA=ours\nB=ours\n=======\nA=theirs\nB=theirs\n>>>>>>> theirs\n\
                    # stays\nC=1\nNEW=theirs\n";
    assert_eq!(shown(&repository), expected);
    assert_eq!(repository.plain("x.enc.env"), "A=theirs\nB=mine\n# is another\nC=1\nNEW=theirs\n");
    repository.opens("x.enc.env");
}

#[test]
fn a_single_name_is_edited_while_others_stay_open() {
    let does = format!("{TAKE_THEIRS}; sed -i 's/^A=.*/A=mine/' \"$1\"");
    let repository = editor(stopped(TEXTS), &does);
    repository.0.run(["resolve", "x.enc.env", "A", "--edit"]).ok();
    let text = shown(&repository);
    assert!(text.starts_with("<<<<<<< ours\nA=ours\n=======\nA=theirs\n>>>>>>> theirs\nB=ours\n"), "{text}");
    repository.0.run(["resolve", "x.enc.env"]).fails(1).stdout("B  both changed it\n");
    repository.0.run(["resolve", "x.enc.env", "--theirs"]).ok();
    assert_eq!(repository.plain("x.enc.env"), "A=mine\nB=theirs\n# stays\nC=1\nNEW=theirs\n");
    repository.opens("x.enc.env");
}

#[test]
fn what_is_left_marked_or_changes_more_than_was_asked_for_is_not_taken() {
    let more = format!("{TAKE_THEIRS}; sed -i 's/^C=1/C=2/' \"$1\"");
    for (does, names, said) in [
        ("true", &["A"][..], "error: there are conflict markers in the text\n"),
        ("true", &[], "error: there are conflict markers in the text\n"),
        (&more, &["A"], "error: more was changed than what is to be settled\n"),
        ("exit 3", &[], "error: the editor ended with exit status: 3, so nothing was written\n"),
        ("printf 'A' > \"$1\"", &[], "error: `x.enc.env`: line 1: "),
    ] {
        let repository = editor(stopped(TEXTS), does);
        let arguments = [&["resolve", "x.enc.env", "--edit"], names].concat();
        let outcome = repository.0.run_in("", &arguments).fails(1).untouched();
        assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    }
}

#[test]
fn where_plaintext_is_forbidden_there_is_no_editor() {
    let mut repository = editor(stopped(TEXTS), "true");
    repository.0 = repository.0.variable("LACRE_NO_PLAINTEXT", "1");
    let said = repository.0.run(["resolve", "x.enc.env", "--edit"]).fails(1).untouched().stderr;
    assert!(said.contains("plaintext is for programs only here"), "{said}");
    assert!(!repository.0.path("../shown").exists());
    repository.0.run(["resolve", "x.enc.env", "--theirs"]).ok();
}
