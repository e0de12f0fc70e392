//! Saved connections outlive the application.

use crate::app::{Home, in_app};

#[tokio::test]
async fn a_saved_profile_survives_a_restart() {
    let home = Home::new();
    in_app(&home, async |app| {
        app.create_profile("Bastion – Zürich", "i-0123456789abcdef0")
            .await;
    })
    .await;
    in_app(&home, async |app| {
        app.find_profile("Bastion – Zürich").await;
        app.find_profile("Local demo").await;
    })
    .await;
}
