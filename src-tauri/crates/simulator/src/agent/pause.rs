//! A pause in the output, which is over once it was seen to be over. Whoever finds that it still lasts is always given a
//! moment to wait for, even if that moment has passed when it comes to waiting.

use tokio::time::Instant;

/// Until when nothing is sent.
#[derive(Debug, Default)]
pub(crate) struct Pause(Option<Instant>);

impl Pause {
    pub(crate) fn until(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// Whether it is over at this time, and from then on.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        self.0.take_if(|moment| *moment <= now);
        self.0.is_none()
    }

    /// When to ask again. It may lie in the past.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_found_to_last_has_a_deadline_until_it_is_found_to_be_over() {
        let end = Instant::now();
        let mut pause = Pause::until(end);
        assert!(!pause.is_over(end - Duration::from_nanos(1)));
        assert_eq!(pause.deadline(), Some(end), "though it has passed by now");
        assert!(pause.is_over(end));
        assert_eq!(pause.deadline(), None);
        assert!(Pause::default().is_over(end));
    }
}
