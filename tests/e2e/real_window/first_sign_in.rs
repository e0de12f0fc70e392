//! A computer with nothing configured: a sign-in is typed, made in the browser, and leads to an AWS profile and a shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::app::{Home, in_app};
use crate::page::{eventually, key};
use crate::service;

const ACCOUNT: &str = "111122223333";

/// Opens pages as a person's browser does, without showing them: the redirects are what counts.
const BROWSER: &str = "#!/usr/bin/env python3
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1]).read()
";

#[tokio::test]
async fn a_person_without_any_aws_files_signs_in_writes_a_profile_and_gets_a_shell_with_it() {
    let simulator = service::start_with(|config| {
        config.sign_in.assign("ann", ACCOUNT, "Operator");
        config.sign_in.assign("ann", ACCOUNT, "Reader");
        config.sign_in.assign("ann", "444455556666", "Reader");
    })
    .await;
    let home = Home::new();
    let browser = home.home().join("browser");
    fs::write(&browser, BROWSER).unwrap();
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o700)).unwrap();
    let variables = service::environment(&simulator)
        .into_iter()
        .filter(|(name, _)| !name.starts_with("AWS_ACCESS_KEY") && !name.starts_with("AWS_SE"))
        .chain([("BROWSER".to_owned(), browser.display().to_string())]);
    let home = home.with(variables);
    let config = home.home().join(".aws/config");
    let region = simulator.region().to_owned();

    in_app(&home, async |app| {
        app.click("[data-testid=first-sign-in-start]").await;
        app.click("[data-testid=first-sign-in-url]").await;
        app.type_text(&simulator.start_url()).await;
        app.click("[data-testid=first-sign-in-region]").await;
        app.type_text(&region).await;
        app.chord(&[key::TAB]).await;
        app.click("[data-testid=first-sign-in-browser]").await;
        // The accounts come by themselves once the browser has done its part.
        let row = format!("[data-testid=sso-account][data-id='{ACCOUNT}']");
        app.find(&row).await;
        assert_eq!(app.find_all("[data-testid=sso-account]").await.len(), 2);
        assert!(!config.exists(), "nothing is written unasked");
        app.click(&format!("{row} [data-testid=sso-account-toggle]"))
            .await;
        app.click(&format!("{row} [data-role=Operator]")).await;
        app.click("[data-testid=sso-next]").await;
        app.find("[data-testid=sso-lines]").await;
        let shown = app.content("[data-testid=sso-lines]").await.unwrap();
        assert!(!config.exists(), "nothing is written unasked");
        app.click("[data-testid=sso-add]").await;
        app.gone("[data-testid=sso-lines]").await;
        let written = fs::read_to_string(&config).unwrap();
        assert_eq!(written, shown, "what was shown is what is written");
        let mode = fs::metadata(&config).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        // The form for a connection has the new profile in it.
        for (field, typed) in [
            ("field-name", "Build server"),
            ("field-target", simulator.target()),
        ] {
            let field = app.find(&format!("[data-testid={field}]")).await;
            field.send_keys(typed).await.unwrap();
        }
        app.click("[data-testid=form-save]").await;
        app.gone("[data-testid=profile-form]").await;
        app.open_profile("Build server").await;
        let terminal = app.terminal();
        terminal.wait_for_prompt().await;
        terminal.run("echo first-$((20+22))").await;
        terminal.wait_for_row("first-42").await;
        eventually("who one is", async || {
            let text = app.content("[data-testid=status-caller]").await?;
            text.contains("Operator").then_some(())
        })
        .await;
    })
    .await;
    assert_eq!(
        simulator.calls("CreateToken"),
        1,
        "one sign-in for all of it"
    );
    // Nothing of the sign-in itself is in the application's own files.
    let cache = fs::read_dir(home.home().join(".aws/sso/cache")).unwrap();
    let tokens: Vec<serde_json::Value> = cache
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "json"))
        .map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    assert_eq!(tokens.len(), 1);
    for secret in ["accessToken", "refreshToken", "clientSecret"] {
        let secret = tokens[0][secret].as_str().unwrap();
        assert!(
            !home.own_files_contain(secret),
            "a secret in a file of ours"
        );
    }
    let typed = fs::read_to_string(home.config().join("sign-ins.json")).unwrap();
    assert!(typed.contains(&simulator.start_url()));

    // After a restart it stands once among the sign-ins, as the AWS configuration's.
    in_app(&home, async |app| {
        app.click("[data-testid=aws-open]").await;
        app.find("[data-testid=aws-sign-in][data-signed-in=true]")
            .await;
        assert_eq!(app.find_all("[data-testid=aws-sign-in]").await.len(), 1);
        assert!(
            app.find_all("[data-testid=sign-in-forget]")
                .await
                .is_empty()
        );
    })
    .await;
    simulator.shutdown().await;
}
