//! What only a person can give, asked for on the terminal before it becomes a session's.

use std::io::{self, IsTerminal as _, Write as _};

use aws::{Broker, MfaNeed, Need, SignInStep, Source, SsoSession};
use secrecy::SecretString;

use crate::trouble::Trouble;

/// Codes that are asked for again.
const TRIES: usize = 3;

/// Makes sure that there are credentials, signing in or asking for a code where that is needed. Why else there are none
/// is left for the call that needs them to tell.
///
/// # Errors
///
/// When the person gave nothing, or what they gave did not do.
pub(crate) async fn make_sure(broker: &Broker, source: &Source) -> Result<(), Trouble> {
    // Each need once, however they follow on each other: a sign-in, then the codes of a chain's roles.
    let mut met = Vec::new();
    loop {
        let Err(error) = broker.identity(source).await else {
            return Ok(());
        };
        let Some(need) = error.need().filter(|need| !met.contains(*need)).cloned() else {
            return Ok(());
        };
        match &need {
            Need::SignIn(session) => sign_in(broker, session).await?,
            Need::Mfa(mfa) => ask_code(broker, mfa).await?,
        }
        met.push(need);
    }
}

/// Signs in by a code: it works without a browser on this computer, too.
async fn sign_in(broker: &Broker, session: &SsoSession) -> Result<(), Trouble> {
    let mut questions = broker.questions();
    let telling = async {
        loop {
            let step = questions
                .borrow_and_update()
                .iter()
                .find(|question| question.need == Need::SignIn(session.clone()))
                .and_then(|question| question.step.clone());
            if let Some(SignInStep::Device {
                user_code,
                page,
                page_with_code,
                ..
            }) = step
            {
                say(&format!(
                    "To sign in to {}, open\n\n    {}\n\nand check that it shows the code {user_code}.\n",
                    session.label(),
                    page_with_code.unwrap_or(page)
                ));
                return;
            }
            if questions.changed().await.is_err() {
                return;
            }
        }
    };
    let signing = broker.sign_in(session, true);
    tokio::pin!(signing);
    tokio::select! {
        signed_in = &mut signing => return Ok(signed_in?),
        () = telling => {}
    }
    Ok(signing.await?)
}

async fn ask_code(broker: &Broker, mfa: &MfaNeed) -> Result<(), Trouble> {
    let need = Need::Mfa(mfa.clone());
    // The question stands while it is waited for.
    let waiting = broker.answered(&need);
    tokio::pin!(waiting);
    let asking = async {
        let mut last = None;
        for _ in 0..TRIES {
            let code = read_code(mfa).await?;
            let id = broker
                .questions()
                .borrow()
                .iter()
                .find(|question| question.need == need)
                .map(|question| question.id);
            // Answered by somebody else meanwhile.
            let Some(id) = id else { return Ok(()) };
            match broker.answer_mfa(id, code).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    say(&error.detail().unwrap_or_else(|| error.message()));
                    last = Some(error);
                }
            }
        }
        last.map_or(Ok(()), |error| Err(error.into()))
    };
    tokio::select! {
        biased;
        answered = &mut waiting => Ok(answered?),
        asked = asking => asked,
    }
}

async fn read_code(mfa: &MfaNeed) -> Result<SecretString, Trouble> {
    if !io::stdin().is_terminal() {
        return Err(Trouble::failed(format!(
            "The AWS profile {} needs a code of {}, and there is nobody to ask.",
            mfa.profile, mfa.serial
        ))
        .with_remedy(
            "Run a command with this profile in a terminal first; the code's session is kept for an hour.",
        ));
    }
    let prompt = format!("Code of {} for the role {}: ", mfa.serial, mfa.role_arn);
    // On a thread of its own: a read of the terminal cannot be interrupted.
    let read = tokio::task::spawn_blocking(move || {
        let mut stderr = io::stderr().lock();
        stderr.write_all(prompt.as_bytes())?;
        stderr.flush()?;
        drop(stderr);
        let mut line = String::new();
        match io::stdin().read_line(&mut line)? {
            0 => Err(io::Error::from(io::ErrorKind::UnexpectedEof)),
            _ => Ok(SecretString::from(line.trim())),
        }
    });
    match read.await {
        Ok(Ok(code)) => Ok(code),
        Ok(Err(_)) | Err(_) => Err(Trouble::failed("No code was given.")),
    }
}

fn say(text: &str) {
    // Without a standard error there is nobody to tell.
    let _said = writeln!(io::stderr(), "{text}");
}
