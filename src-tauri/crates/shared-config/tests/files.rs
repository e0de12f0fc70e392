//! What the files say, as the CLI and the SDK read them, and what becomes of lines that they refuse.

use std::path::Path;

use proptest::prelude::*;
use secrecy::ExposeSecret;
use shared_config::{
    Base, ChainError, FileKind, MAX_FILE_BYTES, Paths, ProfileKind, RoleSource, SharedConfig,
};

fn paths() -> Paths {
    Paths {
        config: "/home/ana/.aws/config".into(),
        credentials: "/home/ana/.aws/credentials".into(),
    }
}

fn both(config: &str, credentials: &str) -> SharedConfig {
    SharedConfig::from_bytes(&paths(), config.as_bytes(), credentials.as_bytes())
}

fn config(text: &str) -> SharedConfig {
    both(text, "")
}

fn property<'a>(config: &'a SharedConfig, profile: &str, name: &str) -> Option<&'a str> {
    config.profile(profile)?.property(name)
}

fn names(config: &SharedConfig) -> Vec<&str> {
    config.profiles().map(|profile| profile.name()).collect()
}

/// The lines that have problems, with their messages.
fn problems(config: &SharedConfig) -> Vec<(Option<usize>, &str)> {
    config
        .problems()
        .iter()
        .map(|problem| (problem.line, problem.message.as_str()))
        .collect()
}

fn problem_lines(config: &SharedConfig) -> Vec<usize> {
    problems(config)
        .iter()
        .filter_map(|(line, _)| *line)
        .collect()
}

#[test]
fn profiles_come_in_the_order_of_the_files() {
    let config = both(
        "[profile zebra]\n[default]\nregion = eu-west-1\n[profile ant]\n",
        "[keys]\n[ant]\n[default]\n",
    );
    assert_eq!(names(&config), ["zebra", "default", "ant", "keys"]);
    assert_eq!(problems(&config), []);
    let ant = config.profile("ant").expect("there");
    assert_eq!(ant.files(), [FileKind::Config, FileKind::Credentials]);
    assert_eq!(ant.place().line, 4);
    assert_eq!(ant.place().file, Path::new("/home/ana/.aws/config"));
}

#[test]
fn the_credentials_file_wins_where_both_have_a_setting() {
    let config = both(
        "[profile a]\nregion = eu-west-1\noutput = json\naws_access_key_id = OLD\n",
        "[a]\naws_access_key_id = NEW\nregion = us-east-1\n",
    );
    assert_eq!(property(&config, "a", "aws_access_key_id"), Some("NEW"));
    assert_eq!(
        config.profile("a").and_then(|a| a.region()),
        Some("us-east-1")
    );
    assert_eq!(config.profile("a").and_then(|a| a.output()), Some("json"));
}

#[test]
fn profile_default_takes_the_place_of_default_wherever_it_stands() {
    for text in [
        "[default]\nregion = a\noutput = json\n[profile default]\nregion = b\n",
        "[profile default]\nregion = b\n[default]\nregion = a\noutput = json\n",
    ] {
        let config = config(text);
        assert_eq!(property(&config, "default", "region"), Some("b"));
        assert_eq!(property(&config, "default", "output"), None);
        assert_eq!(config.problems().len(), 1, "{:?}", config.problems());
    }
}

#[test]
fn comments_are_whole_lines_or_follow_white_space() {
    let config = config(
        "# first\n; second\n[profile a] # third\nregion = eu-west-1 # here\n  # indented\noutput = json\t;there\n\
         sso_start_url = https://x/#/start;a\n",
    );
    assert_eq!(property(&config, "a", "region"), Some("eu-west-1"));
    assert_eq!(property(&config, "a", "output"), Some("json"));
    assert_eq!(
        property(&config, "a", "sso_start_url"),
        Some("https://x/#/start;a")
    );
    assert_eq!(problems(&config), []);
}

#[test]
fn a_command_that_a_comment_cuts_off_is_reported() {
    let config = config("[profile a]\ncredential_process = sh -c 'a ; b'\n");
    assert_eq!(
        property(&config, "a", "credential_process"),
        Some("sh -c 'a")
    );
    assert_eq!(problem_lines(&config), [2]);
}

#[test]
fn names_of_settings_have_no_case_and_values_do() {
    let config = config("[profile A]\nRegion = EU-West-1\n");
    assert_eq!(property(&config, "A", "region"), Some("EU-West-1"));
    assert!(config.profile("a").is_none());
}

