//! Recipients changed by one program, and what the other makes of it.

use lacre::keys::new_identity::{NewIdentity, NewKind};

use super::bench::{Bench, identity, text};

const FILES: [(&str, &str); 3] = [
    (
        "p.yaml",
        "# top\na: secret # why\nb: 12\nl:\n    # in a list\n    - x\n    - 1.5\nn: null\nc_unencrypted: clear\n",
    ),
    ("p.json", "{\n\t\"a\": \"secret\",\n\t\"b\": [1, true, null, {\"c\": \"\"}]\n}\n"),
    ("p.env", "# top\nA=secret\nB=\"two words\"\nC_unencrypted=clear\n"),
];

fn people() -> [NewIdentity; 3] {
    [2, 3, 4].map(|nth| identity(NewKind::X25519, nth))
}

/// A rule for the bench's own identity and these people, a key group each if `threshold` says so.
fn rules(bench: &Bench, people: &[&NewIdentity], threshold: usize) {
    let all: Vec<&str> = std::iter::once(bench.recipient.as_str())
        .chain(people.iter().map(|one| one.recipient.as_str()))
        .collect();
    let text = if threshold == 0 {
        format!("creation_rules:\n  - age: {}\n", all.join(","))
    } else {
        let groups: Vec<_> = all.iter().map(|one| format!("    - age:\n      - {one}\n")).collect();
        let groups = groups.concat();
        format!("creation_rules:\n  - shamir_threshold: {threshold}\n    key_groups:\n{groups}")
    };
    bench.write(".sops.yaml", text);
}

/// Both programs read every file, and sops finds nothing to do.
#[track_caller]
fn settled(bench: &Bench, expected: &[String; 3]) {
    for ((name, _), expected) in FILES.iter().zip(expected) {
        let done = bench.sops(["updatekeys", "-y", name]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(done.err.contains("already up to date"), "{name}: {}", done.err);
        assert_eq!(&text(&bench.sops(["decrypt", name]).ok()), expected, "{name}");
        bench.lacre(["decrypt", name]).ok();
    }
}

/// Files by sops or by us, and what sops reads in them.
fn files(bench: &Bench, ours: bool) -> [String; 3] {
    FILES.map(|(name, plain)| {
        bench.write(name, plain);
        if ours {
            bench.lacre(["encrypt", "-i", name]).ok();
        } else {
            bench.sops(["encrypt", "-i", name]).ok();
        }
        text(&bench.sops(["decrypt", name]).ok())
    })
}

#[test]
fn sops_finds_nothing_to_do_after_every_change_of_ours() {
    let Some(bench) = Bench::new() else { return };
    let [bob, carol, dave] = people();
    let names = FILES.map(|(name, _)| name);
    for ours in [true, false] {
        rules(&bench, &[], 0);
        let expected = files(&bench, ours);
        for (people, threshold) in [
            (vec![&bob, &carol], 0),
            (vec![&carol], 0),
            (vec![&bob, &carol, &dave], 1 + 1),
            (vec![&carol, &bob], 3),
            (vec![&bob], 0),
        ] {
            rules(&bench, &people, threshold);
            let keys: Vec<String> = people.iter().map(|one| one.text.expose().clone()).collect();
            let own = text(&bench.read("keys.txt"));
            bench.write("keys.txt", format!("{own}\n{}", keys.join("\n")));
            bench.lacre(["recipients", "sync", "--yes", names[0], names[1], names[2]]).ok();
            settled(&bench, &expected);
            bench.lacre(["rekey", "--yes", names[0], names[1], names[2]]).ok();
            settled(&bench, &expected);
        }
    }
}

#[test]
fn adding_and_removing_leaves_what_sops_would() {
    let Some(bench) = Bench::new() else { return };
    let [bob, ..] = people();
    for ours in [true, false] {
        rules(&bench, &[], 0);
        let expected = files(&bench, ours);
        let person = format!("bob={}", bob.recipient);
        bench.lacre(["recipients", "add", &person, "p.yaml", "p.json", "p.env"]).ok();
        settled(&bench, &expected);
        for (name, _) in FILES {
            bench
                .sops_with(["decrypt", name], [("SOPS_AGE_KEY", bob.text.expose().lines().last().unwrap())])
                .ok();
        }
        bench.lacre(["recipients", "remove", "bob", "p.yaml", "p.json", "p.env"]).ok();
        settled(&bench, &expected);
        for (name, _) in FILES {
            let key = [("SOPS_AGE_KEY", bob.text.expose().lines().last().unwrap())];
            bench.sops_with(["decrypt", name], key).fails(128);
        }
    }
}

#[test]
fn we_find_nothing_to_do_after_every_change_of_sops() {
    let Some(bench) = Bench::new() else { return };
    let [bob, carol, _] = people();
    rules(&bench, &[], 0);
    files(&bench, false);
    // Every group is needed: `sops updatekeys` does not follow the threshold of a rule, it takes the file's or all.
    for (people, threshold) in [(vec![&bob, &carol], 0), (vec![&bob, &carol], 3), (vec![&bob], 0)] {
        rules(&bench, &people, threshold);
        let keys = people.iter().map(|one| one.text.expose().clone()).collect::<String>();
        let own = text(&bench.read("keys.txt"));
        bench.write("keys.txt", format!("{own}\n{keys}"));
        for (name, _) in FILES {
            bench.lacre(["recipients", "sync", "--check", name]).fails(3);
            bench.sops(["updatekeys", "-y", name]).ok();
            assert_eq!(text(&bench.lacre(["recipients", "sync", "--check", name]).ok()), "");
        }
    }
}
