//! Floor 1, policy: which leaves are encrypted and for whom. Reads rules; knows no files and no ciphers.

pub mod names;
pub mod re2;
pub mod rule;
pub mod selector;

pub use names::Names;
pub use re2::InvalidRegex;
pub use rule::{Destinations, Extension, Rule, RuleError, Rules, Stores};
pub use selector::{Matcher, Selector, SelectorKind, TwoSelectors};
