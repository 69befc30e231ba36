//! Texts as ciphertext.
#![no_main]

use lacre::base::Value;
use lacre::cipher::{Cipher, Ciphertext};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let Some(parsed) = Ciphertext::parse(text) else { return };
    assert!(Ciphertext::is_meant(text) && text.starts_with(parsed.text));
    assert_eq!(Ciphertext::parse(parsed.text), Some(parsed));
    assert!(Cipher::new(&lacre_fuzz::key()).decrypt(&parsed, b"a:").is_err());
    // The bytes of every type are read by the same rules once the cipher has vouched for them.
    if let Ok(value) = Value::from_plain(parsed.kind, text.to_vec()) {
        let plain = value.plain_bytes().into_owned();
        let again = Value::from_plain(parsed.kind, plain.clone()).expect("plain bytes read back");
        assert_eq!(*again.plain_bytes(), plain);
    }
});
