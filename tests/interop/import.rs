//! `lacre import sops` takes over what sops wrote; sops goes on reading it, value for value.

use super::bench::Bench;

#[test]
fn sops_goes_on_reading_what_was_imported() {
    let Some(bench) = Bench::new() else { return };
    bench.write("app.enc.env", "# remark\nA=\"two words\"\nexport B= x # y\nC='open\nE=\n");
    bench.write("a.enc.yaml", "a: x # y\nl:\n  - 1\n  - true\n");
    bench.write("a.enc.json", "{\"a\": {\"b\": [1, \"x\"]}}");
    let names = ["app.enc.env", "a.enc.yaml", "a.enc.json"];
    let before = names.map(|name| {
        bench.sops(["encrypt", "-i", name]).ok();
        bench.sops(["decrypt", name]).ok()
    });
    let plan = bench.lacre(["import", "sops", names[0], names[1], names[2], "--dry-run"]).ok();
    let plan = String::from_utf8(plan).unwrap();
    assert!(plan.contains("hands quotes, blanks and comments on: `A`, `B`\n"), "{plan}");
    assert!(plan.contains("before the name, which sops keeps: `B`\n"), "{plan}");
    bench.lacre(["import", "sops", names[0], names[1], names[2], "--dialect", "literal", "--yes"]).ok();
    for (name, before) in names.iter().zip(before) {
        assert!(String::from_utf8(bench.read(name)).unwrap().contains("v1:"), "{name} has no seal");
        assert_eq!(bench.sops(["decrypt", name]).ok(), before, "{name}");
    }
    // By then both hand on the same.
    let theirs = bench.sops(["exec-env", "app.enc.env", "printf '%s|' \"$A\" \"$C\" \"$E\""]).ok();
    let words = ["run", "-f", "app.enc.env", "--", "sh", "-c", "printf '%s|' \"$A\" \"$C\" \"$E\""];
    assert_eq!(bench.lacre(words).ok(), theirs);
    let rules = String::from_utf8(bench.read(".sops.yaml")).unwrap();
    assert!(rules.contains("dotenv: literal"), "{rules}");
    bench.lacre(["import", "sops", names[0], names[1], names[2], "--yes"]).ok();
}
