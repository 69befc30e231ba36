//! What stands in the clear although a selector wants it encrypted. Needs no key.

use super::walk::{AliasBomb, Role, walk};
use crate::base::{Scalar, Value};
use crate::cipher::Ciphertext;
use crate::document::Document;
use crate::policy::Selector;

/// The events of the leaves of `document` that `selector` wants encrypted and that are not. Null and the empty text are
/// never encrypted, and what aliases lead to stands elsewhere.
#[must_use]
pub fn clear_leaves(document: &Document, selector: &Selector) -> Vec<usize> {
    let selector = if document.format().is_whole() { Selector::everything() } else { selector.clone() };
    let mut found = Vec::new();
    // What aliases multiply beyond measure is no file that could be encrypted; until there, it counts.
    let _: Result<(), AliasBomb> = walk(document, &selector.lenient_matcher(), |visit| {
        if let Role::Leaf(scalar) = visit.role
            && visit.selected
            && !visit.aliased
            && is_clear(document, visit.event, scalar)
        {
            found.push(visit.event);
        }
        Ok(())
    });
    found
}

fn is_clear(document: &Document, event: usize, scalar: &Scalar) -> bool {
    match scalar {
        Scalar::Other(value) => !matches!(value, Value::Null),
        Scalar::Str(text) => document.outline().events.get(event).is_some_and(|event| {
            let text = text.bytes(event.span, document.text());
            !text.is_empty() && Ciphertext::parse(text).is_none()
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml::Yaml;
    use crate::policy::SelectorKind;

    #[test]
    fn what_is_selected_and_clear_is_found() {
        let cipher = "ENC[AES256_GCM,data:QQ==,iv:QQ==,tag:QQ==,type:str]";
        let text = format!(
            "kind: Secret\ndata:\n  a: {cipher}\n  b: x\n  c: \"\"\n  d: null\n  e: &e 5\nother: *e\n"
        );
        let document = Document::parse(text.into_bytes(), &Yaml).unwrap();
        let named = |selector: &Selector| -> Vec<String> {
            let events = clear_leaves(&document, selector);
            events.iter().map(|event| document.path_of(*event).to_string()).collect()
        };
        let selector = |kind, text: &str| Selector { kind, text: text.to_owned() };
        assert_eq!(named(&selector(SelectorKind::EncryptedRegex, "^data$")), ["data.b", "data.e"]);
        assert_eq!(named(&Selector::default()), ["kind", "data.b", "data.e"]);
        assert_eq!(named(&selector(SelectorKind::EncryptedRegex, "^none$")), [""; 0]);
    }
}
