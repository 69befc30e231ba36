//! What a process would get, held against a schema: variables of files and inherited ones alike.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use time::OffsetDateTime;

use super::super::environment::Environment;
use crate::schema::{Finding, Schema};
use crate::world::Variables;

/// What is wrong with `variables`, which `environment` was poured into, and with what becomes a file. Only a name that is
/// from a file can be unknown: of the inherited ones, a schema knows few.
#[must_use]
pub fn of_process(
    schema: &Schema,
    environment: &Environment,
    variables: &Variables,
    now: OffsetDateTime,
) -> Vec<Finding> {
    let of_files = environment.variables().iter().map(|one| String::from_utf8_lossy(&one.name).into_owned());
    let is_there = |name: &String| variables.contains_key(OsStr::new(name));
    let expected = schema.items.iter().map(|item| item.name.clone()).filter(is_there);
    let names: BTreeSet<String> = of_files.chain(expected).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let bytes = |name: &str| match environment.get(name.as_bytes()).filter(|one| one.as_file) {
        Some(file) => Some(file.value.expose().as_slice()),
        None => Some(variables.get(OsStr::new(name))?.as_encoded_bytes()),
    };
    let values: Vec<(&str, &[u8])> = names.iter().filter_map(|name| Some((*name, bytes(name)?))).collect();
    let mut found = schema.check_names(&names);
    found.extend(schema.check_values(&values, now));
    found
}
