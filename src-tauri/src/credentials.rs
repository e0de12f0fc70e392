//! The broker of credentials in the application: fed by the watched files, opening the person's browser, its questions
//! told to the window.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use aws::{Broker, BrokerOptions, Need};
use connect::Keyring;
use ipc::{AddedLines, CommandError, ErrorCode, NewAwsProfiles, SsoAccount};
use secrecy::SecretString;
use secrets::KeyStore;
use shared_config::{Base, Paths, Profile, ProfileKind, SharedConfig, Watcher};
use tauri::{AppHandle, Emitter, Manager};
use tokio::sync::watch;
use tracing::{debug, warn};

use crate::asking;
use crate::keys::Keys;
use crate::link;
use crate::sign_ins::{self, SignIns};
use crate::state::AppState;

/// The broker, and what keeps it informed.
pub(crate) struct Credentials {
    pub(crate) broker: Broker,
    pub(crate) keys: Keys,
    watcher: Watcher,
    /// Sign-ins that a person has typed.
    typed: SignIns,
    /// The AWS config file, to which profiles are added, one person's choice at a time.
    config: Mutex<PathBuf>,
}

impl Credentials {
    /// With the files and the keyring of this computer; `folder` is for what the application keeps itself.
    pub(crate) fn open(folder: &Path) -> Self {
        Self::over(KeyStore::start(), Paths::from_environment(), folder)
    }

    fn over(store: KeyStore, paths: Paths, folder: &Path) -> Self {
        let config = Mutex::new(paths.config.clone());
        let watcher = Watcher::start(paths);
        let options = BrokerOptions {
            files: watcher.subscribe(),
            open: Box::new(|url| {
                Box::pin(async move { link::open(url.into()).await.map_err(|error| error.message) })
            }),
            keys: Some(Box::new(Keyring(store.clone()))),
            ..BrokerOptions::from_environment()
        };
        let broker = Broker::new(options);
        Self {
            keys: Keys::new(store, broker.clone()),
            broker,
            watcher,
            typed: SignIns::new(folder),
            config,
        }
    }