#[test]
fn lines_indented_below_a_setting_belong_to_it() {
    let config = config(
        "[profile a]\ncredential_process = tool\n    --one\n\n\t--two\nregion = x\ns3 =\n  max = 1\n  not a setting\nservices = dev\n\
         [services dev]\nssm =\n  endpoint_url = http://127.0.0.1:1\nSTS=\n  endpoint_url=http://127.0.0.1:2\nkms = none\n",
    );
    assert_eq!(
        property(&config, "a", "credential_process"),
        Some("tool\n--one\n--two")
    );
    assert_eq!(property(&config, "a", "region"), Some("x"));
    assert_eq!(property(&config, "a", "s3"), Some("\nmax = 1"));
    let services = property(&config, "a", "services")
        .and_then(|name| config.services(name))
        .expect("there");
    assert_eq!(
        services.get("ssm", "endpoint_url"),
        Some("http://127.0.0.1:1")
    );
    assert_eq!(
        services.get("sts", "endpoint_url"),
        Some("http://127.0.0.1:2")
    );
    assert_eq!(services.get("kms", "endpoint_url"), None);
    assert_eq!(problem_lines(&config), [9, 16]);
}

#[test]
fn a_file_that_is_indented_throughout_is_read_as_the_cli_does() {
    let config = config("  [profile a]\n    region = x\n    output = json\n  [profile b]\n");
    assert_eq!(names(&config), ["a", "b"]);
    assert_eq!(property(&config, "a", "region"), Some("x"));
    assert_eq!(property(&config, "a", "output"), Some("json"));
}

#[test]
fn byte_order_marks_and_every_line_ending_are_fine() {
    let config = config("\u{feff}[profile a]\r\nregion = x\r\n\r\n[profile b]\rregion = y\n");
    assert_eq!(property(&config, "a", "region"), Some("x"));
    assert_eq!(property(&config, "b", "region"), Some("y"));
    assert_eq!(problems(&config), []);
}

#[test]
fn a_file_in_utf_16_is_one_problem() {
    let config = SharedConfig::from_bytes(&paths(), b"\xff\xfe[\0a\0]\0\n\0", b"[k]\n");
    assert_eq!(names(&config), ["k"]);
    assert_eq!(config.problems().len(), 1);
}

#[test]
fn broken_lines_are_reported_and_everything_else_counts() {
    let config = config(
        "region = lost\n\
         [profile a]\n\
         no separator\n\
         \x20 of the line above\n\
         = no name\n\
         two words = x\n\
         region = x\n\
         [profile broken\n\
         region = not a's\n\
         [profile b]\n\
         region: y\n",
    );
    assert_eq!(names(&config), ["a", "b"]);
    assert_eq!(property(&config, "a", "region"), Some("x"));
    assert_eq!(property(&config, "b", "region"), Some("y"));
    assert_eq!(problem_lines(&config), [1, 3, 5, 6, 8]);
    for problem in config.problems() {
        assert_eq!(problem.file, Path::new("/home/ana/.aws/config"));
    }
    assert_eq!(
        config
            .problems()
            .first()
            .map(ToString::to_string)
            .as_deref(),
        Some("/home/ana/.aws/config:1: this line stands before the first section and is ignored")
    );
}

#[test]
fn lines_that_are_not_utf_8_are_reported_and_take_nothing_with_them() {
    let config = SharedConfig::from_bytes(
        &paths(),
        b"[profile a]\nregion = x\n# \xff a comment\nname = \xff\n  more\noutput = json\n[profile \xff]\nregion = lost\n[profile b]\nregion = y\n",
        b"",
    );
    assert_eq!(names(&config), ["a", "b"]);
    assert_eq!(property(&config, "a", "region"), Some("x"));
    assert_eq!(property(&config, "a", "output"), Some("json"));
    assert_eq!(property(&config, "b", "region"), Some("y"));
    assert_eq!(problem_lines(&config), [4, 7]);
}

#[test]
fn sections_and_settings_that_stand_twice_are_merged_and_reported() {
    let config = config(
        "[profile a]\nregion = x\noutput = json\nregion = y\n[profile b]\n[profile a]\nregion = z\n",
    );
    assert_eq!(property(&config, "a", "region"), Some("z"));
    assert_eq!(property(&config, "a", "output"), Some("json"));
    assert_eq!(problem_lines(&config), [4, 6]);
}

