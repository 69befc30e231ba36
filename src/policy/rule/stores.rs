//! `stores:` of a rule file: how sops indents what it writes anew.

use crate::base::{Node, Value};

/// The indentation that each format asks for; `None` where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stores {
    /// Blanks a level of YAML; sops takes 4.
    pub yaml: Option<u32>,
    /// Blanks a level of JSON; sops takes a tab.
    pub json: Option<Indent>,
    /// The same, of the JSON that holds a binary file.
    pub json_binary: Option<Indent>,
}

/// One level of JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Indent {
    /// So many blanks; 0: all in one line's manner of sops, without indentation.
    Blanks(u32),
    /// A tab: any negative number.
    Tab,
}

/// `stores` holds something else than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`stores`: the `indent` of `{0}` is not a number of blanks")]
pub struct StoresError(&'static str);

/// More would fill the memory.
const WIDEST: i64 = 64;

impl Stores {
    /// Reads them from a rule file; unknown formats and fields are passed over.
    ///
    /// # Errors
    /// When an `indent` is no number, negative for YAML, or more than 64.
    pub fn parse(file: &Node) -> Result<Self, StoresError> {
        let indent = |format: &'static str| {
            let node = file.entry("stores").and_then(|stores| stores.entry(format));
            match node.and_then(|node| node.entry("indent")) {
                None | Some(Node::Value(Value::Null)) => Ok(None),
                Some(Node::Value(Value::Int(number))) if *number <= WIDEST => Ok(Some(*number)),
                Some(_) => Err(StoresError(format)),
            }
        };
        let of_json = |number: i64| u32::try_from(number).map_or(Indent::Tab, Indent::Blanks);
        let yaml = indent("yaml")?.map(|number| u32::try_from(number).map_err(|_| StoresError("yaml")));
        Ok(Self {
            // Nothing is said by 0.
            yaml: yaml.transpose()?.filter(|blanks| *blanks > 0),
            json: indent("json")?.map(of_json),
            json_binary: indent("json_binary")?.map(of_json),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stores(format: &str, indent: Node) -> Result<Stores, StoresError> {
        let map = |name: &str, node| Node::Map(vec![(name.as_bytes().to_vec(), node)]);
        Stores::parse(&map("stores", map(format, map("indent", indent))))
    }

    #[test]
    fn each_format_has_its_own_indentation() {
        let int = |number| Node::Value(Value::Int(number));
        assert_eq!(Stores::parse(&Node::Map(Vec::new())), Ok(Stores::default()));
        assert_eq!(stores("yaml", int(2)).unwrap().yaml, Some(2));
        assert_eq!(stores("yaml", int(0)).unwrap().yaml, None);
        assert_eq!(stores("json", int(-1)).unwrap().json, Some(Indent::Tab));
        assert_eq!(stores("json", int(0)).unwrap().json, Some(Indent::Blanks(0)));
        assert_eq!(stores("json_binary", int(3)).unwrap().json_binary, Some(Indent::Blanks(3)));
        assert_eq!(stores("ini", int(3)), Ok(Stores::default()));
    }

    #[test]
    fn what_is_no_indentation_is_named_by_its_format() {
        assert_eq!(stores("yaml", Node::Value(Value::Int(-1))), Err(StoresError("yaml")));
        assert_eq!(stores("json", Node::str("x")), Err(StoresError("json")));
        assert_eq!(stores("json_binary", Node::Value(Value::Int(1 << 40))), Err(StoresError("json_binary")));
    }
}
