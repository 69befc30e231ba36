//! The person writes what shall stand: both sides in the clear, in the editor, with git's own markers round them.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::super::super::Failure;
use super::super::encrypt::parse;
use super::Work;
use crate::base::Path;
use crate::workspace::merging::{Labels, is_marked, marked};
use crate::workspace::names;
use crate::workspace::user_editor::{EditingError, UserEditor};
use crate::world::editor::EditorError;
use crate::world::processes::become_default;

impl Work<'_> {
    /// Settles `paths` as the person writes them. Where they are all that is open, the whole text counts, comments too.
    pub fn edit(&self, paths: &[Path]) -> Result<u8, Failure> {
        let world = self.context.world;
        let editor = UserEditor::find(world).map_err(|error| no_editor(&error))?;
        let (ours, theirs) = self.resolution.to_edit(paths);
        let labels = Labels { ours: "ours".into(), theirs: "theirs".into(), size: 7 };
        let marked = marked(ours.document().text(), theirs.document().text(), &labels);
        let mut text = Zeroizing::new(self.resolution.format().restore(marked, self.resolution.layout()));
        let name = names::plain_name_of(&self.found.path);
        loop {
            text = match editor.edit(world, &name, &text) {
                Ok(edited) => edited.text,
                Err(EditingError::Editor(EditorError::Interrupted(signal))) => {
                    return Ok(become_default(signal));
                }
                Err(error) => return Err(no_editor(&error)),
            };
            let Err(failure) = self.take(paths, &text) else { return Ok(0) };
            failure.print(world);
            if world.prompt.confirm("Give up this edit? Enter goes back to the editor.") != Some(false) {
                return Err(Failure::user(format!("the edit was given up; {} is as it was", self.shown)));
            }
        }
    }

    fn take(&self, paths: &[Path], text: &[u8]) -> Result<u8, Failure> {
        if is_marked(text) {
            return Err(Failure::user("there are conflict markers in the text").hint(
                "between `<<<<<<<` and `>>>>>>>` stand both sides: keep what shall stay, and remove the three lines",
            ));
        }
        let (context, world) = (self.context, self.context.world);
        let (edited, _) = parse(context, &self.found.path, text.to_vec(), self.resolution.format())?;
        let named: BTreeSet<&Path> = paths.iter().collect();
        let is_all = self.resolution.metadata.is_empty()
            && self.resolution.conflicts.iter().all(|one| !one.is_open || named.contains(&one.path));
        if is_all {
            return self.write(&self.resolution.settle_as(world, &context.keyring, &edited)?);
        }
        let picks = self.resolution.picked(paths, &edited).ok_or_else(|| {
            Failure::user("more was changed than what is to be settled").hint(
                "change these alone, or settle the rest first: the whole text counts once nothing else is open",
            )
        })?;
        self.settle(&picks)
    }
}

fn no_editor(error: &EditingError) -> Failure {
    Failure::user(error.to_string())
        .hint("name your editor: `export EDITOR=nano`, `export EDITOR='code --wait'`")
}
