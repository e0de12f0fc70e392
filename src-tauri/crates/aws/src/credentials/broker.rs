//! The broker: from the name of a source to credentials that are good now.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::region::Region;
use secrecy::{ExposeSecret, SecretString};
use shared_config::{Base, Chain, RoleStep, SharedConfig, Sso};
use tokio::sync::watch;
use tracing::{debug, info, warn};
use url::Url;

use super::assumed_role::{AssumedRoleUser, RoleFile, RoleRequest};
use super::cache_folder::CacheFolder;
use super::caller::Caller;
use super::flights::Flights;
use super::gate::Gate;
use super::process;
use super::question::{MfaNeed, Need, Question, QuestionId, Questions};
use super::services::Services;
use super::sso::portal::{self, Account, AccountRole};
use super::sso::sign_in;
use super::sso::token::{SsoSession, SsoToken, TokenFile};
use crate::client::Identity;
use crate::error::{Action, Error, ErrorCode};
use crate::network::{self, Network};

/// Credentials are renewed when they have less than this left, or less than a quarter of their life.
const REFRESH_WINDOW: Duration = Duration::from_secs(5 * 60);
/// Those that a person typed a code for are used to the end, but for a call's time.
const MFA_WINDOW: Duration = Duration::from_secs(60);
/// For a library's provider: the container's or the instance's answer, a token's exchange.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(30);
/// Where STS is asked when nobody says where: it is in every partition's first region, and identities know no region.
const DEFAULT_REGION: &str = "us-east-1";

/// Where credentials come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// What the AWS tools would use without being told: the environment, then the profile that it names, or `default`.
    DefaultChain,
    /// The keys of the environment's variables and nothing else.
    Environment,
    /// This AWS profile and nothing else.
    Profile(String),
    /// Keys that were typed into the application and are kept under this name.
    Stored(String),
}

/// Keys that were typed into the application.
#[derive(Clone)]
pub struct StoredKey {
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: SecretString,
    /// For temporary ones.
    pub session_token: Option<SecretString>,
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredKey([REDACTED])")
    }
}

/// Typed keys, or a sentence that says why there are none.
pub type KeyFuture<'a> = Pin<Box<dyn Future<Output = Result<StoredKey, String>> + Send + 'a>>;

/// Where typed keys are kept.
pub trait StoredKeys: Send + Sync {
    /// The keys of this name.
    fn find<'a>(&'a self, name: &'a str) -> KeyFuture<'a>;
}

/// What came of opening a page.
pub type OpenFuture = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

type Open = dyn Fn(Url) -> OpenFuture + Send + Sync;

/// What a broker works with.
pub struct BrokerOptions {
    /// The shared files, as they are now and whenever they change.
    pub files: watch::Receiver<Arc<SharedConfig>>,
    /// The folder with the AWS tools' caches, as a rule `~/.aws`; `None`: nothing is shared with them.
    pub aws_folder: Option<PathBuf>,
    /// Opens a page in the person's browser.
    pub open: Box<Open>,
    /// Where typed keys are kept.
    pub keys: Option<Box<dyn StoredKeys>>,
}

impl BrokerOptions {
    /// With the files of this computer as they are now, without a browser and without typed keys.
    #[must_use]
    pub fn from_environment() -> Self {
        let files = SharedConfig::load(&shared_config::Paths::from_environment());
        Self {
            files: watch::Sender::new(Arc::new(files)).subscribe(),
            aws_folder: std::env::home_dir().map(|home| home.join(".aws")),
            open: Box::new(|_| Box::pin(async { Err("there is no browser here".to_owned()) })),
            keys: None,
        }
    }
}

/// Owns all credentials. Cheap to clone.
#[derive(Clone)]
pub struct Broker(Arc<Inner>);

struct Inner {
    options: BrokerOptions,
    sso_cache: Option<CacheFolder>,
    role_cache: Option<CacheFolder>,
    questions: Questions,
    kept: Mutex<Kept>,
    flights: Flights<Source, Result<Credentials, Error>>,
    token_flights: Flights<SsoSession, Result<Arc<SsoToken>, Error>>,
    gates: Mutex<HashMap<Source, Arc<Gate>>>,
    networks: Mutex<HashMap<Option<PathBuf>, Arc<Network>>>,
}

/// What was given and is still good. All but the sign-ins depends on the files, and goes when they change.
#[derive(Default)]
struct Kept {
    files: Option<Arc<SharedConfig>>,
    by_source: HashMap<Source, Held>,
    by_step: HashMap<(String, RoleRequest), Held>,
    callers: HashMap<String, Caller>,
    tokens: HashMap<SsoSession, Arc<SsoToken>>,
    account_names: HashMap<String, String>,
}