    /// Tells the window of every change, until the application ends.
    pub(crate) fn tell(&self, app: &AppHandle) {
        let (app, mut files) = (app.clone(), self.watcher.subscribe());
        let mut questions = self.broker.questions();
        tauri::async_runtime::spawn(async move {
            loop {
                let told = tokio::select! {
                    changed = files.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        debug!("the AWS configuration has changed");
                        app.state::<AppState>().credentials.broker.nudge();
                        app.emit(ipc::AWS_SETUP_EVENT, ())
                    }
                    changed = questions.changed() => {
                        if changed.is_err() {
                            return;
                        }
                        questions.borrow_and_update();
                        app.emit(ipc::QUESTIONS_EVENT, asking::all(&app))
                    }
                };
                if let Err(error) = told {
                    warn!(%error, "the window could not be told");
                }
            }
        });
    }

    pub(crate) fn questions(&self) -> Vec<ipc::Question> {
        questions_to_page(&mut self.broker.questions())
    }

    pub(crate) fn setup(&self) -> ipc::AwsSetup {
        let files = self.broker.files();
        ipc::AwsSetup {
            profiles: files
                .profiles()
                .map(|profile| profile_to_page(&files, profile))
                .collect(),
            problems: files
                .problems()
                .iter()
                .map(|problem| ipc::ConfigProblem {
                    file: problem.file.display().to_string(),
                    line: problem.line.and_then(|line| u32::try_from(line).ok()),
                    message: problem.message.clone(),
                })
                .collect(),
            sign_ins: self
                .broker
                .sign_ins()
                .into_iter()
                .map(|(session, until)| ipc::SignIn {
                    label: session.label().to_owned(),
                    start_url: session.start_url.clone(),
                    region: session.region.clone(),
                    expires_ms: until.map(milliseconds),
                    typed: false,
                })
                .chain(self.typed_sessions().iter().map(|session| ipc::SignIn {
                    label: session.label().to_owned(),
                    start_url: session.start_url.clone(),
                    region: session.region.clone(),
                    expires_ms: self.broker.signed_in_until(session).map(milliseconds),
                    typed: true,
                }))
                .collect(),
            regions: aws::regions()
                .iter()
                .map(|&region| region.to_owned())
                .collect(),
        }
    }

    /// Signs in to the session of this label, and returns when that is done.
    pub(crate) async fn sign_in(&self, label: &str, with_code: bool) -> Result<(), CommandError> {
        let session = self.session(label)?;
        self.broker
            .sign_in(&session, with_code)
            .await
            .map_err(|error| command_error(&error))
    }

    pub(crate) async fn sign_out(&self, label: &str) -> Result<(), CommandError> {
        let session = self.session(label)?;
        self.broker
            .sign_out(&session)
            .await
            .map_err(|error| command_error(&error))
    }

    pub(crate) async fn answer_mfa(&self, id: u32, code: String) -> Result<(), CommandError> {
        self.broker
            .answer_mfa(id.into(), SecretString::from(code))
            .await
            .map_err(|error| command_error(&error))
    }

    pub(crate) async fn caller(
        &self,
        settings: &aws::Settings,
    ) -> Result<ipc::Caller, CommandError> {
        let caller = self
            .broker
            .via(&settings.network)
            .caller(&settings.source(), settings.region.as_deref())
            .await
            .map_err(|error| command_error(&error))?;
        let role = caller.role();
        Ok(ipc::Caller {
            role: role.map(|(role, _)| role.to_owned()),
            user: role
                .map(|(_, name)| name)
                .or(caller.user())
                .map(str::to_owned),
            expires_ms: caller.expires_at.map(milliseconds),
            account: caller.account.clone(),
            account_name: caller.account_name.clone(),
            arn: caller.arn.clone(),
        })
    }

    /// Keeps a sign-in that a person has typed, and gives its label.
    pub(crate) fn remember(&self, start_url: &str, region: &str) -> Result<String, CommandError> {
        self.typed.remember(&self.filed(), start_url, region)
    }

    /// Signs out of a typed sign-in and keeps it no longer.
    pub(crate) async fn forget(&self, label: &str) -> Result<(), CommandError> {
        let mut typed = self.typed_sessions().into_iter();
        let session = typed.find(|session| session.label() == label);
        self.typed.forget(label)?;
        match session {
            Some(session) => self
                .broker
                .sign_out(&session)
                .await
                .map_err(|error| command_error(&error)),
            None => Ok(()),
        }
    }

    pub(crate) async fn accounts(&self, label: &str) -> Result<Vec<SsoAccount>, CommandError> {
        sign_ins::accounts(&self.broker, &self.session(label)?).await
    }

    pub(crate) async fn roles(
        &self,
        label: &str,
        account_id: &str,
    ) -> Result<Vec<String>, CommandError> {
        sign_ins::roles(&self.broker, &self.session(label)?, account_id).await
    }

    /// What would be added to the AWS configuration.
    pub(crate) fn preview_profiles(
        &self,
        wanted: &NewAwsProfiles,
    ) -> Result<AddedLines, CommandError> {
        let session = self.session(&wanted.session)?;
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        sign_ins::lines(&self.watcher.look(), &config, &session, wanted)
    }

    /// Adds it, if it is what was seen.
    pub(crate) fn add_profiles(
        &self,
        wanted: &NewAwsProfiles,
        seen: &str,
    ) -> Result<(), CommandError> {
        let session = self.session(&wanted.session)?;
        let config = self.config.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = sign_ins::lines(&self.watcher.look(), &config, &session, wanted)?;
        sign_ins::add(&config, &lines, seen)?;
        // Whoever asks next finds them.
        let _files = self.watcher.look();
        Ok(())
    }

    /// The sign-ins of the AWS configuration.
    fn filed(&self) -> Vec<aws::SsoSession> {
        let sign_ins = self.broker.sign_ins().into_iter();
        sign_ins.map(|(session, _)| session).collect()
    }

    fn typed_sessions(&self) -> Vec<aws::SsoSession> {
        self.typed.beside(&self.filed())
    }

    fn session(&self, label: &str) -> Result<aws::SsoSession, CommandError> {
        let asked = self
            .broker
            .questions()
            .borrow()
            .iter()
            .find_map(|question| match &question.need {
                Need::SignIn(session) => (session.label() == label).then(|| session.clone()),
                Need::Mfa(_) => None,
            });
        asked
            .or_else(|| {
                self.broker
                    .sign_ins()
                    .into_iter()
                    .map(|(session, _)| session)
                    .find(|session| session.label() == label)
            })
            .or_else(|| {
                let mut typed = self.typed_sessions().into_iter();
                typed.find(|session| session.label() == label)
            })
            .ok_or_else(|| CommandError {
                code: ErrorCode::InvalidArgument,
                message: "The AWS configuration no longer names this sign-in.".to_owned(),
            })
    }
}

