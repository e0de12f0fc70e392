//! The broker: from the name of a source to credentials that are good now.

mod resolve;
mod roles;
mod sign_ins;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use secrecy::{ExposeSecret, SecretString};
use shared_config::{Base, SharedConfig};
use tokio::sync::watch;
use tracing::{debug, info, warn};
use url::Url;

use self::sign_ins::{profile_of, session_of, sessions};
use super::assumed_role::RoleRequest;
use super::cache_folder::CacheFolder;
use super::caller::Caller;
use super::flights::Flights;
use super::gate::Gate;
use super::question::{Need, Question, QuestionId, Questions};
use super::services::Services;
use super::sso::portal::{self, Account, AccountRole};
use super::sso::sign_in;
use super::sso::token::{SsoSession, SsoToken};
use crate::client::Identity;
use crate::error::{Action, Error, ErrorCode};
use crate::network::{self, Network};
use crate::settings::NetworkOverrides;

/// Credentials are renewed when they have less than this left, or less than a quarter of their life.
const REFRESH_WINDOW: Duration = Duration::from_secs(5 * 60);
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

/// What one way to AWS has given. Ways share what they were told and whom they ask, never what they were given: another
/// endpoint may be another AWS.
struct Inner {
    options: Arc<BrokerOptions>,
    overrides: Arc<NetworkOverrides>,
    /// The other ways that were asked for here.
    ways: Mutex<HashMap<NetworkOverrides, Broker>>,
    /// What a person was needed for on this way.
    needs: Mutex<HashSet<Need>>,
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
        let caches = (folder("sso/cache"), folder("cli/cache"));
        let overrides = NetworkOverrides::default();
        Self::of(Arc::new(options), caches, Questions::new(), overrides)
    }

    fn of(
        options: Arc<BrokerOptions>,
        (sso_cache, role_cache): (Option<CacheFolder>, Option<CacheFolder>),
        questions: Questions,
        overrides: NetworkOverrides,
    ) -> Self {
        Self(Arc::new(Inner {
            sso_cache,
            role_cache,
            questions,
            kept: Mutex::default(),
            flights: Flights::default(),
            token_flights: Flights::default(),
            gates: Mutex::default(),
            networks: Mutex::default(),
            overrides: Arc::new(overrides),
            ways: Mutex::default(),
            needs: Mutex::default(),
            options,
        }))
    }

    /// The broker for connections with another way to AWS: their credentials take that way too. It asks the same questions
    /// and shares the AWS tools' caches; the same overrides give the same one.
    #[must_use]
    pub fn via(&self, overrides: &NetworkOverrides) -> Self {
        if *overrides == *self.0.overrides {
            return self.clone();
        }
        let mut ways = lock(&self.0.ways);
        let way = ways.entry(overrides.clone()).or_insert_with(|| {
            Self::of(
                Arc::clone(&self.0.options),
                (self.0.sso_cache.clone(), self.0.role_cache.clone()),
                self.0.questions.clone(),
                overrides.clone(),
            )
        });
        way.clone()
    }

    /// The way on which a person was needed for this: what they give is taken along it.
    fn way_of(&self, need: &Need) -> Self {
        let has_asked = |way: &Self| lock(&way.0.needs).contains(need);
        if has_asked(self) {
            return self.clone();
        }
        let ways = self.ways();
        ways.into_iter()
            .find(has_asked)
            .unwrap_or_else(|| self.clone())
    }

    fn ways(&self) -> Vec<Self> {
        lock(&self.0.ways).values().cloned().collect()
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
            (Err(error), _) => {
                lock(&self.0.needs).extend(error.need().cloned());
                Err(error)
            }
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
        // Nobody asks any more, or for something else.
        let (Some(need), Some(Need::Mfa(mfa))) = (&need, &need) else {
            return Err(Error::new(ErrorCode::SignInCancelled, None));
        };
        let digits = code.expose_secret().trim();
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Error::new(ErrorCode::CodeMalformed, None));
        }
        let busy = self.0.questions.begin(need);
        match self.way_of(need).0.assume_with_code(mfa, digits).await {
            Ok(()) => {
                self.0.questions.meet(need);
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
        let way = self.way_of(&need);
        let signing = async {
            let files = self.0.files();
            let profile = profile_of(&files, session);
            let services = way.0.services(&files, profile.as_deref())?;
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
                way.0.keep_token(session, token).await;
                way.0.kept().forget_files();
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
        for way in self.ways() {
            let mut kept = way.0.kept();
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

    /// Until when one is signed in to a session, whether the files name it or not; `None`: not signed in.
    #[must_use]
    pub fn signed_in_until(&self, session: &SsoSession) -> Option<SystemTime> {
        let token = self.0.token_at_hand(session)?;
        token
            .is_good_at(SystemTime::now())
            .then_some(token.expires_at)
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

    /// Typed keys of this name have come, changed or gone: what was given of them is forgotten, and who waits looks at once.
    pub fn stored_changed(&self, name: &str) {
        let source = Source::Stored(name.to_owned());
        {
            let mut kept = self.0.kept();
            if let Some(held) = kept.by_source.remove(&source) {
                kept.callers.remove(held.credentials.access_key_id());
            }
        }
        if let Some(gate) = lock(&self.0.gates).get(&source).cloned() {
            gate.nudge();
        }
    }

    /// All who wait look at once: the files have changed, or somebody has signed in.
    pub fn nudge(&self) {
        // What the files have outdated goes now, not when somebody asks for the next credentials.
        drop(self.0.kept());
        for gate in self.gates() {
            gate.nudge();
        }
    }

    fn gates(&self) -> Vec<Arc<Gate>> {
        let mut gates: Vec<_> = lock(&self.0.gates).values().cloned().collect();
        for way in self.ways() {
            gates.extend(way.gates());
        }
        gates
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
        let bundle = network::bundle_path(&self.overrides, files, profile);
        if let Some(network) = lock(&self.networks).get(&bundle) {
            return Ok(Arc::clone(network));
        }
        let network = Arc::new(Network::new(&self.overrides, bundle.as_deref())?);
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
