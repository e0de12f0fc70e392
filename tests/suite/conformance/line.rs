//! A bad line: what frames meet on their way

use std::time::Duration;

use protocol::Notice;
use simulator::Action;
use simulator::faults::{Damage, Frames, Injection, Path, Rule};
use testsuite::fixtures::unsigned;
use tokio::time::sleep;

use super::{SECOND, Scene};

/// An open session whose frames meet this damage both ways has carried data.
async fn carried_through(damage: Damage, rate: f64, frames: Frames) -> Scene {
    let rule = Rule {
        damage,
        rate,
        frames,
    };
    let mut scene = Scene::on(Path::default().with_rule(rule)).await;
    scene.carry().await;
    scene
}

fn is_malformed(notice: &Notice) -> bool {
    matches!(notice, Notice::MalformedFrame(_))
}

/// Typing and pasting over a slow, uneven link lags and then disconnects
#[tokio::test]
async fn agent_149_two_thousand_pasted_lines_arrive_whole_over_a_slow_uneven_link() {
    let mut path = Path::default();
    path.latency = Duration::from_millis(40);
    path.jitter = Duration::from_millis(40);
    let mut scene = Scene::on(path).await;
    scene.carry_pieces(100_000, 50, Duration::ZERO).await;
    scene.close().await;
}

/// After lost messages the plugin recovers at ten messages a second
#[tokio::test]
async fn plugin_loss_is_repaired_without_a_byte_wrong() {
    carried_through(Damage::Loss, 0.1, Frames::All)
        .await
        .close()
        .await;
}

/// An agent that repeats only its oldest message
#[tokio::test]
async fn wire_loss_is_repaired_with_an_agent_that_repeats_its_oldest_message_only() {
    let mut config = unsigned();
    config.agent.resend = protocol::ResendPolicy::HeadOnly;
    let mut scene = Scene::open_on(config).await;
    scene.change(|faults| {
        faults.to_client = Path::default().with(Damage::Loss, 0.05);
        faults.to_agent = Path::default().with(Damage::Loss, 0.05);
    });
    scene.carry().await;
    scene.close().await;
}

/// Lost acknowledgements make the agent repeat one message for ever; later losses are never repaired
#[tokio::test]
async fn smp_139_lost_acknowledgements_do_not_wedge_the_session() {
    carried_through(Damage::Loss, 0.6, Frames::Acknowledgements)
        .await
        .close()
        .await;
}

/// Floods of duplicates; random drops
#[tokio::test]
async fn smp_139_duplicates_are_acknowledged_and_shown_once() {
    carried_through(Damage::Duplicate { copies: 3 }, 0.5, Frames::All)
        .await
        .close()
        .await;
}

/// The plugin's list of unacknowledged messages runs full and discards the oldest
#[tokio::test]
async fn plugin_without_any_acknowledgement_for_two_seconds_nothing_is_discarded_or_doubled() {
    let mut scene = Scene::open().await;
    let rule = Rule {
        damage: Damage::Loss,
        rate: 1.0,
        frames: Frames::Acknowledgements,
    };
    scene.change(|faults| faults.to_client = Path::default().with_rule(rule));
    let simulator = &scene.simulator;
    let (session, rounds) = (&mut scene.session, 30_u32);
    let typed = async {
        session.send("n=0; stty -echo\r").await;
        for _ in 0..rounds {
            session.send("n=$((n+1))\r").await;
        }
        session.send("echo \"<$n>\"\r").await;
    };
    let cleared = async {
        sleep(2 * SECOND).await;
        simulator.change_faults(|faults| faults.to_client = Path::default());
    };
    tokio::join!(typed, cleared);
    session.until_output("<30>").await;
    scene.carry().await;
    scene.close().await;
}

/// Acknowledgements by the hundred, and of what was never sent
#[tokio::test]
async fn wire_a_storm_of_acknowledgements_changes_nothing() {
    let mut scene = Scene::open().await;
    for _ in 0..3 {
        scene.act(Action::Inject(Injection::AcknowledgementStorm(500)));
        scene.carry().await;
    }
    scene.close().await;
}

/// The plugin's buffer for early messages is a second way past its checks
#[tokio::test]
async fn plugin_messages_in_another_order_are_put_in_order() {
    carried_through(Damage::Reorder { within: 5 }, 0.3, Frames::All)
        .await
        .close()
        .await;
}

/// SSH through the plugin: "Bad packet length", altered bytes
#[tokio::test]
async fn smp_116_a_wrong_digest_or_payload_is_dropped_and_sent_again() {
    for damage in [Damage::CorruptDigest, Damage::CorruptPayload] {
        let mut scene = carried_through(damage, 0.1, Frames::Stream).await;
        scene.until_notice(is_malformed).await;
        scene.close().await;
    }
}

/// Bytes altered on the way: lone line feeds, reused buffers
#[tokio::test]
async fn smp_116_pieces_of_every_length_arrive_byte_for_byte() {
    let mut scene = Scene::open().await;
    for piece_len in [1, 2, 1023, 1024, 1025, 4097] {
        let len = (piece_len * 40).min(20_000);
        scene.carry_pieces(len, piece_len, Duration::ZERO).await;
    }
    scene.close().await;
}

/// A malformed length crashes the plugin's read loop and the session hangs
#[tokio::test]
async fn plugin_cut_off_frames_do_not_end_the_session() {
    let mut scene = carried_through(Damage::Truncate, 0.1, Frames::All).await;
    scene.until_notice(is_malformed).await;
    scene.close().await;
}

/// Frames that are far too long
#[tokio::test]
async fn wire_oversized_frames_do_not_end_the_session() {
    carried_through(Damage::Oversize { len: 200_000 }, 0.1, Frames::Stream)
        .await
        .close()
        .await;
}

/// Sequence numbers far off or long past
#[tokio::test]
async fn wire_wrong_sequence_numbers_are_ignored() {
    for ahead in [1_000_000, -5] {
        carried_through(Damage::WrongNumber { ahead }, 0.3, Frames::Stream)
            .await
            .close()
            .await;
    }
}

/// Messages of a type that the client does not know
#[tokio::test]
async fn wire_unknown_message_types_are_passed_over() {
    let mut scene = carried_through(Damage::UnknownType, 0.3, Frames::Stream).await;
    scene
        .until_notice(|notice| matches!(notice, Notice::UnknownMessageType(_)))
        .await;
    scene.close().await;
}

/// Messages in several WebSocket frames
#[tokio::test]
async fn wire_messages_in_many_fragments_are_put_together() {
    let mut scene = Scene::open().await;
    scene.change(|faults| {
        faults.to_client = Path::default().with(Damage::Fragment { frames: 4 }, 1.0);
    });
    scene.carry().await;
    scene.close().await;
}

/// Text where binary is due
#[tokio::test]
async fn wire_text_frames_cost_at_most_the_connection_and_no_data() {
    let mut scene = Scene::open().await;
    scene.act(Action::Inject(Injection::Text("{\"Cmd\":1}".to_owned())));
    scene.carry().await;
    scene.act(Action::DamageToClient(Damage::Text));
    scene.carry().await;
    scene.close().await;
}
