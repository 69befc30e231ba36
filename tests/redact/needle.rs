//! A value that is looked for is found wherever it would be masked, and nowhere else.

use lacre::base::Secret;
use lacre::redact::{Known, Needle, Options, Redactor, forms, is_maskable};

use super::{Dice, SIGNS, WORDS, secret};

/// How many places of `text` redaction masks.
fn masked(value: &str, text: &[u8]) -> usize {
    let known = Known { name: "N".to_owned(), value: Secret::new(value.as_bytes().to_vec()) };
    let (redactor, _) =
        Redactor::new(&[known], &Options { mask: Some("\u{1}".to_owned()), ..Options::default() });
    let (mut stream, mut out) = (redactor.stream(), Vec::new());
    stream.push(text, &mut out);
    stream.finish(&mut out);
    memchr::memchr_iter(1, &out).count()
}

#[test]
fn a_needle_is_found_wherever_it_would_be_masked() {
    let mut dice = Dice(0x5eed_0f2d);
    let mut found = 0;
    for round in 0..1_000 {
        let value = secret(&mut dice, &[]);
        if !is_maskable(value.as_bytes()) {
            continue;
        }
        let all = forms(value.as_bytes());
        let mut text = Vec::new();
        for _ in 0..dice.below(4) {
            let length = dice.below(30);
            let alphabet = if dice.below(2) == 0 { WORDS } else { SIGNS };
            text.extend(dice.letters(alphabet, length).into_bytes());
            let form = all[dice.below(all.len())].expose();
            // Sometimes all but the end of it.
            let cut = if dice.below(4) == 0 { 1 + dice.below(3) } else { 0 };
            text.extend(&form[..form.len() - cut.min(form.len())]);
        }
        // What the needle itself decodes to is looked for too, and is no form: here it does not occur by chance.
        let hits = Needle::new(value.as_bytes()).hits(&text);
        assert_eq!(hits.len(), masked(&value, &text), "round {round}: {value:?} in {text:?}");
        found += hits.len();
        for hit in &hits {
            assert!(hit.start < text.len());
        }
    }
    assert!(found > 600, "{found}");
}

#[test]
fn every_form_of_a_value_is_like_it() {
    let mut dice = Dice(0x0dd_ba11);
    for _ in 0..500 {
        let value = secret(&mut dice, &[]);
        if !is_maskable(value.as_bytes()) {
            continue;
        }
        let needle = Needle::new(value.as_bytes());
        for form in forms(value.as_bytes()) {
            assert!(needle.likeness(form.expose()).is_some(), "{value:?}");
        }
        assert!(
            needle.likeness(&[b"x=", value.trim().as_bytes(), b";"].concat()).is_some_and(|like| !like.whole)
        );
        let like = needle.likeness(format!(" {value}\n").as_bytes()).unwrap();
        assert!(like.whole && like.plain);
    }
}
