//! Generated documents that look like what people write. `exact` ones stay outside the closed lists of spellings that
//! do not come back byte for byte; the others hold those too.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// A key; every selector under test finds some of them.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => "[a-z][a-z_]{0,6}",
        1 => "[A-Z][A-Z0-9_]{1,8}",
        3 => "[a-z]{1,3}_(unencrypted|enc|url)",
        1 => "(é|日本|ñ)[a-z]{1,2}",
    ]
}

/// The text of a comment, behind its `#`.
fn comment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "( [a-zA-Z0-9:=,'é]{1,8}){1,3}",
        1 => Just(" sops:enc".to_owned()),
        1 => Just("!shebang".to_owned()),
        1 => Just("OLD_KEY=was-here".to_owned()),
        1 => Just(" \"quoted\" {and} [more] #twice".to_owned()),
    ]
}

/// One dotenv file.
pub fn dotenv() -> impl Strategy<Value = String> {
    let name = prop_oneof![8 => key(), 1 => key().prop_map(|key| format!("export {key}")), 1 => key().prop_map(|key| format!(" {key} "))];
    let value = prop_oneof![
        4 => "[a-zA-Z0-9/:@.+=_-]{0,12}",
        1 => " ?[a-z]{1,4} [a-z]{1,4} ?",
        1 => "\"([a-z $'#=é]|\\\\n|\\\\\"){0,8}\"",
        1 => "'[a-z $\"#=\\\\]{0,8}'( # why)?",
        1 => "\"[a-z]{0,3}(\n[a-z #=]{0,5}){1,3}\"",
        1 => "'[a-z]{0,3}(\n[a-z #=]{0,5}){1,2}'",
        1 => select(&["p#w", "postgres://u:p@h/db?x=1", "$HOME/x", "\"\"", "''", "true", "0x10", "日本語", "C:\\new\\table"][..]).prop_map(str::to_owned),
    ];
    let line = prop_oneof![
        1 => Just(String::new()),
        2 => comment().prop_map(|text| format!("#{text}")),
        7 => (name, value).prop_map(|(name, value)| format!("{name}={value}")),
    ];
    (vec(line, 0..10), any::<bool>(), 0..8u8).prop_map(|(lines, crlf, bom)| {
        let end = if crlf { "\r\n" } else { "\n" };
        let text: String = lines.iter().flat_map(|line| [line.replace('\n', end), end.to_owned()]).collect();
        if bom == 0 { format!("\u{feff}{text}") } else { text }
    })
}

/// One INI file without what is refused: names that stand twice, signs in quotes, swallowed lines.
pub fn ini() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => "[a-zA-Z0-9/:@.+=_-]{0,12}",
        1 => "[a-z]{1,4} [a-z%()]{1,4}",
        1 => "\"[a-z $'=\\\\é]{0,8}\"",
        1 => "'[a-z $\"=\\\\]{0,8}'",
        1 => "`[a-z #;\"'=\n]{0,8}`",
        1 => "\"\"\"[a-z]{0,3}(\n[a-z #;`]{0,5}){1,3}\"\"\"",
        1 => select(&["a#b", "; only", "\"open", "it's", "日本語", "[x]", "\"\"", "''", "<nil>"][..]).prop_map(str::to_owned),
    ];
    let comment = || {
        (select(&[";", "#", "; ", ";; ", " #"][..]), comment())
            .prop_map(|(sign, text)| sign.to_owned() + &text)
    };
    let entry = (
        key(),
        select(&["=", " = ", ": ", "  =", " :\t"][..]),
        value,
        prop::option::weighted(0.2, comment()),
    )
        .prop_map(|(name, sign, value, behind)| {
            let quoted = value.starts_with(['`', '"']);
            (
                name.clone(),
                format!(
                    "{name}{sign}{value}{}",
                    behind.filter(|_| !quoted).map(|text| format!(" {text}")).unwrap_or_default()
                ),
            )
        });
    let line = prop_oneof![
        2 => Just(None),
        2 => comment().prop_map(|text| Some((String::new(), text))),
        7 => entry.prop_map(Some),
    ];
    let section = (prop::option::weighted(0.8, key()), vec(line, 0..6));
    (vec(section, 0..4), any::<bool>(), 0..8u8, any::<bool>()).prop_map(|(sections, crlf, bom, ended)| {
        let mut text = String::new();
        let mut names = std::collections::HashSet::new();
        for (name, lines) in sections {
            if let Some(name) = name {
                names.clear();
                text.push_str(&format!("[{name}]\n"));
            }
            for line in lines {
                match line {
                    Some((name, _)) if !name.is_empty() && !names.insert(name.clone()) => {}
                    Some((_, line)) => text.push_str(&format!("{line}\n")),
                    None => text.push('\n'),
                }
            }
        }
        if !ended {
            text.pop();
        }
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        if bom == 0 { format!("\u{feff}{text}") } else { text }
    })
}

