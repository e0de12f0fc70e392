//! What an AWS configuration file has to say for clients to sign in here: a profile for each assignment of the person in
//! front of the browser and for each role.

use std::fmt::Write as _;

use super::oidc;
use crate::service::Service;

/// The name of the SSO session.
const SESSION: &str = "simulator";

/// The text of the file. There is no key in it, but the start URL, with which anybody can sign in.
pub(crate) fn text(service: &Service) -> String {
    let (region, url) = (&service.config.region, service.url());
    let sign_in = &service.config.sign_in;
    let mut text = String::new();
    let mut section = |name: &str, lines: &[(&str, &str)]| {
        // Writing to a String does not fail.
        let _written = writeln!(text, "[{name}]");
        for (key, value) in lines {
            let _written = writeln!(text, "{key} = {value}");
        }
        text.push('\n');
    };
    if let Some(user) = service.oidc.person(service) {
        section(
            &format!("sso-session {SESSION}"),
            &[
                ("sso_start_url", &oidc::start_url(service)),
                ("sso_region", region),
                ("sso_registration_scopes", "sso:account:access"),
            ],
        );
        for (account_id, role) in &user.assignments {
            section(
                &format!("profile sso-{account_id}-{role}"),
                &[
                    ("sso_session", SESSION),
                    ("sso_account_id", account_id),
                    ("sso_role_name", role),
                    ("region", region),
                    ("endpoint_url", &url),
                ],
            );
        }
    }
    for role in &sign_in.roles {
        let name = role.arn.rsplit('/').next().unwrap_or_default();
        let mut lines = vec![
            ("role_arn", role.arn.as_str()),
            ("credential_source", "Environment"),
            ("region", region),
            ("endpoint_url", &url),
        ];
        if let Some(external_id) = &role.external_id {
            lines.push(("external_id", external_id));
        }
        if let Some(device) = sign_in.mfa_devices.first()
            && role.requires_mfa
        {
            lines.push(("mfa_serial", &device.serial));
        }
        section(&format!("profile role-{name}"), &lines);
    }
    text
}
