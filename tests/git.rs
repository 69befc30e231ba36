//! Asking git about real repositories, hostile ones too.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use lacre::world::Variables;
use lacre::world::git::{Git, Which, git_folder, repository_root};

struct Repository {
    _folder: tempfile::TempDir,
    root: PathBuf,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap().join("repository");
        fs::create_dir(&root).unwrap();
        let repository = Self { _folder: folder, root };
        repository.git(&["init", "--quiet"]);
        repository
    }

    fn git(&self, arguments: &[&str]) {
        let author = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
        let mut command = Command::new("git");
        command.args(author).args(arguments).current_dir(&self.root);
        for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
            command.env_remove(name);
        }
        assert!(command.output().unwrap().status.success(), "{arguments:?}");
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn ask(&self) -> Git {
        Git::find(&self.root, &variables()).unwrap()
    }
}

fn variables() -> Variables {
    BTreeMap::from([("PATH".into(), std::env::var_os("PATH").unwrap())])
}

#[test]
fn git_says_what_it_tracks_and_ignores() {
    let repository = Repository::new();
    repository.write(".gitignore", "*.env\n!kept.env\n");
    let tracked = repository.write("sub/tracked.env", "");
    let new = repository.write("new", "");
    repository.git(&["add", "--force", "sub/tracked.env", ".gitignore"]);
    let git = repository.ask();
    for (path, is_tracked, is_ignored) in [
        (tracked, Some(true), Some(false)),
        (new, Some(false), Some(false)),
        (repository.root.join("sub/absent.env"), Some(false), Some(true)),
        (repository.root.join("kept.env"), Some(false), Some(false)),
        (repository.root.join("*.env"), Some(false), Some(true)),
        (repository.root.join(":(top)x.env"), Some(false), Some(true)),
        (repository.root.join(":!new"), Some(false), Some(false)),
        (repository.root.join("../outside.env"), None, None),
    ] {
        assert_eq!(
            (git.is_tracked(&path), git.is_ignored(&path)),
            (is_tracked, is_ignored),
            "{}",
            path.display()
        );
    }
}

#[test]
fn tracked_files_are_regular_files_under_their_own_names() {
    let repository = Repository::new();
    for name in ["b", "a/with\nline", "ä"] {
        repository.write(name, "");
    }
    symlink("b", repository.root.join("link")).unwrap();
    repository.git(&["add", "."]);
    repository.write("untracked", "");
    let expected = ["a/with\nline", "b", "ä"].map(|name| repository.root.join(name));
    assert_eq!(repository.ask().tracked_files().unwrap(), expected);
}

#[test]
fn the_root_and_the_git_folder_are_found_without_git() {
    let repository = Repository::new();
    let inner = repository.write("a/b/file", "").parent().unwrap().to_owned();
    assert_eq!(repository_root(&inner).as_deref(), Some(repository.root.as_path()));
    let dot_git = repository.root.join(".git");
    let folder = git_folder(&repository.root).unwrap();
    assert_eq!((folder.own, folder.common), (dot_git.clone(), dot_git.clone()));

    repository.git(&["add", "."]);
    repository.git(&["commit", "--quiet", "-m", "first"]);
    repository.git(&["worktree", "add", "--quiet", "../linked"]);
    let linked = repository.root.with_file_name("linked");
    assert_eq!(repository_root(&linked.join("a")).as_deref(), Some(linked.as_path()));
    let folder = git_folder(&linked).unwrap();
    assert_eq!((folder.own, folder.common), (dot_git.join("worktrees/linked"), dot_git));
    let file = linked.join("a/b/file");
    assert_eq!(Git::find(&linked, &variables()).unwrap().is_tracked(&file), Some(true));
}

#[test]
fn a_folder_belongs_to_the_repository_it_is_named_in() {
    let [repository, other] = [Repository::new(), Repository::new()];
    let root = &repository.root;
    fs::create_dir(root.join("sub")).unwrap();
    fs::create_dir(other.root.join("inner")).unwrap();
    symlink(other.root.join("inner"), root.join("to-other")).unwrap();
    let outside = root.with_file_name("to-sub");
    symlink(root.join("sub"), &outside).unwrap();
    for (folder, expected) in [
        (root.join("to-other"), Some(root)),
        (outside, Some(root)),
        (root.join("sub/.."), Some(root)),
        (root.join("to-other/.."), Some(&other.root)),
        (root.join("to-other/../../repository/inner"), Some(&other.root)),
        (root.join(".."), None),
        (root.join("missing/folder"), Some(root)),
    ] {
        assert_eq!(repository_root(&folder).as_ref(), expected, "{}", folder.display());
    }
}

