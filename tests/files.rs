//! Replacing files: what stays, what is refused, and that nothing is ever lost or left behind.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use lacre::world::files::{SIZE_LIMIT, create, read, replace, update, write_plaintext};
use lacre::world::together::{Replacement, replace_all};
use lacre::world::{FileError, FileProblem};

type Change = Result<Option<Vec<u8>>, FileError>;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn content_is_replaced_only_if_it_is_the_expected_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    replace(&file, None, None, b"1").unwrap();
    replace(&file, None, Some(b"1"), b"2").unwrap();
    for expected in [Some(b"1".as_slice()), None] {
        assert_eq!(replace(&file, None, expected, b"3").unwrap_err().problem, FileProblem::Changed);
    }
    assert_eq!(fs::read(&file).unwrap(), b"2");
    fs::remove_file(&file).unwrap();
    assert_eq!(replace(&file, None, Some(b"2"), b"3").unwrap_err().problem, FileProblem::Changed);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_change_that_nobody_locked_for_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, "1").unwrap();
    let changed = update(&file, None, |_| -> Change {
        fs::write(&file, "theirs").unwrap();
        Ok(Some(b"ours".to_vec()))
    });
    assert_eq!(changed.unwrap_err().problem, FileProblem::Changed);
    assert_eq!(fs::read(&file).unwrap(), b"theirs");
    assert_eq!(names(folder.path()), ["a"]);
}

#[test]
fn parallel_updates_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    std::thread::scope(|scope| {
        for number in 0..32 {
            let file = &file;
            scope.spawn(move || {
                let add = |current: Option<&[u8]>| -> Change {
                    let mut text = current.unwrap_or_default().to_vec();
                    text.extend(format!("{number}\n").bytes());
                    Ok(Some(text))
                };
                assert!(update(file, None, add).unwrap());
            });
        }
    });
    let text = fs::read_to_string(&file).unwrap();
    let mut numbers: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..32).collect::<Vec<_>>());
}

#[test]
fn many_files_are_replaced_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let paths = ["a", "b", "sub/c"].map(|name| folder.path().join(name));
    fs::write(&paths[0], "1").unwrap();
    fs::write(&paths[2], "1").unwrap();
    let all = |last: &'static [u8]| {
        let expected = [Some(b"1".as_slice()), None, Some(last)];
        [0, 1, 2].map(|at| Replacement { path: &paths[at], within: None, expected: expected[at], new: b"2" })
    };
    assert_eq!(replace_all(&all(b"other")).unwrap_err().problem, FileProblem::Changed);
    assert_eq!(
        (names(folder.path()), fs::read(&paths[0]).unwrap()),
        (vec!["a".into(), "sub".into()], b"1".to_vec())
    );
    replace_all(&all(b"1")).unwrap();
    assert!(paths.iter().all(|path| fs::read(path).unwrap() == b"2"));
    assert_eq!((names(folder.path()).len(), names(&folder.path().join("sub")).len()), (3, 1));
}

#[test]
fn the_same_content_is_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, "1").unwrap();
    let inode = fs::metadata(&file).unwrap().ino();
    assert!(!update(&file, None, |current| -> Change { Ok(current.map(<[u8]>::to_vec)) }).unwrap());
    assert!(!update(&file, None, |_| -> Change { Ok(None) }).unwrap());
    assert_eq!(fs::metadata(&file).unwrap().ino(), inode);
}