#[test]
fn quoted_names_lose_their_quotation_marks() {
    let config = config(
        "[profile \"my work\"]\nregion = x\n[profile 'b']\n[sso-session \"s\"]\n[profile two words]\nregion = y\n",
    );
    assert_eq!(names(&config), ["my work", "b"]);
    assert_eq!(property(&config, "my work", "region"), Some("x"));
    assert!(config.sso_session("s").is_some());
    assert_eq!(problem_lines(&config), [5]);
}

#[test]
fn sections_in_the_wrong_file_or_shape_are_reported() {
    let config = both(
        "[work]\nregion = x\n[Profile b]\n[profile]\n[]\n[plugins]\ncli = x\n[other tool]\n",
        "[profile c]\n[sso-session d]\n[my keys]\n",
    );
    assert_eq!(names(&config), ["my keys"]);
    assert_eq!(problem_lines(&config), [1, 3, 4, 5, 1, 2]);
    assert!(
        problems(&config)[0].1.contains("[profile work]"),
        "{:?}",
        problems(&config)[0]
    );
}

#[test]
fn an_endless_number_of_bad_lines_is_not_listed_endlessly() {
    let text = "[profile a]\n".to_owned() + &"nonsense\n".repeat(50_000) + "region = x\n";
    let config = config(&text);
    assert_eq!(config.problems().len(), 101);
    assert_eq!(property(&config, "a", "region"), Some("x"));
}

#[test]
fn an_empty_value_is_none() {
    let config = both("[profile a]\nregion =\nrole_arn = # none\n", "");
    assert_eq!(property(&config, "a", "region"), None);
    assert!(matches!(
        config.profile("a").map(|a| a.kind()),
        Some(ProfileKind::Empty)
    ));
}

#[test]
fn secrets_are_in_no_debug_output_and_no_problem() {
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let text = format!(
        "[a]\naws_access_key_id = AKIA\naws_secret_access_key = {secret}\naws_session_token = {secret}\n\
         {secret}\n{secret} = x y\naws_secret {secret} = x\n[b]\n{secret}==\ncredential_process = tool {secret}\n"
    );
    let config = both("", &text);
    assert!(config.problems().len() >= 2);
    let a = config.profile("a").expect("there");
    assert_eq!(a.property("aws_secret_access_key"), None);
    let ProfileKind::Keys(keys) = a.kind() else {
        panic!("{:?}", a.kind());
    };
    assert_eq!(keys.secret_access_key.expose_secret(), secret);
    for text in [
        format!("{config:?}"),
        format!("{:?}", config.chain("a")),
        format!("{:?}", config.chain("b")),
        format!("{:?}", config.sanitized()),
        format!("{:?}", config.problems()),
    ] {
        assert!(
            !text.to_lowercase().contains(&secret.to_lowercase()),
            "{text}"
        );
    }
}

