//! One value of an encrypted file set anew, in its place: nothing else is decrypted to text and back, so no byte but
//! that ciphertext and the metadata changes, however another tool laid the file out.

use super::write::Finish;
use super::{EncryptError, Opened, Sealed};
use crate::base::ports::{Clock, Random};
use crate::base::{DataKey, Kind, Type, Value};
use crate::cipher::{Cipher, Mac, Nonces};
use crate::document::Content;

/// The text of `old` with `value` in the encrypted leaf at `event`. `None` where that cannot be done in place: no
/// ciphertext stands there, the value is null or empty and so never encrypted, or the document has aliases, whose
/// values count for the MAC too.
///
/// # Errors
/// When the format cannot hold the result, or there is no randomness.
pub fn update(
    (old, opened): (&Sealed, &Opened),
    event: usize,
    value: &Value,
    key: &DataKey,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Option<Vec<u8>>, EncryptError> {
    let document = old.document();
    let has_alias = document.outline().events.iter().any(|event| matches!(event.kind, Kind::Alias));
    let is_target = opened.leaves.iter().any(|leaf| leaf.event == event && leaf.encrypted && !leaf.comment);
    let plain = value.plain_bytes();
    if has_alias || !is_target || plain.is_empty() {
        return Ok(None);
    }
    let only_encrypted = old.metadata().mac_only_encrypted;
    let mut mac = Mac::new(only_encrypted);
    for leaf in opened.leaves.iter().filter(|leaf| !leaf.comment && (leaf.encrypted || !only_encrypted)) {
        mac.feed(if leaf.event == event { value } else { &leaf.value });
    }
    let mut finish = Finish { key, cipher: Cipher::new(key), nonces: Nonces::new(random), clock };
    let mut text = String::new();
    let (aad, nonce) = (document.path_of(event).aad(), finish.nonces.next_nonce()?);
    finish.cipher.encrypt(value.kind().unwrap_or(Type::Str), &plain, &aad, nonce, &mut text)?;
    let content = Content::Cipher { text: &text, style: None };
    let splice = document.format().replace(document, event, content)?;
    let body = document.spliced(vec![splice]).map_err(EncryptError::ReadBack)?;
    finish.seal(&body, old.metadata().clone(), mac).map(Some)
}