/// Credentials and since when.
#[derive(Clone)]
struct Held {
    credentials: Credentials,
    since: SystemTime,
}

impl Held {
    fn new(credentials: Credentials) -> Self {
        Self {
            credentials,
            since: SystemTime::now(),
        }
    }

    fn is_good_at(&self, now: SystemTime) -> bool {
        self.credentials.expiry().is_none_or(|expiry| expiry > now)
    }

    fn is_due_at(&self, now: SystemTime, window: Duration) -> bool {
        self.credentials.expiry().is_some_and(|expiry| {
            let life = expiry.duration_since(self.since).unwrap_or_default();
            expiry <= now + window.min(life / 4)
        })
    }
}

impl Broker {
    /// Asks nobody yet.
    #[must_use]
    pub fn new(options: BrokerOptions) -> Self {
        let folder = |below: &str| {
            let folder = options.aws_folder.as_ref()?;
            Some(CacheFolder::new(folder.join(below)))
        };
        Self(Arc::new(Inner {
            sso_cache: folder("sso/cache"),
            role_cache: folder("cli/cache"),
            questions: Questions::new(),
            kept: Mutex::default(),
            flights: Flights::default(),
            token_flights: Flights::default(),
            gates: Mutex::default(),
            networks: Mutex::default(),
            options,
        }))
    }

    /// The shared files as they are now.
    #[must_use]
    pub fn files(&self) -> Arc<SharedConfig> {
        self.0.files()
    }

    /// What a person is asked, as it is now and whenever that changes.
    #[must_use]
    pub fn questions(&self) -> watch::Receiver<Vec<Question>> {
        self.0.questions.watch()
    }

    /// Which credentials there are now, without them.
    ///
    /// # Errors
    ///
    /// Why there are none; [`Error::need`] where a person is needed.
    pub async fn identity(&self, source: &Source) -> Result<Identity, Error> {
        let credentials = self.credentials(source).await?;
        Ok(Identity::of(&credentials))
    }

    /// Credentials that are good now. Nobody is asked: where a person is needed, that is the error.
    pub(crate) async fn credentials(&self, source: &Source) -> Result<Credentials, Error> {
        let now = SystemTime::now();
        let held = self.0.kept().by_source.get(source).cloned();
        if let Some(held) = &held
            && !held.is_due_at(now, REFRESH_WINDOW)
        {
            return Ok(held.credentials.clone());
        }
        let inner = Arc::clone(&self.0);
        let of = source.clone();
        let flight = self.0.flights.join(source.clone(), || inner.resolve(of));
        match (flight.await, held) {
            (Ok(credentials), _) => Ok(credentials),
            // What could not be renewed is still good.
            (Err(error), Some(held)) if held.is_good_at(now) => {
                debug!(%error, "credentials not renewed yet");
                Ok(held.credentials)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Credentials for the SDK, asked for at every call.
    pub(crate) fn provider(&self, source: Source) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(BrokerProvider {
            broker: self.clone(),
            source,
        })
    }

    /// Waits until the person has given what is needed.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::SignInCancelled`].
    pub async fn answered(&self, need: &Need) -> Result<(), Error> {
        self.0.questions.answered(need).await
    }

    /// Waits until there are credentials other than the `refused` ones, for days if need be.
    pub async fn fresh(&self, source: &Source, refused: Option<Identity>) {
        let gate = self.gate(source);
        gate.pass(refused).await;
    }

    /// Somebody says that there are good credentials now, or wants to be asked again: all who wait look at once.
    pub fn retry(&self) {
        for gate in self.gates() {
            gate.retry();
        }
    }

    fn gate(&self, source: &Source) -> Arc<Gate> {
        let mut gates = lock(&self.0.gates);
        let gate = gates.entry(source.clone()).or_insert_with(|| {
            // The gate belongs to what it looks through.
            let (inner, source) = (Arc::downgrade(&self.0), source.clone());
            let gate = Gate::new(self.0.questions.clone(), move |refused| {
                let (inner, source) = (inner.clone(), source.clone());
                Box::pin(async move {
                    let inner = inner
                        .upgrade()
                        .ok_or_else(|| Error::new(ErrorCode::NoCredentials, None))?;
                    inner.forget(&source, refused.as_ref());
                    let credentials = Self(inner).credentials(&source).await?;
                    Ok(Identity::of(&credentials))
                })
            });
            Arc::new(gate)
        });
        Arc::clone(gate)
    }

    // ---- questions

    /// Does not answer a question; those who wait for it go without.
    pub fn cancel(&self, id: QuestionId) {
        self.0.questions.cancel(id);
    }

    /// Answers a question for a code.
    ///
    /// # Errors
    ///
    /// Why the code did not do; the question stands.
    pub async fn answer_mfa(&self, id: QuestionId, code: SecretString) -> Result<(), Error> {
        let need = self.0.questions.need(id);
        let Some(need @ Need::Mfa(_)) = need else {
            return Err(Error::new(ErrorCode::SignInCancelled, None));
        };
        let Need::Mfa(mfa) = &need else {
            return Ok(());
        };
        let digits = code.expose_secret().trim();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::new(
                ErrorCode::SignInFailed,
                Some("a code has six digits".to_owned()),
            ));
        }
        let busy = self.0.questions.begin(&need);
        match self.0.assume_with_code(mfa, digits).await {
            Ok(()) => {
                self.0.questions.meet(&need);
                Ok(())
            }
            Err(error) => {
                busy.fail(error.clone());
                Err(error)
            }
        }
    }

