//! The lines of one file, as sections of properties. What a line means across both files is the model's business.
//!
//! The rules are those of the Rust SDK (`aws-runtime`, `env_config/parse.rs` and `normalize.rs`) and, for what that
//! refuses, those of the CLI (Python's `configparser`): properties that are all indented, `name: value`, indented
//! comments, quoted names of profiles.

use crate::paths::FileKind;

/// More than these tell nobody anything; a file of another kind would have one on each line.
const MAX_PROBLEMS: usize = 100;

#[derive(Debug, Default)]
pub(crate) struct Parsed<'a> {
    pub(crate) sections: Vec<Section<'a>>,
    pub(crate) problems: Vec<LineProblem>,
}

/// A line that does not count. The message never quotes a value, nor a name that may be a misplaced one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LineProblem {
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
}

#[derive(Debug)]
pub(crate) struct Section<'a> {
    pub(crate) header: Header<'a>,
    pub(crate) line: usize,
    pub(crate) properties: Vec<Property<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Header<'a> {
    /// `[default]` of the config file, which `[profile default]` replaces.
    PlainDefault,
    Profile(&'a str),
    SsoSession(&'a str),
    Services(&'a str),
}

#[derive(Debug)]
pub(crate) struct Property<'a> {
    /// In lower case.
    pub(crate) name: String,
    /// What stands on the property's own line; empty where nested properties follow.
    pub(crate) first: &'a str,
    /// The lines indented below it, trimmed, none of them empty.
    pub(crate) rest: Vec<&'a str>,
    pub(crate) line: usize,
}

/// Where the next line belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    /// Nothing has begun.
    Nothing,
    /// Something that does not count, and its lines neither.
    Ignored,
    /// The last one read.
    Last,
}

pub(crate) fn parse(bytes: &[u8], file: FileKind) -> Parsed<'_> {
    let mut parser = Parser {
        file,
        parsed: Parsed::default(),
        section: Within::Nothing,
        property: Within::Nothing,
        indent: 0,
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        parser.problem(
            None,
            "this file is encoded in UTF-16; save it as UTF-8".to_owned(),
        );
        return parser.parsed;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    for (index, line) in lines(bytes).enumerate() {
        parser.line(index + 1, line);
    }
    parser.parsed
}

/// Lines end with LF, CR LF or CR.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            rest = None;
            return Some(text);
        };
        let (line, ending) = text.split_at(end);
        let length = if ending.starts_with(b"\r\n") { 2 } else { 1 };
        rest = ending.get(length..);
        Some(line)
    })
}

struct Parser<'a> {
    file: FileKind,
    parsed: Parsed<'a>,
    section: Within,
    property: Within,
    /// How far the last header or property was indented: what is further in belongs to it.
    indent: usize,
}

impl<'a> Parser<'a> {
    fn line(&mut self, number: usize, bytes: &'a [u8]) {
        let Ok(line) = std::str::from_utf8(bytes) else {
            return self.undecodable(number, bytes);
        };
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            return;
        }
        let indent = line.len() - line.trim_start().len();
        if self.continues(indent) {
            return self.continuation(number, trimmed);
        }
        self.indent = indent;
        if trimmed.starts_with('[') {
            self.header(number, trimmed);
        } else {
            self.property(number, trimmed);
        }
    }

    fn continues(&self, indent: usize) -> bool {
        self.section != Within::Nothing && self.property != Within::Nothing && indent > self.indent
    }

    fn undecodable(&mut self, number: usize, bytes: &[u8]) {
        let is_space = |byte: &u8| byte.is_ascii_whitespace();
        let indent = bytes.iter().take_while(|byte| is_space(byte)).count();
        let first = bytes.get(indent);
        if matches!(first, Some(b'#' | b';')) {
            return;
        }
        if !self.continues(indent) {
            self.indent = indent;
            if first == Some(&b'[') {
                self.section = Within::Ignored;
                self.property = Within::Nothing;
            } else {
                self.property = Within::Ignored;
            }
        }
        self.problem(
            Some(number),
            "this line is not valid UTF-8 and is ignored".to_owned(),
        );
    }

    fn header(&mut self, number: usize, line: &'a str) {
        self.section = Within::Ignored;
        self.property = Within::Nothing;
        let Some((inside, after)) = line
            .strip_prefix('[')
            .and_then(|inside| inside.split_once(']'))
        else {
            return self.problem(
                Some(number),
                "this section's name has no closing \"]\"; the section is ignored".to_owned(),
            );
        };
        let after = after.trim_start();
        if !(after.is_empty() || after.starts_with(['#', ';'])) {
            self.problem(
                Some(number),
                "what stands after the \"]\" is ignored".to_owned(),
            );
        }
        match header(inside.trim(), self.file) {
            Ok(Some(header)) => {
                self.section = Within::Last;
                self.parsed.sections.push(Section {
                    header,
                    line: number,
                    properties: Vec::new(),
                });
            }
            Ok(None) => {}
            Err(message) => self.problem(Some(number), message),
        }
    }

    fn property(&mut self, number: usize, line: &'a str) {
        self.property = Within::Ignored;
        match self.section {
            Within::Ignored => return,
            Within::Nothing => {
                return self.problem(
                    Some(number),
                    "this line stands before the first section and is ignored".to_owned(),
                );
            }
            Within::Last => {}
        }
        let kept = without_comment(line);
        let Some((name, value)) = kept.split_once('=').or_else(|| kept.split_once(':')) else {
            return self.problem(
                Some(number),
                "this line has no \"=\" between a name and a value and is ignored".to_owned(),
            );
        };
        let name = name.trim().to_ascii_lowercase();
        if name.is_empty() {
            return self.problem(
                Some(number),
                "this line has no name before the \"=\" and is ignored".to_owned(),
            );
        }
        if !is_identifier(&name) {
            return self.problem(
                Some(number),
                "the name before the \"=\" has characters that no setting's name has; the line is ignored".to_owned(),
            );
        }
        if name == "credential_process" && kept.len() < line.len() {
            self.problem(
                Some(number),
                "the command is cut off at its first \" #\" or \" ;\", where a comment begins"
                    .to_owned(),
            );
        }
        if let Some(section) = self.parsed.sections.last_mut() {
            self.property = Within::Last;
            section.properties.push(Property {
                name,
                first: value.trim(),
                rest: Vec::new(),
                line: number,
            });
        }
    }

    fn continuation(&mut self, number: usize, line: &'a str) {
        if self.section != Within::Last || self.property != Within::Last {
            return;
        }
        let Some(property) = self
            .parsed
            .sections
            .last_mut()
            .and_then(|section| section.properties.last_mut())
        else {
            return;
        };
        if property.first.is_empty() && nested(without_comment(line)).is_none() {
            return self.problem(
                Some(number),
                "this line is indented below a setting without a value, but is no \"name = value\" itself; it is ignored".to_owned(),
            );
        }
        property.rest.push(line);
    }

    fn problem(&mut self, line: Option<usize>, message: String) {
        match self.parsed.problems.len() {
            0..MAX_PROBLEMS => self.parsed.problems.push(LineProblem { line, message }),
            MAX_PROBLEMS => self.parsed.problems.push(LineProblem {
                line,
                message: "from here on, more lines have problems that are not listed".to_owned(),
            }),
            _ => {}
        }
    }
}