#[test]
fn the_kinds_have_the_order_of_the_sdk() {
    let config = config(
        "[sso-session s]\nsso_start_url = https://s\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access, b\n\
         [profile role]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = keys\nsso_session = s\nduration_seconds = 3600\nexternal_id = e\nrole_session_name = n\nmfa_serial = arn:aws:iam::444455556666:mfa/ana\nregion = x\n\
         [profile web]\nrole_arn = arn:aws:iam::111122223333:role/w\nweb_identity_token_file = /t\nsource_profile = keys\n\
         [profile sso]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\nlogin_session = arn:aws:iam::1:user/a\n\
         [profile moved]\nsso_session = s\nsso_start_url = https://s\nsso_region = eu-west-1\n\
         [profile legacy]\nsso_start_url = https://l\nsso_region = x\nsso_account_id = 111122223333\nsso_role_name = r\n\
         [profile login]\nlogin_session = arn:aws:iam::777788889999:user/a\ncredential_process = tool\n\
         [profile process]\ncredential_process = tool\naws_access_key_id = A\naws_secret_access_key = S\naws_account_id = 111122223333\n\
         [profile keys]\naws_access_key_id = A\naws_secret_access_key = S\nmfa_serial = arn:aws:iam::444455556666:mfa/ana\n\
         [profile source]\ncredential_source = ec2instancemetadata\nsso_session = s\n\
         [profile empty]\nregion = x\n",
    );
    let kind = |name: &str| config.profile(name).expect("there").kind().clone();
    let account = |name: &str| config.account_of(name);
    let ProfileKind::Role(role) = kind("role") else {
        panic!("{:?}", kind("role"));
    };
    assert_eq!(role.source, RoleSource::Profile("keys".to_owned()));
    assert_eq!(role.duration_seconds, Some(3_600));
    assert_eq!(role.external_id.as_deref(), Some("e"));
    assert_eq!(role.role_session_name.as_deref(), Some("n"));
    assert_eq!(
        role.mfa_serial.as_deref(),
        Some("arn:aws:iam::444455556666:mfa/ana")
    );
    assert_eq!(role.region.as_deref(), Some("x"));
    assert_eq!(account("role").as_deref(), Some("111122223333"));
    assert!(matches!(kind("web"), ProfileKind::WebIdentity(_)));
    let ProfileKind::SsoSession(sso) = kind("sso") else {
        panic!("{:?}", kind("sso"));
    };
    assert_eq!(sso.session.as_deref(), Some("s"));
    assert_eq!(sso.scopes, ["sso:account:access", "b"]);
    assert_eq!(account("sso").as_deref(), Some("111122223333"));
    assert!(matches!(kind("moved"), ProfileKind::SsoSession(_)));
    let ProfileKind::SsoLegacy(legacy) = kind("legacy") else {
        panic!("{:?}", kind("legacy"));
    };
    assert_eq!((legacy.region.as_str(), legacy.session), ("x", None));
    assert!(matches!(kind("login"), ProfileKind::Login(_)));
    assert_eq!(account("login").as_deref(), Some("777788889999"));
    assert!(matches!(kind("process"), ProfileKind::Process(_)));
    assert_eq!(account("process").as_deref(), Some("111122223333"));
    assert!(matches!(kind("keys"), ProfileKind::Keys(_)));
    assert_eq!(account("keys").as_deref(), Some("444455556666"));
    assert!(matches!(
        kind("source"),
        ProfileKind::Source(RoleSource::Ec2InstanceMetadata)
    ));
    assert!(matches!(kind("empty"), ProfileKind::Empty));
    assert_eq!(account("empty"), None);
}

#[test]
fn settings_that_contradict_each_other_break_their_profile_only() {
    for (settings, word) in [
        (
            "role_arn = r\nsource_profile = a\ncredential_source = Environment",
            "both",
        ),
        ("role_arn = r", "neither"),
        ("role_arn = r\ncredential_source = Moon", "Moon"),
        (
            "role_arn = r\nsource_profile = a\nduration_seconds = 899",
            "899",
        ),
        (
            "role_arn = r\nsource_profile = a\nduration_seconds = 43201",
            "43201",
        ),
        (
            "role_arn = r\nsource_profile = a\nduration_seconds = 1h",
            "1h",
        ),
        ("web_identity_token_file = /t", "role_arn"),
        ("sso_session = missing", "[sso-session missing]"),
        ("sso_session = s", "sso_region"),
        (
            "sso_session = s\nsso_start_url = https://other",
            "sso_start_url",
        ),
        (
            "sso_account_id = 1\nsso_start_url = u\nsso_region = r",
            "sso_role_name",
        ),
        (
            "sso_role_name = 1\nsso_start_url = u\nsso_region = r",
            "sso_account_id",
        ),
        ("sso_region = r", "sso_start_url"),
        ("sso_start_url = u", "sso_region"),
        ("aws_access_key_id = A", "aws_secret_access_key"),
        ("aws_session_token = A", "aws_access_key_id"),
    ] {
        let config = config(&format!(
            "[sso-session s]\nsso_start_url = https://s\n[profile a]\n{settings}\n[profile b]\nregion = x\n"
        ));
        let ProfileKind::Broken(reason) = config.profile("a").expect("there").kind() else {
            panic!("{settings}: {:?}", config.profile("a"));
        };
        assert!(reason.contains(word), "{settings}: {reason}");
        assert!(
            matches!(config.chain("a"), Err(ChainError::Broken { profile, .. }) if profile == "a")
        );
        assert!(config.chain("b").is_ok());
    }
}