    /// Signs in, with a browser on this computer or with a code on any device. Ends when that is done; a second one for
    /// the same session takes the place of the first.
    ///
    /// # Errors
    ///
    /// Why it came to nothing.
    pub async fn sign_in(&self, session: &SsoSession, with_code: bool) -> Result<(), Error> {
        let need = Need::SignIn(session.clone());
        let busy = self.0.questions.begin(&need);
        let signing = async {
            let files = self.0.files();
            let profile = profile_of(&files, session);
            let services = self.0.services(&files, profile.as_deref())?;
            let client = services.oidc(session).await;
            let tell = |step| busy.tell(step);
            let open = async |url: &Url| (self.0.options.open)(url.clone()).await;
            if with_code {
                sign_in::by_code(&client, session, &tell, open).await
            } else {
                let page = services.authorize_page(session).await?;
                sign_in::by_browser(&client, session, &page, &tell, open).await
            }
        };
        let signed_in = tokio::select! {
            signed_in = signing => signed_in,
            () = busy.replaced() => Err(Error::new(ErrorCode::SignInCancelled, None)),
        };
        match signed_in {
            Ok(token) => {
                info!(session = session.label(), "signed in");
                self.0.keep_token(session, token).await;
                self.0.kept().forget_files();
                self.0.questions.meet(&need);
                self.nudge();
                Ok(())
            }
            Err(error) => {
                if error.code() != ErrorCode::SignInCancelled {
                    warn!(%error, detail = error.detail(), "not signed in");
                    busy.fail(error.clone());
                }
                Err(error)
            }
        }
    }

    /// Ends a sign-in, here and for the AWS tools.
    ///
    /// # Errors
    ///
    /// When the service could not be told, or the token could not be removed; here it is forgotten all the same.
    pub async fn sign_out(&self, session: &SsoSession) -> Result<(), Error> {
        let token = self.0.token_at_hand(session);
        {
            let mut kept = self.0.kept();
            kept.tokens.remove(session);
            kept.forget_files();
        }
        if let Some(cache) = &self.0.sso_cache {
            cache.remove(&session.cache_name()).map_err(|error| {
                Error::new(
                    ErrorCode::SignInFailed,
                    Some(format!("the token could not be removed: {error}")),
                )
            })?;
        }
        let Some(token) = token else { return Ok(()) };
        let files = self.0.files();
        let profile = profile_of(&files, session);
        let services = self.0.services(&files, profile.as_deref())?;
        let client = services.portal(session).await;
        match client
            .logout()
            .access_token(token.access_token.expose_secret())
            .send()
            .await
        {
            Ok(_) => Ok(()),
            Err(error) => {
                let error = Error::from_sdk(&error, Action::SignIn);
                // A token that is over needs no ending.
                if error.code() == ErrorCode::ExpiredCredentials {
                    Ok(())
                } else {
                    Err(error)
                }
            }
        }
    }

    /// The sign-ins that the shared files name, each once, and until when each is good.
    #[must_use]
    pub fn sign_ins(&self) -> Vec<(SsoSession, Option<SystemTime>)> {
        let now = SystemTime::now();
        let mut seen = HashSet::new();
        sessions(&self.0.files())
            .into_iter()
            .filter(|session| seen.insert(session.clone()))
            .map(|session| {
                let token = self.0.token_at_hand(&session);
                let until = token
                    .filter(|token| token.is_good_at(now))
                    .map(|token| token.expires_at);
                (session, until)
            })
            .collect()
    }

