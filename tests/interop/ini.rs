//! INI and binary files: sops reads what we write and we read what sops writes, spelling by spelling; files that go back
//! and forth; and what sops would lose is refused.

use super::bench::{Bench, format_of, leaves, text};
use lacre::envelope::{Plain, Sealed, Verdict};

/// Spellings that both read alike.
const SPELLINGS: &[&str] = &[
    "",
    "[a]\n",
    "x = 1\n",
    "k=0\n[DEFAULT]\nx=1\n",
    "[a]\nx = 1 \n y:2=3\n",
    "[a]\r\nx = 1\r\ny=\"q \"\r\n",
    "\u{feff}[a]\nx=1",
    "[a]\nx=1\n[b]\ny=2\n[a]\nz=3\n",
    "[ a ]\nx =\ny = \"\"\n",
    "[a.b]\nx = %(y)s\ny = 'q'\n[a]\ny=2\n",
    "[a]\nz='it''s'\nw=\"open\nq=\"\"\"\"\"\"\n",
    "[a]\nx=`a;b`\ny=\"\"\"a\n b\"\"\"\nz=`\n`\n",
    "[a]\nx=a \\\n  b ; c \\\n\td\ny=1\n",
    "[a]\nz=a#b\ny=;c\nx=1;; d\n",
    "[a]\n\"k=1\":v=2\n`k\"` = 3\n\"\"\"k\"\"\"=4\n",
    "[a]\nx=\u{a0}1\u{3000}\né = ü\n",
    "[a]\nx = \u{1}\u{7f}\n",
    "; one\n[a]\n# two\nx=1\n; three\ny=2\n",
];

/// What sops would lose or damage: it is refused here.
const REFUSED: &[&str] = &[
    "[a]\nx=1\nx=2\n",
    "[a]\n-=1\n",
    "[a]\n\"#k\"=1\n",
    "[a]\nx=\"a;b\"\n",
    "[a]\nx=C:\\dir\\\ny=1\n",
    "[a]\nx=`a` b\n",
    "[a] ; note\nx=1\n",
];

#[test]
fn every_spelling_of_ini_agrees() {
    let Some(bench) = Bench::new() else { return };
    for plain in SPELLINGS {
        bench.agree("p.ini", plain.as_bytes());
    }
    for plain in REFUSED {
        bench.write("p.ini", plain);
        bench.lacre(["encrypt", "p.ini", "-o", "-"]).fails(1);
    }
}

#[test]
fn values_that_sops_stores_are_spelled_so_that_they_read_back() {
    let Some(bench) = Bench::new() else { return };
    for value in
        ["a;b", "a#b", "a\\nb", " a ", "\\\"a\\\"", "'a'", "a\\\\", "`", "a`;", "é", "[x]", "a=b:c", ""]
    {
        bench.write("v.ini", bench.encrypt("v.ini", b"[s]\nx = \"old\" ; note\ny = 1\n"));
        bench.sops(["set", "v.ini", "[\"s\"][\"y\"]", &format!("\"{value}\"")]).ok();
        let (opened, plain) = bench.open("v.ini", &bench.read("v.ini")).unwrap();
        let stored = opened.leaves.iter().filter(|leaf| !leaf.comment).nth(1).unwrap();
        assert_eq!(leaves(&plain)[1].2, stored.value.plain_bytes().escape_ascii().to_string(), "{value}");
    }
}

#[test]
fn comments_are_read_by_both() {
    let Some(bench) = Bench::new() else { return };
    let plain = "; h1\n\n; h2\n[a]\n; k-1\n# k-2\nx = 1\ny = 2 ; in-line\n; la-st\n";
    let ours = bench.encrypt("c.ini", plain.as_bytes());
    assert!(
        !text(&ours).contains("k-1") && !text(&ours).contains("in-line") && !text(&ours).contains("la-st")
    );
    let there = bench.sops_reads("c.ini", &ours);
    for comment in ["; h1\n", "; h2\n[a]", "; k-1\n# k-2\nx = 1", "; in-line\ny = 2"] {
        assert!(there.contains(comment), "{comment} in\n{there}");
    }
    let theirs = bench.sops_encrypts("c.ini", plain.as_bytes());
    let (opened, read) = bench.open("c.ini", &theirs).unwrap();
    assert_eq!(opened.stuck_comments, 0);
    assert_eq!(read.document().text(), bench.sops_reads("c.ini", &theirs).as_bytes());
}

