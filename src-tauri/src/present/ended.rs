//! How a session ended, for the window: what kind of end it is and who ended it; the words are `connect`'s.

use connect::Ending;
use engine::End;
use ipc::{EndCause, Ended, EndedBy};

/// How a session ended, for the person.
pub(super) fn ended(end: End) -> Ended {
    let cause = cause(&end);
    let by = ended_by(end.by());
    let exit_code = match &end {
        End::Finished { exit_code, .. } | End::Service { exit_code, .. } => *exit_code,
        End::Closed
        | End::NotStarted(_)
        | End::NotConnected(_)
        | End::Failed(_)
        | End::ResumeRefused { .. }
        | End::Gone { .. }
        | End::GivenUp { .. }
        | End::NotResumable { .. }
        | End::Fault => None,
    };
    let Ending {
        message,
        remedy,
        detail,
    } = Ending::of(end);
    Ended {
        cause,
        by,
        message,
        remedy,
        detail,
        exit_code,
    }
}

fn cause(end: &End) -> EndCause {
    match end {
        End::Closed => EndCause::Closed,
        End::Finished { .. } => EndCause::Finished,
        End::Service { .. } => EndCause::Service,
        End::NotStarted(_) => EndCause::Refused,
        End::NotConnected(_) => EndCause::Unreachable,
        End::Failed(_)
        | End::ResumeRefused { .. }
        | End::Gone { .. }
        | End::GivenUp { .. }
        | End::NotResumable { .. }
        | End::Fault => EndCause::Lost,
    }
}

fn ended_by(by: engine::EndedBy) -> EndedBy {
    match by {
        engine::EndedBy::Me => EndedBy::Me,
        engine::EndedBy::ShellExit => EndedBy::ShellExit,
        engine::EndedBy::ShellExitOrElsewhere => EndedBy::ShellExitOrElsewhere,
        engine::EndedBy::IdleTimeout => EndedBy::IdleTimeout,
        engine::EndedBy::MaximumDuration => EndedBy::MaximumDuration,
        engine::EndedBy::Elsewhere => EndedBy::Elsewhere,
        engine::EndedBy::Agent => EndedBy::Agent,
        engine::EndedBy::Network => EndedBy::Network,
        engine::EndedBy::ResumeRefused => EndedBy::ResumeRefused,
        engine::EndedBy::WhileDisconnected => EndedBy::WhileDisconnected,
        engine::EndedBy::Fault => EndedBy::Fault,
        engine::EndedBy::Service | _ => EndedBy::Service,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_status_is_told() {
        let shown = ended(End::Finished {
            by: engine::EndedBy::ShellExit,
            exit_code: Some(7),
        });
        assert_eq!(shown.exit_code, Some(7));
        assert!(shown.message.contains('7'));
    }

    #[test]
    fn a_fault_of_the_program_is_not_laid_at_the_services_door() {
        let shown = ended(End::Fault);
        assert_eq!((shown.cause, shown.by), (EndCause::Lost, EndedBy::Fault));
    }
}
