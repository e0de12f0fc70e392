//! Tables: a header with `name`, `target` and, in any order, `profile`, `region`, `folder`, `tags`, then a row for each.

use std::collections::BTreeMap;

use super::{Builder, Preview, target_named, too_large};
use crate::profile::{Profile, ProfileDetails, ProfileDraft};

/// Most rows that are looked at.
const ROWS_MAX: usize = 50_000;

/// Plans the rows of a table. Tags are separated by semicolons or spaces; columns of other names are told and passed over.
#[must_use]
pub fn csv(text: &str, existing: &[Profile]) -> Preview {
    if let Some(preview) = too_large(text) {
        return preview;
    }
    let mut builder = Builder::new(existing);
    // One kind of line end, so that lines are counted as an editor does.
    let text = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n");
    // Spreadsheets in many languages write semicolons.
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|&delimiter| {
            (
                header.bytes().filter(|&byte| byte == delimiter).count(),
                delimiter == b',',
            )
        })
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut columns: BTreeMap<String, usize> = BTreeMap::new();
    match reader.headers() {
        Ok(headers) => {
            for (at, name) in headers.iter().enumerate() {
                let name = name.to_lowercase();
                let known = match name.as_str() {
                    "name" | "target" | "profile" | "region" | "folder" | "tags" => name,
                    "awsprofile" | "aws_profile" | "aws profile" => "profile".to_owned(),
                    "" => continue,
                    _ => {
                        builder.skip(1, &name, "This column is not known.");
                        continue;
                    }
                };
                columns.entry(known).or_insert(at);
            }
        }
        Err(error) => {
            builder.skip(1, "The header", format!("It cannot be read: {error}."));
            return builder.finish();
        }
    }
    if !columns.contains_key("name") || !columns.contains_key("target") {
        builder.skip(
            1,
            "The header",
            "The first line must name the columns, among them name and target.",
        );
        return builder.finish();
    }
    for (number, record) in reader.records().enumerate() {
        if number >= ROWS_MAX {
            builder.skip(0, "The rest", format!("A table may have {ROWS_MAX} rows."));
            break;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error
                    .position()
                    .map_or(0, |position| line_of(position, &text));
                builder.skip(line, "A row", format!("It cannot be read: {error}."));
                continue;
            }
        };
        let line = record
            .position()
            .map_or(0, |position| line_of(position, &text));
        let field = |name: &str| {
            columns
                .get(name)
                .and_then(|&at| record.get(at))
                .unwrap_or_default()
                .to_owned()
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if field("target").is_empty() {
            builder.skip(line, &field("name"), "It has no target.");
            continue;
        }
        let draft = ProfileDraft {
            name: field("name"),
            target: target_named(&field("target")),
            aws_profile: Some(field("profile")),
            region: Some(field("region")),
            ..ProfileDraft::default()
        };
        let tags = field("tags");
        let separator = |c: char| {
            if tags.contains(';') {
                c == ';'
            } else {
                matches!(c, ',' | ' ')
            }
        };
        let details = ProfileDetails {
            folder: field("folder"),
            tags: tags.split(separator).map(str::to_owned).collect(),
            ..ProfileDetails::default()
        };
        builder.plan(line, draft, details);
    }
    builder.finish()
}

/// The line of a row: a position is before the empty lines above it.
fn line_of(position: &csv::Position, text: &str) -> usize {
    let at = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let empty = rest.iter().take_while(|&&byte| byte == b'\n').count();
    usize::try_from(position.line()).unwrap_or(0) + empty
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_are_planned_and_wrong_ones_explained() {
        let text = "\u{feff}Name,Target,Profile,Region,Folder,Tags,Owner\r\n\
            Web,i-0123456789abcdef0,corp,eu-central-1,Shop/Front,web; on call,kim\r\n\
            \"Db, \"\"main\"\"\",\"tag:Role=db,Stage=prod\",,,,,\r\n\
            Named,web-7\r\n\
            ,i-0123456789abcdef0\r\n\
            \r\n\
            Nowhere,,corp\r\n\
            Wrong,i-01234567,corp,moon\r\n\
            Again,i-0123456789abcdef0,corp,eu-central-1\r\n";
        let preview = csv(text, &[]);
        let planned: Vec<_> = preview
            .planned
            .iter()
            .map(|planned| {
                (
                    planned.line,
                    planned.draft.name.as_str(),
                    planned.draft.target.as_str(),
                    planned.details.folder.as_str(),
                )
            })
            .collect();
        assert_eq!(
            planned,
            [
                (2, "Web", "i-0123456789abcdef0", "Shop/Front"),
                (3, "Db, \"main\"", "tag:Role=db,Stage=prod", ""),
                (4, "Named", "name:web-7", ""),
                (9, "Again", "i-0123456789abcdef0", ""),
            ]
        );
        assert_eq!(preview.planned[0].details.tags, ["web", "on call"]);
        assert_eq!(preview.planned[1].draft.aws_profile, None);
        assert_eq!(
            preview.planned[3].duplicate,
            Some(super::super::Duplicate::Planned(0))
        );
        let skipped: Vec<_> = preview
            .skipped
            .iter()
            .map(|skipped| (skipped.line, skipped.name.as_str()))
            .collect();
        assert_eq!(
            skipped,
            [(1, "owner"), (5, ""), (7, "Nowhere"), (8, "Wrong")]
        );
    }

    #[test]
    fn semicolons_and_tabs_separate_columns_too() {
        for separator in [";", "\t"] {
            let text = format!(
                "name{separator}target{separator}tags\nWeb{separator}i-01234567{separator}a b\n"
            );
            let preview = csv(&text, &[]);
            assert_eq!(preview.planned[0].draft.target, "i-01234567");
            assert_eq!(preview.planned[0].details.tags, ["a", "b"]);
        }
    }

    #[test]
    fn a_table_without_a_header_is_explained() {
        let preview = csv("Web,i-01234567\n", &[]);
        assert_eq!(preview.planned, []);
        assert!(
            preview
                .skipped
                .iter()
                .any(|skipped| skipped.name == "The header")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "(name|target|tags|[,;\t\r\n\"]|\\PC){0,60}") {
            let _ = csv(&text, &[]);
        }
    }
}