    /// The accounts that a sign-in opens.
    ///
    /// # Errors
    ///
    /// [`Error::need`] where a person has to sign in first; else what the portal said.
    pub async fn accounts(&self, session: &SsoSession) -> Result<Vec<Account>, Error> {
        let token = self.0.token(session).await?;
        let files = self.0.files();
        let profile = profile_of(&files, session);
        let services = self.0.services(&files, profile.as_deref())?;
        let client = services.portal(session).await;
        let accounts = portal::accounts(&client, session, &token).await?;
        let names = accounts
            .iter()
            .filter_map(|account| Some((account.id.clone(), account.name.clone()?)));
        self.0.kept().account_names.extend(names);
        Ok(accounts)
    }

    /// The roles of such an account.
    ///
    /// # Errors
    ///
    /// As for [`Broker::accounts`].
    pub async fn roles(
        &self,
        session: &SsoSession,
        account_id: &str,
    ) -> Result<Vec<AccountRole>, Error> {
        let token = self.0.token(session).await?;
        let files = self.0.files();
        let profile = profile_of(&files, session);
        let services = self.0.services(&files, profile.as_deref())?;
        let client = services.portal(session).await;
        portal::roles(&client, session, &token, account_id).await
    }

    /// Who the credentials make one. Asked of STS once for each set of credentials.
    ///
    /// # Errors
    ///
    /// Why there are no credentials, or what STS said.
    pub async fn caller(&self, source: &Source, region: Option<&str>) -> Result<Caller, Error> {
        let credentials = self.credentials(source).await?;
        let id = credentials.access_key_id().to_owned();
        if let Some(caller) = self.0.kept().callers.get(&id) {
            return Ok(caller.clone());
        }
        let files = self.0.files();
        let profile = source_profile(source);
        let services = self.0.services(&files, profile.as_deref())?;
        let region = self.region(source, region);
        let expires_at = credentials.expiry();
        let sts = services
            .sts(region.as_deref().unwrap_or(DEFAULT_REGION), credentials)
            .await;
        let output = sts
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| Error::from_sdk(&error, Action::GetCallerIdentity))?;
        let (Some(account), Some(arn)) = (output.account, output.arn) else {
            return Err(Error::new(
                ErrorCode::MalformedAnswer,
                Some("GetCallerIdentity's answer lacks a field".to_owned()),
            )
            .during(Action::GetCallerIdentity));
        };
        let account_name = self
            .account_name(&files, profile.as_deref(), &account)
            .await;
        let caller = Caller {
            account,
            account_name,
            arn,
            expires_at,
        };
        self.0.kept().callers.insert(id, caller.clone());
        Ok(caller)
    }

    /// The account's name, where the profile's sign-in knows it.
    async fn account_name(
        &self,
        files: &SharedConfig,
        profile: Option<&str>,
        account: &str,
    ) -> Option<String> {
        if let Some(name) = self.0.kept().account_names.get(account) {
            return Some(name.clone());
        }
        let chain = files.chain(profile?).ok()?;
        let Base::Sso(sso) = &chain.base else {
            return None;
        };
        // What it cannot be told, it does without.
        self.accounts(&session_of(sso)).await.ok()?;
        self.0.kept().account_names.get(account).cloned()
    }

    /// The region that the source has by itself: the profile's, then the environment's; the other way round where no
    /// profile was chosen.
    #[must_use]
    pub fn region(&self, source: &Source, wish: Option<&str>) -> Option<String> {
        let environment = || {
            ["AWS_REGION", "AWS_DEFAULT_REGION"]
                .iter()
                .find_map(|name| variable(name))
        };
        let files = self.0.files();
        let of = |name: &str| files.profile(name)?.region().map(str::to_owned);
        let own = match source {
            Source::Profile(name) => of(name).or_else(environment),
            Source::DefaultChain => environment().or_else(|| of(&default_profile())),
            Source::Environment | Source::Stored(_) => environment(),
        };
        wish.map(str::to_owned).or(own)
    }

    /// How the source's calls reach AWS.
    pub(crate) fn network(&self, source: &Source) -> Result<Arc<Network>, Error> {
        let files = self.0.files();
        self.0.network(&files, source_profile(source).as_deref())
    }

    /// All who wait look at once: the files have changed, or somebody has signed in.
    pub fn nudge(&self) {
        for gate in self.gates() {
            gate.nudge();
        }
    }

    fn gates(&self) -> Vec<Arc<Gate>> {
        lock(&self.0.gates).values().cloned().collect()
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}

impl Inner {
    fn files(&self) -> Arc<SharedConfig> {
        Arc::clone(&self.options.files.borrow())
    }

