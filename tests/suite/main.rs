//! The tests that cross crates, in one binary so that they link once.

mod protocol_pair;
mod protocol_properties;
