//! The schema language, and what is found with it.

use super::*;
use proptest::prelude::*;

/// 2026-06-01, 12:00 UTC.
fn now() -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp(1_780_315_200).unwrap()
}

fn schema(text: &str) -> Schema {
    Schema::parse(text.as_bytes()).unwrap()
}

/// The first item of a schema without a header.
fn item(text: &str) -> Item {
    schema(text).items.remove(0)
}

fn error(text: &str) -> String {
    Schema::parse(text.as_bytes()).unwrap_err().to_string()
}

/// `SUBJECT code` for each.
fn codes(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{} {}", finding.subject, finding.problem.code())).collect()
}

fn values(schema: &Schema, values: &[(&str, &str)]) -> Vec<String> {
    let values: Vec<(&str, &[u8])> = values.iter().map(|(name, value)| (*name, value.as_bytes())).collect();
    codes(&schema.check_values(&values, now()))
}

// --- the language ---------------------------------------------------------------------------------

#[test]
fn a_schema_is_read_as_it_is_documented() {
    let schema = schema(
        "# The whole file.\n# @defaultSensitive=false @defaultRequired=infer\n# @currentEnv=$APP_ENV\n# ---\n\n\
         # Where we run.\n# @type=enum(dev, \"staging\", prod) @example=prod # and why\n# @docs(\"Guide\", https://a.b)\nAPP_ENV=dev\n\n\
         # @required @sensitive @type=string(startsWith=\"sk-\", minLength=10)\n#second line\nKEY= # trailing words\n\
         export QUOTED=\"a # b\" # @optional\nLINES=```\none\ntwo\n```\nBARE=a#b # c\n",
    );
    let names: Vec<(&str, usize)> = schema.items.iter().map(|item| (item.name.as_str(), item.line)).collect();
    assert_eq!(names, [("APP_ENV", 9), ("KEY", 13), ("QUOTED", 14), ("LINES", 15), ("BARE", 19)]);
    let environment = schema.item("APP_ENV").unwrap();
    assert_eq!(environment.kind, Kind::Enum(vec!["dev".into(), "staging".into(), "prod".into()]));
    assert_eq!((environment.default.as_deref(), environment.example.as_deref()), (Some("dev"), Some("prod")));
    assert_eq!((environment.required, environment.sensitive), (false, false));
    assert_eq!(environment.description, "Where we run.");
    let key = schema.item("KEY").unwrap();
    assert_eq!((key.required, key.sensitive, key.default.as_deref()), (true, true, None));
    assert_eq!(key.kind.expected(), "a text of at least 10 characters and that starts with `sk-`");
    assert_eq!(key.description, "second line");
    assert_eq!(schema.item("QUOTED").unwrap().default.as_deref(), Some("a # b"));
    assert_eq!(schema.item("LINES").unwrap().default.as_deref(), Some("one\ntwo\n"));
    assert_eq!(schema.item("BARE").unwrap().default.as_deref(), Some("a#b"));
    assert_eq!(schema.notes, []);
}

#[test]
fn a_blank_line_or_a_divider_parts_a_comment_from_the_item_below() {
    let schema = schema("A=\n# @required\n\nB=\n# @required\n# ---\nC=\n# @required\nD=\n");
    let required: Vec<bool> = schema.items.iter().map(|item| item.required).collect();
    assert_eq!(required, [false, false, false, true]);
}

#[test]
fn brackets_go_on_in_further_comment_lines() {
    let found = item("# @type=enum(\n#   a,\n#   # not this one\n#   b, # why\n# )\n# words\nA=\n");
    assert_eq!(found.kind, Kind::Enum(vec!["a".into(), "b".into()]));
    assert_eq!(found.line, 7);
    assert_eq!(error("# @type=enum(a,\nA=\n"), "line 1: a quote or bracket is not closed");
}