/// What a JSON or YAML document holds.
#[derive(Clone, Debug)]
pub enum Tree {
    Map(Vec<(String, Tree, Decor)>),
    List(Vec<(Tree, Decor)>),
    /// As written; in YAML a block scalar has its lines behind line feeds.
    Leaf(String),
}

/// What stands round an entry.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Decor {
    blank: bool,
    above: Option<String>,
    beside: Option<String>,
    flow: bool,
    indented: bool,
    anchor: bool,
}

fn decor() -> impl Strategy<Value = Decor> {
    let seldom = || prop::bool::weighted(0.15);
    let text = || prop::option::weighted(0.15, comment());
    (seldom(), text(), text(), seldom(), any::<bool>(), seldom()).prop_map(
        |(blank, above, beside, flow, indented, anchor)| Decor {
            blank,
            above,
            beside,
            flow,
            indented,
            anchor,
        },
    )
}

fn tree(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = Tree> {
    let inner = leaf.prop_map(Tree::Leaf).prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            2 => vec((key(), inner.clone(), decor()), 0..4).prop_map(Tree::Map),
            1 => vec((inner, decor()), 0..4).prop_map(Tree::List),
        ]
    });
    vec((key(), inner, decor()), 1..6).prop_map(Tree::Map)
}

/// The same without names that stand twice in one map, which YAML refuses.
fn unique(tree: Tree) -> Tree {
    match tree {
        Tree::Map(entries) => {
            let mut seen = std::collections::HashSet::new();
            let entries = entries.into_iter().filter(|(key, ..)| seen.insert(key.clone()));
            Tree::Map(entries.map(|(key, tree, decor)| (key, unique(tree), decor)).collect())
        }
        Tree::List(items) => {
            Tree::List(items.into_iter().map(|(tree, decor)| (unique(tree), decor)).collect())
        }
        leaf @ Tree::Leaf(_) => leaf,
    }
}

