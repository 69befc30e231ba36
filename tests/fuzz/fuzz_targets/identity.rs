//! Texts as files of identities, and as recipients.
#![no_main]

use lacre::keys::Recipient;
use lacre::keys::age::AgeRecipient;
use lacre::keys::key_file::KeyFile;
use lacre::keys::plugin::NoPlugins;

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    match KeyFile::parse(text) {
        Ok(KeyFile::Open(keys)) => {
            assert!(!keys.is_empty());
            for recipient in keys.iter().filter_map(|key| key.recipient()) {
                let read = AgeRecipient::parse(&recipient, &NoPlugins).expect("our own recipient is one");
                assert_eq!(read.id(), recipient);
            }
        }
        // Opening it would cost a second and more: that is what passphrases are for.
        Ok(KeyFile::Locked(_)) => {}
        Err(error) => assert!(!error.to_string().contains("AGE-SECRET-KEY-1")),
    }
    let Ok(text) = std::str::from_utf8(text) else { return };
    match AgeRecipient::parse(text, &NoPlugins) {
        Ok(recipient) => assert_eq!(recipient.id(), text.trim()),
        Err(error) => assert!(!error.to_string().contains(char::is_control)),
    }
});