#[test]
fn defaults_of_the_header_hold_for_items_that_do_not_say() {
    let required =
        schema("# @defaultRequired=true\n# ---\nA=\n# @optional\nB=\nC=1\n# @required=false\nD=\n");
    assert_eq!(
        required.items.iter().map(|item| item.required).collect::<Vec<_>>(),
        [true, false, false, false]
    );
    let prefix = schema(
        "# @defaultSensitive=inferFromPrefix(PUB_)\n# ---\nPUB_A=\nB=\n# @public\nC=\n# @sensitive={enabled=false}\nD=\n",
    );
    assert_eq!(
        prefix.items.iter().map(|item| item.sensitive).collect::<Vec<_>>(),
        [false, true, false, false]
    );
    assert!(item("A=\n").sensitive);
}

#[test]
fn what_other_tools_work_out_is_noted_once_and_never_done() {
    let schema = schema(
        "# @plugin(@varlock/1password-plugin) @initOp(token=$T)\n# @import(./.env.shared)\n# ---\n\
         A=exec(`op read \"op://a/b\"`)\nB=exec(\"c\")\nC=\"${A}-x\"\n# @required=forEnv(prod) @custom\nD=\n\
         # @type=opToken\nE=\n# @type=string(minLength=if(eq($A, b), 32, 8), toUpperCase=true)\nF=\n",
    );
    let notes: Vec<String> = schema.notes.iter().map(ToString::to_string).collect();
    assert_eq!(
        notes,
        [
            "line 1: `@plugin` is not checked",
            "line 1: `@initOp` is not checked",
            "line 2: `@import` is not checked",
            "line 4: `exec()` is not checked",
            "line 6: `${…}` is not checked",
            "line 7: `@custom` is not checked",
            "line 7: `@required=…` is not checked",
            "line 9: `@type=opToken` is not checked",
            "line 11: `string(minLength=…)` is not checked",
            "line 11: `string(toUpperCase)` is not checked",
        ]
    );
    assert!(schema.partial);
    // Nobody works them out here, so they must be there.
    assert_eq!(codes(&schema.check_names(&["OTHER"])), ["A missing", "B missing", "C missing"]);
}

#[test]
fn a_kind_is_inferred_from_a_default_without_quotes() {
    let schema = schema("A=3000\nB=true\nC=\"3000\"\nD=0123\nE=x\nF=undefined\nG=inf\nH=NaN\n");
    let names: Vec<&str> = schema.items.iter().map(|item| item.kind.name()).collect();
    assert_eq!(names, ["number", "boolean", "string", "string", "string", "string", "string", "string"]);
    assert_eq!(schema.item("F").unwrap().default, None);
}

#[test]
fn a_default_that_another_tool_makes_fit_is_no_mistake() {
    let url = "# @type=url(prependHttps=true)\n";
    let schema = schema(&format!("# @type=number(precision=0)\nA=123.45\n{url}B=a.b\n{url}C=a.b\n"));
    assert_eq!(values(&schema, &[("A", "123.45"), ("B", "a.b")]), ["A wrong-type", "B wrong-type"]);
    assert_eq!(schema.notes.len(), 1);
}

