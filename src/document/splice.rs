//! Replacing spans of a text and nothing else.

use crate::base::{Secret, Span};

/// Put `with` in the place of `span`. May hold plaintext, so it is wiped and not printed.
#[derive(Clone, Debug)]
pub struct Splice {
    /// What goes; an empty span inserts.
    pub span: Span,
    /// What comes.
    pub with: Secret<Vec<u8>>,
}

impl Splice {
    /// Replaces `span` by `with`.
    #[must_use]
    pub fn new(span: Span, with: impl Into<Vec<u8>>) -> Self {
        Self { span, with: Secret::new(with.into()) }
    }
}

/// `text` with all `splices` applied. Their spans must not overlap; insertions at one place keep their order.
#[must_use]
pub fn splice(text: &[u8], mut splices: Vec<Splice>) -> Vec<u8> {
    splices.sort_by_key(|splice| splice.span);
    let gained: usize = splices.iter().map(|splice| splice.with.expose().len()).sum();
    // Exact capacity: a growing buffer would leave unwiped copies behind.
    let mut result = Vec::with_capacity(text.len() + gained);
    let mut at = 0;
    for Splice { span, with } in &splices {
        let range = span.range();
        result.extend_from_slice(text.get(at..range.start).unwrap_or_default());
        result.extend_from_slice(with.expose());
        at = range.end.max(at);
    }
    result.extend_from_slice(text.get(at..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splices_apply_in_order_of_place() {
        let splices = vec![
            Splice::new(Span::new(4, 5), "E"),
            Splice::new(Span::new(0, 1), ""),
            Splice::new(Span::new(2, 2), "++"),
        ];
        assert_eq!(splice(b"abcdef", splices), b"b++cdEf");
    }

    #[test]
    fn no_splice_is_no_change() {
        assert_eq!(splice(b"abc", Vec::new()), b"abc");
    }
}
