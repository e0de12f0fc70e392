//! What a sign-in to IAM Identity Center opens: accounts, roles and their credentials.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_sso::Client;
use aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError;
use secrecy::ExposeSecret;

use super::token::{SsoSession, SsoToken};
use crate::credentials::Need;
use crate::error::{Action, Error, ErrorCode};

/// Accounts and roles beyond this are not asked for.
const MAX_PAGES: usize = 200;

/// An account that a sign-in opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// What its owner calls it.
    pub name: Option<String>,
    /// Its owner's e-mail address.
    pub email: Option<String>,
}

/// A role in such an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRole {
    /// The permission set's name, which is the role's to a person.
    pub name: String,
}

/// The credentials of a role.
pub(crate) async fn role_credentials(
    client: &Client,
    session: &SsoSession,
    token: &SsoToken,
    account_id: &str,
    role_name: &str,
) -> Result<Credentials, Error> {
    let output = client
        .get_role_credentials()
        .account_id(account_id)
        .role_name(role_name)
        .access_token(token.access_token.expose_secret())
        .send()
        .await
        .map_err(|error| match error.as_service_error() {
            // Revoked, though it has not expired.
            Some(GetRoleCredentialsError::UnauthorizedException(_)) => {
                Error::needs(Need::SignIn(session.clone()))
            }
            _ => Error::from_sdk(&error, Action::AskPortal),
        })?;
    let lacks = || {
        Error::new(
            ErrorCode::MalformedAnswer,
            Some("GetRoleCredentials's answer lacks a field".to_owned()),
        )
        .during(Action::AskPortal)
    };
    let given = output.role_credentials.ok_or_else(lacks)?;
    let expires_at =
        SystemTime::UNIX_EPOCH + Duration::from_millis(given.expiration.max(0).unsigned_abs());
    let mut builder = Credentials::builder()
        .access_key_id(given.access_key_id.ok_or_else(lacks)?)
        .secret_access_key(given.secret_access_key.ok_or_else(lacks)?)
        .expiry(expires_at)
        .account_id(account_id)
        .provider_name("SSO");
    builder.set_session_token(given.session_token);
    Ok(builder.build())
}

/// All accounts, by name.
pub(crate) async fn accounts(
    client: &Client,
    session: &SsoSession,
    token: &SsoToken,
) -> Result<Vec<Account>, Error> {
    let mut pages = client
        .list_accounts()
        .access_token(token.access_token.expose_secret())
        .into_paginator()
        .send();
    let mut accounts = Vec::new();
    for _ in 0..MAX_PAGES {
        let Some(page) = pages.next().await else {
            break;
        };
        let page = page.map_err(|error| {
            use aws_sdk_sso::operation::list_accounts::ListAccountsError;
            match error.as_service_error() {
                Some(ListAccountsError::UnauthorizedException(_)) => {
                    Error::needs(Need::SignIn(session.clone()))
                }
                _ => Error::from_sdk(&error, Action::AskPortal),
            }
        })?;
        accounts.extend(
            page.account_list
                .unwrap_or_default()
                .into_iter()
                .filter_map(|account| {
                    Some(Account {
                        id: account.account_id?,
                        name: account.account_name.filter(|name| !name.is_empty()),
                        email: account.email_address.filter(|email| !email.is_empty()),
                    })
                }),
        );
    }
    accounts.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    Ok(accounts)
}

/// All roles of an account, by name.
pub(crate) async fn roles(
    client: &Client,
    session: &SsoSession,
    token: &SsoToken,
    account_id: &str,
) -> Result<Vec<AccountRole>, Error> {
    let mut pages = client
        .list_account_roles()
        .account_id(account_id)
        .access_token(token.access_token.expose_secret())
        .into_paginator()
        .send();
    let mut roles = Vec::new();
    for _ in 0..MAX_PAGES {
        let Some(page) = pages.next().await else {
            break;
        };
        let page = page.map_err(|error| {
            use aws_sdk_sso::operation::list_account_roles::ListAccountRolesError;
            match error.as_service_error() {
                Some(ListAccountRolesError::UnauthorizedException(_)) => {
                    Error::needs(Need::SignIn(session.clone()))
                }
                _ => Error::from_sdk(&error, Action::AskPortal),
            }
        })?;
        let names = page.role_list.unwrap_or_default().into_iter();
        roles.extend(names.filter_map(|role| {
            Some(AccountRole {
                name: role.role_name?,
            })
        }));
    }
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(roles)
}
