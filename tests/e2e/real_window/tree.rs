//! The tree of connections: what is done to it is kept, what comes from outside is shown.

use serde_json::json;

use crate::app::{App, Home, in_app};
use crate::page::{eventually, key};

const F2: char = '\u{e032}';
const DELETE: char = '\u{e017}';

fn row(name: &str) -> String {
    format!("[data-testid=profile-row][data-profile-name='{name}']")
}

fn folder(path: &str) -> String {
    format!("[data-testid=folder-row][data-folder='{path}']")
}

/// A connection as the file has it.
fn saved(id: u32, name: &str) -> serde_json::Value {
    json!({
        "id": format!("00000000-0000-4000-8000-{id:012}"),
        "name": name,
        "target": "i-0123456789abcdef0",
    })
}

/// How deep a row stands.
async fn level(app: &App, css: &str) -> Option<String> {
    let script = "return document.querySelector(arguments[0])?.getAttribute('aria-level') ?? null;";
    app.script(script, vec![json!(css)]).await
}

/// Writes a new name over the old one where it stands.
async fn rename(app: &App, css: &str, name: &str) {
    app.click(css).await;
    app.chord(&[F2]).await;
    name_it(app, name).await;
    app.gone("[data-testid=tree-rename]").await;
}

/// Types over the name that is being asked for, as a hand does: WebDriver's own clearing takes the keyboard away.
async fn name_it(app: &App, name: &str) {
    let css = "[data-testid=tree-rename]";
    app.find(css).await;
    eventually("the name to have the keyboard", async || {
        let has_it = "return document.activeElement?.matches(arguments[0]) === true;";
        let has_it: bool = app.script(has_it, vec![json!(css)]).await;
        has_it.then_some(())
    })
    .await;
    app.chord(&[key::CONTROL, 'a']).await;
    app.type_text(name).await;
    app.chord(&[key::ENTER]).await;
}

#[tokio::test]
async fn what_is_done_to_the_tree_is_there_after_a_restart() {
    let home = Home::new();
    home.save_profiles(&json!({
        "schema": 2,
        "profiles": [saved(1, "Bastion"), saved(2, "Database"), saved(3, "Worker")],
    }));
    in_app(&home, async |app| {
        app.click("[data-testid=tree-options]").await;
        app.click("[data-testid=menu-new-folder]").await;
        name_it(app, "Shop").await;
        app.find(&folder("Shop")).await;

        rename(app, &row("Worker"), "Builder").await;
        app.find(&row("Builder")).await;

        app.click(&row("Database")).await;
        app.chord(&[DELETE]).await;
        app.gone(&row("Database")).await;
        app.click("[data-testid=toast-action]").await;
        app.find(&row("Database")).await;

        let button = format!("{} [data-testid=profile-menu-button]", row("Database"));
        app.click(&row("Database")).await;
        app.click(&button).await;
        app.click("[data-testid=menu-move]").await;
        let field = app.find("[data-testid=move-folder]").await;
        field.send_keys("Shop").await.unwrap();
        app.click("[data-testid=move-yes]").await;
        eventually("the connection in its folder", async || {
            (level(app, &row("Database")).await.as_deref() == Some("2")).then_some(())
        })
        .await;
    })
    .await;
    in_app(&home, async |app| {
        app.find(&folder("Shop")).await;
        app.find(&row("Builder")).await;
        app.find(&row("Bastion")).await;
        app.find(&row("Database")).await;
        assert_eq!(level(app, &row("Database")).await.as_deref(), Some("2"));
        app.gone(&row("Worker")).await;
    })
    .await;
}

#[tokio::test]
async fn a_teams_file_and_changes_from_outside_show_in_the_open_window() {
    let home = Home::new();
    home.save_profiles(&json!({ "schema": 2, "profiles": [saved(1, "Bastion")] }));
    home.save_team_file(
        "platform",
        &json!({
            "schema": 2,
            "team": "Platform",
            "profiles": [{ "name": "Jump host", "target": "name:jump", "environment": "production" }],
        }),
    );
    in_app(&home, async |app| {
        app.find(&row("Jump host")).await;
        let badge = format!("{} [data-testid=team-badge]", row("Jump host"));
        app.find(&badge).await;
        let environment = format!("{} [data-environment=production]", row("Jump host"));
        app.find(&environment).await;

        home.save_profiles(&json!({
            "schema": 2,
            "profiles": [saved(1, "Bastion, renamed by hand"), saved(4, "From outside")],
        }));
        app.find(&row("From outside")).await;
        app.find(&row("Bastion, renamed by hand")).await;
        app.gone(&row("Bastion")).await;
    })
    .await;
}