#[test]
fn mode_and_owner_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    for wanted in [0o600, 0o640, 0o666, 0o777, 0o400] {
        fs::write(&file, "1").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(wanted)).unwrap();
        let _ = std::os::unix::fs::chown(&file, Some(65534), Some(65534));
        let owner = fs::metadata(&file).map(|old| (old.uid(), old.gid())).unwrap();
        replace(&file, None, Some(b"1"), b"2").unwrap();
        assert_eq!(mode(&file), wanted);
        assert_eq!(fs::metadata(&file).map(|new| (new.uid(), new.gid())).unwrap(), owner);
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_link_is_followed_inside_the_repository_only() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("repository");
    fs::create_dir_all(root.join("sub")).unwrap();
    let outside = folder.path().join("outside");
    for file in [&outside, &root.join("sub/real")] {
        fs::write(file, "1").unwrap();
    }
    symlink("sub/real", root.join("inner")).unwrap();
    symlink("../outside", root.join("outer")).unwrap();
    symlink("..", root.join("up")).unwrap();

    replace(&root.join("inner"), Some(&root), Some(b"1"), b"2").unwrap();
    assert_eq!(fs::read(root.join("sub/real")).unwrap(), b"2");
    assert!(fs::symlink_metadata(root.join("inner")).unwrap().is_symlink());
    for (path, within) in [("outer", Some(root.as_path())), ("up/outside", Some(&root)), ("inner", None)] {
        let error = replace(&root.join(path), within, Some(b"1"), b"2").unwrap_err();
        assert_eq!(error.problem, FileProblem::LeadsOutside, "{path}");
    }
    for name in ["up/new", "up/outside"] {
        let path = root.join(name);
        let results =
            [create(&path, Some(&root), b"2", 0o600), write_plaintext(&path, Some(&root), b"2", true)];
        for result in results {
            assert_eq!(result.unwrap_err().problem, FileProblem::LeadsOutside, "{name}");
        }
    }
    assert_eq!(fs::read(&outside).unwrap(), b"1");
    assert_eq!(names(folder.path()), ["outside", "repository"]);
}

#[test]
fn what_cannot_be_replaced_whole_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    fs::write(path("one"), "1").unwrap();
    fs::hard_link(path("one"), path("two")).unwrap();
    fs::create_dir(path("folder")).unwrap();
    fifo(&path("fifo"));
    for (name, problem) in [
        ("one", FileProblem::HardLinked),
        ("folder", FileProblem::NotRegular),
        ("fifo", FileProblem::NotRegular),
    ] {
        let changed = update(&path(name), None, |_| -> Change { Ok(Some(b"2".to_vec())) });
        assert_eq!(changed.unwrap_err().problem, problem, "{name}");
    }
    assert_eq!(fs::read(path("two")).unwrap(), b"1");
    assert_eq!(names(folder.path()), ["fifo", "folder", "one", "two"]);
}

#[test]
fn a_pipe_is_read_to_its_end_and_a_device_to_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    fifo(&pipe);
    std::thread::scope(|scope| {
        scope.spawn(|| fs::write(&pipe, "from a pipe").unwrap());
        assert_eq!(read(&pipe, SIZE_LIMIT).unwrap(), b"from a pipe");
    });
    assert_eq!(read(Path::new("/dev/zero"), 1000).unwrap_err().problem, FileProblem::TooLarge(1000));
    assert_eq!(read(Path::new("/dev/null"), 0).unwrap(), b"");
}

#[test]
fn the_limit_itself_is_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, "12345").unwrap();
    assert_eq!(read(&file, 5).unwrap(), b"12345");
    assert_eq!(
        read(&file, 4).unwrap_err().to_string(),
        format!("cannot read `{}`: it is larger than 4 bytes", file.display())
    );
}

#[test]
fn reading_refusals_are_told_plainly() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("a");
    assert_eq!(
        read(&missing, 1).unwrap_err().to_string(),
        format!("cannot read `{}`: no such file", missing.display())
    );
    let words = format!("cannot read `{}`: it is a folder", folder.path().display());
    assert_eq!(read(folder.path(), 1).unwrap_err().to_string(), words);
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn plaintext_is_private_and_never_goes_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    write_plaintext(&path("new"), None, b"1", false).unwrap();
    assert_eq!(mode(&path("new")), 0o600);
    assert_eq!(write_plaintext(&path("new"), None, b"2", false).unwrap_err().problem, FileProblem::Exists);
    fs::set_permissions(path("new"), Permissions::from_mode(0o644)).unwrap();
    write_plaintext(&path("new"), None, b"2", true).unwrap();
    assert_eq!((mode(&path("new")), fs::read(path("new")).unwrap()), (0o600, b"2".to_vec()));
    symlink("new", path("link")).unwrap();
    symlink("nowhere", path("dangling")).unwrap();
    for link in ["link", "dangling"] {
        assert_eq!(write_plaintext(&path(link), None, b"3", true).unwrap_err().problem, FileProblem::Link);
    }
    assert_eq!(fs::read(path("new")).unwrap(), b"2");
    assert_eq!(names(folder.path()), ["dangling", "link", "new"]);
}

#[test]
fn creating_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    create(&file, None, b"1", 0o600).unwrap();
    assert_eq!(mode(&file), 0o600);
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    for name in ["a", "dangling"] {
        assert_eq!(
            create(&folder.path().join(name), None, b"2", 0o600).unwrap_err().problem,
            FileProblem::Exists
        );
    }
    assert_eq!(fs::read(&file).unwrap(), b"1");
    assert_eq!(names(folder.path()), ["a", "dangling"]);
}