#[test]
fn a_git_inside_the_repository_or_at_a_relative_place_is_not_run() {
    let repository = Repository::new();
    let planted = repository.write("bin/git", "#!/bin/sh\nexit 0\n");
    fs::set_permissions(&planted, Permissions::from_mode(0o755)).unwrap();
    let linked = repository.root.with_file_name("linked-bin");
    symlink(repository.root.join("bin"), &linked).unwrap();
    for path in [repository.root.join("bin"), linked, PathBuf::from("bin"), PathBuf::new()] {
        let variables = BTreeMap::from([("PATH".into(), path.clone().into_os_string())]);
        assert!(Git::find(&repository.root, &variables).is_none(), "{}", path.display());
    }
}

#[test]
fn the_repositorys_configuration_runs_nothing() {
    let repository = Repository::new();
    let marker = repository.root.join("marker");
    let hook = repository.write("hook", &format!("#!/bin/sh\ntouch '{}'\n", marker.display()));
    fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
    repository.write("a", "");
    repository.git(&["add", "a"]);
    repository.git(&["config", "core.fsmonitor", hook.to_str().unwrap()]);
    let git = repository.ask();
    assert_eq!(git.is_tracked(&repository.root.join("a")), Some(true));
    assert_eq!(git.is_ignored(&repository.root.join("a")), Some(false));
    assert_eq!(git.tracked_files().unwrap().len(), 1);
    assert!(!marker.exists());
    repository.git(&["status"]);
    assert!(marker.exists(), "otherwise this test shows nothing");
}

#[test]
fn variables_of_a_hook_do_not_mislead() {
    let repository = Repository::new();
    let file = repository.write("a", "");
    repository.git(&["add", "a"]);
    let mut variables = variables();
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        variables.insert(name.into(), "/nonexistent".into());
    }
    assert_eq!(Git::find(&repository.root, &variables).unwrap().is_tracked(&file), Some(true));
}

#[test]
fn outside_a_repository_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(repository_root(folder.path()), None);
    assert_eq!(git_folder(folder.path()), None);
    let git = Git::find(folder.path(), &variables()).unwrap();
    assert_eq!(git.is_tracked(&folder.path().join(Path::new("a"))), None);
    assert_eq!(git.tracked_files(), None);
}

#[test]
fn a_history_tells_what_each_commit_changed_and_objects_are_read_by_name() {
    let repository = Repository::new();
    let commit = |message: &str| {
        repository.git(&["add", "--all"]);
        repository.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
    };
    assert_eq!(repository.ask().history(Which::All, &[]).unwrap().commits, []);
    repository.write("odd\nname", "one");
    commit("first");
    repository.git(&["checkout", "--quiet", "-b", "side"]);
    repository.write("side", "s");
    commit("side");
    repository.git(&["checkout", "--quiet", "-"]);
    repository.write("odd\nname", "two");
    commit("second");
    repository.git(&["merge", "--quiet", "--no-edit", "side"]);
    let git = repository.ask();
    let history = git.history(Which::Head, &[]).unwrap();
    let mut subjects: Vec<_> = history.commits.iter().map(|commit| commit.subject.as_str()).collect();
    subjects[1..].sort_unstable();
    assert_eq!(subjects[1..], ["first", "second", "side"]);
    // Each side of a merge sees what came from the other.
    assert_eq!((history.commits[0].parents.len(), history.commits[0].changes.len()), (2, 2));
    let only = git.history(Which::Head, &[Path::new("odd\nname")]).unwrap();
    let mut objects = git.objects().unwrap();
    let mut held = |subject: &str| {
        let commit = only.commits.iter().find(|commit| commit.subject == subject).unwrap();
        String::from_utf8(objects.blob(commit.changes[0].new.as_ref().unwrap(), 100).unwrap()).unwrap()
    };
    assert_eq!((held("second"), held("first")), ("two".to_owned(), "one".to_owned()));
    let id = git.object("HEAD:side").unwrap();
    assert_eq!(objects.blob(&id, 0), None, "beyond the limit");
    assert_eq!(objects.blob(&git.object("HEAD").unwrap(), 1000), None, "no blob");
    assert_eq!(objects.blob(&id, 1).unwrap(), b"s");
    repository.write("side", "t");
    repository.git(&["add", "side"]);
    let staged = git.staged().unwrap();
    assert_eq!((staged.len(), staged[0].old.as_ref()), (1, Some(&id)));
    let index = git.index().unwrap();
    assert!(
        index
            .iter()
            .any(|entry| entry.path == Path::new("side") && Some(&entry.id) == staged[0].new.as_ref())
    );
    assert_eq!(git.object("nothing"), None);
    assert_eq!(git.object("--all"), None);
}