fn profile_to_page(files: &SharedConfig, profile: &Profile) -> ipc::AwsProfile {
    let name = profile.name();
    let chain = files.chain(name);
    let kind = match (profile.kind(), &chain) {
        (ProfileKind::Broken(_), _) | (_, Err(_)) => ipc::AwsProfileKind::Broken,
        (ProfileKind::Keys(_), _) => ipc::AwsProfileKind::Keys,
        (ProfileKind::Role(_), _) => ipc::AwsProfileKind::Role,
        (ProfileKind::SsoSession(_) | ProfileKind::SsoLegacy(_), _) => ipc::AwsProfileKind::Sso,
        (ProfileKind::Process(_), _) => ipc::AwsProfileKind::Process,
        (ProfileKind::WebIdentity(_), _) => ipc::AwsProfileKind::WebIdentity,
        (ProfileKind::Login(_), _) => ipc::AwsProfileKind::Login,
        (ProfileKind::Source(_), _) => ipc::AwsProfileKind::Surroundings,
        (ProfileKind::Empty, _) => ipc::AwsProfileKind::Empty,
    };
    let detail = match (profile.kind(), &chain) {
        (ProfileKind::Broken(why), _) => Some(why.clone()),
        (_, Err(error)) => Some(error.to_string()),
        (_, Ok(chain)) if !chain.steps.is_empty() => {
            let steps = chain.steps.iter().map(|step| step.profile.as_str());
            // A role may stand on what its own profile has besides.
            let mut way: Vec<&str> = std::iter::once(chain.base_profile.as_str())
                .chain(steps)
                .collect();
            way.dedup();
            (way.len() > 1).then(|| way.join(" → "))
        }
        (_, Ok(chain)) => match &chain.base {
            Base::Sso(sso) => Some(sso.session.clone().unwrap_or_else(|| sso.start_url.clone())),
            Base::Keys(_)
            | Base::Process(_)
            | Base::WebIdentity(_)
            | Base::Login(_)
            | Base::Environment
            | Base::Ec2InstanceMetadata
            | Base::EcsContainer
            | Base::Empty => None,
        },
    };
    ipc::AwsProfile {
        name: name.to_owned(),
        kind,
        account: files.account_of(name),
        region: profile.region().map(str::to_owned),
        detail,
    }
}

fn questions_to_page(questions: &mut watch::Receiver<Vec<aws::Question>>) -> Vec<ipc::Question> {
    questions
        .borrow_and_update()
        .iter()
        .filter_map(question_to_page)
        .collect()
}

fn question_to_page(question: &aws::Question) -> Option<ipc::Question> {
    Some(ipc::Question {
        id: u32::try_from(question.id).ok()?,
        about: match &question.need {
            Need::SignIn(session) => ipc::QuestionAbout::SignIn {
                session: session.label().to_owned(),
                start_url: session.start_url.clone(),
            },
            Need::Mfa(mfa) => ipc::QuestionAbout::Mfa {
                serial: mfa.serial.clone(),
                aws_profile: mfa.profile.clone(),
                role_arn: mfa.role_arn.clone(),
            },
        },
        waiting: u32::try_from(question.waiting).unwrap_or(u32::MAX),
        step: question.step.as_ref().map(step_to_page),
        problem: question.problem.as_ref().map(|error| ipc::Problem {
            message: error.message(),
            remedy: error.remedy(),
            detail: error.detail(),
        }),
    })
}

fn step_to_page(step: &aws::SignInStep) -> ipc::SignInStep {
    use aws::SignInStep as Step;
    match step {
        Step::Preparing => ipc::SignInStep::Preparing,
        Step::Browser { url } => ipc::SignInStep::Browser {
            url: url.to_string(),
        },
        Step::Device {
            user_code,
            page,
            page_with_code,
            expires_at,
        } => ipc::SignInStep::Device {
            user_code: user_code.clone(),
            url: page_with_code.as_ref().unwrap_or(page).to_string(),
            expires_ms: milliseconds(*expires_at),
        },
        Step::Finishing => ipc::SignInStep::Finishing,
    }
}

fn milliseconds(moment: SystemTime) -> u64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn command_error(error: &aws::Error) -> CommandError {
    let remedy = error.remedy().map(|remedy| format!(" {remedy}"));
    CommandError {
        code: ErrorCode::Credentials,
        message: format!("{}{}", error.message(), remedy.unwrap_or_default()),
    }
}

#[cfg(test)]
mod hanging_keyring;
