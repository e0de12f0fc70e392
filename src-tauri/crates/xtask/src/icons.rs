//! `cargo xtask icons`: the application's icons, from `icons/icon.svg`.
//!
//! Drawing is left to rsvg-convert and the ICO file to ImageMagick; an ICNS file is only PNG files behind one another, so
//! it is written here. For whoever changes the drawing: the results are committed.

use std::fs;

use crate::shell::{Shell, Workspace};

/// What Tauri and the desktops look for.
const PNG: &[(&str, u32)] = &[
    ("32x32.png", 32),
    ("64x64.png", 64),
    ("128x128.png", 128),
    ("128x128@2x.png", 256),
    ("icon.png", 512),
];

/// Windows' sizes; 32 first, which is what Tauri shows in development.
const ICO: &[u32] = &[32, 16, 24, 48, 64, 256];

/// Apple's types and the size in pixels of each.
const ICNS: &[(&[u8; 4], u32)] = &[
    (b"ic11", 32),
    (b"ic12", 64),
    (b"ic07", 128),
    (b"ic13", 256),
    (b"ic08", 256),
    (b"ic14", 512),
    (b"ic09", 512),
    (b"ic10", 1024),
];

/// Draws them all again.
pub(crate) fn icons(workspace: &Workspace) -> Result<(), String> {
    let scratch = workspace.scratch()?.join("icons");
    fs::create_dir_all(&scratch)
        .map_err(|error| format!("cannot create {}: {error}", scratch.display()))?;
    let folder = workspace.root.join("icons");

    for (name, size) in PNG {
        draw(workspace, *size, &folder.join(name).to_string_lossy())?;
        println!("icons/{name}");
    }

    let mut layers = Vec::new();
    for size in ICO {
        let layer = scratch
            .join(format!("{size}.png"))
            .to_string_lossy()
            .into_owned();
        draw(workspace, *size, &layer)?;
        layers.push(layer);
    }
    layers.push(folder.join("icon.ico").to_string_lossy().into_owned());
    must(&Shell::new(workspace, "convert", &[]).arguments(&layers))?;
    println!("icons/icon.ico");

    let mut entries = Vec::new();
    for (kind, size) in ICNS {
        let layer = scratch.join(format!("{size}.png"));
        draw(workspace, *size, &layer.to_string_lossy())?;
        let png = fs::read(&layer)
            .map_err(|error| format!("cannot read {}: {error}", layer.display()))?;
        entries.push((*kind, png));
    }
    let icns = folder.join("icon.icns");
    fs::write(&icns, icns_file(&entries)?)
        .map_err(|error| format!("cannot write {}: {error}", icns.display()))?;
    println!("icons/icon.icns");
    Ok(())
}

fn draw(workspace: &Workspace, size: u32, to: &str) -> Result<(), String> {
    let size = size.to_string();
    let arguments = [
        "--width",
        &size,
        "--height",
        &size,
        "--output",
        to,
        "icons/icon.svg",
    ];
    must(&Shell::new(workspace, "rsvg-convert", &arguments))
}

fn must(shell: &Shell) -> Result<(), String> {
    shell.read().map(drop).ok_or_else(|| {
        format!(
            "`{}` failed; it needs the packages librsvg2-bin and imagemagick",
            shell.shown()
        )
    })
}

/// Layout: `icns`, the file's length, then for each entry its type, its length with these eight bytes, and the PNG. All
/// lengths are 32-bit big-endian.
fn icns_file(entries: &[(&[u8; 4], Vec<u8>)]) -> Result<Vec<u8>, String> {
    let length = |bytes: usize| {
        u32::try_from(bytes + 8)
            .map(u32::to_be_bytes)
            .map_err(|error| format!("too large: {error}"))
    };
    let mut body = Vec::new();
    for (kind, png) in entries {
        body.extend_from_slice(*kind);
        body.extend_from_slice(&length(png.len())?);
        body.extend_from_slice(png);
    }
    let mut file = b"icns".to_vec();
    file.extend_from_slice(&length(body.len())?);
    file.append(&mut body);
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_icns_file_has_the_lengths_that_it_says() {
        let file = icns_file(&[(b"ic07", vec![1, 2, 3]), (b"ic08", Vec::new())]).expect("small");
        assert_eq!(
            file,
            [
                &b"icns"[..],
                &[0, 0, 0, 27],
                b"ic07",
                &[0, 0, 0, 11],
                &[1, 2, 3],
                b"ic08",
                &[0, 0, 0, 8],
            ]
            .concat()
        );
    }
}
