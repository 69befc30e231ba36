//! What is wrong with a secret whatever its type: never filled in, published by its name. This needs no schema.

use super::{Finding, Problem};

/// The prefix by which a build tool publishes the variable.
#[must_use]
pub fn public_prefix(name: &str) -> Option<&'static str> {
    PUBLIC.into_iter().find(|prefix| name.starts_with(prefix))
}

/// Whether a name sounds like a secret: one of its words is `KEY`, `TOKEN`, `SECRET`, `PASSWORD` or the like.
#[must_use]
pub fn sounds_secret(name: &str) -> bool {
    words(name).any(|word| SECRET_WORDS.contains(&word.as_str()))
}

/// Names that a build tool publishes and that sound like a secret. A lone `KEY` does not: many are made to be public.
pub fn public_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in names {
        if let Some(prefix) = public_prefix(name)
            && words(name)
                .any(|word| word != "KEY" && word != "KEYS" && SECRET_WORDS.contains(&word.as_str()))
        {
            found.push(Finding::warning(name, Problem::PublicName { prefix }));
        }
    }
    found
}

/// Whether a value was written to be replaced: `changeme`, `todo`, `xxxx`, `<your-key>`, `your-key-here`.
#[must_use]
pub fn is_placeholder(value: &[u8]) -> bool {
    let Ok(value) = std::str::from_utf8(value) else {
        return false;
    };
    let value = value.trim().to_ascii_lowercase();
    if value.is_empty() || value.len() > LONGEST {
        return false;
    }
    let inner = |open: &str, close: &str| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let in_angles = inner("<", ">").is_some_and(|name| !name.contains(['<', '>', '/', '"', '=']));
    let in_braces = inner("{{", "}}").is_some();
    let bare: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    let is_yours = bare.starts_with("your")
        && value.split(|letter: char| !letter.is_ascii_alphanumeric()).next() == Some("your")
        && value.contains(['-', '_', ' '])
        && (bare.ends_with("here") || words(&value).any(|word| SECRET_WORDS.contains(&word.as_str())));
    let is_filler = value.len() >= 3 && value.bytes().all(|byte| byte == b'x');
    in_angles || in_braces || is_yours || is_filler || PLACEHOLDERS.contains(&bare.as_str())
}

/// The words of a name, in upper case.
fn words(name: &str) -> impl Iterator<Item = String> {
    name.split(|letter: char| !letter.is_ascii_alphanumeric()).map(str::to_ascii_uppercase)
}

/// By which Next.js, Vite, Create React App, Svelte Kit, Nuxt, Gatsby, Expo, Vue and others publish.
const PUBLIC: [&str; 10] = [
    "EXPO_PUBLIC_",
    "GATSBY_",
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "NX_PUBLIC_",
    "PUBLIC_",
    "REACT_APP_",
    "STORYBOOK_",
    "VITE_",
    "VUE_APP_",
];

const SECRET_WORDS: [&str; 18] = [
    "APIKEY",
    "AUTH",
    "CREDENTIAL",
    "CREDENTIALS",
    "DSN",
    "KEY",
    "KEYS",
    "PASS",
    "PASSPHRASE",
    "PASSWD",
    "PASSWORD",
    "PRIVATE",
    "PWD",
    "SALT",
    "SECRET",
    "SECRETS",
    "TOKEN",
    "TOKENS",
];

/// Without blanks and signs, in lower case.
const PLACEHOLDERS: [&str; 17] = [
    "addme",
    "changeit",
    "changeme",
    "changethis",
    "fillin",
    "fillme",
    "fillmein",
    "fixme",
    "insertme",
    "placeholder",
    "replaceme",
    "replacethis",
    "setme",
    "tbd",
    "todo",
    "tochange",
    "yourkeyhere",
];

/// Bytes of a placeholder.
const LONGEST: usize = 80;