#[test]
fn schemas_that_contradict_themselves_are_refused() {
    for (text, words) in [
        ("# @type=prot\nA=\n", "line 2: there is no type `prot`"),
        ("# @type=array(prot)\nA=\n", "line 2: there is no type `prot`"),
        ("# @type=port(mni=1)\nA=\n", "line 2: type `port` has no option `mni`"),
        ("# @type=port(min=9, max=1)\nA=\n", "line 2: `min` of type `port` has a value that it cannot have"),
        ("# @type=port(min=x)\nA=\n", "line 2: `min` of type `port` has a value that it cannot have"),
        ("# @type=enum\nA=\n", "line 2: `members` of type `enum` has a value that it cannot have"),
        ("# @required @optional\nA=\n", "line 2: `@required` and `@optional` contradict each other"),
        ("# @sensitive @public\nA=\n", "line 2: `@sensitive` and `@public` contradict each other"),
        ("# @required\n# @required\nA=\n", "line 3: `@required` stands twice"),
        ("# @required=maybe\nA=\n", "line 2: `@required` has a value that it cannot have"),
        ("A=\nB=\nA=\n", "line 3: `A` stands twice, first in line 1"),
        ("A=$B\nB=\"x${C}\"\nC=ref(A)\n", "line 1: the value of `A` refers to itself"),
        ("A=$A\n", "line 1: the value of `A` refers to itself"),
        (
            "# @type=port\nA=http\n",
            "line 2: the default of `A` is not a port: a whole number from 1 to 65535",
        ),
        ("# @default=1\nA=2\n", "line 2: `A` has two defaults"),
        ("# @defaultRequired=perhaps\n# ---\n", "line 1: `@defaultRequired` has a value that it cannot have"),
        ("what\n", "line 1: this is no comment and no `NAME=value`"),
        ("A='x\n", "line 1: a quote or bracket is not closed"),
        ("BAD-NAME=1\n", "line 1: this is no comment and no `NAME=value`"),
        (
            "# @type=string(matches=\"(?=a)\")\nA=\n",
            "line 2: `matches` is no regular expression that can be searched in linear time",
        ),
        (
            "# @type=string(matches=\"(a{1000}){1000}\")\nA=\n",
            "line 2: `matches` is no regular expression that can be searched in linear time",
        ),
    ] {
        assert_eq!(error(text), words, "{text}");
    }
    let patterns: Vec<String> = (0..300).map(|at| format!("# @type=string(matches=\"a\")\nA{at}=")).collect();
    assert_eq!(error(&patterns.join("\n")), "line 514: the schema is too large");
    assert!(error("# @required\n\nA=\n").starts_with("line 1: `@required` stands in the wrong place"));
    assert!(
        error("# @defaultRequired\nA=\n").starts_with("line 2: `@defaultRequired` stands in the wrong place")
    );
    assert_eq!(Schema::parse(b"A=\xff\n").unwrap_err().to_string(), "line 1: the text is not UTF-8");
}

// --- what is found ------------------------------------------------------------------------------------

#[test]
fn names_are_checked_without_values() {
    let schema = schema(
        "# @required\nA=\n# @optional\nB=\n# @sensitive\nVITE_KEY=\nVITE_API_TOKEN=\n# @public\nVITE_PASSWORD_RULES=\n",
    );
    let names = ["B", "C", "VITE_KEY", "VITE_API_TOKEN", "VITE_PASSWORD_RULES", "NEXT_PUBLIC_SECRET"];
    let found = schema.check_names(&names);
    assert_eq!(
        codes(&found),
        [
            "A missing",
            "C unknown",
            "VITE_KEY public-name",
            "NEXT_PUBLIC_SECRET unknown",
            "VITE_API_TOKEN public-name",
            "NEXT_PUBLIC_SECRET public-name"
        ]
    );
    assert_eq!(found[2].severity, Severity::Error);
    assert_eq!(found[4].severity, Severity::Warning);
    assert_eq!(
        found[2].problem.to_string(),
        "is sensitive, and build tools publish every variable that starts with VITE_"
    );
}

#[test]
fn empty_wrong_and_unfilled_values_are_found() {
    let schema = schema(
        "# @required\nA=\n# @optional @type=int\nB=\n# @type=port @required\nC=\n# @sensitive @example=sk-123\nD=\n# @public @example=blue\nE=\n",
    );
    assert_eq!(values(&schema, &[("A", ""), ("B", ""), ("C", "0")]), ["A empty", "C wrong-type"]);
    let given = [("A", "<your-key>"), ("C", "changeme"), ("D", "sk-123"), ("E", "blue"), ("F", "ToDo")];
    assert_eq!(values(&schema, &given), ["A placeholder", "C placeholder", "D placeholder", "F placeholder"]);
    assert_eq!(values(&schema, &[("A", "x"), ("B", "-3"), ("C", "443")]), [""; 0]);
    let found = schema.check_values(&[("C", b"70000")], now());
    assert_eq!(found[0].problem.to_string(), "is not a port: a whole number from 1 to 65535");
}