/// What a section's name means; `None` for a section that other tools put there.
fn header(text: &str, file: FileKind) -> Result<Option<Header<'_>>, String> {
    let (prefix, rest) = match text.split_once(char::is_whitespace) {
        Some((prefix, rest)) => (prefix, rest.trim_start()),
        None => (text, ""),
    };
    let is_known = |word: &str| matches!(word, "profile" | "sso-session" | "services");
    match file {
        FileKind::Credentials if text.is_empty() => Err(nameless("section")),
        FileKind::Credentials if is_known(prefix) && !rest.is_empty() => Err(format!(
            "[{text}] is ignored: in the credentials file a section is named after its profile alone, and only the config file has sections of other kinds"
        )),
        FileKind::Credentials => Ok(Some(Header::Profile(text))),
        FileKind::Config if text == "default" => Ok(Some(Header::PlainDefault)),
        FileKind::Config if is_known(prefix) => {
            if rest.is_empty() {
                return Err(nameless(prefix));
            }
            let name = unquoted(rest).ok_or_else(|| {
                format!("[{text}] is ignored: a name with spaces must stand in quotation marks")
            })?;
            Ok(Some(match prefix {
                "sso-session" => Header::SsoSession(name),
                "services" => Header::Services(name),
                _ => Header::Profile(name),
            }))
        }
        FileKind::Config if is_known(&prefix.to_ascii_lowercase()) => Err(format!(
            "[{text}] is ignored: \"{}\" must be written in small letters",
            prefix.to_ascii_lowercase()
        )),
        FileKind::Config if text.is_empty() => Err(nameless("section")),
        // The CLI's own.
        FileKind::Config if matches!(text, "plugins" | "preview") => Ok(None),
        FileKind::Config if rest.is_empty() => Err(format!(
            "[{text}] is ignored: in the config file a profile's section is named [profile {text}]"
        )),
        FileKind::Config => Ok(None),
    }
}

fn nameless(what: &str) -> String {
    format!("this {what} has no name and is ignored")
}

fn unquoted(name: &str) -> Option<&str> {
    for quote in ['"', '\''] {
        if let Some(rest) = name.strip_prefix(quote) {
            return rest
                .strip_suffix(quote)
                .filter(|inside| !inside.is_empty() && !inside.contains(quote));
        }
    }
    (!name.contains(|c: char| c.is_whitespace() || c == '"' || c == '\'')).then_some(name)
}

/// The line up to a `#` or `;` that follows white space.
fn without_comment(line: &str) -> &str {
    let mut after_space = false;
    for (index, c) in line.char_indices() {
        if after_space && matches!(c, '#' | ';') {
            return line.get(..index).unwrap_or(line).trim_end();
        }
        after_space = c.is_whitespace();
    }
    line
}

/// The name and value of a nested property.
pub(crate) fn nested(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then(|| (name, value.trim()))
}

/// What the SDKs accept as the name of a profile, session or setting.
pub(crate) fn is_identifier(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'_' | b'-' | b'/' | b'.' | b'%' | b'@' | b':' | b'+')
        })
}
