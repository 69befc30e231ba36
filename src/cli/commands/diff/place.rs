//! Which version of which file a word of the command line means: a file, a revision as git spells it, an environment.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::super::super::{Context, Failure};
use crate::workspace::layers;
use crate::world::files;
use crate::world::git::{Git, ObjectId, repository_root};

/// Where a version is to be found.
pub enum Place {
    /// In git.
    Blob(Blob),
    /// The files of an environment, the one that wins last.
    Environment(Vec<PathBuf>),
    /// A file.
    File(PathBuf),
    /// Nowhere: `HEAD` has no such file. Where it stands now.
    New(PathBuf),
    /// On stdin.
    Stdin,
}

/// A file as git keeps it.
pub struct Blob {
    /// Of which repository.
    pub git: Git,
    /// What it holds.
    pub id: ObjectId,
    /// Where it would stand in the work tree.
    pub path: PathBuf,
}

/// Of two words.
///
/// # Errors
/// When it means nothing, or two things.
pub fn find(context: &Context<'_>, word: &Path) -> Result<Place, Failure> {
    if word == Path::new("-") {
        return Ok(Place::Stdin);
    }
    let path = context.world.path(word);
    let is_file = files::exists(&path);
    let shown = word.display();
    if let Some((revision, below)) = split(word) {
        let found = in_git(context, &revision, &below);
        return match (found, is_file) {
            (Some(_), true) => Err(Failure::usage(format!("`{shown}` is a file and a revision"))
                .hint(format!("`./{shown}` means the file"))),
            (Some(place), false) => Ok(place),
            (None, true) => Ok(Place::File(path)),
            (None, false) => Err(Failure::user(format!("git has no `{shown}` here"))
                .hint("REV:path counts from the repository's root, REV:./path from here")),
        };
    }
    let name = word.to_str().filter(|name| layers::is_word(name));
    match name {
        _ if is_file => Ok(Place::File(path)),
        Some(name) => match layers::find(&context.world.folder, Some(name), false) {
            Ok(layers) => Ok(Place::Environment(layers)),
            Err(error) => Err(nothing(context, word).detail(format!("as an environment: {error}"))),
        },
        None => Err(nothing(context, word)),
    }
}

/// Of one word: what it means, and what that is compared with.
///
/// # Errors
/// When there is nothing to compare it with.
pub fn pair(context: &Context<'_>, word: &Path) -> Result<(Place, Place), Failure> {
    let file = match find(context, word)? {
        Place::Blob(blob) => {
            let path = blob.path.clone();
            return Ok((Place::Blob(blob), Place::File(path)));
        }
        Place::Environment(layers) => layers.into_iter().next_back(),
        Place::File(path) => Some(path),
        Place::New(_) | Place::Stdin => None,
    };
    let file = file.ok_or_else(|| Failure::usage("stdin alone has nothing to be compared with"))?;
    let Some(root) = file.parent().and_then(repository_root) else {
        return Err(Failure::usage(format!("{} is in no git repository", context.shown(&file)))
            .hint("name two files: `lacre diff A B`"));
    };
    // A link is not what git keeps of the file behind it.
    let Ok(path) = files::resolve(&file, Some(&root)) else {
        return Err(Failure::user(format!("{} is a link out of the repository", context.shown(&file)))
            .hint("name two files: `lacre diff A B`"));
    };
    let git = Git::find_as_called(&root, &context.world.variables);
    let git = git.ok_or_else(|| Failure::user("there is no git to be asked"))?;
    let below = path.strip_prefix(&root).unwrap_or(&path);
    let old = match git.object(revision_of("HEAD", below)) {
        Some(id) => Place::Blob(Blob { git, id, path }),
        None => Place::New(path),
    };
    Ok((old, Place::File(file)))
}

/// `REV:` and PATH. A colon in braces belongs to the revision, and `./a:b` is a file.
fn split(word: &Path) -> Option<(String, String)> {
    let text = word.to_str()?;
    if word.is_absolute() || ["./", "../"].iter().any(|start| text.starts_with(start)) {
        return None;
    }
    let mut depth = 0_usize;
    // `:N:PATH` is the version of a stage.
    let from = if text.starts_with([':']) && text.get(2..3) == Some(":") { 2 } else { 0 };
    for (at, character) in text.char_indices().skip_while(|(at, _)| *at < from) {
        match character {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ':' if depth == 0 => return Some((text.get(..at)?.to_owned(), text.get(at + 1..)?.to_owned())),
            _ => {}
        }
    }
    None
}

fn in_git(context: &Context<'_>, revision: &str, below: &str) -> Option<Place> {
    let root = repository_root(&context.world.folder)?;
    let git = Git::find_as_called(&root, &context.world.variables)?;
    let mut path = PathBuf::new();
    if below.starts_with("./") || below.starts_with("../") {
        path.push(context.world.folder.strip_prefix(&root).ok()?);
    }
    for part in Path::new(below).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => path.push(name),
            // Above the root there is nothing.
            Component::ParentDir if path.pop() => {}
            Component::ParentDir | Component::Prefix(_) | Component::RootDir => return None,
        }
    }
    let id = git.object(revision_of(revision, &path))?;
    Some(Place::Blob(Blob { git, id, path: root.join(path) }))
}

fn revision_of(revision: &str, path: &Path) -> OsString {
    let mut name = OsString::from(revision);
    name.push(":");
    name.push(path);
    name
}

fn nothing(context: &Context<'_>, word: &Path) -> Failure {
    let failure = Failure::user(format!("there is no file `{}`", word.display()));
    let root = repository_root(&context.world.folder);
    let git = root.and_then(|root| Git::find_as_called(&root, &context.world.variables));
    match git.and_then(|git| git.object(word)) {
        Some(_) => failure.hint(format!("of a revision, name a file: `{}:.env.enc`", word.display())),
        None => failure.hint("A and B are files, REV:path, or environments such as `prod`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_and_paths_are_parted_as_git_does() {
        for (word, parts) in [
            ("HEAD:a", Some(("HEAD", "a"))),
            ("HEAD~2:a:b", Some(("HEAD~2", "a:b"))),
            ("HEAD^{/fix: it}:./a", Some(("HEAD^{/fix: it}", "./a"))),
            (":a", Some(("", "a"))),
            (":2:a", Some((":2", "a"))),
            ("./a:b", None),
            ("/a:b", None),
            ("a", None),
        ] {
            let found = split(Path::new(word));
            let found = found.as_ref().map(|(revision, path)| (revision.as_str(), path.as_str()));
            assert_eq!(found, parts, "{word}");
        }
    }
}
