//! Documents that nobody thought of, many to a file: both programs read each other's.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::Union;
use serde_json::{Map, Value as Json};

use super::bench::Bench;

/// Files a format; each holds up to `MOST` generated entries, and takes sops four starts.
const FILES: u32 = 6;
const MOST: usize = 40;

fn string() -> impl Strategy<Value = String> {
    Union::new(vec![
        "[ -~]{0,12}".boxed(),
        "[a-z]{1,6}".boxed(),
        "[\\x00-\\x1f a\\\\\"'#:{}\\[\\],&*!|>%@`-]{0,8}".boxed(),
        "[ \t\n\ra-c]{0,8}".boxed(),
        "\\PC{0,6}".boxed(),
        "[0-9+._eExo:TZ-]{1,8}".boxed(),
        "(true|yes|no|null|~|<<|=|ENC\\[x\\]|[.]nan|0x1f|1_0|2024-01-02)".boxed(),
    ])
}

/// Without line feeds: sops writes some of those as keys that it does not read again.
fn key() -> impl Strategy<Value = String> {
    string().prop_map(|text| text.replace(['\n', '\r'], "_"))
}

fn number() -> impl Strategy<Value = Json> {
    prop_oneof![
        (-1000..1000_i64).prop_map(Json::from),
        // Beyond 53 bits, sops before 3.13.2 loses digits in JSON.
        (-(1_i64 << 53)..(1 << 53)).prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no infinity", |float| float.is_finite()).prop_map(Json::from),
        (-1e6..1e6).prop_map(Json::from),
    ]
}

fn node() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        6 => string().prop_map(Json::from),
        2 => number(),
        1 => any::<bool>().prop_map(Json::from),
        1 => Just(Json::Null),
    ];
    leaf.prop_recursive(4, 20, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Json::from),
            vec((key(), inner), 0..5).prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// Entries that are numbered, so that no name occurs twice or is `sops`.
fn document() -> impl Strategy<Value = Map<String, Json>> {
    vec((key(), node()), 1..MOST).prop_map(|entries| {
        let numbered = entries.into_iter().enumerate();
        numbered.map(|(number, (key, node))| (format!("{key}{number}"), node)).collect()
    })
}

/// Block YAML with strings in double quotes, spelled so that no YAML reader trips.
fn yaml(node: &Json, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    match node {
        Json::Array(items) if !items.is_empty() => {
            for item in items {
                out.push_str(&format!("\n{pad}-"));
                yaml(item, indent + 2, out);
            }
        }
        Json::Object(entries) if !entries.is_empty() => {
            for (key, node) in entries {
                out.push_str(&format!("\n{pad}{}:", quoted(key)));
                yaml(node, indent + 2, out);
            }
        }
        Json::String(text) => out.push_str(&format!(" {}", quoted(text))),
        other => out.push_str(&format!(" {other}")),
    }
}

