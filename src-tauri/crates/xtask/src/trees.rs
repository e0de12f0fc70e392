//! What may stand in the dependency trees: the arrows of the code map, and one TLS stack.

use std::collections::BTreeSet;

use crate::shell::{Shell, Workspace};
use crate::steps::Outcome;

/// Crates that build without the window and the SDK, so that the fast loop stays fast.
pub(crate) const LIGHT: &[&str] = &[
    "protocol",
    "engine",
    "simulator",
    "files",
    "profiles",
    "ipc",
    "logging",
    "secrets",
    "settings",
    "shared-config",
    "testsuite",
    "xtask",
];

/// Checks the trees.
pub(crate) fn trees(workspace: &Workspace) -> Result<Outcome, String> {
    let mut faults = Vec::new();
    faults.extend(forbidden(
        "protocol",
        &tree(workspace, "protocol", &[])?,
        &[
            "tokio",
            "tauri",
            "aws-",
            "hyper",
            "tungstenite",
            "rand",
            "wry",
        ],
    ));
    for light in LIGHT {
        let tree = tree(workspace, light, &[])?;
        faults.extend(forbidden(
            light,
            &tree,
            &["tauri", "wry", "aws-sdk", "aws-config"],
        ));
    }
    faults.extend(forbidden(
        "cli",
        &tree(workspace, "cli", &[])?,
        &["tauri", "wry", "simulator"],
    ));
    faults.extend(one_tls_stack(&tree(
        workspace,
        "sessiondeck",
        &["--features", "custom-protocol"],
    )?));
    if faults.is_empty() {
        Ok(Outcome::Done)
    } else {
        Err(faults.join("\n"))
    }
}

/// The packages, `name vVERSION`, that are built into `package` on any platform.
fn tree(
    workspace: &Workspace,
    package: &str,
    options: &[&str],
) -> Result<BTreeSet<(String, String)>, String> {
    let mut arguments = vec![
        "tree",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,build",
        "--target",
        "all",
        "--prefix",
        "none",
    ];
    arguments.extend(options);
    let shell = Shell::cargo(workspace, &arguments);
    let text = shell
        .read()
        .ok_or_else(|| format!("`{}` failed", shell.shown()))?;
    Ok(packages(&text))
}

fn packages(tree: &str) -> BTreeSet<(String, String)> {
    tree.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let name = words.next()?;
            let version = words.next()?.strip_prefix('v')?;
            Some((name.to_owned(), version.to_owned()))
        })
        .collect()
}

/// Packages whose name is one of `names` or begins with one, followed by `-`.
fn forbidden(owner: &str, tree: &BTreeSet<(String, String)>, names: &[&str]) -> Vec<String> {
    tree.iter()
        .filter(|(package, _)| {
            names.iter().any(|name| {
                let stem = name.trim_end_matches('-');
                package.strip_prefix(stem).is_some_and(|rest| {
                    (rest.is_empty() && !name.ends_with('-')) || rest.starts_with('-')
                })
            })
        })
        .map(|(package, version)| format!("`{owner}` must not depend on {package} {version}"))
        .collect()
}

fn one_tls_stack(tree: &BTreeSet<(String, String)>) -> Vec<String> {
    let mut faults = forbidden(
        "sessiondeck",
        tree,
        &["openssl-sys", "openssl-src", "native-tls", "ring"],
    );
    for only in [
        "rustls",
        "rustls-webpki",
        "tokio-rustls",
        "aws-lc-rs",
        "aws-lc-sys",
    ] {
        let versions: Vec<&str> = tree
            .iter()
            .filter(|(name, _)| name == only)
            .map(|(_, version)| version.as_str())
            .collect();
        if versions.len() != 1 {
            faults.push(format!(
                "exactly one {only} must be linked; found {versions:?}"
            ));
        }
    }
    if tree.iter().any(|(name, _)| name == "openssl") {
        faults.push("`sessiondeck` must not depend on openssl".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree_of(text: &str) -> BTreeSet<(String, String)> {
        packages(text)
    }

    #[test]
    fn a_tree_is_read_as_cargo_prints_it() {
        let tree = tree_of("protocol v0.1.0 (/somewhere)\nbytes v1.12.2\nbytes v1.12.2 (*)\n\n");
        assert_eq!(tree.len(), 2);
        assert!(tree.contains(&("bytes".to_owned(), "1.12.2".to_owned())));
    }

    #[test]
    fn forbidden_packages_are_found_by_name_and_family() {
        let tree =
            tree_of("tokio v1.0.0\ntokio-util v0.7.0\naws-sdk-ssm v1.0.0\nrandom-looking v1.0.0");
        let faults = forbidden("protocol", &tree, &["tokio", "aws-", "rand"]);
        assert_eq!(faults.len(), 3, "{faults:?}");
    }

    #[test]
    fn a_second_tls_stack_is_found() {
        let right = "rustls v0.23.46\nrustls-webpki v0.103.17\ntokio-rustls v0.26.6\naws-lc-rs v1.19.0\naws-lc-sys v0.47.0\nopenssl-probe v0.2.2\n";
        assert_eq!(one_tls_stack(&tree_of(right)), Vec::<String>::new());
        for wrong in [
            "rustls v0.21.12",
            "openssl v0.10.0",
            "native-tls v0.2.0",
            "ring v0.17.14",
            "openssl-sys v0.9.0",
        ] {
            assert_eq!(
                one_tls_stack(&tree_of(&format!("{right}{wrong}\n"))).len(),
                1,
                "{wrong}"
            );
        }
        assert!(!one_tls_stack(&tree_of("")).is_empty());
    }
}
