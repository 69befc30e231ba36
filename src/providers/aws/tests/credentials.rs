//! Where credentials come from, who wins, and who is asked how often.

use super::*;

#[test]
fn the_profile_of_an_entry_wins_over_the_environment_and_that_over_other_profiles() {
    let server = Server::new([(200, PLAIN), (200, PLAIN), (200, PLAIN), (200, PLAIN)]);
    let scene = Scene::new(&[("AWS_ENDPOINT_URL", &server.address)]).file(
        ".aws/credentials",
        "[default]\naws_access_key_id=AKIADEFAULT\naws_secret_access_key=s\n\
         [work]\naws_access_key_id=AKIAWORK\naws_secret_access_key=s\n",
    );
    scene.open(&entry(&[("aws_profile", "")])).unwrap();
    let mut scene = scene;
    scene.world.variables.insert("AWS_PROFILE".into(), "work".into());
    scene.open(&entry(&[])).unwrap();
    for (name, value) in [("AWS_ACCESS_KEY_ID", "AKIAENV"), ("AWS_SECRET_ACCESS_KEY", "s")] {
        scene.world.variables.insert(name.into(), value.into());
    }
    scene.open(&entry(&[])).unwrap();
    scene.open(&entry(&[("aws_profile", "work")])).unwrap();
    let signers: Vec<_> = server.heard().iter().map(|request| signer(request)).collect();
    assert_eq!(signers, ["AKIADEFAULT", "AKIAWORK", "AKIAENV", "AKIAWORK"]);
    let told = scene.open(&entry(&[("aws_profile", "theirs")])).unwrap_err();
    let places = "`~/.aws/config` and `~/.aws/credentials`";
    assert_eq!(told, format!("AWS credentials: profile `theirs`: is not in {places}"));
}

#[test]
fn a_role_of_a_profile_is_assumed_with_its_source_and_one_of_an_entry_on_top() {
    let (first, second) = (lent("ASIAONE", "2027-01-01T00:00:00Z"), lent("ASIATWO", "2027-01-01T00:00:00Z"));
    let server = Server::new([(200, &first), (200, &second), (200, PLAIN), (200, PLAIN)]);
    let scene = Scene::new(&[("AWS_ENDPOINT_URL", &server.address)]).file(
        ".aws/config",
        "[profile base]\naws_access_key_id=AKIABASE\naws_secret_access_key=s\n\
         [profile work]\nrole_arn=arn:aws:iam::1:role/one\nsource_profile=base\nexternal_id=e&x\n\
         role_session_name=me\n",
    );
    let kms = Kms::new(&scene.world);
    let entry = entry(&[("aws_profile", "work"), ("role", "arn:aws:iam::2:role/two")]);
    // Opened twice, asked once.
    open(&kms, &entry).unwrap();
    open(&kms, &entry).unwrap();
    let heard = server.heard();
    let signers: Vec<_> = heard.iter().map(|request| signer(request)).collect();
    assert_eq!(signers, ["AKIABASE", "ASIAONE", "ASIATWO", "ASIATWO"]);
    let body = |at: usize| heard[at].split("\r\n\r\n").nth(1).unwrap().to_owned();
    assert_eq!(
        body(0),
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fone&RoleSessionName=me\
         &ExternalId=e%26x"
    );
    let start =
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Ftwo&RoleSessionName=";
    assert!(body(1).starts_with(&format!("{start}sops%40")), "{}", body(1));
    assert_eq!(header(&heard[3], "x-amz-security-token"), ["tok"]);
}

#[test]
fn the_profile_says_where_its_aws_is_unless_the_environment_does() {
    let answer = lent("ASIAONE", "2027-01-01T00:00:00Z");
    let (one, other) = (Server::new([(200, &answer), (200, PLAIN)]), Server::new([(200, PLAIN)]));
    let scene = Scene::new(&[]).file(
        ".aws/config",
        &format!(
            "[profile local]\naws_access_key_id=AKIA\naws_secret_access_key=s\nendpoint_url={}\n",
            one.address
        ),
    );
    let entry = entry(&[("aws_profile", "local"), ("role", "arn:aws:iam::1:role/r")]);
    assert_eq!(scene.open(&entry), Ok(SHARE.to_vec()));
    assert_eq!(one.heard().len(), 2);
    let mut scene = scene;
    scene.world.variables.insert("AWS_ENDPOINT_URL".into(), (&other.address).into());
    let plain = WrappedKey { other: vec![entry.other[0].clone()], ..entry };
    assert_eq!(scene.open(&plain), Ok(SHARE.to_vec()));
    assert_eq!(other.heard().len(), 1);
}

