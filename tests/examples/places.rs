//! Where lacre runs without a pipeline: an empty container, a unit of systemd, a cluster. The services are not here, so
//! what they would do is done by hand, by the words of the example files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::lint::{linter, passes};
use super::{LACRE, example};
use crate::support::{ALICE, Scene, identity_of, is_root};

fn scene() -> Scene {
    let scene = Scene::repository().identity("alice").file(".env", "TOKEN=q7Xd-92kPz\n");
    scene.run(["encrypt", ".env", "-r", ALICE]).ok();
    fs::remove_file(scene.path(".env")).unwrap();
    scene
}

/// The shared libraries that a program needs; a static one needs none.
fn libraries(program: &Path) -> Vec<PathBuf> {
    let output = Command::new("ldd").arg(program).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect()
}

fn install(program: &Path, root: &Path, place: &str) {
    let mut files: Vec<(PathBuf, PathBuf)> = vec![(program.to_owned(), root.join(place))];
    files.extend(
        libraries(program).into_iter().map(|file| (file.clone(), root.join(file.strip_prefix("/").unwrap()))),
    );
    for (from, to) in files {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
}

/// The words of `INSTRUCTION ["a", "b"]` of the Dockerfile.
fn words(dockerfile: &str, instruction: &str) -> Vec<String> {
    let line = dockerfile.lines().filter_map(|line| line.strip_prefix(instruction)).next_back().unwrap();
    serde_json::from_str(line).unwrap()
}

/// `LACRE_STATIC` names the program that `just dist` made; otherwise ours comes with its libraries.
#[test]
fn a_container_with_nothing_else_gets_its_values() {
    if !is_root() {
        eprintln!("skipped: only root may change the root folder");
        return;
    }
    let scene = scene();
    let root = tempfile::tempdir().unwrap();
    let root = root.path();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
    let lacre = std::env::var_os("LACRE_STATIC").map_or(PathBuf::from(LACRE), PathBuf::from);
    install(&lacre, root, "bin/lacre");
    install(Path::new("/usr/bin/env"), root, "bin/app");
    fs::copy(scene.path(".env.enc"), root.join(".env.enc")).unwrap();
    fs::create_dir_all(root.join("run/secrets")).unwrap();
    let key = root.join("run/secrets/age-key");
    fs::write(&key, identity_of("alice")).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
    chown(&key, Some(65532), Some(65532)).unwrap();

    let dockerfile = fs::read_to_string(example("docker/Dockerfile")).unwrap();
    assert!(dockerfile.contains("\nUSER 65532:65532\n") && dockerfile.contains("\nENV PATH=/bin\n"));
    let start = |command: &[String], key: &str| -> Output {
        let mut inside = Command::new("/usr/sbin/chroot");
        inside.arg("--userspec=65532:65532").arg(root).args(words(&dockerfile, "ENTRYPOINT ")).args(command);
        inside.env_clear().envs([("PATH", "/bin"), ("SOPS_AGE_KEY_FILE", key)]).output().unwrap()
    };
    let output = start(&words(&dockerfile, "CMD "), "/run/secrets/age-key");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let mut got: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    got.sort();
    assert_eq!(got, ["PATH=/bin", "SOPS_AGE_KEY_FILE=/run/secrets/age-key", "TOKEN=q7Xd-92kPz"]);
    assert_eq!(start(&["nothing".into()], "/run/secrets/age-key").status.code(), Some(127));
    let output = start(&words(&dockerfile, "CMD "), "/run/secrets/none");
    assert_eq!((output.status.code(), output.stdout), (Some(125), Vec::new()));
}

/// What `key=` says in the unit.
fn setting(unit: &str, key: &str) -> String {
    let line = unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("no {key}")).to_owned()
}

#[test]
fn a_unit_of_systemd_gets_its_values() {
    let scene = scene();
    let credentials = tempfile::tempdir().unwrap();
    let unit = fs::read_to_string(example("systemd/app.service")).unwrap();
    let (name, _) =
        setting(&unit, "LoadCredential").split_once(':').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    fs::write(credentials.path().join(name), identity_of("alice")).unwrap();
    let (variable, value) =
        setting(&unit, "Environment").split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let value = value.replace("%d", &credentials.path().to_string_lossy());
    let start = setting(&unit, "ExecStart");
    let words: Vec<&str> = start.split(' ').collect();
    assert_eq!(words, ["/usr/local/bin/lacre", "run", "--", "/srv/app/server"]);
    let output = Command::new(LACRE)
        .args(["run", "--", "env"])
        .current_dir(scene.folder())
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), (&variable, &value)])
        .env("CREDENTIALS_DIRECTORY", credentials.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(String::from_utf8_lossy(&output.stdout).contains("TOKEN=q7Xd-92kPz\n"));

    // The real checker wants programs that exist.
    let Some(mut analyze) = linter("systemd-analyze") else { return };
    let unit = unit.replace(words[0], LACRE).replace(words[3], "/usr/bin/env");
    fs::write(credentials.path().join("app.service"), unit).unwrap();
    analyze.args(["verify", "--man=no"]).arg(credentials.path().join("app.service"));
    passes(analyze);
}

#[test]
fn a_cluster_reads_the_secret() {
    let file = example("kubernetes/app-secret.enc.yaml");
    let identity = example("quickstart/demo-identity.txt");
    let mut ours = Command::new(LACRE);
    ours.arg("decrypt").arg(&file).env_clear().env("SOPS_AGE_KEY_FILE", &identity);
    let ours = ours.output().unwrap();
    assert!(ours.status.success(), "{}", String::from_utf8_lossy(&ours.stderr));
    let text = String::from_utf8(ours.stdout).unwrap();
    assert!(text.contains("kind: Secret\n") && text.contains("first-line-Qv71\n"), "{text}");
    // Names stay readable in git.
    assert!(fs::read_to_string(&file).unwrap().contains("\n  DATABASE_URL: ENC["));

    // Flux opens it with the library of sops.
    if let Some(sops) = std::env::var_os("SOPS_BINARY") {
        let output = Command::new(sops)
            .arg("decrypt")
            .arg(&file)
            .env("SOPS_AGE_KEY_FILE", &identity)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).contains("first-line-Qv71\n"));
    }
    if Command::new("kubectl").args(["version", "--client"]).output().is_err() {
        eprintln!("skipped: no kubectl found");
        return;
    }
    let mut kustomize = Command::new("kubectl");
    kustomize.arg("kustomize").arg(example("kubernetes"));
    passes(kustomize);
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("secret.yaml"), text).unwrap();
    let mut annotate = Command::new("kubectl");
    annotate
        .args(["annotate", "--local", "-f"])
        .arg(place.path().join("secret.yaml"))
        .args(["a=b", "-o", "name"]);
    passes(annotate);
}
