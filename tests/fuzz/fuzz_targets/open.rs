//! Edits to sealed files, by somebody without the key: each is noticed, or changes nothing that the seal promises.
#![no_main]

use std::sync::LazyLock;

use lacre::document::dotenv::Dotenv;
use lacre::document::yaml::Yaml;
use lacre::document::{Binary, Format, Ini, Json};
use lacre::envelope::{Plain, Sealed, Verdict};
use lacre::policy::{Selector, SelectorKind};
use lacre_fuzz::{key, promise, seal};
use libfuzzer_sys::arbitrary::{self, Arbitrary};

const PLAINS: [(&dyn Format, &str); 7] = [
    (&Dotenv, "#c\nA=1\nexport B=\"x\ny\"\nC=\n# d\nD_unencrypted=clear\n"),
    (&Binary, "any\0bytes"),
    (&Ini, "k = 0\n; c\n\n; d\n[a]\nx=1 ; e\ny: \"q \"\n[b]\nz_unencrypted = `a;b`\n; last\n"),
    (
        &Json,
        "{\"a\": \"x\", \"b\": [1, \"y\", null, {}], \"c_unencrypted\": {\"d\": 2.5}, \"e\": {\"f\": true}}\n",
    ),
    (
        &Yaml,
        "# top\na: x # why\nl:\n# in\n- 1\n- k: y\n- |\n  block\nc_unencrypted: &n clear\nd_unencrypted: *n\n",
    ),
    (&Yaml, "a: 'x'\nm: {b: \"y\", c: []}\nn:\n---\nb: \"y\"\nl: ['1', !own \"2\"]\n"),
    (&Yaml, "{a: \"x\", b_unencrypted: [1, 2.50]}\n"),
];

struct File {
    format: &'static dyn Format,
    text: Vec<u8>,
    promise: Vec<Vec<u8>>,
}

static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let comments = || Selector { kind: SelectorKind::UnencryptedCommentRegex, text: "why".to_owned() };
    let mut files = Vec::new();
    for (format, text) in PLAINS {
        for (only_encrypted, selector) in
            [(false, Selector::default()), (true, Selector::default()), (false, comments())]
        {
            let plain = Plain::parse(text.into(), format).expect("it is a plaintext");
            let Some(text) = seal(&plain, only_encrypted, selector) else { continue };
            let sealed = Sealed::parse(text.clone(), format).expect("it is sealed");
            let promise = promise(&sealed, &sealed.open(&key()).expect("it opens"));
            files.push(File { format, text, promise });
        }
    }
    files
});

#[derive(Arbitrary, Debug)]
struct Edit<'a> {
    at: u16,
    goes: u8,
    comes: &'a [u8],
    /// Comes from the file itself instead.
    copied: Option<(u16, u8)>,
}

libfuzzer_sys::fuzz_target!(|input: (u8, Vec<Edit<'_>>)| {
    let (choice, edits) = input;
    let file = &FILES[usize::from(choice) % FILES.len()];
    let mut text = file.text.clone();
    for edit in edits {
        let at = usize::from(edit.at) % (text.len() + 1);
        let end = (at + usize::from(edit.goes)).min(text.len());
        let comes = edit.copied.map_or(edit.comes.to_vec(), |(from, length)| {
            let from = usize::from(from) % file.text.len();
            file.text[from..(from + usize::from(length)).min(file.text.len())].to_vec()
        });
        text.splice(at..end, comes);
    }
    let Ok(sealed) = Sealed::parse(text, file.format) else { return };
    let _ = (sealed.open_ignoring_mac(&key()), sealed.open_without_seal(&key()));
    let Ok(opened) = sealed.open(&key()) else { return };
    assert_eq!(opened.verdict, Verdict::Sealed);
    assert_eq!(promise(&sealed, &opened), file.promise);
});