#[test]
fn an_ini_file_goes_back_and_forth() {
    let Some(bench) = Bench::new() else { return };
    let plain = b"; head\ntop = 0\n[a]\nx = one ; c\n; d\nlong.name = \"two \"\n\n[b]\nz: three\n";
    let name = "r.ini";
    bench.write(name, bench.encrypt(name, plain));
    bench.sops(["set", name, "[\"a\"][\"x\"]", "\"changed\""]).ok();
    let (opened, _) = bench.open(name, &bench.read(name)).unwrap();
    assert_eq!((opened.verdict, opened.stuck_comments), (Verdict::Unsealed, 0));
    bench.lacre(["set", name, "b.z", "four;five"]).ok();
    bench.lacre(["set", name, "new.key", "v"]).ok();
    bench.sops(["rotate", "-i", name]).ok();
    bench.lacre(["unset", name, "DEFAULT.top"]).ok();
    let (_, plain) = bench.open(name, &bench.read(name)).unwrap();
    let found: Vec<_> =
        leaves(&plain).into_iter().map(|(path, _, value)| format!("{path}={value}")).collect();
    assert_eq!(found, ["a.x=changed", "[\"a\"][\"long.name\"]=two ", "b.z=four;five", "new.key=v"]);
    let there = bench.sops(["decrypt", "--output-type", "json", name]).ok();
    assert!(text(&there).contains("\"z\": \"four;five\""));
}

#[test]
fn any_bytes_survive_both_ways() {
    let Some(bench) = Bench::new() else { return };
    let every: Vec<u8> = (0..=255).cycle().take(5000).collect();
    for plain in [&b""[..], b"\0", &every, b"{\"data\": \"x\"}", b"ENC[AES256_GCM,data:x]", b"text\r\n"] {
        let theirs = bench.agree("p.bin", plain);
        for sealed in [bench.encrypt("p.bin", plain), theirs] {
            bench.write("p.bin", &sealed);
            assert_eq!(bench.sops(["decrypt", "p.bin"]).ok(), plain);
            assert_eq!(bench.lacre(["decrypt", "p.bin"]).ok(), plain);
        }
    }
    bench.write("p.bin", bench.encrypt("p.bin", b"old"));
    bench.write("new", b"\xff\0new");
    bench.lacre(["set", "p.bin", "data", "--from-file", "new"]).ok();
    assert_eq!(bench.sops(["decrypt", "p.bin"]).ok(), b"\xff\0new");
}

#[test]
fn a_binary_file_has_no_selector_whatever_the_rule_says() {
    let Some(bench) = Bench::new() else { return };
    let rule = format!("creation_rules:\n  - age: {}\n    encrypted_regex: ^nothing$\n", bench.recipient);
    bench.write(".sops.yaml", rule);
    bench.write("p.bin", "secret");
    let run = bench.lacre(["encrypt", "p.bin", "-o", "-"]);
    assert!(run.err.contains("selector is ignored"), "{}", run.err);
    let (ours, theirs) = (run.ok(), bench.sops(["encrypt", "p.bin"]).ok());
    for sealed in [ours, theirs] {
        assert!(!text(&sealed).contains("_regex") && !text(&sealed).contains("_suffix"), "{}", text(&sealed));
        assert_eq!(bench.sops_reads("p.bin", &sealed), "secret");
        bench.open("p.bin", &sealed).unwrap();
    }
}

#[test]
fn an_object_of_data_is_binary_unless_its_name_says_json() {
    let Some(bench) = Bench::new() else { return };
    bench.write("plain", "x\n");
    let sealed = bench.sops(["encrypt", "--input-type", "binary", "--output-type", "json", "plain"]).ok();
    assert!(Sealed::parse(sealed.clone(), format_of("a.bin")).is_ok());
    for (name, shown) in [("a.enc", "x\n"), (".env.enc", "x\n"), ("a.json", "{\n\t\"data\": \"x\\n\"\n}\n")] {
        bench.write(name, &sealed);
        assert_eq!(text(&bench.lacre(["decrypt", name]).ok()), shown, "{name}");
    }
    assert!(Plain::parse(sealed, format_of("a.bin")).is_err());
}
