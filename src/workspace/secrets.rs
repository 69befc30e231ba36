//! What of an opened file no output may show: its encrypted values, by name.

use super::{OpenFile, value_text};
use crate::base::Secret;
use crate::document::dotenv::reading::reading;
use crate::redact::Known;
use crate::world::terminal::sanitise;

/// Every encrypted value of `file`, by its path as people write it, in document order; of a binary file, by the file's
/// name. Of a dotenv value both the raw text and what a process reads of it. Clear values and comments are none.
#[must_use]
pub fn secrets(file: &OpenFile) -> Vec<Known> {
    let document = file.sealed.document();
    let is_dotenv = document.format().name() == "dotenv";
    let mut nodes = document.nodes().into_iter();
    let mut found = Vec::new();
    for leaf in file.opened.leaves.iter().filter(|leaf| leaf.encrypted && !leaf.comment) {
        let Some((path, _)) = nodes.find(|(_, event)| *event == leaf.event) else { continue };
        let name = match file.path.file_name() {
            Some(name) if document.format().is_whole() => name.to_string_lossy().into_owned(),
            _ => document.named(path).to_string(),
        };
        // It is printed in place of the value, and a file from git may call it anything.
        let name = sanitise(&name).into_owned();
        let raw = value_text(&leaf.value);
        if is_dotenv {
            let read = reading(&raw);
            if *read != *raw {
                found.push(Known { name: name.clone(), value: Secret::new(read.into_owned()) });
            }
        }
        found.push(Known { name, value: Secret::new(raw.into_owned()) });
    }
    found
}
