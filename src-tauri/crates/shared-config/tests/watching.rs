//! The watcher on real files. Where a test is about events, polling is as good as off.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use shared_config::{Paths, SharedConfig, Timing, Watcher};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

const HOUR: Duration = Duration::from_secs(3_600);
/// Far more than a loaded machine needs.
const AT_MOST: Duration = Duration::from_secs(60);

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn paths(folder: &Path) -> Paths {
    Paths {
        config: folder.join("config"),
        credentials: folder.join("credentials"),
    }
}

fn by_events(paths: Paths) -> Watcher {
    Watcher::start_with(
        paths,
        Timing {
            poll: HOUR,
            ..Timing::default()
        },
    )
}

/// Waits until the region of the default profile is this, over whatever comes before it.
async fn until(config: &mut watch::Receiver<Arc<SharedConfig>>, region: Option<&str>) {
    let reached = config.wait_for(|config| {
        config
            .profile("default")
            .and_then(|profile| profile.region())
            == region
    });
    timeout(AT_MOST, reached)
        .await
        .unwrap_or_else(|_| panic!("never became {region:?}"))
        .expect("the watcher lives");
}

fn with_region(region: &str) -> String {
    format!("[default]\nregion = {region}\n")
}

#[tokio::test]
async fn changes_of_either_file_are_seen() {
    let folder = folder();
    let paths = paths(folder.path());
    fs::write(&paths.config, with_region("a")).expect("written");
    let watcher = by_events(paths.clone());
    let mut config = watcher.subscribe();
    until(&mut config, Some("a")).await;
    fs::write(&paths.config, with_region("b")).expect("written");
    until(&mut config, Some("b")).await;
    fs::write(&paths.credentials, with_region("c")).expect("written");
    until(&mut config, Some("c")).await;
    fs::remove_file(&paths.credentials).expect("removed");
    until(&mut config, Some("b")).await;
    fs::remove_file(&paths.config).expect("removed");
    until(&mut config, None).await;
}

#[tokio::test]
async fn a_file_replaced_by_renaming_is_seen_each_time() {
    let folder = folder();
    let paths = paths(folder.path());
    fs::write(&paths.config, with_region("0")).expect("written");
    let watcher = by_events(paths.clone());
    let mut config = watcher.subscribe();
    for n in 1..6 {
        let new = folder.path().join("config.new");
        fs::write(&new, with_region(&n.to_string())).expect("written");
        fs::rename(&new, &paths.config).expect("renamed");
        until(&mut config, Some(&n.to_string())).await;
    }
}

#[tokio::test]
async fn a_folder_that_does_not_exist_yet_is_waited_for() {
    let folder = folder();
    let deep = folder.path().join("home/ana/.aws");
    let watcher = by_events(paths(&deep));
    let mut config = watcher.subscribe();
    until(&mut config, None).await;
    fs::create_dir_all(&deep).expect("created");
    fs::write(deep.join("config"), with_region("a")).expect("written");
    until(&mut config, Some("a")).await;
}

#[tokio::test]
async fn a_folder_that_is_replaced_is_followed() {
    let folder = folder();
    let aws = folder.path().join(".aws");
    fs::create_dir(&aws).expect("created");
    fs::write(aws.join("config"), with_region("a")).expect("written");
    let watcher = by_events(paths(&aws));
    let mut config = watcher.subscribe();
    fs::rename(&aws, folder.path().join("old")).expect("renamed");
    until(&mut config, None).await;
    fs::create_dir(&aws).expect("created");
    fs::write(aws.join("config"), with_region("b")).expect("written");
    until(&mut config, Some("b")).await;
    fs::remove_dir_all(&aws).expect("removed");
    fs::create_dir(&aws).expect("created");
    fs::write(aws.join("config"), with_region("c")).expect("written");
    until(&mut config, Some("c")).await;
    fs::write(aws.join("config"), with_region("d")).expect("written");
    until(&mut config, Some("d")).await;
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_and_so_is_their_change() {
    use std::os::unix::fs::symlink;

    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    for name in ["home", "dotfiles", "elsewhere"] {
        fs::create_dir(at(name)).expect("created");
    }
    fs::write(at("dotfiles/aws"), with_region("a")).expect("written");
    fs::write(at("elsewhere/aws"), with_region("x")).expect("written");
    symlink("../dotfiles/aws", at("home/config")).expect("linked");
    let watcher = by_events(paths(&at("home")));
    let mut config = watcher.subscribe();
    until(&mut config, Some("a")).await;
    // Only the file behind the link changes.
    fs::write(at("dotfiles/aws"), with_region("b")).expect("written");
    until(&mut config, Some("b")).await;
    // Only the link.
    symlink(at("elsewhere/aws"), at("home/new")).expect("linked");
    fs::rename(at("home/new"), at("home/config")).expect("renamed");
    until(&mut config, Some("x")).await;
    fs::write(at("elsewhere/aws"), with_region("y")).expect("written");
    until(&mut config, Some("y")).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_behind_a_link_is_watched() {
    let folder = folder();
    let real = folder.path().join("real");
    fs::create_dir(&real).expect("created");
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&real, &link).expect("linked");
    let watcher = by_events(paths(&link));
    let mut config = watcher.subscribe();
    fs::write(real.join("config"), with_region("a")).expect("written");
    until(&mut config, Some("a")).await;
}

#[tokio::test]
async fn polling_alone_sees_changes_too() {
    let folder = folder();
    let paths = paths(folder.path());
    let watcher = Watcher::start_with(
        paths.clone(),
        Timing {
            events: false,
            poll: Duration::from_millis(20),
            ..Timing::default()
        },
    );
    let mut config = watcher.subscribe();
    fs::write(&paths.config, with_region("a")).expect("written");
    until(&mut config, Some("a")).await;
    fs::remove_file(&paths.config).expect("removed");
    until(&mut config, None).await;
}

#[tokio::test]
async fn nothing_is_told_unless_the_contents_have_changed() {
    let folder = folder();
    let paths = paths(folder.path());
    fs::write(&paths.config, with_region("a")).expect("written");
    let watcher = by_events(paths.clone());
    let config = watcher.subscribe();
    let before = watcher.current();
    for _ in 0..3 {
        fs::write(&paths.config, with_region("a")).expect("written");
        fs::write(folder.path().join("other"), "x").expect("written");
        assert!(Arc::ptr_eq(&watcher.look(), &before));
    }
    assert!(!config.has_changed().expect("the watcher lives"));
    fs::write(&paths.config, with_region("b")).expect("written");
    assert_eq!(
        watcher
            .look()
            .profile("default")
            .and_then(|profile| profile.region()),
        Some("b")
    );
    assert!(config.has_changed().expect("the watcher lives"));
}

#[tokio::test]
async fn dropping_the_watcher_ends_what_it_tells() {
    let folder = folder();
    let watcher = by_events(paths(folder.path()));
    let mut config = watcher.subscribe();
    drop(watcher);
    assert!(
        timeout(AT_MOST, config.changed())
            .await
            .expect("the thread ends")
            .is_err()
    );
}