/// One JSON file; names may stand twice unless `distinct`.
pub fn json(exact: bool, distinct: bool) -> impl Strategy<Value = String> {
    let common = prop_oneof![
        4 => "\"[a-zA-Z0-9 /:@.é日#'{},-]{0,10}\"",
        1 => "\"([a-z]|\\\\n|\\\\t|\\\\\"|\\\\\\\\){1,6}\"",
        1 => any::<i32>().prop_map(|int| int.to_string()),
        1 => (-999i32..999, 1..9u8).prop_map(|(whole, tenth)| format!("{whole}.{tenth}")),
        1 => select(&["true", "false", "null", "\"\"", "0", "\"2024-01-02\"", "\"ENC[no]\""][..]).prop_map(str::to_owned),
    ];
    let odd =
        select(&["\"\\u00e9\"", "\"a\\/b\"", "\"\\ud83d\\ude00\"", "1.50", "1e3", "-0", "1E-2", "2.0"][..]);
    let leaf = prop_oneof![6 => common, u32::from(!exact) => odd.prop_map(str::to_owned)];
    (tree(leaf), 0..4usize, any::<bool>(), any::<bool>()).prop_map(move |(tree, style, crlf, ended)| {
        let tree = if distinct { unique(tree) } else { tree };
        let mut text = String::new();
        write_json(&tree, ["", "  ", "    ", "\t"][style], 0, &mut text);
        text.push_str(if ended { "\n" } else { "" });
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn write_json(tree: &Tree, indent: &str, depth: usize, out: &mut String) {
    let line = |out: &mut String, depth: usize| {
        if !indent.is_empty() {
            out.push('\n');
            out.push_str(&indent.repeat(depth));
        }
    };
    let (open, close, entries): (_, _, Vec<(Option<&String>, &Tree, &Decor)>) = match tree {
        Tree::Leaf(text) => return out.push_str(text),
        Tree::List(items) => ('[', ']', items.iter().map(|(tree, decor)| (None, tree, decor)).collect()),
        Tree::Map(entries) => {
            ('{', '}', entries.iter().map(|(key, tree, decor)| (Some(key), tree, decor)).collect())
        }
    };
    out.push(open);
    for (position, (key, tree, decor)) in entries.iter().enumerate() {
        out.push_str(if position > 0 { "," } else { "" });
        line(out, depth + 1);
        if let Some(key) = key {
            out.push_str(&format!("\"{key}\":{}", if decor.blank { "" } else { " " }));
        }
        write_json(tree, indent, depth + 1, out);
    }
    if !entries.is_empty() {
        line(out, depth);
    }
    out.push(close);
}

/// One YAML file of up to three documents, in `\n` or `\r\n`.
pub fn yaml(exact: bool, one: bool) -> impl Strategy<Value = String> {
    let common = prop_oneof![
        5 => "[a-z][a-zA-Z0-9/@._+-]{0,9}",
        1 => "[a-z]{1,4}( [a-z#:]{1,4}x){1,2}",
        2 => "\"[a-z #:{}é日'-]{0,8}\"",
        2 => "'[a-z #:{}\"\\\\é-]{0,8}'",
        1 => "\"([a-z]|\\\\t|\\\\\"|\\\\\\\\){1,6}\"",
        1 => any::<i32>().prop_map(|int| int.to_string()),
        1 => (-999i32..999, 1..9u8).prop_map(|(whole, tenth)| format!("{whole}.{tenth}")),
        2 => select(&["true", "false", "null", "~", "", "\"\"", "''", "0", "yes", "2024-01-02T03:04:05Z", "\"12\"", "'true'", "!own x", ":x", "-x", "'it''s'"][..]).prop_map(str::to_owned),
        2 => "\\|[+-]?(\n[a-z#:][a-z #:]{0,6}y| {0}\n [a-z]{1,3}){1,3}".prop_map(|text| if text.lines().nth(1).is_some_and(|line| line.starts_with(' ')) { text.replacen("\n ", "\n", 1) } else { text }),
    ];
    let odd = select(
        &[
            "0x10",
            "1.50",
            "1e3",
            "TRUE",
            "False",
            ".Inf",
            "2024-01-02",
            "1_000",
            "+7",
            "\"\\u00e9\\x41\"",
            "\"\\/\"",
            "!!str 12",
            "!!int \"3\"",
            ">\none\ntwo",
            ">-\none\n\ntwo\n three",
            "one\n two",
            "\"one\n two\"",
        ][..],
    );
    let leaf = prop_oneof![8 => common, 2 * u32::from(!exact) => odd.prop_map(str::to_owned)];
    (vec(tree(leaf), 1..if one { 2 } else { 4 }), any::<bool>(), any::<bool>(), 0..4u8).prop_map(
        move |(trees, crlf, marked, ended)| {
            let mut text = String::new();
            let several = trees.len() > 1;
            for (number, tree) in trees.into_iter().enumerate() {
                if number > 0 || marked {
                    text.push_str("---\n");
                }
                let mut writer = Writer { out: &mut text, anchors: 0 };
                writer.block(&unique(tree), 0);
                if several && ended == 0 {
                    text.push_str("...\n");
                }
            }
            // How a block without a last line end comes back is in the closed list.
            let block = exact && text.contains(['|', '>']);
            if ended == 1 && !(text.ends_with("\n\n") || several || block) {
                text.pop();
            }
            if crlf { text.replace('\n', "\r\n") } else { text }
        },
    )
}

struct Writer<'a> {
    out: &'a mut String,
    anchors: usize,
}

impl Writer<'_> {
    /// The entries of a map or list, each on its own lines.
    fn block(&mut self, tree: &Tree, indent: usize) {
        match tree {
            Tree::Map(entries) => {
                for (key, tree, decor) in entries {
                    self.above(decor, indent);
                    self.out.push_str(&format!("{:indent$}{key}:", ""));
                    self.node(Some(key), tree, decor, indent);
                }
            }
            Tree::List(items) => {
                for (tree, decor) in items {
                    self.above(decor, indent);
                    self.out.push_str(&format!("{:indent$}-", ""));
                    self.node(None, tree, decor, indent);
                }
            }
            Tree::Leaf(_) => {}
        }
    }

    fn above(&mut self, decor: &Decor, indent: usize) {
        if decor.blank {
            self.out.push('\n');
        }
        if let Some(text) = &decor.above {
            self.out.push_str(&format!("{:indent$}#{text}\n", ""));
        }
    }

    /// What stands behind `key:` or `-`, to the end of its last line.
    fn node(&mut self, key: Option<&String>, tree: &Tree, decor: &Decor, indent: usize) {
        let beside = decor.beside.as_ref().map(|text| format!(" #{text}")).unwrap_or_default();
        match tree {
            Tree::Leaf(text) => {
                let anchors = key.is_some_and(|key| key.ends_with("_unencrypted")) && !text.is_empty();
                let anchor = if anchors && decor.anchor && !text.starts_with('!') {
                    self.anchors += 1;
                    format!(" &a{}", self.anchors)
                } else if anchors && decor.flow && self.anchors > 0 {
                    self.out.push_str(&format!(" *a{}{beside}\n", self.anchors));
                    return;
                } else {
                    String::new()
                };
                let (first, rest) =
                    text.split_once('\n').map_or((text.as_str(), None), |(first, rest)| (first, Some(rest)));
                let blank = if first.is_empty() { "" } else { " " };
                self.out.push_str(&format!(
                    "{anchor}{blank}{first}{}\n",
                    if rest.is_none() { &beside } else { "" }
                ));
                for line in rest.into_iter().flat_map(|rest| rest.split('\n')) {
                    let width = if line.is_empty() { 0 } else { indent + 2 };
                    self.out.push_str(&format!("{:width$}{line}\n", ""));
                }
            }
            Tree::Map(entries) if entries.is_empty() => self.out.push_str(&format!(" {{}}{beside}\n")),
            Tree::List(items) if items.is_empty() => self.out.push_str(&format!(" []{beside}\n")),
            _ if decor.flow => {
                self.out.push(' ');
                self.flow(tree);
                self.out.push_str(&format!("{beside}\n"));
            }
            Tree::List(_) if key.is_some() && !decor.indented => {
                self.out.push_str(&format!("{beside}\n"));
                self.block(tree, indent);
            }
            _ => {
                self.out.push_str(&format!("{beside}\n"));
                self.block(tree, indent + 2);
            }
        }
    }

    /// In brackets; every string is quoted, as ciphertext must be there.
    fn flow(&mut self, tree: &Tree) {
        let separated = |position: usize| if position > 0 { ", " } else { "" };
        match tree {
            Tree::Leaf(text) => {
                let quoted = text.starts_with(['"', '\'']) && !text.contains('\n');
                self.out.push_str(if quoted { text } else { "\"x\"" });
            }
            Tree::List(items) => {
                self.out.push('[');
                for (position, (tree, _)) in items.iter().enumerate() {
                    self.out.push_str(separated(position));
                    self.flow(tree);
                }
                self.out.push(']');
            }
            Tree::Map(entries) => {
                self.out.push('{');
                for (position, (key, tree, _)) in entries.iter().enumerate() {
                    self.out.push_str(&format!("{}{key}: ", separated(position)));
                    self.flow(tree);
                }
                self.out.push('}');
            }
        }
    }
}