#[test]
fn placeholders_are_known_by_their_looks() {
    for placeholder in [
        "changeme",
        "change_me",
        "CHANGE-ME",
        "todo",
        "xxx",
        "XXXXXXXX",
        "<your-key>",
        "<password>",
        "your-api-key-here",
        "your_token",
        "replace me",
        "REPLACE_ME",
        "{{ secret }}",
        "placeholder",
        "tbd",
        "changeit",
    ] {
        assert!(hygiene::is_placeholder(placeholder.as_bytes()), "{placeholder}");
    }
    for real in [
        "",
        "xx",
        "xylophone",
        "yourself",
        "your",
        "<a href=\"x\">b</a>",
        "todos",
        "example",
        "password",
        "https://your-company.com",
        "\u{fffd}",
    ] {
        assert!(!hygiene::is_placeholder(real.as_bytes()), "{real}");
    }
}

// --- what is written --------------------------------------------------------------------------------

#[test]
fn a_first_schema_has_guesses_and_no_values() {
    let names = [
        ("PORT", Kind::guess("PORT", b"3000")),
        ("API_KEY", Kind::guess("API_KEY", b"sk-123")),
        ("SITE", Kind::guess("SITE", b"https://example.com")),
        ("WORKERS", Kind::guess("WORKERS", b"7")),
        ("bad-name\n# @x", None),
    ];
    let drafts: Vec<Draft> =
        names.into_iter().map(|(name, kind)| Draft { name, required: name != "WORKERS", kind }).collect();
    let text = Schema::init(&drafts);
    assert_eq!(
        text,
        "# What this program expects of its variables. `lacre help schema` tells the language.\n\
         # @defaultRequired=true @defaultSensitive=false\n# ---\n\n# @type=port\nPORT=\n\n# @sensitive\nAPI_KEY=\n\n\
         # @type=url\nSITE=\n\n# @optional @type=int\nWORKERS=\n\n# `bad-name#@x` is no name for a schema: letters, digits and _\n"
    );
    let schema = schema(&text);
    assert_eq!(schema.items.len(), 4);
    assert!(schema.items.iter().all(|item| item.required == (item.name != "WORKERS")));
}

#[test]
fn an_example_is_made_of_the_schema_alone() {
    let schema = schema(
        "# ---\n# The key.\n# @required @example=\"it's $5\" @type=string(minLength=2)\nA=\nB=\"two words\"\n# @type=port\nC=\nD=exec(\"x\")\n",
    );
    let example = schema.example();
    assert_eq!(
        example,
        "# Copy to .env and fill in. Written by `lacre schema example`; no value here is a real one.\n\n# The key.\n\
         # required; a text of at least 2 characters\nA=\"it's $5\"\n\n# optional\nB='two words'\n\n\
         # optional; a port: a whole number from 1 to 65535\nC=\n\n# required\nD=\n"
    );
    assert_eq!(super::tests::schema(&example).item("A").unwrap().default.as_deref(), Some("it's $5"));
}

proptest! {
    #[test]
    fn no_text_upsets_the_parser(text in any::<Vec<u8>>()) {
        let _ = Schema::parse(&text);
    }

    #[test]
    fn whatever_is_read_has_an_example_that_reads_back(
        text in "(# @(type=(string|port|url|enum\\(a, b\\)|array\\(int\\))|required|example=[a-z\"'` \\[{(]{0,6})\n|# [ -~]{0,9}\n|[A-C]=[ -~]{0,12}\n|\n|[#@=\"'`(,)\\[\\]{}$A\n ]){0,12}"
    ) {
        if let Ok(schema) = Schema::parse(text.as_bytes()) {
            let again = Schema::parse(schema.example().as_bytes()).unwrap();
            let names = |schema: &Schema| schema.items.iter().map(|item| item.name.clone()).collect::<Vec<_>>();
            prop_assert_eq!(names(&again), names(&schema));
        }
    }

    #[test]
    fn no_value_upsets_a_kind(value in any::<Vec<u8>>(), text in "\\PC{0,40}") {
        let kinds = "array base64 base64url boolean certificate domain duration email int ip isoDate json md5 number path pem port record regex semver string url uuid";
        for kind in kinds.split(' ') {
            let schema = schema(&format!("# @type={kind}\nA=\n"));
            let _ = schema.check_values(&[("A", &value), ("A", text.as_bytes())], now());
        }
    }
}