#[test]
fn profiles_that_lend_in_a_circle_end() {
    let scene = Scene::new(&[("AWS_PROFILE", "a")]).file(
        ".aws/config",
        "[profile a]\nrole_arn=arn:aws:iam::1:role/a\nsource_profile=b\n\
         [profile b]\nrole_arn=arn:aws:iam::1:role/b\nsource_profile=a\n",
    );
    let told = scene.open(&entry(&[])).unwrap_err();
    let problem = "its `source_profile` leads back to itself, or too far";
    assert_eq!(told, format!("AWS credentials: profile `a`: {problem}"));
}

#[test]
fn a_role_that_is_refused_is_told() {
    let server =
        Server::new([(403, "<E><Error><Code>AccessDenied</Code><Message>canary</Message></Error></E>")]);
    let told = Scene::keyed(&server).open(&entry(&[("role", "arn:aws:iam::1:role/r")])).unwrap_err();
    assert_eq!(
        told,
        "AWS does not allow it: the policy of the key or of these credentials must permit this action \
         (sts:AssumeRole: AccessDenied; credentials: `AWS_ACCESS_KEY_ID`)"
    );
}

#[test]
fn a_web_identity_token_is_exchanged_without_a_signature() {
    let answer = lent("ASIAWEB", "2027-01-01T00:00:00Z");
    let server = Server::new([(200, &answer), (200, PLAIN)]);
    let scene = Scene::new(&[
        ("AWS_ENDPOINT_URL", &server.address),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", "token"),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r"),
        ("AWS_ROLE_SESSION_NAME", "job"),
    ])
    .file("token", "ey.J+/=\n");
    assert_eq!(scene.open(&entry(&[])), Ok(SHARE.to_vec()));
    let heard = server.heard();
    assert_eq!(heard.iter().map(|request| signer(request)).collect::<Vec<_>>(), ["", "ASIAWEB"]);
    assert!(heard[0].ends_with(
        "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr\
         &RoleSessionName=job&WebIdentityToken=ey.J%2B%2F%3D"
    ));
}

#[test]
fn credentials_about_to_end_are_asked_for_again_and_ended_ones_are_refused() {
    let short = lent("ASIASHORT", "2026-01-01T00:00:30Z");
    let server = Server::new([(200, &short), (200, PLAIN), (200, &short), (200, PLAIN)]);
    let scene = Scene::keyed(&server);
    let kms = Kms::new(&scene.world);
    let entry = entry(&[("role", "arn:aws:iam::1:role/r")]);
    open(&kms, &entry).unwrap();
    open(&kms, &entry).unwrap();
    assert_eq!(server.heard().len(), 4);
    let ended = lent("ASIAOLD", "2025-12-31T00:00:00Z");
    let told = Scene::keyed(&Server::new([(200, &ended)])).open(&entry).unwrap_err();
    assert!(told.ends_with("its credentials have ended: log in again"), "{told}");
}

#[test]
fn a_container_hands_out_credentials_to_who_has_its_token() {
    let json =
        r#"{"AccessKeyId":"ASIACON","SecretAccessKey":"s","Token":"t","Expiration":"2027-01-01T00:00:00Z"}"#;
    let server = Server::new([(200, json), (200, PLAIN)]);
    let uri = format!("{}/creds", server.address);
    let scene = Scene::new(&[
        ("AWS_ENDPOINT_URL", &server.address),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "not this one"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "token"),
    ])
    .file("token", "Bearer abc\n");
    assert_eq!(scene.open(&entry(&[])), Ok(SHARE.to_vec()));
    let heard = server.heard();
    assert!(heard[0].starts_with("GET /creds HTTP/1.1\r\n"));
    assert_eq!(header(&heard[0], "authorization"), ["Bearer abc"]);
    assert_eq!(signer(&heard[1]), "ASIACON");
    let elsewhere = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://credentials.example/")];
    let told = Scene::new(&elsewhere).open(&entry(&[])).unwrap_err();
    assert!(told.ends_with("is neither `https` nor on this machine"), "{told}");
}

