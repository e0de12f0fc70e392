//! Properties of codec and machines under generated input.

use bytes::Bytes;
use proptest::prelude::*;
use protocol::AgentMessage;
use testsuite::{generators, oracles};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_reads_back(message in generators::message()) {
        let frame = message.encode().expect("generated to be writable");
        prop_assert_eq!(frame.len(), 120 + message.payload.len());
        prop_assert_eq!(AgentMessage::decode(frame), Ok(message));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        oracles::frame_is_read_safely(&bytes);
        oracles::payload_is_read_safely(&bytes);
    }

    #[test]
    fn damaged_frames_are_read_without_a_panic(frame in generators::mutated_frame()) {
        oracles::frame_is_read_safely(&frame);
        oracles::payload_is_read_safely(frame.get(120..).unwrap_or_default());
    }

    #[test]
    fn any_json_is_read_without_a_panic(text in r#"[\{\}\[\]",:0-9a-zA-Z_ \u{0}-\u{1f}\u{202e}]{0,200}"#) {
        oracles::payload_is_read_safely(text.as_bytes());
    }

    #[test]
    fn any_pieces_are_smux_or_an_error(pieces in proptest::collection::vec(proptest::collection::vec(0_u8..5, 0..40), 0..8)) {
        oracles::smux_is_read_safely(&pieces);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn machines_stay_sound_whatever_they_are_told(messages in proptest::collection::vec(generators::message(), 0..60)) {
        let frames: Vec<Bytes> = messages.iter().filter_map(|message| message.encode().ok()).collect();
        oracles::machines_stay_sound(&frames);
    }

    #[test]
    fn machines_stay_sound_on_damaged_frames(frames in proptest::collection::vec(generators::mutated_frame(), 0..60)) {
        oracles::machines_stay_sound(&frames.into_iter().map(Bytes::from).collect::<Vec<_>>());
    }
}
