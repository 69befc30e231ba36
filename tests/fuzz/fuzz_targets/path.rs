//! Texts as paths.
#![no_main]

use lacre::base::{Path, Step};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(path) = Path::parse(text) else { return };
    assert!(!path.steps.is_empty());
    assert!(path.aad().ends_with(b":"));
    let shown = path.to_string();
    assert!(!shown.contains(char::is_control), "a name must not steer a terminal");
    let plain = |step: &Step| match step {
        Step::Index(_) => true,
        Step::Key(key) => std::str::from_utf8(key)
            .is_ok_and(|key| !key.contains(['[', ']', '"', '\'']) && key.escape_debug().eq(key.chars())),
    };
    if path.steps.iter().all(plain) {
        assert_eq!(Path::parse(&shown), Ok(path));
    }
});