    /// What is kept, without what the files have outdated.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        let files = self.files();
        let mut kept = lock(&self.kept);
        if kept
            .files
            .as_ref()
            .is_none_or(|of| !Arc::ptr_eq(of, &files))
        {
            kept.forget_files();
            kept.files = Some(files);
        }
        kept
    }

    /// Credentials that were refused are not offered again.
    fn forget(&self, source: &Source, refused: Option<&Identity>) {
        let mut kept = self.kept();
        let Some(refused) = refused else { return };
        let is_refused = |held: &Held| Identity::of(&held.credentials) == *refused;
        if kept.by_source.get(source).is_some_and(is_refused) {
            kept.by_source.remove(source);
        }
        kept.by_step.retain(|_, held| !is_refused(held));
    }

    fn network(&self, files: &SharedConfig, profile: Option<&str>) -> Result<Arc<Network>, Error> {
        let bundle = network::bundle_path(files, profile);
        if let Some(network) = lock(&self.networks).get(&bundle) {
            return Ok(Arc::clone(network));
        }
        let network = Arc::new(Network::new(bundle.as_deref())?);
        lock(&self.networks).insert(bundle, Arc::clone(&network));
        Ok(network)
    }

    fn services<'a>(
        &self,
        files: &'a SharedConfig,
        profile: Option<&'a str>,
    ) -> Result<Services<'a>, Error> {
        Ok(Services {
            network: self.network(files, profile)?,
            files,
            profile,
        })
    }

    // ---- credentials

    async fn resolve(self: Arc<Self>, source: Source) -> Result<Credentials, Error> {
        let credentials = match &source {
            Source::Profile(name) => self.of_profile(name).await?,
            Source::DefaultChain => self.of_default_chain().await?,
            Source::Environment => environment().await?,
            Source::Stored(name) => self.of_store(name).await?,
        };
        if !Held::new(credentials.clone()).is_good_at(SystemTime::now()) {
            return Err(Error::new(ErrorCode::ExpiredCredentials, None));
        }
        self.kept()
            .by_source
            .insert(source, Held::new(credentials.clone()));
        Ok(credentials)
    }

    async fn of_profile(&self, name: &str) -> Result<Credentials, Error> {
        let files = self.files();
        let chain = files.chain(name).map_err(|error| {
            Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!("The AWS profile {name} cannot be used: {error}.")),
            )
        })?;
        self.of_chain(&files, &chain).await
    }

    /// The order of the SDKs' default chain, but that the instance's metadata is asked only where a profile says so: off
    /// AWS the question takes seconds to fail.
    async fn of_default_chain(&self) -> Result<Credentials, Error> {
        if variable("AWS_ACCESS_KEY_ID").is_some() && variable("AWS_SECRET_ACCESS_KEY").is_some() {
            return environment().await;
        }
        let name = default_profile();
        let files = self.files();
        let is_named = variable("AWS_PROFILE").is_some();
        if is_named || files.profile(&name).is_some() {
            match files.chain(&name) {
                Ok(chain) if !matches!(chain.base, Base::Empty) => {
                    return self.of_chain(&files, &chain).await;
                }
                Ok(_) => {}
                Err(_) => return self.of_profile(&name).await,
            }
        }
        self.of_surroundings(&files).await
    }

    /// What the environment points to without naming keys.
    async fn of_surroundings(&self, files: &SharedConfig) -> Result<Credentials, Error> {
        let has = |name: &str| variable(name).is_some();
        if has("AWS_WEB_IDENTITY_TOKEN_FILE") && has("AWS_ROLE_ARN") {
            let config = self.provider_config(files, None)?;
            let provider = WebIdentityTokenCredentialsProvider::builder()
                .configure(&config)
                .build();
            return provided(&provider).await;
        }
        if has("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
            || has("AWS_CONTAINER_CREDENTIALS_FULL_URI")
        {
            let config = self.provider_config(files, None)?;
            return provided(&EcsCredentialsProvider::builder().configure(&config).build()).await;
        }
        Err(Error::new(ErrorCode::NoCredentials, None))
    }

    async fn of_store(&self, name: &str) -> Result<Credentials, Error> {
        let missing = |why: String| Error::new(ErrorCode::NoCredentials, Some(why));
        let keys = self
            .options
            .keys
            .as_ref()
            .ok_or_else(|| missing("No keys are kept here.".to_owned()))?;
        let key = keys.find(name).await.map_err(missing)?;
        Ok(Credentials::new(
            key.access_key_id,
            key.secret_access_key.expose_secret(),
            key.session_token
                .map(|token| token.expose_secret().to_owned()),
            None,
            "Stored",
        ))
    }

    async fn of_chain(&self, files: &SharedConfig, chain: &Chain) -> Result<Credentials, Error> {
        let mut steps = chain.steps.as_slice();
        // From the end: what a later role gave needs no earlier one.
        let kept = steps
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, step)| Some((at, self.kept_role(step)?)));
        let mut credentials = match kept {
            Some((at, credentials)) => {
                steps = steps.get(at + 1..).unwrap_or_default();
                credentials
            }
            None => self.of_base(files, chain).await?,
        };
        for step in steps {
            credentials = self.assume(files, step, credentials, None).await?;
        }
        Ok(credentials)
    }

    async fn of_base(&self, files: &SharedConfig, chain: &Chain) -> Result<Credentials, Error> {
        let profile = chain.base_profile.as_str();
        match &chain.base {
            Base::Keys(keys) => {
                let mut builder = Credentials::builder()
                    .access_key_id(&keys.access_key_id)
                    .secret_access_key(keys.secret_access_key.expose_secret())
                    .provider_name("ProfileFile");
                builder.set_session_token(
                    keys.session_token
                        .as_ref()
                        .map(|token| token.expose_secret().to_owned()),
                );
                if let Some(account) = &keys.account_id {
                    builder = builder.account_id(account.as_str());
                }
                Ok(builder.build())
            }
            Base::Sso(sso) => self.of_sso(files, profile, sso).await,
            Base::Process(process) => process::run(&process.command, process::TIME_LIMIT).await,
            Base::WebIdentity(_) | Base::Login(_) => {
                let config = self.provider_config(files, Some(profile))?;
                let provider = ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_files(network::profile_files(&files.sanitized()))
                    .profile_name(profile)
                    .build();
                provided(&provider).await
            }
            Base::Environment => environment().await,
            Base::Ec2InstanceMetadata => {
                let config = self.provider_config(files, Some(profile))?;
                provided(
                    &ImdsCredentialsProvider::builder()
                        .configure(&config)
                        .build(),
                )
                .await
            }
            Base::EcsContainer => {
                let config = self.provider_config(files, Some(profile))?;
                provided(&EcsCredentialsProvider::builder().configure(&config).build()).await
            }
            Base::Empty => self.of_surroundings(files).await,
        }
    }

    fn provider_config(
        &self,
        files: &SharedConfig,
        profile: Option<&str>,
    ) -> Result<ProviderConfig, Error> {
        let network = self.network(files, profile)?;
        let region = profile
            .and_then(|name| files.profile(name)?.region().map(str::to_owned))
            .or_else(|| variable("AWS_REGION"))
            .unwrap_or_else(|| DEFAULT_REGION.to_owned());
        Ok(ProviderConfig::without_region()
            .with_region(Some(Region::new(region)))
            .with_http_client(network.http.clone()))
    }

    // ---- roles

    /// What the role gave earlier, if it will do for a while.
    fn kept_role(&self, step: &RoleStep) -> Option<Credentials> {
        let now = SystemTime::now();
        let request = request(step);
        let window = if request.mfa_serial.is_some() {
            MFA_WINDOW
        } else {
            REFRESH_WINDOW
        };
        let key = (step.profile.clone(), request);
        if let Some(held) = self.kept().by_step.get(&key)
            && !held.is_due_at(now, window)
        {
            return Some(held.credentials.clone());
        }
        // The AWS CLI may have asked for the code already.
        let (_, request) = &key;
        request.mfa_serial.as_ref()?;
        let file: RoleFile = self.role_cache.as_ref()?.read(&request.cache_name())?;
        let held = Held::new(file.into_credentials(now + MFA_WINDOW)?);
        self.kept().by_step.insert(key, held.clone());
        Some(held.credentials)
    }

    async fn assume(
        &self,
        files: &SharedConfig,
        step: &RoleStep,
        source: Credentials,
        code: Option<&str>,
    ) -> Result<Credentials, Error> {
        let request = request(step);
        if let (Some(serial), None) = (&request.mfa_serial, code) {
            return Err(Error::needs(Need::Mfa(MfaNeed {
                serial: serial.clone(),
                profile: step.profile.clone(),
                role_arn: request.role_arn.clone(),
                request,
            })));
        }
        let services = self.services(files, Some(&step.profile))?;
        let region = step.role.region.clone().or_else(|| variable("AWS_REGION"));
        let sts = services
            .sts(region.as_deref().unwrap_or(DEFAULT_REGION), source)
            .await;
        let user = variable("USER").or_else(|| variable("USERNAME"));
        let duration = request
            .duration_seconds
            .and_then(|seconds| i32::try_from(seconds).ok());
        let output = sts
            .assume_role()
            .role_arn(&request.role_arn)
            .role_session_name(request.session_name_or(user.as_deref()))
            .set_external_id(request.external_id.clone())
            .set_duration_seconds(duration)
            .set_serial_number(request.mfa_serial.clone())
            .set_token_code(code.map(str::to_owned))
            .send()
            .await
            .map_err(|error| {
                Error::from_sdk(&error, Action::AssumeRole(request.role_arn.clone()))
            })?;
        let given = output.credentials.ok_or_else(|| {
            Error::new(
                ErrorCode::MalformedAnswer,
                Some("AssumeRole's answer lacks the credentials".to_owned()),
            )
        })?;
        let mut builder = Credentials::builder()
            .access_key_id(given.access_key_id)
            .secret_access_key(given.secret_access_key)
            .session_token(given.session_token)
            .provider_name("AssumeRole");
        builder.set_expiry(SystemTime::try_from(given.expiration).ok());
        let account = request.role_arn.split(':').nth(4);
        if let Some(account) = account.filter(|account| account.len() == 12) {
            builder = builder.account_id(account);
        }
        let credentials = builder.build();
        if request.mfa_serial.is_some() {
            let user = output.assumed_role_user.map(|user| AssumedRoleUser {
                id: user.assumed_role_id,
                arn: user.arn,
            });
            self.keep_role_file(&request, &credentials, user).await;
        }
        let key = (step.profile.clone(), request);
        self.kept()
            .by_step
            .insert(key, Held::new(credentials.clone()));
        Ok(credentials)
    }

    /// For the AWS CLI, which would ask for another code. That it cannot be written is no reason not to go on.
    async fn keep_role_file(
        &self,
        request: &RoleRequest,
        credentials: &Credentials,
        user: Option<AssumedRoleUser>,
    ) {
        let file = RoleFile::new(credentials, user);
        let (Some(cache), Some(file)) = (self.role_cache.clone(), file) else {
            return;
        };
        let name = request.cache_name();
        let written = tokio::task::spawn_blocking(move || cache.write(&name, &file)).await;
        if let Ok(Err(error)) = written {
            warn!(%error, "the AWS CLI's cache of roles cannot be written");
        }
    }

    async fn assume_with_code(&self, mfa: &MfaNeed, code: &str) -> Result<(), Error> {
        let files = self.files();
        let gone = || {
            Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!("The AWS profile {} has changed.", mfa.profile)),
            )
        };
        let mut chain = files.chain(&mfa.profile).map_err(|_| gone())?;
        let step = chain
            .steps
            .pop()
            .filter(|step| request(step) == mfa.request)
            .ok_or_else(gone)?;
        let source = self.of_chain(&files, &chain).await?;
        self.assume(&files, &step, source, Some(code)).await?;
        Ok(())
    }

    // ---- IAM Identity Center

    async fn of_sso(
        &self,
        files: &SharedConfig,
        profile: &str,
        sso: &Sso,
    ) -> Result<Credentials, Error> {
        let (Some(account), Some(role)) = (&sso.account_id, &sso.role_name) else {
            return Err(Error::new(
                ErrorCode::ProfileUnusable,
                Some(format!(
                    "The AWS profile {profile} signs in but names no account and role; add sso_account_id and sso_role_name."
                )),
            ));
        };
        let session = session_of(sso);
        let token = self.token(&session).await?;
        let services = self.services(files, Some(profile))?;
        let client = services.portal(&session).await;
        let given = portal::role_credentials(&client, &session, &token, account, role).await;
        if given.as_ref().is_err_and(|error| error.need().is_some()) {
            self.kept().tokens.remove(&session);
        }
        given
    }

    /// A token that is good now, renewed if that is due. Those who ask at once share one answer.
    async fn token(&self, session: &SsoSession) -> Result<Arc<SsoToken>, Error> {
        let now = SystemTime::now();
        let token = self.token_at_hand(session);
        if let Some(token) = &token
            && !token.is_due_at(now)
        {
            return Ok(Arc::clone(token));
        }
        let is_good = token.as_ref().is_some_and(|token| token.is_good_at(now));
        let need = || Error::needs(Need::SignIn(session.clone()));
        let Some(old) = token.clone().filter(|token| token.renewal.is_some()) else {
            return token.filter(|_| is_good).ok_or_else(need);
        };
        let files = self.files();
        let profile = profile_of(&files, session);
        let network = self.network(&files, profile.as_deref())?;
        let of = session.clone();
        let renewing = self.token_flights.join(session.clone(), || async move {
            let services = Services {
                network,
                files: &files,
                profile: profile.as_deref(),
            };
            let client = services.oidc(&of).await;
            let Some(renewal) = &old.renewal else {
                return Err(Error::needs(Need::SignIn(of)));
            };
            match sign_in::renew(&client, renewal, SystemTime::now()).await? {
                Some(token) => Ok(Arc::new(token)),
                None => Err(Error::needs(Need::SignIn(of))),
            }
        });
        match renewing.await {
            Ok(renewed) => {
                debug!(session = session.label(), "sign-in renewed");
                self.keep_token(session, SsoToken::clone(&renewed)).await;
                Ok(renewed)
            }
            Err(error) => {
                // Another program may have renewed it, which makes ours useless.
                let newer = self.token_at_hand(session);
                newer
                    .filter(|token| token.is_good_at(SystemTime::now()))
                    .ok_or(error)
            }
        }
    }

    /// The token of memory or of the AWS tools' cache, whichever lasts longer; it may be over.
    fn token_at_hand(&self, session: &SsoSession) -> Option<Arc<SsoToken>> {
        let kept = self.kept().tokens.get(session).cloned();
        let filed = self
            .sso_cache
            .as_ref()
            .and_then(|cache| cache.read::<TokenFile>(&session.cache_name()))
            .and_then(TokenFile::into_token)
            .map(Arc::new);
        match (kept, filed) {
            (Some(kept), Some(filed)) if filed.expires_at > kept.expires_at => Some(filed),
            (Some(kept), _) => Some(kept),
            (None, filed) => filed,
        }
    }

    async fn keep_token(&self, session: &SsoSession, token: SsoToken) {
        let file = TokenFile::new(session, &token);
        self.kept().tokens.insert(session.clone(), Arc::new(token));
        let (Some(cache), name) = (self.sso_cache.clone(), session.cache_name()) else {
            return;
        };
        let written = tokio::task::spawn_blocking(move || cache.write(&name, &file)).await;
        if let Ok(Err(error)) = written {
            // It is good here until the application ends.
            warn!(%error, "the AWS tools' cache of sign-ins cannot be written");
        }
    }
}

