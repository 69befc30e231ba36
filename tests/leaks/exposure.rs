//! Who could read a value is told without it, also of files that were tampered with.

use super::{CANARY, check, scene};

#[test]
fn who_can_and_could_read_a_value_is_told_without_it() {
    let scene = scene();
    scene.git(&["commit", "--quiet", "-m", "all"]);
    for arguments in [
        &["access", "--all"][..],
        &["access", "--all", "--json"],
        &["access", "--by", "bob"],
        &["access", "--by", "bob", "--json"],
        &["access", "--by", CANARY],
        &["offboard", "--status"],
        &["offboard", "--status", "--json"],
        &["check", "--no-exposed"],
        &["offboard", "bob", "--dry-run"],
        &["offboard", "bob", "--yes", "--json"],
        &["offboard", CANARY, "--yes"],
    ] {
        check(&scene, arguments, CANARY, false);
    }
}