#[test]
fn an_instance_is_asked_with_a_token_unless_that_is_switched_off() {
    let json = r#"{"Code":"Success","AccessKeyId":"ASIAINST","SecretAccessKey":"s","Token":"t"}"#;
    let server = Server::new([(200, "imds-token"), (200, "web-role\n"), (200, json), (200, PLAIN)]);
    let mut scene = Scene::new(&[
        ("AWS_ENDPOINT_URL", &server.address),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &server.address),
    ]);
    let told = scene.open(&entry(&[])).unwrap_err();
    assert!(told.starts_with("no AWS credentials found: looked at `AWS_ACCESS_KEY_ID`, "), "{told}");
    assert_eq!(server.heard(), [""; 0]);
    scene.world.variables.remove(std::ffi::OsStr::new("AWS_EC2_METADATA_DISABLED"));
    assert_eq!(scene.open(&entry(&[])), Ok(SHARE.to_vec()));
    let heard = server.heard();
    assert!(heard[0].starts_with("PUT /latest/api/token HTTP/1.1\r\n"), "{}", heard[0]);
    assert_eq!(header(&heard[0], "x-aws-ec2-metadata-token-ttl-seconds"), ["300"]);
    assert!(heard[2].starts_with("GET /latest/meta-data/iam/security-credentials/web-role HTTP/1.1\r\n"));
    for request in [&heard[1], &heard[2]] {
        assert_eq!(header(request, "x-aws-ec2-metadata-token"), ["imds-token"]);
    }
    assert_eq!(signer(&heard[3]), "ASIAINST");
}

#[cfg(unix)]
#[test]
fn a_program_of_the_users_own_profile_hands_out_credentials_once_a_run() {
    let server = Server::new([(200, PLAIN), (200, PLAIN)]);
    let json = r#"{"Version":1,"AccessKeyId":"ASIAPROC","SecretAccessKey":"s","SessionToken":"t"}"#;
    let script =
        r#"test "$1" = "two words" && test -z "$SOPS_AGE_KEY" && echo x >> "$HOME/ran" && printf %s "$2""#;
    let line = format!("[default]\ncredential_process = /bin/sh -c '{script}' sh 'two words' '{json}'\n");
    let scene = Scene::new(&[("AWS_ENDPOINT_URL", &server.address), ("SOPS_AGE_KEY", "canary")])
        .file(".aws/config", &line);
    let kms = Kms::new(&scene.world);
    open(&kms, &entry(&[])).unwrap();
    open(&kms, &entry(&[])).unwrap();
    assert_eq!(signer(&server.heard()[1]), "ASIAPROC");
    assert_eq!(fs::read_to_string(scene.home.path().join("ran")).unwrap(), "x\n");
}

#[cfg(unix)]
#[test]
fn a_profile_that_logs_in_elsewhere_is_asked_of_the_aws_program() {
    let server = Server::new([(200, PLAIN)]);
    // The `aws` program would take the keys of the environment first.
    let scene =
        Scene::keyed(&server).file(".aws/config", "[profile corp]\nsso_session = x\nsso_account_id = 1\n");
    let told = scene.open(&entry(&[("aws_profile", "corp")])).unwrap_err();
    assert!(told.starts_with("AWS credentials: profile `corp`: its login needs the `aws` program"), "{told}");
    let json = r#"{"Version":1,"AccessKeyId":"ASIASSO","SecretAccessKey":"s","SessionToken":"t"}"#;
    let search = scene.home.path().join("bin");
    fs::create_dir(&search).unwrap();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/aws");
    std::os::unix::fs::symlink(program, search.join("aws")).unwrap();
    let mut scene = scene;
    scene.world.variables.extend([("PATH".into(), search.into()), ("ANSWER".into(), json.into())]);
    scene.open(&entry(&[("aws_profile", "corp")])).unwrap();
    assert_eq!(signer(&server.heard()[0]), "ASIASSO");
}