impl Kept {
    fn forget_files(&mut self) {
        self.by_source.clear();
        self.by_step.clear();
        self.callers.clear();
    }
}

struct BrokerProvider {
    broker: Broker,
    source: Source,
}

impl fmt::Debug for BrokerProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerProvider")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl ProvideCredentials for BrokerProvider {
    fn provide_credentials<'a>(&'a self) -> Providing<'a>
    where
        Self: 'a,
    {
        Providing::new(async {
            self.broker
                .credentials(&self.source)
                .await
                .map_err(CredentialsError::provider_error)
        })
    }
}

/// What a library's provider gives.
async fn provided(provider: &impl ProvideCredentials) -> Result<Credentials, Error> {
    match tokio::time::timeout(PROVIDER_TIMEOUT, provider.provide_credentials()).await {
        Ok(given) => given.map_err(|error| Error::from_credentials(&error)),
        Err(_) => Err(Error::new(
            ErrorCode::Network,
            Some("no answer came for the credentials".to_owned()),
        )),
    }
}

async fn environment() -> Result<Credentials, Error> {
    provided(&EnvironmentVariableCredentialsProvider::new()).await
}

fn request(step: &RoleStep) -> RoleRequest {
    let role = &step.role;
    RoleRequest {
        role_arn: role.role_arn.clone(),
        session_name: role.role_session_name.clone(),
        external_id: role.external_id.clone(),
        duration_seconds: role.duration_seconds,
        mfa_serial: role.mfa_serial.clone(),
    }
}

