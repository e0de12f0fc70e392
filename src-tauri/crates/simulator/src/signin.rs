//! The services by which callers come by credentials. [`identities`] knows the long-term keys of the configuration and
//! the temporary ones that were given out, and checks signatures against both; [`sts`] lets callers assume roles; [`oidc`]
//! and [`portal`] are IAM Identity Center, behind [`rest`]. Each service has a protocol of its own, so it makes its HTTP
//! answers itself.

pub(crate) mod identities;
pub(crate) mod oidc;
pub(crate) mod portal;
pub(crate) mod profiles;
pub(crate) mod rest;
pub(crate) mod sts;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use http::StatusCode;

/// More names of operations than there are; a peer can invent some.
const MAX_NAMES: usize = 200;
const MAX_NAME_LEN: usize = 80;

/// An answer that says no: what each service's protocol makes its own form of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: &'static str,
    pub(crate) message: String,
    pub(crate) status: StatusCode,
}

impl Refusal {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            status,
        }
    }
}

/// The newest of something, up to a bound.
struct Remembered<T>(VecDeque<T>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Remembered<T> {
    const LEN: usize = 1000;

    fn push(&mut self, item: T) {
        if self.0.len() >= Self::LEN {
            self.0.pop_front();
        }
        self.0.push_back(item);
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.0.iter_mut()
    }

    fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        self.0.retain(keep);
    }
}

/// How often each operation was asked for, whatever became of it.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<BTreeMap<String, u64>>);

impl Calls {
    pub(crate) fn count(&self, operation: &str) {
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = calls.get_mut(operation) {
            *count += 1;
        } else if calls.len() < MAX_NAMES && operation.len() <= MAX_NAME_LEN {
            calls.insert(operation.to_owned(), 1);
        }
    }

    pub(crate) fn of(&self, operation: &str) -> u64 {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(operation).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered() {
        let mut remembered = Remembered::default();
        for number in 0..=Remembered::<usize>::LEN {
            remembered.push(number);
        }
        assert_eq!(remembered.iter().count(), Remembered::<usize>::LEN);
        assert_eq!(remembered.iter().min(), Some(&1));
    }

    #[test]
    fn invented_operations_are_counted_up_to_a_bound() {
        let calls = Calls::default();
        calls.count("AssumeRole");
        for number in 0..MAX_NAMES * 2 {
            calls.count(&format!("Invented{number}"));
        }
        calls.count(&"x".repeat(MAX_NAME_LEN + 1));
        calls.count("AssumeRole");
        assert_eq!((calls.of("AssumeRole"), calls.of("Invented0")), (2, 1));
        let names = calls.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        assert_eq!(names, MAX_NAMES);
    }
}
