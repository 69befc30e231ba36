//! What `lacre recipients` says where it changes nothing, or less than was meant.

use crate::recipients::tree;

#[test]
fn a_word_that_names_nobody_is_no_key_either() {
    let scene = tree(&["alice"]);
    let said = scene.run(["recipients", "remove", "nobody"]).fails(2).untouched().stderr;
    assert!(
        said.starts_with("error: `nobody` is no recipient, no name in `.sops.yaml` and no file\n"),
        "{said}"
    );
}

#[test]
fn many_files_that_would_be_lost_are_one_warning() {
    let scene = tree(&["bob"]);
    let said = scene.run(["recipients", "sync", "--all"]).fails(2).untouched().stderr;
    let lost = "warning: you will not be able to open `.env.enc`, `b/.env.enc`, `c.enc.yaml` any more\n";
    assert!(said.contains(lost) && said.matches("warning:").count() == 1, "{said}");
}

#[test]
fn a_rule_that_changes_alone_is_something_to_do() {
    let scene = tree(&["alice"]);
    let plan = scene.run(["recipients", "add", "ci", "--rule-only", "-n"]).ok().untouched();
    plan.stdout("the rules in `.sops.yaml`\n").stderr("");
    let said = scene.run(["recipients", "add", "ci", "--rule-only"]).ok().changed([".sops.yaml"]).stderr;
    assert!(said.starts_with("`.sops.yaml` names ") && !said.contains("nothing to do"), "{said}");
}
