//! The HTTP client of the API calls: the same proxy rules and the same extra roots as the data channel has.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http::Uri;
use secrecy::ExposeSecret;

use crate::error::Error;
use crate::proxy::{Proxy, ProxyRules};

/// How long a connection waits for another call: the next page of a list comes at once. Until it is closed, its buffers
/// hold what was sent and heard, tokens too. The library looks at intervals of this length, so the last trace is gone
/// after twice the time.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);

/// A client that follows these rules and trusts these roots besides the system's.
pub(crate) fn client(
    rules: Arc<ProxyRules>,
    bundle: Option<&[u8]>,
) -> Result<SharedHttpClient, Error> {
    let mut trusted = TrustStore::default();
    if let Some(pem) = bundle {
        trusted.add_pem_certificate(pem);
    }
    let context = TlsContext::builder()
        .with_trust_store(trusted)
        .build()
        .map_err(|error| Error::tls(&error.to_string()))?;
    let through = |proxy: &Option<Proxy>| {
        proxy
            .as_ref()
            .map(|proxy| Ok(one_way(&context, config(proxy)?)))
            .transpose()
    };
    let ways = Ways {
        straight: one_way(&context, ProxyConfig::disabled()),
        https: through(&rules.https)?,
        http: through(&rules.http)?,
    };
    Ok(SharedHttpClient::new(Routed { rules, ways }))
}

fn config(proxy: &Proxy) -> Result<ProxyConfig, Error> {
    let config = ProxyConfig::all(proxy.url().as_str())
        .map_err(|_| Error::network_settings("the proxy's URL cannot be used"))?;
    Ok(match &proxy.credentials {
        // Put into a URL as they are, and taken out of it decoded.
        Some((user, password)) => {
            config.with_basic_auth(escaped(user), escaped(password.expose_secret()))
        }
        None => config,
    })
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn one_way(context: &TlsContext, proxy: ProxyConfig) -> SharedHttpClient {
    let context = context.clone();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        builder.set_pool_idle_timeout(Some(Some(IDLE_TIMEOUT)));
        builder
            .proxy_config(proxy.clone())
            .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(context.clone())
            .build()
    })
}

/// The ways to a host: one for each answer that the rules can give.
#[derive(Clone)]
struct Ways<T> {
    straight: T,
    https: Option<T>,
    http: Option<T>,
}

struct Routed<T> {
    rules: Arc<ProxyRules>,
    ways: Ways<T>,
}

impl<T> fmt::Debug for Routed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Routed").field(&self.rules).finish()
    }
}

impl HttpClient for Routed<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = |client: &SharedHttpClient| client.http_connector(settings, components);
        SharedHttpConnector::new(Routed {
            rules: Arc::clone(&self.rules),
            ways: Ways {
                straight: connector(&self.ways.straight),
                https: self.ways.https.as_ref().map(connector),
                http: self.ways.http.as_ref().map(connector),
            },
        })
    }
}

impl HttpConnector for Routed<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = request.uri().parse::<Uri>().ok();
        let way = uri.as_ref().and_then(|uri| {
            let tls = uri.scheme_str() != Some("http");
            let port = uri.port_u16().unwrap_or(if tls { 443 } else { 80 });
            self.rules.for_host(tls, uri.host()?, port)?;
            if tls {
                self.ways.https.as_ref()
            } else {
                self.ways.http.as_ref()
            }
        });
        way.unwrap_or(&self.ways.straight).call(request)
    }
}
