//! The access portal of IAM Identity Center: which accounts and roles the holder of an access token has, and credentials
//! of these roles. Shapes and wordings follow the IAM Identity Center Portal API Reference.

use http::StatusCode;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::Refusal;
use super::identities::Identity;
use crate::api;
use crate::config::{User, sso_role_arn};
use crate::service::Service;

/// What comes with every call.
pub(crate) struct Call<'a> {
    /// The header `x-amz-sso_bearer_token`.
    pub(crate) token: Option<&'a str>,
    /// The query as it is in the address.
    pub(crate) query: &'a str,
}

impl Call<'_> {
    fn text(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.into_owned())
    }

    fn required(&self, name: &str) -> Result<String, Refusal> {
        let value = self.text(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| invalid(format!("{name} is missing")))
    }

    fn user<'s>(&self, service: &'s Service) -> Result<&'s User, Refusal> {
        self.token
            .and_then(|token| service.oidc.user_of(service, token))
            .ok_or_else(unauthorized)
    }

    /// One page of a list, and the answer with it.
    fn page<T>(
        &self,
        service: &Service,
        name: &str,
        items: &[T],
        shown: impl Fn(&T) -> Value,
    ) -> Result<Value, Refusal> {
        let len = match self.text("max_result") {
            None => i64::try_from(service.config.sign_in.page_len).unwrap_or(i64::MAX),
            Some(text) => text
                .parse()
                .ok()
                .filter(|len| (1..=100).contains(len))
                .ok_or_else(|| invalid("max_result is not from 1 to 100"))?,
        };
        let token = self.text("next_token");
        let (page, next) = api::page(items, len.max(1), token.as_deref())
            .map_err(|_| invalid("next_token is not valid"))?;
        let mut answer = json!({ name: page.iter().map(shown).collect::<Vec<_>>() });
        if let Some(next) = next {
            answer["nextToken"] = json!(next);
        }
        Ok(answer)
    }
}

pub(crate) fn list_accounts(service: &Service, call: &Call<'_>) -> Result<Value, Refusal> {
    let user = call.user(service)?;
    let has_role_in = |id: &str| user.assignments.iter().any(|(account, _)| account == id);
    let accounts = service.config.sign_in.accounts.iter();
    let accounts: Vec<_> = accounts.filter(|one| has_role_in(&one.id)).collect();
    call.page(service, "accountList", &accounts, |account| {
        json!({
            "accountId": account.id,
            "accountName": account.name,
            "emailAddress": account.email,
        })
    })
}

pub(crate) fn list_account_roles(service: &Service, call: &Call<'_>) -> Result<Value, Refusal> {
    let user = call.user(service)?;
    let account_id = call.required("account_id")?;
    let roles = user.assignments.iter();
    let roles: Vec<_> = roles
        .filter(|(account, _)| *account == account_id)
        .collect();
    if roles.is_empty() {
        return Err(forbidden());
    }
    call.page(
        service,
        "roleList",
        &roles,
        |(account, role)| json!({ "roleName": role, "accountId": account }),
    )
}

pub(crate) fn role_credentials(service: &Service, call: &Call<'_>) -> Result<Value, Refusal> {
    let user = call.user(service)?;
    let assignment = (call.required("account_id")?, call.required("role_name")?);
    if !user.assignments.contains(&assignment) {
        return Err(forbidden());
    }
    let (account_id, role) = assignment;
    let arn = sso_role_arn(&service.config.region, &account_id, &role);
    let identity = Identity::role_session(&arn, &user.name);
    let lifetime = service.config.sign_in.lifetimes.role_credentials;
    let issued = service
        .identities
        .issue(identity, service.now_ms(), lifetime);
    Ok(json!({
        "roleCredentials": {
            "accessKeyId": issued.access_key_id,
            "secretAccessKey": issued.secret_access_key.expose_secret(),
            "sessionToken": issued.session_token.expose_secret(),
            "expiration": issued.expires_ms(),
        }
    }))
}

/// Ends the sign-in. Credentials that were given out for it stay good.
pub(crate) fn logout(service: &Service, call: &Call<'_>) -> Result<Value, Refusal> {
    call.user(service)?;
    service.oidc.log_out(call.token.unwrap_or_default());
    Ok(json!({}))
}

pub(crate) fn unauthorized() -> Refusal {
    Refusal::new(
        StatusCode::UNAUTHORIZED,
        "UnauthorizedException",
        "Session token not found or invalid",
    )
}

pub(crate) fn forbidden() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "ForbiddenException", "No access")
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "InvalidRequestException", message)
}
