//! IAM Identity Center: signing in, the token, and what the token opens.

mod loopback;
pub(crate) mod portal;
pub(crate) mod sign_in;
pub(crate) mod token;
