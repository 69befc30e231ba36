//! dotenv as sops reads it: bytes left and right of the first `=`, and nothing else.

use super::bench::{Bench, leaves, text};

const CORPUS: &str = r#"PLAIN=value
DUP=1
DUP=2
 LEAD=x
TRAIL =x
BLANK= x y 
 A = b
export EXP=1
  export EXP2=2
DQ="quoted"
SQ='single'
BT=`back`
DQN="a\nb"
N=a\nb
NN=a\\nb
NNN=a\\\nb
BS=c:\dir\x
EMPTY=
EMPTYQ=""
=emptykey
HASH=a#b
HASH2=a # b
#COMMENT=1
# comment
#
#x
##

UTF=é 😀 ключ
КЛЮЧ=a name that is not ASCII
EQ=a=b=c
TAB=	tab	
DOL=$HOME ${X} $(y)
sops=ok
x.y-z=1
A_unencrypted=clear value
B_unencrypted=clear\nline
C_unencrypted=
TRUE=true
NUM=1.50
LOOKS=ENC[no]
LAST=end
"#;

fn corpus() -> Vec<u8> {
    [CORPUS.as_bytes(), b"BELL=a\x07b\nBAD=\xff\xfe\nRETURN=a\rb\nLINE=\xe2\x80\xa8\n"].concat()
}

fn metadata_lines(sealed: &str, wanted: bool) -> String {
    sealed
        .lines()
        .filter(|line| line.starts_with("sops_") == wanted)
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
fn every_line_means_the_same() {
    let Some(bench) = Bench::new() else { return };
    bench.agree("a.env", &corpus());
}

#[test]
fn the_plaintext_comes_back_byte_for_byte_from_our_file() {
    let Some(bench) = Bench::new() else { return };
    let ours = bench.encrypt("a.env", &corpus());
    let (_, plain) = bench.open("a.env", &ours).unwrap();
    assert_eq!(text(plain.document().text()), text(&corpus()));
    // sops drops empty lines, and writes the rest as it was.
    assert_eq!(bench.sops_reads("a.env", &ours), text(&corpus()).replace("\n\n", "\n"));
}

#[test]
fn values_of_several_lines_become_one_line_for_sops() {
    let Some(bench) = Bench::new() else { return };
    let plain = "A=\"one\ntwo\"\nB='x\ny'\nC_unencrypted=\"p\nq\"\n";
    let ours = bench.encrypt("m.env", plain.as_bytes());
    assert_eq!(bench.sops_reads("m.env", &ours), "A=\"one\\ntwo\"\nB='x\\ny'\nC_unencrypted=\"p\\nq\"\n");
    bench.open("m.env", &ours).unwrap();
}

#[test]
fn metadata_may_stand_anywhere() {
    let Some(bench) = Bench::new() else { return };
    for sealed in [bench.sops_encrypts("o.env", b"A=1\nB=2\n"), bench.encrypt("o.env", b"A=1\nB=2\n")] {
        let sealed = text(&sealed);
        let (values, metadata) = (metadata_lines(&sealed, false), metadata_lines(&sealed, true));
        let (one, two) = values.split_at(values.find("B=").unwrap());
        for moved in [format!("{metadata}{values}"), format!("{one}\n{metadata}{two}")] {
            assert_eq!(bench.sops_reads("o.env", moved.as_bytes()), "A=1\nB=2\n");
            let (_, plain) = bench.open("o.env", moved.as_bytes()).unwrap();
            assert_eq!(text(plain.document().text()).replace("\n\n", "\n"), "A=1\nB=2\n");
        }
    }
}

#[test]
fn metadata_that_nobody_knows_is_passed_over() {
    let Some(bench) = Bench::new() else { return };
    let sealed = text(&bench.sops_encrypts("u.env", b"A=1\n"));
    let more = format!("sops_foo=bar\nsops_age__list_0__map_zz=1\n{sealed}");
    assert_eq!(bench.sops_reads("u.env", more.as_bytes()), "A=1\n");
    assert_eq!(text(bench.open("u.env", more.as_bytes()).unwrap().1.document().text()), "A=1\n");
}

#[test]
fn line_ends_of_windows_are_set_aside_for_sops_and_given_back() {
    let Some(bench) = Bench::new() else { return };
    bench.write(".env", "\u{FEFF}A=1\r\nB=\"x\"\r\n");
    bench.lacre(["encrypt", ".env", "-o", "w.env"]).ok();
    assert_eq!(text(&bench.sops(["decrypt", "w.env"]).ok()), "A=1\nB=\"x\"\n");
    assert_eq!(text(&bench.lacre(["decrypt", "w.env"]).ok()), "\u{FEFF}A=1\r\nB=\"x\"\r\n");
}

#[test]
fn a_file_whose_line_ends_git_changed_still_opens_here() {
    let Some(bench) = Bench::new() else { return };
    for sealed in [bench.sops_encrypts("c.env", b"A=1\nB=2\n"), bench.encrypt("c.env", b"A=1\nB=2\n")] {
        let damaged = text(&sealed).replace('\n', "\r\n");
        bench.write("c.env", &damaged);
        assert_ne!(bench.sops(["decrypt", "c.env"]).code, 0);
        let (_, plain) = bench.open("c.env", damaged.as_bytes()).unwrap();
        let values: Vec<_> = leaves(&plain).into_iter().map(|leaf| leaf.2).collect();
        assert_eq!(values, ["1", "2"]);
    }
}

#[test]
fn a_line_that_is_no_assignment_is_refused_by_both_and_shown_by_sops_alone() {
    let Some(bench) = Bench::new() else { return };
    bench.write("bad.env", "A=1\nhunter2\n");
    bench.sops(["encrypt", "bad.env"]).fails(2);
    let error = bench.lacre(["encrypt", "bad.env", "-o", "-"]).fails(1);
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
}

#[test]
fn an_encrypted_twin_is_read_by_sops_once_it_is_told_the_format() {
    let Some(bench) = Bench::new() else { return };
    bench.write(".env.local", "A='1'\n");
    bench.lacre(["encrypt", ".env.local"]).ok();
    let read = bench.sops(["decrypt", "--input-type", "dotenv", "--output-type", "dotenv", ".env.local.enc"]);
    assert_eq!(text(&read.ok()), "A='1'\n");
}
