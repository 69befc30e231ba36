//! One flat JSON object in one line: name → string.

use serde_json::Value;

use super::{Consumer, Frame, Refusal, text};

/// Any reader of JSON.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Consumer for Json {
    fn takes_name(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok()
    }

    fn entry(&self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), Refusal> {
        let (name, value) = (text(name)?, text(value)?);
        out.extend_from_slice(Value::from(name).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(Value::from(value).to_string().as_bytes());
        Ok(())
    }

    fn frame(&self, _: bool) -> Frame {
        Frame { head: "{".to_owned(), between: ",", tail: "}\n" }
    }
}
