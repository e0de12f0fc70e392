//! Whether to quit: at once while nothing is open, else the person is asked, once.
//!
//! Only what a person does is asked about: the window's close button and Quit. When the system ends the program nobody
//! may be there to answer, and it ends in order anyway, see [`crate::state`].

use std::sync::{Mutex, PoisonError};

/// What to do about the wish to quit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decision {
    /// Quit now.
    Quit,
    /// Ask the person, who has so many open sessions.
    Ask(usize),
}

/// The question whether to quit, and what became of it.
#[derive(Debug, Default)]
pub(crate) struct Quitting {
    stage: Mutex<Stage>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Idle,
    /// The page was told to ask, and has not said that it does.
    Told,
    /// The person sees the question.
    Asked,
    /// The person has said yes.
    Confirmed,
}

impl Quitting {
    /// A person wants to quit with so many sessions open.
    ///
    /// A page that did not even show the question the first time hangs, and must not keep anybody from closing it.
    pub(crate) fn wished(&self, open: usize) -> Decision {
        let mut stage = self.lock();
        match *stage {
            Stage::Confirmed | Stage::Told => Decision::Quit,
            Stage::Idle | Stage::Asked if open == 0 => Decision::Quit,
            Stage::Idle => {
                *stage = Stage::Told;
                Decision::Ask(open)
            }
            Stage::Asked => Decision::Ask(open),
        }
    }

    /// The person sees the question.
    pub(crate) fn shown(&self) {
        let mut stage = self.lock();
        if *stage == Stage::Told {
            *stage = Stage::Asked;
        }
    }

    /// The person has answered.
    pub(crate) fn answered(&self, yes: bool) {
        *self.lock() = if yes { Stage::Confirmed } else { Stage::Idle };
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_while_nothing_is_open() {
        let quitting = Quitting::default();
        assert_eq!(quitting.wished(0), Decision::Quit);
    }

    #[test]
    fn with_open_sessions_the_person_decides() {
        let quitting = Quitting::default();
        assert_eq!(quitting.wished(2), Decision::Ask(2));
        quitting.shown();
        // The close button again while the question stands.
        assert_eq!(quitting.wished(2), Decision::Ask(2));
        quitting.answered(false);
        assert_eq!(quitting.wished(2), Decision::Ask(2));
        quitting.shown();
        quitting.answered(true);
        assert_eq!(quitting.wished(2), Decision::Quit);
    }

    #[test]
    fn a_page_that_does_not_ask_cannot_keep_the_window_open() {
        let quitting = Quitting::default();
        assert_eq!(quitting.wished(1), Decision::Ask(1));
        assert_eq!(quitting.wished(1), Decision::Quit);
    }

    #[test]
    fn sessions_that_end_while_the_question_stands_need_no_answer() {
        let quitting = Quitting::default();
        quitting.wished(1);
        quitting.shown();
        assert_eq!(quitting.wished(0), Decision::Quit);
    }
}