fn session_of(sso: &Sso) -> SsoSession {
    SsoSession {
        name: sso.session.clone(),
        start_url: sso.start_url.clone(),
        region: sso.region.clone(),
        scopes: sso.scopes.clone(),
    }
}

/// Every sign-in that a profile or a session section names.
fn sessions(files: &SharedConfig) -> Vec<SsoSession> {
    let sections = files.sso_sessions().filter_map(|session| {
        Some(SsoSession {
            name: Some(session.name().to_owned()),
            start_url: session.start_url()?.to_owned(),
            region: session.region()?.to_owned(),
            scopes: session.scopes().to_vec(),
        })
    });
    sections
        .chain(files.profiles().filter_map(|profile| {
            let chain = files.chain(profile.name()).ok()?;
            let Base::Sso(sso) = &chain.base else {
                return None;
            };
            Some(session_of(sso))
        }))
        .collect()
}

/// A profile of this sign-in: it may say how to reach the service.
fn profile_of(files: &SharedConfig, session: &SsoSession) -> Option<String> {
    files
        .profiles()
        .find(|profile| {
            files.chain(profile.name()).is_ok_and(
                |chain| matches!(&chain.base, Base::Sso(sso) if session_of(sso) == *session),
            )
        })
        .map(|profile| profile.name().to_owned())
}

fn source_profile(source: &Source) -> Option<String> {
    match source {
        Source::Profile(name) => Some(name.clone()),
        Source::DefaultChain => Some(default_profile()),
        Source::Environment | Source::Stored(_) => None,
    }
}

fn default_profile() -> String {
    variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
