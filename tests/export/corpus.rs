//! Values that somebody misreads, and who cannot have them. The expectations are the consumers' rules, not our code.

/// A value, and the formats and dialects that cannot hold it.
pub type Case = (&'static [u8], &'static [&'static str]);

/// Those with a line a variable, and little room in it.
const NO_LINES: &[&str] = &["docker", "gitlab"];
const NO_BLANKS: &[&str] = &["gitlab"];
/// Every format of text.
const NO_BYTES: &[&str] = &[
    "docker",
    "github-env",
    "github-output",
    "gitlab",
    "json",
    "systemd",
    "yaml",
    "compose",
    "node",
    "python",
];

pub static CASES: &[Case] = &[
    (b"", &[]),
    (b"abc123", &[]),
    (b"no", &[]),
    (b"1e3", &[]),
    (b"0123", &[]),
    (b"~", &[]),
    (b"null", &[]),
    (b"2024-01-01", &[]),
    (b"a b", &[]),
    (b" a", NO_BLANKS),
    (b"a ", NO_BLANKS),
    (b"\ta\t", NO_BLANKS),
    (b"a\tb", &[]),
    (b"v\xC2\xA0", NO_BLANKS),
    (b"a#b", &[]),
    (b"a #b", &[]),
    (b"#", &[]),
    (b"; x", &[]),
    (b"=", &[]),
    (b"a=b==", &[]),
    (b"k: v", &[]),
    (b"- x", &[]),
    (b"{{ x }}", &[]),
    (b"*a &b !c |", &[]),
    (b"p$OUTER", NO_BLANKS),
    (b"${OUTER}", &["gitlab", "python"]),
    (b"${OUTER", NO_BLANKS),
    (b"${NOPE:-d}", &["gitlab", "python"]),
    (b"p$$w", NO_BLANKS),
    (b"pw$", NO_BLANKS),
    (b"%OUTER%", NO_BLANKS),
    (b"%20%3D", &[]),
    (b"$(echo x)", NO_BLANKS),
    (b"it's", &[]),
    (b"'", &[]),
    (b"''", &[]),
    (b"'quoted'", &[]),
    (b"\"quoted\"", &[]),
    (b"say \"hi\"", &[]),
    (b"\"", &[]),
    (b"`x`", &[]),
    (b"it's \"x\"", &[]),
    (b"it's \"x\" `y`", &["node"]),
    (b"it's $5", NO_BLANKS),
    (b"it's `x`", &[]),
    (b"it's a\\b", &[]),
    (b"\\'", &[]),
    (b"\\\\'", &[]),
    (b"\\\"", &[]),
    (b"a\\b", &[]),
    (b"a\\nb\\tc\\x41\\u0041", &[]),
    (b"C:\\dir\\", &[]),
    (b"it's\\", &["node", "python"]),
    (b"\\", &[]),
    (b"\\\\server\\share", &[]),
    (b"l1\nl2", NO_LINES),
    (b"\n", NO_LINES),
    (b"\n\n", NO_LINES),
    (b"l1\nit's", NO_LINES),
    (b"l1\n\"l2\"", NO_LINES),
    (b"l1\nit's \"l2\"", NO_LINES),
    (b"l1\n$l2", NO_LINES),
    (b"l1\n\\", &["docker", "gitlab", "node", "python"]),
    (b"l1\\\nl2", NO_LINES),
    (b"A=1\nB=2\n", NO_LINES),
    (b"x\nB<<EOF\nEOF\nB=1\n", NO_LINES),
    (b"EOF\nghadelimiter_1\nlacre_0\n", NO_LINES),
    (b"x\n# y\n\n;z", NO_LINES),
    (b"x\n---\n...\ny: z", NO_LINES),
    (b"a\r\nb", &["docker", "gitlab", "node"]),
    (b"a\r\n", &["docker", "gitlab", "node"]),
    (b"a\rb", &["gitlab", "node"]),
    (b"it's \"$5\"\r\\", &["gitlab", "node", "python"]),
    (b"a\r", &["docker", "gitlab", "github-env", "github-output", "node"]),
    (b"{\n  \"k\": \"v\"\n}", NO_LINES),
    (b"pg://u:p#w@h/d?x=1&y=2", &[]),
    ("pä✓😀".as_bytes(), &[]),
    ("\u{FEFF}x\u{2028}y\u{85}z".as_bytes(), &[]),
    ("x\u{FFFE}".as_bytes(), &["systemd"]),
    (b"x\x01\x1B[31m\x7Fy", &[]),
    (b"a;b|c>d<e&f(g)*?[h]~!", &[]),
    (b"-----BEGIN KEY-----\nMIIB+/=\n-----END KEY-----\n", NO_LINES),
    (b"\xFF\xFE", NO_BYTES),
    (b"caf\xE9 \xC3\x28", NO_BYTES),
    (&[b'x'; 60_000], &["gitlab"]),
    // With `V12=` the longest line of docker, and one byte more.
    (&[b'x'; 65_531], &["gitlab"]),
    (&[b'x'; 65_532], NO_LINES),
    (&LONG, NO_LINES),
];

/// 100 kB with a quote every now and then.
static LONG: [u8; 100_000] = {
    let mut long = [b'a'; 100_000];
    let mut at = 0;
    while at < long.len() {
        long[at] = b'\'';
        at += 1_000;
    }
    long
};
