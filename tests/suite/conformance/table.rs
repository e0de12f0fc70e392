//! The README's table: it lists what is in the sources, or a test fails.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// What a test's name begins with to stand in the table.
const SOURCES: &[&str] = &[
    "smp_",
    "agent_",
    "toolkit_",
    "cloudglance_",
    "plugin_",
    "wire_",
];
const BEGIN: &str = "<!-- conformance -->\n";
const END: &str = "<!-- /conformance -->\n";
/// Set to write the table anew.
const UPDATE: &str = "SESSIONDECK_UPDATE_README";

struct Row {
    test: String,
    complaint: String,
}

/// The tests of one source file that are named after a complaint. The last line of a test's doc comment is the complaint.
fn rows(source: &str) -> Vec<Row> {
    let mut complaint = String::new();
    let mut rows = Vec::new();
    for line in source.lines() {
        if let Some(words) = line.strip_prefix("/// ") {
            complaint = words.trim_end_matches('.').to_owned();
        } else if let Some(rest) = line.strip_prefix("async fn ") {
            let test = rest.split('(').next().unwrap_or_default();
            if SOURCES.iter().any(|source| test.starts_with(source)) {
                assert!(!complaint.is_empty(), "{test} does not say what it answers");
                rows.push(Row {
                    test: test.to_owned(),
                    complaint: std::mem::take(&mut complaint),
                });
            }
            complaint.clear();
        } else if !line.starts_with('#') {
            complaint.clear();
        }
    }
    rows
}

/// All such tests, by the title of their group.
fn groups() -> Vec<(String, Vec<Row>)> {
    let suite = testsuite::folder().join("suite");
    let read = |path: PathBuf| {
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let mut groups = Vec::new();
    for file in ["line", "outage", "shell"] {
        let source = read(suite.join("conformance").join(file).with_extension("rs"));
        let title = source.lines().next().unwrap_or_default();
        let title = title.trim_start_matches("//! ").to_owned();
        groups.push((title, rows(&source)));
    }
    let mut elsewhere = Vec::new();
    for file in [
        "engine_outage",
        "engine_session",
        "engine_memory",
        "bar/outage",
    ] {
        elsewhere.extend(rows(&read(suite.join(file).with_extension("rs"))));
    }
    groups.push(("Hours and days, in virtual time".to_owned(), elsewhere));
    groups
}

/// The issue that a test is named after; the test itself where there is no issue.
fn issue(test: &str) -> &str {
    let number_at = test.find('_').map_or(0, |at| at + 1);
    let len = test[number_at..].find('_').unwrap_or_default();
    if len > 0
        && test[number_at..][..len]
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    {
        &test[..number_at + len]
    } else {
        test
    }
}

/// One line an issue, at the place of its first test.
fn table() -> String {
    let groups = groups();
    let all: Vec<&Row> = groups.iter().flat_map(|(_, rows)| rows).collect();
    let mut listed = BTreeSet::new();
    let mut table = String::from("| complaint | tests that answer it |\n|---|---|\n");
    for (title, rows) in &groups {
        let _ = writeln!(table, "| **{title}** | |");
        for row in rows {
            let issue = issue(&row.test);
            if !listed.insert(issue) {
                continue;
            }
            let of_issue = || all.iter().filter(|row| self::issue(&row.test) == issue);
            let complaints: Vec<&str> = of_issue().map(|row| row.complaint.as_str()).collect();
            let tests: Vec<String> = of_issue().map(|row| format!("`{}`", row.test)).collect();
            let _ = writeln!(
                table,
                "| {} | {} |",
                complaints.join("; "),
                tests.join("<br>")
            );
        }
    }
    table
}

#[test]
fn the_readme_lists_the_complaints_that_are_answered() {
    let path = testsuite::folder().join("../README.md");
    let readme = fs::read_to_string(&path).expect("there is a README");
    let (before, rest) = readme.split_once(BEGIN).expect("the table's beginning");
    let (listed, after) = rest.split_once(END).expect("the table's end");
    let table = table();
    if std::env::var_os(UPDATE).is_some() {
        let updated = format!("{before}{BEGIN}{table}{END}{after}");
        fs::write(&path, updated).expect("the README can be written");
        return;
    }
    assert!(
        listed == table,
        "the README lists other tests than there are; run this again with {UPDATE}=1\n{table}"
    );
}

#[test]
fn the_table_is_short_and_every_name_in_it_once() {
    let rows: Vec<Row> = groups().into_iter().flat_map(|(_, rows)| rows).collect();
    let lines = table().lines().count();
    assert!((40..=60).contains(&lines), "{lines}");
    let mut names: Vec<&str> = rows.iter().map(|row| row.test.as_str()).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}