#[test]
fn a_missing_folder_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("no/a");
    let error = replace(&file, None, None, b"1").unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write `{}`: no such folder", file.display()));
    assert_eq!(names(folder.path()), [""; 0]);
}

/// Runs the ignored test `name` by `script`, which prepares folder `$1` and then runs `$2…`; needs root.
fn prepared(name: &str, wrapper: &[&str], script: &str) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let possible = Command::new(wrapper[0])
        .args(&wrapper[1..])
        .arg(std::env::current_exe().unwrap())
        .arg("--list")
        .output();
    if !possible.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped {name}: `{}` is not permitted here", wrapper.join(" "));
        return;
    }
    let output = Command::new("sh")
        .args(["-ec", script, "sh"])
        .arg(folder.path())
        .args(wrapper)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--ignored", "--nocapture"])
        .env("LACRE_PREPARED", folder.path())
        .output()
        .unwrap();
    let talk = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && talk.contains("1 passed"), "{talk}");
}

/// The prepared folder, when started by [`prepared`].
fn prepared_folder() -> std::path::PathBuf {
    std::env::var_os("LACRE_PREPARED").expect("started by `prepared`").into()
}

#[test]
fn a_full_disk_and_a_mount_leave_the_old_file() {
    prepared("mounts", &["unshare", "--mount"], r#"shift; exec "$@""#);
}

#[test]
#[ignore = "started by another test, in a mount namespace of its own"]
fn mounts() {
    let folder = prepared_folder();
    let mount = |arguments: &[&str]| {
        assert!(Command::new("mount").args(arguments).current_dir(&folder).status().unwrap().success());
    };
    fs::create_dir(folder.join("small")).unwrap();
    mount(&["-t", "tmpfs", "-o", "size=64k", "none", "small"]);
    let file = folder.join("small/a");
    fs::write(&file, "1").unwrap();
    let error = replace(&file, None, Some(b"1"), &vec![b'x'; 1 << 20]).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot write `{}`: no space left on the file system", file.display())
    );
    assert_eq!(
        (fs::read(&file).unwrap(), names(&folder.join("small"))),
        (b"1".to_vec(), vec!["a".to_owned()])
    );

    for name in ["source", "target"] {
        fs::write(folder.join(name), "1").unwrap();
    }
    mount(&["--bind", "source", "target"]);
    let target = folder.join("target");
    assert_eq!(replace(&target, None, Some(b"1"), b"2").unwrap_err().problem, FileProblem::Mounted);
    mount(&["--bind", "small/a", "target"]);
    assert_eq!(replace(&target, None, Some(b"1"), b"2").unwrap_err().problem, FileProblem::Mounted);
    assert_eq!(names(&folder), ["small", "source", "target"]);

    mount(&["-o", "remount,ro", "small"]);
    assert_eq!(read(&file, SIZE_LIMIT).unwrap(), b"1");
    let error = replace(&file, None, Some(b"1"), b"2").unwrap_err();
    assert_eq!(error.to_string(), format!("cannot write `{}`: the file system is read-only", file.display()));
}

#[test]
fn another_user_can_neither_take_a_file_over_nor_write_where_he_may_not() {
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let script = r#"
        mkdir -m 777 "$1/open"; echo 1 > "$1/open/a"; chmod 666 "$1/open/a"
        mkdir -m 755 "$1/shut"; echo 1 > "$1/shut/a"; chmod 666 "$1/shut/a"
        shift; exec "$@""#;
    prepared("another_user", &nobody, script);
}

#[test]
#[ignore = "started by another test, as another user"]
fn another_user() {
    let folder = prepared_folder();
    let [open, shut] = ["open/a", "shut/a"].map(|name| folder.join(name));
    assert_eq!(replace(&open, None, Some(b"1\n"), b"2").unwrap_err().problem, FileProblem::OwnerLost);
    let problem = replace(&shut, None, Some(b"1\n"), b"2").unwrap_err().problem;
    assert!(matches!(problem, FileProblem::Io { kind: ErrorKind::PermissionDenied, .. }));
    for file in [open, shut] {
        assert_eq!(
            (fs::read(&file).unwrap(), names(file.parent().unwrap())),
            (b"1\n".to_vec(), vec!["a".to_owned()])
        );
    }
}
