//! Before a program starts: what it would get is held against the `.env.schema` beside the dotenv file that counts
//! most, and each YAML or JSON file against its JSON Schema. A service with a missing or malformed secret does not start.

use std::ffi::OsStr;

use super::super::super::{Context, Failure};
use super::Run;
use crate::schema::{Finding, Problem, Severity};
use crate::workspace::OpenFile;
use crate::workspace::environment::Environment;
use crate::workspace::validation::{EnvSchema, SchemaFileError, TreeSchemaError, of_file, of_process};
use crate::world::Variables;

/// Refuses `variables`, all that the program would get, where they do not fit. Names that `--only` or `--except` leave
/// out are not missing. Where files stand in for others, as in pull requests from forks, everything is a warning.
///
/// # Errors
/// When they do not fit, or the schema cannot be understood.
pub(super) fn check(
    arguments: &Run,
    environment: &Environment,
    variables: &Variables,
    context: &Context<'_>,
) -> Result<(), Failure> {
    let Some(folder) = environment.dotenv_folder() else { return Ok(()) };
    let (ui, world) = (context.ui, context.world);
    let schema = match EnvSchema::beside(folder) {
        Ok(None) => return Ok(()),
        Ok(Some(schema)) => schema,
        Err(error) if arguments.no_check => {
            not_checked(&error, context);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let shown = context.shown(&schema.path);
    let (only, except) = (&arguments.selection.only, &arguments.selection.except);
    // A secret may be a file too, as container images have it.
    let is_file = |name: &String| {
        arguments.as_file.iter().any(|word| word.name == *name)
            || variables.contains_key(OsStr::new(&format!("{name}_FILE")))
    };
    let is_left_out =
        |name: &String| !only.is_empty() && !only.contains(name) || except.contains(name) || is_file(name);
    let mut found = of_process(&schema.schema, environment, variables, world.clock.now());
    found.retain(|finding| finding.problem != Problem::Missing || !is_left_out(&finding.subject));
    let insists = arguments.no_check || environment.is_makeshift;
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
        found.into_iter().partition(|finding| finding.severity == Severity::Error);
    let unknown = warnings.iter().filter(|finding| finding.problem == Problem::Unknown);
    let unknown: Vec<String> = unknown.map(|finding| format!("`{}`", finding.subject)).collect();
    if !unknown.is_empty() {
        ui.warn(world, format!("{shown} does not know {}", unknown.join(", ")));
    }
    for finding in warnings.iter().filter(|finding| finding.problem != Problem::Unknown) {
        ui.warn(world, sentence(finding));
    }
    if insists {
        insist(&errors, &shown, context);
        return Ok(());
    }
    refuse(&errors, format!("the variables do not fit {shown}; nothing was started"))
}

/// The same for a YAML or JSON file, all of it, whichever values are chosen.
///
/// # Errors
/// When it does not fit, or the schema cannot be understood.
pub(super) fn check_tree(arguments: &Run, file: &OpenFile, context: &Context<'_>) -> Result<(), Failure> {
    let (path, found) = match of_file(file) {
        Ok(None) => return Ok(()),
        Ok(Some(found)) => found,
        Err(error) if arguments.no_check => {
            not_checked(&error, context);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let schema = context.shown(&path);
    let (errors, warnings): (Vec<Finding>, Vec<Finding>) =
        found.into_iter().partition(|finding| finding.severity == Severity::Error);
    for finding in &warnings {
        context.ui.warn(context.world, sentence(finding));
    }
    if arguments.no_check {
        insist(&errors, &schema, context);
        return Ok(());
    }
    refuse(&errors, format!("{} does not fit {schema}; nothing was started", context.shown(&file.path)))
}

fn not_checked(error: &dyn std::error::Error, context: &Context<'_>) {
    context.ui.warn(context.world, format!("{error}; nothing was checked, as `--no-check` asks"));
}

fn insist(errors: &[Finding], schema: &str, context: &Context<'_>) {
    for finding in errors {
        context
            .ui
            .warn(context.world, format!("{}, as {schema} has it; started all the same", sentence(finding)));
    }
}

fn refuse(errors: &[Finding], words: String) -> Result<(), Failure> {
    if errors.is_empty() {
        return Ok(());
    }
    let failure = Failure::user(words)
        .hint("mend the file with `lacre set` or `lacre edit`, or insist with `--no-check`");
    Err(errors.iter().map(sentence).fold(failure, Failure::detail))
}

fn sentence(finding: &Finding) -> String {
    format!("`{}` {}", finding.subject, finding.problem)
}

impl From<SchemaFileError> for Failure {
    fn from(error: SchemaFileError) -> Self {
        match error {
            SchemaFileError::File(error) => error.into(),
            error @ SchemaFileError::Schema { .. } => {
                Self::user(error.to_string()).hint("`lacre help schema` shows what a schema looks like")
            }
        }
    }
}

impl From<TreeSchemaError> for Failure {
    fn from(error: TreeSchemaError) -> Self {
        match error {
            TreeSchemaError::File(error) => (*error).into(),
            error @ TreeSchemaError::Schema { .. } => {
                Self::user(error.to_string()).hint("`lacre help schema` says what of JSON Schema is known")
            }
        }
    }
}
