//! Texts as ini.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &[u8]| -> libfuzzer_sys::Corpus {
    lacre_fuzz::document(text, &lacre::document::Ini)
});
