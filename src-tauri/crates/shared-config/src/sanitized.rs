//! The good lines as text.

use secrecy::ExposeSecret;
use secrecy::SecretString;

use crate::kind::ProfileKind;
use crate::model::{SharedConfig, Text, Value};
use crate::parse::is_identifier;
use crate::paths::FileKind;

/// Both files with nothing in them that the SDK would refuse. They hold the profiles' keys.
#[derive(Clone, Debug)]
pub struct Sanitized {
    /// The config file's text.
    pub config: SecretString,
    /// The credentials file's text.
    pub credentials: SecretString,
}

impl SharedConfig {
    /// The good lines of both files, one section each, for the SDK to read from memory.
    ///
    /// Profiles, sessions and services with names that the SDK does not accept (spaces above all) are left out.
    #[must_use]
    pub fn sanitized(&self) -> Sanitized {
        Sanitized {
            config: self.text(FileKind::Config),
            credentials: self.text(FileKind::Credentials),
        }
    }

    fn text(&self, file: FileKind) -> SecretString {
        // Counted first: a text that grows leaves copies of keys behind.
        let mut len = 0;
        self.write(file, &mut |piece| len += piece.len());
        let mut text = String::with_capacity(len);
        self.write(file, &mut |piece| text.push_str(piece));
        SecretString::from(text)
    }

    fn write(&self, file: FileKind, out: &mut dyn FnMut(&str)) {
        let profiles = self
            .profiles
            .iter()
            .filter(|profile| is_identifier(profile.name()) && profile.files().contains(&file));
        for profile in profiles {
            let name = profile.name();
            if file == FileKind::Config && name != "default" {
                header("profile ", name, out);
            } else {
                header("", name, out);
            }
            let in_session = matches!(profile.kind(), ProfileKind::SsoSession(_));
            for (name, value) in profile.values().filter(|(_, value)| value.from == file) {
                match name {
                    // The SDK takes them from the session only, and refuses to see them twice.
                    "sso_start_url" | "sso_region" if in_session => {}
                    // The SDK does not know this name.
                    "aws_security_token" => {
                        if profile.secret("aws_session_token").is_none() {
                            property("aws_session_token", value, out);
                        }
                    }
                    _ => property(name, value, out),
                }
            }
        }
        if file == FileKind::Credentials {
            return;
        }
        for session in self
            .sso_sessions
            .values()
            .filter(|session| is_identifier(session.name()))
        {
            header("sso-session ", session.name(), out);
            for (name, value) in [
                ("sso_start_url", session.start_url()),
                ("sso_region", session.region()),
            ] {
                if let Some(value) = value {
                    line(name, value, out);
                }
            }
            if !session.scopes().is_empty() {
                line("sso_registration_scopes", &session.scopes().join(","), out);
            }
        }
        for services in self
            .services
            .values()
            .filter(|services| is_identifier(services.name()))
        {
            header("services ", services.name(), out);
            for (service, settings) in services.all() {
                out(service);
                out("=\n");
                for (name, value) in settings {
                    out("  ");
                    line(name, value, out);
                }
            }
        }
    }
}

fn header(prefix: &str, name: &str, out: &mut dyn FnMut(&str)) {
    for piece in ["[", prefix, name, "]\n"] {
        out(piece);
    }
}

fn property(name: &str, value: &Value, out: &mut dyn FnMut(&str)) {
    match &value.text {
        Text::Plain(text) => line(name, text, out),
        Text::Secret(text) => line(name, text.expose_secret(), out),
    }
}

/// No space after the `=`: a value may begin with a `#`. What follows a line feed is indented.
fn line(name: &str, value: &str, out: &mut dyn FnMut(&str)) {
    out(name);
    out("=");
    for (index, piece) in value.split('\n').enumerate() {
        if index > 0 {
            out("\n  ");
        }
        out(piece);
    }
    out("\n");
}
