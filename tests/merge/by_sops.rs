//! Files that the real sops wrote: merged like any other, and sealed from then on.

use std::process::Command;

use super::repository::Repository;
use super::support::ALICE;

fn sops(repository: &Repository, arguments: &[&str]) {
    let mut command = Command::new(std::env::var_os("SOPS_BINARY").unwrap());
    command.args(arguments).current_dir(repository.0.folder());
    command.env("HOME", repository.0.folder().parent().unwrap().join("home")).env_remove("XDG_CONFIG_HOME");
    let output = command.env_remove("SOPS_AGE_KEY").env_remove("SOPS_AGE_KEY_FILE").output().unwrap();
    assert!(output.status.success(), "sops {arguments:?}: {output:?}");
}

#[test]
fn files_by_sops_are_merged_by_value() {
    if std::env::var_os("SOPS_BINARY").is_none() {
        eprintln!("note: no sops, so nothing was merged that it wrote");
        return;
    }
    for (name, text, [a, b, new], merged) in [
        (
            "a.enc.env",
            "A=1\n# note\nB=2\n",
            ["[\"A\"]", "[\"B\"]", "[\"N\"]"],
            "A=ours\n# note\nB=theirs\nN=new\n",
        ),
        (
            "a.enc.yaml",
            "a: 1\nm:\n    # note\n    b: 2\n",
            ["[\"a\"]", "[\"m\"][\"b\"]", "[\"n\"]"],
            "a: ours\nm:\n    # note\n    b: theirs\n\"n\": new\n",
        ),
        (
            "a.enc.json",
            "{\"a\": 1, \"m\": {\"b\": [1, 2]}}",
            ["[\"a\"]", "[\"m\"][\"b\"]", "[\"n\"]"],
            "{\n\t\"a\": \"ours\",\n\t\"m\": {\n\t\t\"b\": \"theirs\"\n\t},\n\t\"n\": \"new\"\n}\n",
        ),
        (
            "a.enc.ini",
            "[s]\na = 1\nb = 2\n",
            ["[\"s\"][\"a\"]", "[\"s\"][\"b\"]", "[\"s\"][\"n\"]"],
            "[s]\na = ours\nb = theirs\nn = new\n",
        ),
    ] {
        let repository = Repository::new();
        repository.0.write(name, text);
        sops(&repository, &["encrypt", "--in-place", "--age", ALICE, name]);
        repository.commit_all();
        repository.branch("side");
        sops(&repository, &["set", name, b, "\"theirs\""]);
        repository.commit_all();
        repository.checkout("main");
        sops(&repository, &["set", name, a, "\"ours\""]);
        sops(&repository, &["set", name, new, "\"new\""]);
        repository.commit_all();
        repository.git(&["merge", "--no-edit", "side"]);
        repository.opens(name);
        let plain =
            repository.plain(name).replace("\nn: new", "\n\"n\": new").replace("= ", "=").replace(" =", "=");
        let (mut said, mut expected): (Vec<_>, Vec<_>) = (
            plain.lines().map(|line| line.split_whitespace().collect::<String>()).collect(),
            merged
                .replace("= ", "=")
                .replace(" =", "=")
                .lines()
                .map(|line| line.split_whitespace().collect::<String>())
                .collect(),
        );
        said.retain(|line: &String| !line.is_empty());
        expected.retain(|line: &String| !line.is_empty());
        assert_eq!(said, expected, "{name}");
    }
}
