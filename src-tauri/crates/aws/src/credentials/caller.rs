//! Who the credentials make one.

use std::time::SystemTime;

/// The caller, as AWS sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// What the account's owner calls it, where the sign-in tells.
    pub account_name: Option<String>,
    /// The whole name, such as `arn:aws:sts::123456789012:assumed-role/ops/ann`.
    pub arn: String,
    /// Until when; `None`: the credentials do not expire, or do not say so.
    pub expires_at: Option<SystemTime>,
}

impl Caller {
    /// The role and the session's name, for a caller that has assumed one.
    #[must_use]
    pub fn role(&self) -> Option<(&str, &str)> {
        let (_, resource) = self.arn.rsplit_once(':')?;
        let rest = resource.strip_prefix("assumed-role/")?;
        rest.rsplit_once('/')
    }

    /// The IAM user's name, for one.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        let (_, resource) = self.arn.rsplit_once(':')?;
        resource.strip_prefix("user/")?.rsplit('/').next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_says_which_role_or_user() {
        let caller = |arn: &str| Caller {
            account: "123456789012".to_owned(),
            account_name: None,
            arn: arn.to_owned(),
            expires_at: None,
        };
        let ops = caller("arn:aws:sts::123456789012:assumed-role/ops/ann@example.com");
        assert_eq!(ops.role(), Some(("ops", "ann@example.com")));
        assert_eq!(ops.user(), None);
        let user = caller("arn:aws-cn:iam::123456789012:user/team/ann");
        assert_eq!((user.role(), user.user()), (None, Some("ann")));
        let root = caller("arn:aws:iam::123456789012:root");
        assert_eq!((root.role(), root.user()), (None, None));
        let nothing = caller("");
        assert_eq!((nothing.role(), nothing.user()), (None, None));
    }
}
