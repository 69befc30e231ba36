//! A value that is looked for, or set everywhere: neither it nor a line that holds it comes out, nor does git hear it.

use super::{CANARY, check, scene};

#[test]
fn a_value_that_is_looked_for_is_never_repeated() {
    let scene = scene();
    scene.git(&["commit", "--quiet", "-m", "all"]);
    for arguments in [
        &["find", "-"][..],
        &["find", "-", "--json"],
        &["find", "-", "--history"],
        &["find", "-", "--history", "--json"],
        &["find", CANARY],
        &["find", "-", CANARY],
    ] {
        check(&scene, arguments, CANARY, false);
        check(&scene, arguments, "tampered-with-1", false);
    }
}

#[test]
fn a_value_that_is_set_everywhere_is_never_repeated() {
    let scene = scene();
    for arguments in [
        &["set", "--all", "a", "--dry-run"][..],
        &["set", "--all", "a", "-"],
        &["set", "--all", "a", CANARY],
        &["set", "--all", &format!("a={CANARY}")],
        &["set", "--all", "A", "-", "--yes", "--json", "--different-too"],
        &["set", "--all", "a", "-", "--yes", "--keep-going", "--different-too"],
    ] {
        check(&scene, arguments, CANARY, false);
    }
}
