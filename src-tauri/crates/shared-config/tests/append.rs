//! Adding sections to the config file: what the lines are, and what becomes of the file.

use std::fs;
use std::path::{Path, PathBuf};

use shared_config::{
    AppendError, Base, NewProfile, NewSession, Paths, SharedConfig, append, sections,
};

fn session() -> NewSession {
    NewSession {
        name: "corp".to_owned(),
        start_url: "https://corp.awsapps.com/start".to_owned(),
        region: "eu-west-1".to_owned(),
        scopes: vec!["sso:account:access".to_owned()],
    }
}

fn profile(name: &str) -> NewProfile {
    NewProfile {
        name: name.to_owned(),
        account_id: "111122223333".to_owned(),
        role_name: "Operator".to_owned(),
        region: "eu-central-1".to_owned(),
    }
}

fn paths(config: &Path) -> Paths {
    Paths {
        config: config.to_owned(),
        credentials: PathBuf::new(),
    }
}

fn files(text: &str) -> SharedConfig {
    SharedConfig::from_bytes(&paths(Path::new("config")), text.as_bytes(), b"")
}

const SESSION: &str = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\nsso_registration_scopes = sso:account:access\n";
const PROFILE: &str = "sso_session = corp\nsso_account_id = 111122223333\nsso_role_name = Operator\nregion = eu-central-1\n";

#[test]
fn the_session_comes_first_and_only_where_it_is_missing() {
    let both = [profile("payments"), profile("default")];
    let text = sections(&files(""), &session(), &both).expect("nothing is taken");
    assert_eq!(
        text,
        format!("{SESSION}\n[profile payments]\n{PROFILE}\n[default]\n{PROFILE}")
    );
    let text = sections(&files(SESSION), &session(), &both[..1]).expect("it is the same session");
    assert_eq!(text, format!("[profile payments]\n{PROFILE}"));
}

#[test]
fn what_is_taken_or_cannot_stand_in_the_file_is_refused() {
    let taken = format!("{SESSION}[profile payments]\nregion = eu-west-1\n");
    let of = |profiles: &[NewProfile]| sections(&files(&taken), &session(), profiles);
    assert_eq!(of(&[]), Err(AppendError::Nothing));
    assert_eq!(
        of(&[profile("payments")]),
        Err(AppendError::Taken("payments".to_owned()))
    );
    assert_eq!(
        of(&[profile("a"), profile("a")]),
        Err(AppendError::Twice("a".to_owned()))
    );
    for name in ["", "with space", "a]", "a\n[default", &"x".repeat(129)] {
        assert_eq!(
            of(&[profile(name)]),
            Err(AppendError::Name(name.to_owned()))
        );
    }
    let elsewhere = NewSession {
        region: "us-east-1".to_owned(),
        ..session()
    };
    assert_eq!(
        sections(&files(&taken), &elsewhere, &[profile("a")]),
        Err(AppendError::OtherSession("corp".to_owned()))
    );
    for role_name in ["", "Op\nregion = x", "Op #", "Op;"] {
        let bad = NewProfile {
            role_name: role_name.to_owned(),
            ..profile("a")
        };
        assert_eq!(of(&[bad]), Err(AppendError::Value("role")), "{role_name:?}");
    }
}

#[test]
fn what_was_added_is_read_back_as_it_was_meant() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("fresh/.aws/config");
    let load = || SharedConfig::load(&paths(&config));
    for name in ["payments", "audit"] {
        let text = sections(&load(), &session(), &[profile(name)]).expect("it is free");
        append(&config, &text).expect("it is written");
    }
    let files = load();
    assert!(files.problems().is_empty(), "{:?}", files.problems());
    for name in ["payments", "audit"] {
        let chain = files.chain(name).expect("it is whole");
        let Base::Sso(sso) = &chain.base else {
            panic!("{name} signs in");
        };
        assert_eq!(sso.session.as_deref(), Some("corp"));
        assert_eq!(sso.start_url, session().start_url);
        assert_eq!(sso.account_id.as_deref(), Some("111122223333"));
        assert_eq!(sso.scopes, session().scopes);
    }
    #[cfg(unix)]
    {
        assert_eq!(mode(&config), 0o600);
        assert_eq!(mode(config.parent().expect("a folder")), 0o700);
    }
    let beside = fs::read_dir(config.parent().expect("a folder")).expect("it is there");
    assert_eq!(beside.count(), 1, "nothing is left beside it");
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn every_byte_of_the_old_file_stays_and_its_line_ends_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config");
    let new = "[profile a]\nregion = x\n";
    let dos = "[profile a]\r\nregion = x\r\n";
    for (old, expected) in [
        ("", new.to_owned()),
        ("# mine", format!("# mine\n\n{new}")),
        ("# mine\n", format!("# mine\n\n{new}")),
        ("# mine\n\n", format!("# mine\n\n{new}")),
        ("# mine\r\n", format!("# mine\r\n\r\n{dos}")),
        ("# mine\r\n\r\n", format!("# mine\r\n\r\n{dos}")),
    ] {
        fs::write(&config, old).expect("it is written");
        append(&config, new).expect("it is written");
        assert_eq!(
            fs::read_to_string(&config).expect("it is there"),
            expected,
            "{old:?}"
        );
    }
    fs::write(&config, b"# caf\xe9\n").expect("it is written");
    append(&config, new).expect("what is no UTF-8 is nobody's business");
    assert!(
        fs::read(&config)
            .expect("it is there")
            .starts_with(b"# caf\xe9\n\n[profile a]")
    );
}

#[cfg(unix)]
#[test]
fn a_link_and_the_mode_of_what_it_points_to_stay() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().expect("a folder");
    let [dotfiles, config] = ["dotfiles", "config"].map(|name| folder.path().join(name));
    fs::create_dir(&dotfiles).expect("it is made");
    symlink("dotfiles/aws", &config).expect("it is linked");
    // The link is there before its file is.
    append(&config, "[profile a]\n").expect("it is written");
    let file = dotfiles.join("aws");
    assert_eq!(mode(&file), 0o600);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it is changed");
    append(&config, "[profile b]\n").expect("it is written");
    assert!(
        fs::symlink_metadata(&config)
            .expect("it is there")
            .is_symlink()
    );
    assert_eq!(mode(&file), 0o640);
    assert_eq!(
        fs::read_to_string(&file).expect("it is there"),
        "[profile a]\n\n[profile b]\n"
    );
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_is_left_alone() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config");
    fs::write(&config, "# mine\n").expect("it is written");
    fs::set_permissions(&config, fs::Permissions::from_mode(0o400)).expect("it is changed");
    append(&config, "[profile a]\n").expect_err("it is write-protected");
    assert_eq!(
        fs::read_to_string(&config).expect("it is there"),
        "# mine\n"
    );
    append(folder.path(), "[profile a]\n").expect_err("it is a folder");
    append(Path::new("/dev/null"), "[profile a]\n").expect_err("it is a device");
    append(Path::new(""), "[profile a]\n").expect_err("there is no such file");
    let utf16 = folder.path().join("utf16");
    fs::write(&utf16, b"\xff\xfe#\0").expect("it is written");
    append(&utf16, "[profile a]\n").expect_err("it would be neither");
    let circle = folder.path().join("circle");
    symlink(&circle, &circle).expect("it is linked");
    append(&circle, "[profile a]\n").expect_err("it leads nowhere");
    let left = fs::read_dir(folder.path()).expect("it is there");
    assert_eq!(left.count(), 3, "nothing is left beside them");
}
