//! Finds what looks like a secret where none may be: in files that teams share, in links, in what is exported.
//!
//! It looks at names and at the form of values, so it can be wrong both ways; what it finds is refused with the reason.

use serde_json::Value;

/// Parts of names that values which are secrets go by, letters and digits only.
const NAMES: [&str; 13] = [
    "secret",
    "password",
    "passwd",
    "passphrase",
    "privatekey",
    "accesskey",
    "apikey",
    "sessiontoken",
    "authtoken",
    "securitytoken",
    "bearer",
    "credential",
    "tokenvalue",
];
/// Whole names of the same kind.
const WHOLE_NAMES: [&str; 4] = ["token", "pass", "pwd", "auth"];
/// What the access tokens of well-known services begin with.
const TOKEN_PREFIXES: [&str; 8] = [
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "npm_",
];

/// Says in a few words which kind of secret a member of this name would be.
pub(crate) fn secret_name(name: &str) -> Option<&'static str> {
    // The member that says where credentials come from.
    if name == "credentials" {
        return None;
    }
    let plain: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let is_secret = NAMES.iter().any(|part| plain.contains(part))
        || WHOLE_NAMES.iter().any(|whole| plain == *whole);
    is_secret.then_some("a member named like a secret")
}

/// Says in a few words which kind of secret a text looks like.
pub(crate) fn secret_text(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if lower.contains("-----begin") && lower.contains("private key") {
        return Some("a private key");
    }
    if [
        "aws_secret_access_key",
        "aws_session_token",
        "x-amz-security-token",
    ]
    .iter()
    .any(|name| lower.contains(name))
    {
        return Some("the assignment of an AWS secret");
    }
    if has_password_in_url(text) {
        return Some("a URL with a password");
    }
    let is_word_character =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '+' | '=' | '_' | '-' | '.');
    text.split(|c| !is_word_character(c)).find_map(secret_word)
}

fn secret_word(word: &str) -> Option<&'static str> {
    let is_access_key = |part: &str| {
        part.len() == 20
            && ["AKIA", "ASIA", "ABIA", "ACCA"]
                .iter()
                .any(|prefix| part.starts_with(prefix))
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if word
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(is_access_key)
    {
        return Some("an AWS access key");
    }
    if word.len() >= 20
        && TOKEN_PREFIXES.iter().any(|prefix| {
            word.split(['=', '/', '.'])
                .any(|part| part.len() >= 20 && part.starts_with(prefix))
        })
    {
        return Some("an access token");
    }
    if word.starts_with("eyJ") && word.len() >= 40 && word.matches('.').count() == 2 {
        return Some("a signed token");
    }
    // `name=value` is looked at in both halves.
    word.split_inclusive('=')
        .chain([word])
        .find_map(random_word)
}

/// An AWS secret is forty characters of Base64, a session token hundreds.
fn random_word(word: &str) -> Option<&'static str> {
    let body = word.trim_end_matches('=');
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'/' || byte == b'+';
    if !body.bytes().all(is_base64) {
        return None;
    }
    let count = |kind: fn(&u8) -> bool| body.bytes().filter(kind).count();
    let looks_random = count(u8::is_ascii_digit) >= 1
        && count(u8::is_ascii_uppercase) >= 8
        && count(u8::is_ascii_lowercase) >= 8;
    match body.len() {
        40 if looks_random => Some("an AWS secret key"),
        100.. if looks_random => Some("a session token"),
        _ => None,
    }
}

fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, found)| {
        let rest = &text[at + found.len()..];
        let end = rest
            .find(|c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace())
            .unwrap_or(rest.len());
        rest[..end]
            .rsplit_once('@')
            .and_then(|(user, _)| user.split_once(':'))
            .is_some_and(|(_, password)| !password.is_empty())
    })
}

/// The first thing in a value that looks like a secret: the way to it, and what it looks like.
pub(crate) fn find_secret(value: &Value) -> Option<(String, &'static str)> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, value)| {
            let found = match secret_name(name) {
                Some(what) if !is_void(value) => Some((String::new(), what)),
                Some(_) | None => secret_text(name)
                    .map(|what| (String::new(), what))
                    .or_else(|| find_secret(value)),
            };
            found.map(|(rest, what)| {
                // A name that is the secret is not told.
                let name = if secret_text(name).is_some() {
                    "…"
                } else {
                    name
                };
                let dot = if rest.is_empty() { "" } else { "." };
                (format!("{name}{dot}{rest}"), what)
            })
        }),
        Value::Array(values) => values.iter().find_map(find_secret),
        Value::String(text) => secret_text(text).map(|what| (String::new(), what)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// Says whether there is nothing in a value that could be secret.
fn is_void(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(_) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.iter().all(is_void),
        Value::Object(members) => members.values().all(is_void),
        Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Put together here, so that no scanner takes this file for a leak.
    fn access_key() -> String {
        format!("{}IOSFODNN7EXAMPLE", "AKIA")
    }

    fn secret_key() -> String {
        format!("{}/K7MDENG/bPxRfiCY{}", "wJalrXUtnFEMI", "EXAMPLEKEY")
    }

    #[test]
    fn secrets_are_found_in_text() {
        for text in [
            access_key(),
            format!("key {}, ask Kim", access_key()),
            secret_key(),
            format!("export X={}", secret_key()),
            format!("aws_secret_access_key = {}", "x"),
            format!("{}BEGIN OPENSSH {}-----", "-----", "PRIVATE KEY"),
            "http://kim:hunter2@proxy.example.com".to_owned(),
            format!("ghp_{}", "a1".repeat(18)),
            format!("eyJhbGciOi.{}.{}", "eyJzdWIiOi".repeat(3), "sig"),
            format!("FwoG{}", "ZXIvYXdzEB7a".repeat(20)),
        ] {
            assert!(secret_text(&text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_profiles_hold_is_no_secret() {
        for text in [
            "i-0123456789abcdef0",
            "arn:aws:ssm:eu-central-1:123456789012:document/AWS-StartInteractiveCommand",
            "https://vpce-0123456789abcdef0-abcdefgh.ssmmessages.eu-central-1.vpce.amazonaws.com",
            "http://proxy.example.com:3128",
            "https://kim@example.com",
            "0123456789abcdef0123456789abcdef01234567",
            "/home/kim/Projects/certificates/corporate/root-2026.pem",
            "ecs:prod_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1234567890",
            "Reset the password with `passwd`, the token is in the vault.",
            "Ask kim:de about http://wiki.example.com/a@b",
        ] {
            assert_eq!(secret_text(text), None, "{text}");
        }
        for name in ["credentials", "keyName", "region", "passes", "author"] {
            assert_eq!(secret_name(name), None, "{name}");
        }
    }

    #[test]
    fn the_way_to_a_secret_is_told_and_the_secret_is_not() {
        let found = |value: Value| find_secret(&value).map(|(path, _)| path);
        assert_eq!(
            found(json!({"name": "a", "terminal": {"title": access_key()}})).as_deref(),
            Some("terminal.title")
        );
        assert_eq!(
            found(json!({"parameters": {"dbPassword": ["x"]}})).as_deref(),
            Some("parameters.dbPassword")
        );
        let key = access_key();
        assert_eq!(
            found(json!({"parameters": {key: []}})).as_deref(),
            Some("parameters.…")
        );
        assert_eq!(
            found(json!({"token": "", "credentials": "environment"})),
            None
        );
        assert!(found(json!({"secretAccessKey": 1})).is_some());
    }
}
