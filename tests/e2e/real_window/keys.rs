//! Every control character can be typed, and arrives as that very byte.

use std::fs;

use crate::app::{Home, in_app};
use crate::page::{eventually, key};

#[tokio::test]
async fn every_control_character_arrives_as_that_byte() {
    let typed = control_characters();
    let mut all: Vec<u8> = typed.iter().map(|(byte, _)| *byte).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(
        all,
        (0..=0x1f).chain([0x7f]).collect::<Vec<u8>>(),
        "the list has them all"
    );

    let home = Home::new();
    in_app(&home, async |app| {
        let terminal = app.open_demo().await;
        // A raw terminal hands every byte on; the reader writes them down until it has them all.
        terminal
            .run(&format!(
                "stty raw -echo; printf 'rea%s' dy; dd bs=1 count={} of=typed 2>/dev/null; stty sane; echo; echo do''ne",
                typed.len()
            ))
            .await;
        terminal.wait_for("ready", |text| text.contains("ready")).await;
        for (_, keys) in &typed {
            app.chord(keys).await;
        }
        let wanted: Vec<u8> = typed.iter().map(|(byte, _)| *byte).collect();
        let file = home.home().join("typed");
        let arrived = eventually(format!("{} bytes", wanted.len()), async || {
            fs::read(&file).ok().filter(|arrived| arrived.len() >= wanted.len())
        })
        .await;
        assert_eq!(hex::encode(arrived), hex::encode(wanted));
        terminal.wait_for_row("done").await;
    })
    .await;
}

/// Each byte, and the keys of a US keyboard that people know it by; some have two ways.
fn control_characters() -> Vec<(u8, Vec<char>)> {
    let control = |with: char| vec![key::CONTROL, with];
    let mut characters: Vec<(u8, Vec<char>)> = ('a'..='z')
        .zip(1..)
        .map(|(letter, byte)| (byte, control(letter)))
        .collect();
    characters.extend([
        (0x00, control(' ')),
        (0x00, vec![key::CONTROL, key::SHIFT, '2']),
        (0x08, control('h')),
        (0x09, vec![key::TAB]),
        (0x0d, vec![key::ENTER]),
        (0x1b, vec![key::ESCAPE]),
        (0x1b, control('[')),
        (0x1c, control('\\')),
        (0x1d, control(']')),
        (0x1e, vec![key::CONTROL, key::SHIFT, '6']),
        (0x1f, vec![key::CONTROL, key::SHIFT, '-']),
        (0x1f, control('/')),
        (0x7f, vec![key::BACKSPACE]),
    ]);
    characters
}
