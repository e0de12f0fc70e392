//! A document's parameters as they are written on a command line: `name=one,two`, or a JSON object.

use std::collections::BTreeMap;

/// Parameters by name.
pub(crate) type Parameters = BTreeMap<String, Vec<String>>;

/// Adds what one word says. A value in quotes keeps its commas: `command="a, b"`.
///
/// # Errors
///
/// One sentence.
pub(crate) fn add(parameters: &mut Parameters, word: &str) -> Result<(), String> {
    if word.trim_start().starts_with('{') {
        let given: Parameters = serde_json::from_str(word).map_err(|error| {
            format!("The parameters are no JSON object of lists of texts: {error}.")
        })?;
        parameters.extend(given);
        return Ok(());
    }
    let (name, values) = word
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| format!("A parameter is written name=value; this is not: {word}"))?;
    parameters.insert(name.to_owned(), split(name, values)?);
    Ok(())
}

fn split(name: &str, text: &str) -> Result<Vec<String>, String> {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let value = match rest.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let (value, after) = quoted(&rest[1..], quote)
                    .ok_or_else(|| format!("A value of the parameter {name} lacks its {quote}."))?;
                rest = after;
                value
            }
            _ => {
                let end = rest.find(',').unwrap_or(rest.len());
                let (value, after) = rest.split_at(end);
                rest = after;
                value.to_owned()
            }
        };
        values.push(value);
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(values),
            None => {
                return Err(format!(
                    "A value of the parameter {name} goes on after its closing quote."
                ));
            }
        }
    }
}

/// What stands before the closing quote, and what after it; a backslash takes the next character as it is.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            c if c == quote => return Some((value, &text[at + 1..])),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(word: &str) -> Result<Parameters, String> {
        let mut parameters = Parameters::new();
        add(&mut parameters, word).map(|()| parameters)
    }

    #[test]
    fn reads_values_with_commas_quotes_and_json() {
        for (word, values) in [
            ("command=ls -l", &["ls -l"][..]),
            ("command=a,b", &["a", "b"]),
            ("command=", &[""]),
            ("command=x=1", &["x=1"]),
            (r#"command="a, b",c"#, &["a, b", "c"]),
            (r#"command="say \"hi\"""#, &[r#"say "hi""#]),
            ("command='a,b'", &["a,b"]),
            (r#"command=echo "a""#, &[r#"echo "a""#]),
            (r#"{"command":["a,b","c"]}"#, &["a,b", "c"]),
        ] {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            let expected = Parameters::from([("command".to_owned(), values)]);
            assert_eq!(parsed(word), Ok(expected), "{word}");
        }
    }

    #[test]
    fn refuses_what_it_would_have_to_guess() {
        for word in [
            "command",
            "=x",
            r#"command="a"#,
            r#"command="a"b"#,
            "{\"command\":1}",
        ] {
            assert!(parsed(word).is_err(), "{word}");
        }
    }
}
