//! Constraints on what callers send, and the words in which the service says that they do not hold.

use std::collections::BTreeMap;

use crate::api_error::ApiError;

/// More than any session document has.
const MAX_PARAMETERS: usize = 100;

/// Collects failed constraints, which the service reports all at once.
#[derive(Default)]
pub(crate) struct Validation {
    failures: Vec<String>,
}

impl Validation {
    pub(crate) fn fail(&mut self, member: &str, value: &str, constraint: &str) {
        // The service repeats the whole value; nobody needs more than this of a wrong one.
        const SHOWN: usize = 500;
        let value: String = value.chars().take(SHOWN).collect();
        self.failures.push(format!(
            "Value {value} at '{member}' failed to satisfy constraint: {constraint}"
        ));
    }

    pub(crate) fn required<'a>(&mut self, member: &str, value: Option<&'a str>) -> &'a str {
        if value.is_none() {
            self.fail(member, "null", "Member must not be null");
        }
        // Passes every later check, so that only one failure is reported.
        value.unwrap_or("-")
    }

    pub(crate) fn length(&mut self, member: &str, value: &str, least: usize, most: usize) {
        let len = value.chars().count();
        let constraint = match len {
            _ if len < least => format!("Member must have length greater than or equal to {least}"),
            _ if len > most => format!("Member must have length less than or equal to {most}"),
            _ => return,
        };
        self.fail(member, &format!("'{value}'"), &constraint);
    }

    pub(crate) fn range(&mut self, member: &str, value: Option<i64>, least: i64, most: i64) {
        let Some(value) = value else { return };
        let constraint = match value {
            _ if value < least => {
                format!("Member must have value greater than or equal to {least}")
            }
            _ if value > most => format!("Member must have value less than or equal to {most}"),
            _ => return,
        };
        self.fail(member, &format!("'{value}'"), &constraint);
    }

    pub(crate) fn one_of(&mut self, member: &str, value: &str, allowed: &[&str]) {
        if !allowed.contains(&value) && value != "-" {
            let constraint = format!(
                "Member must satisfy enum value set: [{}]",
                allowed.join(", ")
            );
            self.fail(member, &format!("'{value}'"), &constraint);
        }
    }

    pub(crate) fn document_name(&mut self, name: &str) {
        let letters = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.:/".contains(c));
        if !letters || !(3..=128).contains(&name.len()) {
            const PATTERN: &str =
                r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-.:/]{3,128}$";
            self.fail("documentName", &format!("'{name}'"), PATTERN);
        }
    }

    pub(crate) fn parameters(&mut self, parameters: &BTreeMap<String, Vec<String>>) {
        if parameters.len() > MAX_PARAMETERS {
            let constraint = format!("Map must have length less than or equal to {MAX_PARAMETERS}");
            self.fail("parameters", "{...}", &constraint);
        }
        for name in parameters.keys() {
            let len = name.chars().count();
            if !(1..=255).contains(&len) {
                const CONSTRAINT: &str = "Map keys must satisfy constraint: [Member must have length less than or equal to 255, \
                     Member must have length greater than or equal to 1]";
                self.fail("parameters", "{...}", CONSTRAINT);
            }
        }
    }

    pub(crate) fn finish(self) -> Result<(), ApiError> {
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(ApiError::validation(&self.failures))
        }
    }
}