/// Long keys and characters beyond ASCII are escaped: readers differ in what they call printable.
fn quoted(text: &str) -> String {
    let escaped = |letter: char| match letter {
        '"' | '\\' => format!("\\{letter}"),
        ' '..='~' => letter.to_string(),
        other => format!("\\U{:08x}", u32::from(other)),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// YAML as people write it: any style, blank lines, and comments wherever one can stand.
#[derive(Clone, Debug)]
enum Written {
    Scalar(&'static str),
    Block(&'static str),
    Map(Vec<(Trim, Written)>),
    List(Vec<(Trim, Written)>),
}

/// What stands round an entry: a blank line and comments above it, at its line's end, and below what is nested in it.
#[derive(Clone, Copy, Debug)]
struct Trim {
    blank: bool,
    above: u8,
    behind: bool,
    below: bool,
}

const SCALARS: [&str; 13] = [
    "word",
    "two words",
    "'single #1'",
    "\"double\"",
    "12",
    "1.5",
    "true",
    "~",
    "{}",
    "[]",
    "{p: 1, q: \"x\"}",
    "[1, \"y\"]",
    "\"\"",
];

const BLOCKS: [&str; 4] = ["|", "|-", ">", ">-"];

fn trim() -> impl Strategy<Value = Trim> {
    (prop::bool::weighted(0.2), 0..8_u8, prop::bool::weighted(0.3), prop::bool::weighted(0.3)).prop_map(
        |(blank, above, behind, below)| Trim { blank, above: above.saturating_sub(5), behind, below },
    )
}

fn written() -> impl Strategy<Value = Written> {
    let leaf = prop_oneof![
        5 => prop::sample::select(&SCALARS[..]).prop_map(Written::Scalar),
        1 => prop::sample::select(&BLOCKS[..]).prop_map(Written::Block),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            vec((trim(), inner.clone()), 1..4).prop_map(Written::Map),
            vec((trim(), inner), 1..4).prop_map(Written::List),
        ]
    })
}

/// Comments and keys are numbered, so that none is like another.
struct Writer {
    text: String,
    count: usize,
}

impl Writer {
    fn comment(&mut self, indent: usize) {
        self.count += 1;
        self.text.push_str(&format!("{}# c{}\n", " ".repeat(indent), self.count));
    }

    fn entries(&mut self, entries: &[(Trim, Written)], is_map: bool, indent: usize) {
        for (trim, written) in entries {
            if trim.blank {
                self.text.push('\n');
            }
            for _ in 0..trim.above {
                self.comment(indent);
            }
            self.count += 1;
            let pad = " ".repeat(indent);
            let start = if is_map { format!("k{}:", self.count) } else { "-".to_owned() };
            self.text.push_str(&format!("{pad}{start}"));
            self.node(*trim, written, indent + 2);
        }
    }

    fn node(&mut self, trim: Trim, written: &Written, indent: usize) {
        match written {
            Written::Scalar(text) | Written::Block(text) => self.text.push_str(&format!(" {text}")),
            Written::List(_) | Written::Map(_) => {}
        }
        if trim.behind {
            self.count += 1;
            self.text.push_str(&format!(" # c{}", self.count));
        }
        self.text.push('\n');
        match written {
            Written::Scalar(_) => {}
            Written::Block(_) => {
                let pad = " ".repeat(indent);
                self.text.push_str(&format!("{pad}line\n\n{pad}# no comment\n"));
            }
            Written::List(entries) | Written::Map(entries) => {
                self.entries(entries, matches!(written, Written::Map(_)), indent);
                // At the end of a list, sops sees it elsewhere than people do.
                if trim.below && matches!(written, Written::Map(_)) {
                    self.comment(indent);
                }
            }
        }
    }
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: FILES,
        max_shrink_iters: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn generated_yaml_reads_alike(document in document()) {
        let Some(bench) = Bench::new() else { return Ok(()) };
        let mut text = String::new();
        yaml(&Json::Object(document), 0, &mut text);
        bench.agree("g.yaml", format!("{}\n", text.trim_start()).as_bytes());
    }

    #[test]
    fn generated_comments_are_bound_where_sops_looks(entries in vec((trim(), written()), 1..12)) {
        let Some(bench) = Bench::new() else { return Ok(()) };
        let mut writer = Writer { text: String::new(), count: 0 };
        writer.entries(&entries, true, 0);
        let plain = writer.text.as_bytes();
        let ours = bench.encrypt("c.yaml", plain);
        let read = bench.sops_reads("c.yaml", &ours);
        prop_assert!(!read.contains("ENC["), "{}\n{}", writer.text, read);
        let theirs = bench.sops_encrypts("c.yaml", plain);
        let (opened, _) = bench.open("c.yaml", &theirs).unwrap();
        prop_assert_eq!(opened.stuck_comments, 0, "{}", writer.text);
        let (_, back) = bench.open("c.yaml", &ours).unwrap();
        prop_assert_eq!(back.leaves().len(), opened.leaves.iter().filter(|leaf| !leaf.comment).count());
    }

    #[test]
    fn generated_json_reads_alike(document in document(), pretty in any::<bool>()) {
        let Some(bench) = Bench::new() else { return Ok(()) };
        let json = Json::Object(document);
        bench.agree("g.json", if pretty { format!("{json:#}\n") } else { json.to_string() }.as_bytes());
    }

    #[test]
    fn generated_dotenv_reads_alike(lines in vec(("[A-Za-z_ .-]{0,6}", "[^\\x00\\n\\r]{0,16}", 0..6), 1..MOST)) {
        let Some(bench) = Bench::new() else { return Ok(()) };
        let mut text = String::new();
        for (name, value, kind) in lines {
            // An open quote would run on into the next line.
            let value = value.replace(['\'', '"'], "");
            text.push_str(&match kind {
                0 => format!("#{value}\n"),
                1 => format!("{name}_unencrypted={value}\n"),
                2 => format!("{name}=\"{}\"\n", value.replace('\\', "")),
                _ => format!("{name}={value}\n"),
            });
        }
        bench.agree("g.env", text.as_bytes());
    }
}