#[test]
fn a_chain_lists_its_roles_in_the_order_in_which_they_are_assumed() {
    let config = both(
        "[profile app]\nrole_arn = arn:app\nsource_profile = hub\n\
         [profile hub]\nrole_arn = arn:hub\nsource_profile = login\n\
         [profile login]\nlogin_session = arn:l\n\
         [profile env]\nrole_arn = arn:env\ncredential_source = Environment\n\
         [profile own]\nrole_arn = arn:own\nsource_profile = own\naws_access_key_id = A\naws_secret_access_key = S\n\
         [profile keyed]\nrole_arn = arn:keyed\nsource_profile = both\n\
         [profile both]\nrole_arn = arn:both\nsource_profile = hub\n",
        "[both]\naws_access_key_id = B\naws_secret_access_key = S\n",
    );
    let steps = |name: &str| {
        let chain = config.chain(name).expect("a chain");
        let steps: Vec<String> = chain
            .steps
            .iter()
            .map(|step| format!("{} {}", step.profile, step.role.role_arn))
            .collect();
        (steps.join(", "), chain.base_profile, chain.base)
    };
    let (roles, profile, base) = steps("app");
    assert_eq!(roles, "hub arn:hub, app arn:app");
    assert_eq!(profile, "login");
    assert!(matches!(base, Base::Login(login) if login.session_arn == "arn:l"));
    let (roles, profile, base) = steps("env");
    assert_eq!((roles.as_str(), profile.as_str()), ("env arn:env", "env"));
    assert!(matches!(base, Base::Environment));
    let (roles, _, base) = steps("own");
    assert_eq!(roles, "own arn:own");
    assert!(matches!(base, Base::Keys(keys) if keys.access_key_id == "A"));
    // A source profile's own keys come before its role; asked for itself, its role comes first.
    let (roles, profile, base) = steps("keyed");
    assert_eq!(
        (roles.as_str(), profile.as_str()),
        ("keyed arn:keyed", "both")
    );
    assert!(matches!(base, Base::Keys(keys) if keys.access_key_id == "B"));
    assert_eq!(steps("both").0, "hub arn:hub, both arn:both");
}

#[test]
fn a_chain_of_any_length_is_followed() {
    let mut text = String::new();
    for n in 0..50_000 {
        text += &format!(
            "[profile p{n}]\nrole_arn = r{n}\nsource_profile = p{}\n",
            n + 1
        );
    }
    text += "[profile p50000]\ncredential_process = tool\n";
    let chain = config(&text).chain("p0").expect("a chain");
    assert_eq!(chain.steps.len(), 50_000);
    assert_eq!(chain.base_profile, "p50000");
}

#[test]
fn what_ends_a_chain_is_named() {
    let config = config(
        "[profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n\
         [profile c]\nrole_arn = r\nsource_profile = nobody\n[profile d]\nrole_arn = r\nsource_profile = e\n[profile e]\nregion = x\n\
         [profile f]\nrole_arn = r\nsource_profile = g\n[profile g]\nrole_arn = r\n[profile h]\nrole_arn = r\nsource_profile = h\n\
         [profile i]\nrole_arn = r\nsource_profile = a\n",
    );
    let said = |name: &str| {
        config
            .chain(name)
            .map(|_| ())
            .map_err(|error| error.to_string())
    };
    let is = |text: &str| Err(text.to_owned());
    assert_eq!(
        said("a"),
        is("the profiles are each other's source_profile in a circle: a → b → a")
    );
    assert_eq!(
        said("i"),
        is("the profiles are each other's source_profile in a circle: i → a → b → a")
    );
    assert_eq!(
        said("c"),
        is("the profile \"c\" has the source_profile \"nobody\", which does not exist")
    );
    assert_eq!(
        said("d"),
        is("the profile \"d\" has the source_profile \"e\", which has no credentials")
    );
    assert_eq!(
        said("f"),
        is(
            "the profile \"g\" cannot be used: it has a role_arn, but neither source_profile nor credential_source to assume it with"
        )
    );
    assert_eq!(
        said("h"),
        is("the profile \"h\" has the source_profile \"h\", which has no credentials")
    );
    assert_eq!(said("nobody"), is("there is no profile \"nobody\""));
    assert!(matches!(
        config.chain("default").map(|chain| chain.base),
        Ok(Base::Empty)
    ));
    assert!(matches!(
        config.chain("e").map(|chain| chain.base),
        Ok(Base::Empty)
    ));
}

