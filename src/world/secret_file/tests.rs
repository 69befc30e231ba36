//! Secrets as files: who can read them, what they become, and that nothing stays.
#![cfg(target_os = "linux")]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};

use super::super::private_folder::sweep;
use super::*;

/// A folder of our own in memory, with a runtime folder for the notes, so that tests do not meet.
fn scene() -> (tempfile::TempDir, Variables) {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let runtime = folder.path().join("run");
    fs::create_dir(&runtime).unwrap();
    fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).unwrap();
    let variables = Variables::from([("XDG_RUNTIME_DIR".into(), runtime.into())]);
    (folder, variables)
}

fn content(text: &str) -> Content {
    Zeroizing::new(text.as_bytes().to_vec())
}

/// A folder whose files would reach a disk.
fn on_disk() -> tempfile::TempDir {
    let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    assert!(!is_in_memory(folder.path()), "the tests need a disk");
    folder
}

#[test]
fn a_memory_file_is_read_from_its_start_again_and_again_and_never_written() {
    let secret = SecretFile::in_memory(b"\0\xffsecret", false, &Variables::new()).unwrap();
    assert!(secret.path().starts_with("/dev/fd") && !secret.needs_us());
    for _ in 0..2 {
        assert_eq!(fs::read(secret.path()).unwrap(), b"\0\xffsecret");
    }
    assert!(secret.renew(content("other")).is_err());
    // Even for the administrator, whom permissions do not stop.
    if let Ok(mut file) = File::options().write(true).open(secret.path()) {
        assert!(file.write_all(b"x").is_err());
    }
    assert_eq!(fs::read(secret.path()).unwrap(), b"\0\xffsecret");
    let path = secret.path().to_owned();
    drop(secret);
    assert!(!path.exists() || fs::read(&path).map_or(true, |now| now != b"\0\xffsecret"));
}

#[test]
fn a_renewable_memory_file_shows_its_new_content_at_the_same_place() {
    let secret = SecretFile::in_memory(b"a longer one", true, &Variables::new()).unwrap();
    secret.renew(content("short")).unwrap();
    assert_eq!(fs::read(secret.path()).unwrap(), b"short");
}

#[test]
fn in_a_memory_file_system_it_is_a_file_for_us_alone_and_goes_with_us() {
    let (folder, variables) = scene();
    let path = folder.path().join("secret");
    let secret = SecretFile::at(&path, content("one"), &variables).unwrap();
    let metadata = fs::symlink_metadata(&path).unwrap();
    assert!(metadata.is_file() && metadata.permissions().mode() & 0o7777 == 0o600 && secret.needs_us());
    secret.renew(content("2")).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"2");
    drop(secret);
    assert!(!path.exists());
    assert_eq!(fs::read_dir(folder.path().join("run")).unwrap().count(), 0);
}

#[test]
fn elsewhere_it_is_a_fifo_and_each_reader_gets_all_of_it() {
    let (_folder, variables) = scene();
    let disk = on_disk();
    let path = disk.path().join("secret");
    let large = "x".repeat(300_000);
    let secret = SecretFile::at(&path, content(&large), &variables).unwrap();
    let metadata = fs::symlink_metadata(&path).unwrap();
    assert!(metadata.file_type().is_fifo() && metadata.permissions().mode() & 0o7777 == 0o600);
    for _ in 0..5 {
        assert_eq!(fs::read_to_string(&path).unwrap(), large);
    }
    // Who goes without reading takes nothing from the next.
    drop(File::open(&path).unwrap());
    secret.renew(content("new")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    drop(secret);
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
}

#[test]
fn nothing_that_is_there_is_touched_and_no_link_followed() {
    let (folder, variables) = scene();
    let disk = on_disk();
    for place in [folder.path(), disk.path()] {
        fs::write(place.join("file"), "keep").unwrap();
        symlink(place.join("nowhere"), place.join("link")).unwrap();
        for name in ["file", "link"] {
            let error = SecretFile::at(&place.join(name), content("x"), &variables).err().unwrap();
            assert_eq!(error.problem, FileProblem::Exists, "{name}");
        }
        assert_eq!(fs::read(place.join("file")).unwrap(), b"keep");
        assert!(!place.join("nowhere").exists());
    }
    let missing = SecretFile::at(&folder.path().join("no/secret"), content("x"), &variables).err().unwrap();
    assert!(missing.is_missing());
}

#[test]
fn what_others_put_in_its_place_stays() {
    let (folder, variables) = scene();
    let disk = on_disk();
    for place in [folder.path(), disk.path()] {
        let path = place.join("secret");
        let secret = SecretFile::at(&path, content("x"), &variables).unwrap();
        // The old one is held, so that no new one can be taken for it.
        let held = place.join("held");
        fs::rename(&path, &held).unwrap();
        fs::write(&path, "theirs").unwrap();
        drop(secret);
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
    }
}

#[test]
fn what_a_killed_run_left_is_removed_by_the_next_and_nothing_else() {
    let (folder, variables) = scene();
    let disk = on_disk();
    let runs = folder.path().join("run");
    let (file, fifo) = (folder.path().join("secret"), disk.path().join("secret"));
    let living = SecretFile::at(&folder.path().join("living"), content("x"), &variables).unwrap();
    let dead = [
        SecretFile::at(&file, content("x"), &variables).unwrap(),
        SecretFile::at(&fifo, content("x"), &variables).unwrap(),
    ];
    // As a killed run leaves them: unlocked notes, and what they are about.
    let parent = fs::read_dir(&runs).unwrap().next().unwrap().unwrap().path();
    for (at, note) in fs::read_dir(&parent).unwrap().map(|entry| entry.unwrap().path()).enumerate() {
        let text = fs::read(note.join("made")).unwrap();
        if !text.ends_with(b"living") {
            let copy = parent.join(format!("edit-dead{at}"));
            fs::create_dir(&copy).unwrap();
            fs::set_permissions(&copy, fs::Permissions::from_mode(0o700)).unwrap();
            fs::write(copy.join("made"), text).unwrap();
        }
    }
    sweep(&variables);
    assert!(!file.exists() && !fifo.exists() && living.path().exists());
    drop(dead);
    drop(living);
    assert_eq!(fs::read_dir(&runs).unwrap().count(), 0);
}

#[test]
fn a_new_content_goes_into_nothing_that_others_put_in_its_place() {
    let (folder, variables) = scene();
    let path = folder.path().join("secret");
    let secret = SecretFile::at(&path, content("one"), &variables).unwrap();
    fs::rename(&path, folder.path().join("held")).unwrap();
    let theirs = folder.path().join("theirs");
    fs::write(&theirs, "theirs").unwrap();
    symlink(&theirs, &path).unwrap();
    assert!(secret.renew(content("two")).is_err());
    fs::remove_file(&path).unwrap();
    fs::rename(&theirs, &path).unwrap();
    assert!(secret.renew(content("two")).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
}
