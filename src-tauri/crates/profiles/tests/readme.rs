//! What the README says of team files holds.
#![expect(clippy::unwrap_used, reason = "a test may end where it is surprised")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use profiles::{ReasonValues, Target, TeamFile};

#[test]
fn the_readmes_team_file_loads_without_a_problem() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap());
    let readme = fs::read_to_string(here.join("../../../README.md")).unwrap();
    let (_, rest) = readme.split_once("<!-- team file -->\n```json\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    let file = TeamFile::parse(Path::new("platform.json"), example.as_bytes());
    assert_eq!(file.problems, []);
    assert_eq!(file.team, "Platform");
    let connection = file.profiles[0].connection().unwrap();
    assert!(matches!(connection.target, Target::Tags(tags) if tags.len() == 2));
    assert!(connection.environment.unwrap().is_production());
    let values = ReasonValues {
        user: "kim",
        answer: "disk full",
        ..ReasonValues::default()
    };
    assert_eq!(
        connection.reason.unwrap().fill(&values).as_deref(),
        Some("kim: disk full")
    );
}