#[test]
fn missing_files_are_empty_and_unreadable_ones_are_problems() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("credentials"), "[a]\nregion = x\n").expect("written");
    let load = |config: &Path| {
        SharedConfig::load(&Paths {
            config: config.to_owned(),
            credentials: at("credentials"),
        })
    };
    for nothing in [at("none"), at("credentials/below"), "".into()] {
        let config = load(&nothing);
        assert_eq!(problems(&config), [], "{nothing:?}");
        assert_eq!(names(&config), ["a"]);
    }
    let config = load(folder.path());
    assert_eq!(config.problems().len(), 1);
    assert_eq!(names(&config), ["a"]);
    // Sparse: costs nothing, on the disk or in memory.
    let large = std::fs::File::create(at("large")).expect("created");
    large.set_len(MAX_FILE_BYTES + 1).expect("extended");
    let config = load(&at("large"));
    assert_eq!(config.problems().len(), 1);
    assert!(
        config.problems()[0].message.contains("4 MiB"),
        "{:?}",
        config.problems()
    );
    assert_eq!(names(&config), ["a"]);
}

#[cfg(unix)]
#[test]
fn devices_pipes_and_denied_files_are_not_waited_for() {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let load = |config: std::path::PathBuf| {
        SharedConfig::load(&Paths {
            config,
            credentials: "".into(),
        })
    };
    assert_eq!(problems(&load("/dev/null".into())), []);
    assert_eq!(load("/dev/zero".into()).problems().len(), 1);
    assert!(
        Command::new("mkfifo")
            .arg(at("pipe"))
            .status()
            .is_ok_and(|status| status.success())
    );
    assert_eq!(load(at("pipe")).problems().len(), 1);
    std::fs::write(at("denied"), "[default]\nregion = x\n").expect("written");
    std::fs::set_permissions(at("denied"), std::fs::Permissions::from_mode(0o000))
        .expect("permissions");
    let config = load(at("denied"));
    // Root may read everything.
    if std::fs::File::open(at("denied")).is_err() {
        assert!(
            config.problems()[0].message.contains("permission denied"),
            "{:?}",
            config.problems()
        );
    } else {
        assert_eq!(names(&config), ["default"]);
    }
}

/// Pieces of which files are made, good and bad.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\[(profile |sso-session |services )?[a-c]{1,2}\\]",
        1 => "\\[(profile )?default\\]( [#;].*)?",
        4 => "[ \t]{0,2}(region|output|role_arn|source_profile|sso_session|sso_region|sso_start_url|aws_access_key_id|aws_secret_access_key|ssm)[ ]?[=:][ ]?[a-c#;= ]{0,6}",
        2 => "[ \t]{0,3}[a-z=#; ]{0,8}",
        1 => "[^\r\n]{0,12}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    (
        proptest::collection::vec(line(), 0..24),
        prop_oneof![Just("\n"), Just("\r\n")],
    )
        .prop_map(|(lines, ending)| lines.join(ending))
}

/// Everything a config says, secrets too, to compare two.
fn all(config: &SharedConfig) -> Vec<String> {
    let mut all = Vec::new();
    for profile in config.profiles() {
        let named = |name: &str| {
            let secret = if let ProfileKind::Keys(keys) = profile.kind() {
                Some(keys.secret_access_key.expose_secret().to_owned())
            } else {
                None
            };
            format!(
                "{} {name} {:?} {secret:?}",
                profile.name(),
                profile.property(name)
            )
        };
        all.push(format!(
            "{} {:?} {:?}",
            profile.name(),
            profile.kind(),
            profile.files()
        ));
        all.extend(profile.property_names().map(named));
    }
    all.sort();
    all.extend(config.sso_sessions().map(|session| format!("{session:?}")));
    for name in [
        "a", "b", "c", "aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc",
    ] {
        all.extend(
            config
                .services(name)
                .map(|services| format!("{services:?}")),
        );
    }
    all
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(config: Vec<u8>, credentials: Vec<u8>) {
        let config = SharedConfig::from_bytes(&paths(), &config, &credentials);
        for profile in config.profiles() {
            let _ = config.chain(profile.name());
            let _ = config.account_of(profile.name());
        }
    }

    #[test]
    fn no_lines_make_it_panic_and_the_good_ones_mean_the_same_again(first in text(), second in text()) {
        let config = both(&first, &second);
        for profile in config.profiles() {
            let _ = config.chain(profile.name());
            let _ = config.account_of(profile.name());
        }
        let sanitized = config.sanitized();
        let again = both(sanitized.config.expose_secret(), sanitized.credentials.expose_secret());
        prop_assert_eq!(problems(&again), [], "{}\n---\n{}", sanitized.config.expose_secret(), sanitized.credentials.expose_secret());
        let readable = |config: &SharedConfig| config.profiles().all(|profile| {
            profile.name().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/.%@:+".contains(&byte))
        });
        if readable(&config) {
            prop_assert_eq!(all(&again), all(&config));
        }
    }
}
