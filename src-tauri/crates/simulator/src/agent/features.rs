//! What an agent of some version can do. Origin: protocol reference, thresholds of agent versions.

/// Whether a version is at least that one. Numbers compare as numbers; what is no version counts as the newest.
fn is_at_least(version: &str, least: &[u32]) -> bool {
    let parts: Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    parts.map_or(true, |parts| parts.as_slice() >= least)
}

/// Whether it holds handshakes, and can encrypt.
pub(crate) fn has_handshake(version: &str) -> bool {
    is_at_least(version, &[2, 3, 539])
}

/// Whether it has interactive commands.
pub(crate) fn has_interactive_commands(version: &str) -> bool {
    is_at_least(version, &[2, 3, 668])
}

/// Whether it has commands without a terminal.
pub(crate) fn has_non_interactive_commands(version: &str) -> bool {
    is_at_least(version, &[3, 0, 1124])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert!(!has_handshake("2.3.50.0"));
        assert!(!has_handshake("2.3.538.9"));
        assert!(has_handshake("2.3.539"));
        assert!(has_handshake("2.10.0.0"));
        assert!(has_handshake("nightly"));
        assert!(!has_interactive_commands("2.3.667.0"));
        assert!(has_interactive_commands("2.3.668.0"));
        assert!(!has_non_interactive_commands("3.0.1123.0"));
        assert!(has_non_interactive_commands("3.0.1124.0"));
    }
}
