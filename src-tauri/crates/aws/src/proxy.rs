//! Which proxy leads to a host: the rules of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`.
//!
//! Asked once for each host, by the API calls and by the data channel alike, so that the two never disagree. Where the
//! programs that read these variables differ: the lower-case name wins (curl), loopback goes straight (Go, hence the
//! official client), and a name in `NO_PROXY` stands for its subdomains too (curl, Python, Go).

use std::fmt;
use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use crate::error::Error;
use crate::settings::NetworkOverrides;

/// An HTTP proxy, reached over TLS or plainly.
#[derive(Clone)]
pub struct Proxy {
    /// Whether the proxy itself is reached over TLS.
    pub tls: bool,
    /// Its name or address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whom it is told that asks: user and password.
    pub(crate) credentials: Option<(String, SecretString)>,
}

impl Proxy {
    /// The `Proxy-Authorization` header that it wants.
    #[must_use]
    pub fn authorization(&self) -> Option<SecretString> {
        let (user, password) = self.credentials.as_ref()?;
        let pair = format!("{user}:{}", password.expose_secret());
        Some(SecretString::from(format!(
            "Basic {}",
            aws_smithy_types::base64::encode(pair)
        )))
    }

    /// Its URL without credentials.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        if self.host.contains(':') {
            format!("{scheme}://[{}]:{}", self.host, self.port)
        } else {
            format!("{scheme}://{}:{}", self.host, self.port)
        }
    }

    /// The error names the variable and never its value, which can hold a password.
    fn parse(variable: &str, value: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::network_settings(&format!("{variable} {why}"));
        let text = if value.contains("://") {
            value.to_owned()
        } else {
            format!("http://{value}")
        };
        let url = Url::parse(&text).map_err(|_| wrong("is not the URL of a proxy"))?;
        let tls = match url.scheme() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("names a proxy that is neither http nor https")),
        };
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(wrong("is not the URL of a proxy")),
        };
        let decoded = |text: &str| {
            percent_decoded(text)
                .filter(|text| !text.chars().any(char::is_control))
                .ok_or_else(|| wrong("has a user or password that cannot be sent"))
        };
        let user = decoded(url.username())?;
        let password = decoded(url.password().unwrap_or_default())?;
        let credentials = (!user.is_empty() || !password.is_empty())
            .then(|| (user, SecretString::from(password)));
        Ok(Self {
            tls,
            host,
            port: url.port_or_known_default().unwrap_or(80),
            credentials,
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let user = self.credentials.as_ref().map_or("", |_| " [REDACTED]");
        write!(f, "Proxy({}{user})", self.url())
    }
}

/// The environment's rules on proxies.
#[derive(Clone, Debug, Default)]
pub struct ProxyRules {
    /// For TLS.
    pub(crate) https: Option<Proxy>,
    /// For plain targets.
    pub(crate) http: Option<Proxy>,
    exceptions: Vec<Exception>,
}

impl ProxyRules {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorCode::NetworkSettings`], naming the variable that is no proxy's URL: going straight instead is not what its
    /// owner wants.
    pub fn from_environment() -> Result<Self, Error> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// The environment's rules, but for what one connection says in their place.
    pub(crate) fn with(overrides: &NetworkOverrides) -> Result<Self, Error> {
        Self::with_environment(overrides, |name| std::env::var(name).ok())
    }

    fn with_environment(
        overrides: &NetworkOverrides,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let is_proxy = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.ends_with("_proxy") && name != "no_proxy"
        };
        // A variable that is wrong does not matter where another proxy takes its place.
        let mut rules = Self::read(|name| match &overrides.proxy {
            Some(_) if is_proxy(name) => None,
            _ => variable(name),
        })?;
        if let Some(proxy) = &overrides.proxy {
            let proxy = Proxy::parse("the proxy of this connection", proxy)?;
            rules.https = Some(proxy.clone());
            rules.http = Some(proxy);
        }
        if let Some(exceptions) = &overrides.no_proxy {
            rules.exceptions = exceptions_of(exceptions);
        }
        Ok(rules)
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |names: &[&'static str]| {
            names.iter().find_map(|name| {
                let value = variable(name)?.trim().to_owned();
                (!value.is_empty()).then_some((*name, value))
            })
        };
        let all = || get(&["all_proxy", "ALL_PROXY"]);
        // A web server puts a request's `Proxy` header there.
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let http = if is_cgi {
            get(&["http_proxy"])
        } else {
            get(&["http_proxy", "HTTP_PROXY"])
        };
        let parse = |found: Option<(&'static str, String)>| {
            found
                .map(|(name, value)| Proxy::parse(name, &value))
                .transpose()
        };
        let exceptions = get(&["no_proxy", "NO_PROXY"])
            .map(|(_, value)| exceptions_of(&value))
            .unwrap_or_default();
        Ok(Self {
            https: parse(get(&["https_proxy", "HTTPS_PROXY"]).or_else(all))?,
            http: parse(http.or_else(all))?,
            exceptions,
        })
    }

    /// The proxy for a host; `None`: straight. An IPv6 address may have brackets.
    #[must_use]
    pub fn for_host(&self, tls: bool, host: &str, port: u16) -> Option<&Proxy> {
        let proxy = if tls { &self.https } else { &self.http }.as_ref()?;
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .trim_end_matches('.')
            .to_ascii_lowercase();
        let address = host
            .parse::<IpAddr>()
            .ok()
            .map(|address| address.to_canonical());
        let is_loopback = host == "localhost" || address.is_some_and(|a| a.is_loopback());
        let is_exception = self
            .exceptions
            .iter()
            .any(|exception| exception.covers(&host, address, port));
        (!is_loopback && !is_exception).then_some(proxy)
    }
}

fn exceptions_of(list: &str) -> Vec<Exception> {
    list.split([',', ' ', '\t'])
        .filter_map(Exception::parse)
        .collect()
}

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum Hosts {
    All,
    /// The name and what is below it.
    Name(String),
    /// The first bits of an address.
    Network(IpAddr, u32),
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" {
            return Some(Self {
                hosts: Hosts::All,
                port: None,
            });
        }
        if let Some(hosts) = Hosts::network(&entry) {
            return Some(Self { hosts, port: None });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry.as_str(), None),
        };
        let hosts = Hosts::network(host).or_else(|| {
            let name = host.strip_prefix("*.").unwrap_or(host);
            let name = name.trim_start_matches('.').trim_end_matches('.');
            (!name.is_empty()).then(|| Hosts::Name(name.to_owned()))
        })?;
        Some(Self { hosts, port })
    }

    fn covers(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        self.port.is_none_or(|wanted| wanted == port)
            && match &self.hosts {
                Hosts::All => true,
                Hosts::Name(name) => host
                    .strip_suffix(name.as_str())
                    .is_some_and(|before| before.is_empty() || before.ends_with('.')),
                Hosts::Network(network, bits) => {
                    address.is_some_and(|address| same_network(*network, address, *bits))
                }
            }
    }
}

impl Hosts {
    /// An address, or a network such as `10.0.0.0/8`.
    fn network(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()?;
        let all = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Self::Network(address, bits))
    }
}

fn same_network(network: IpAddr, address: IpAddr, bits: u32) -> bool {
    match (network, address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= bits,
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if let (b'%', [high, low, after @ ..]) = (*first, behind)
            && let (Some(high), Some(low)) = (
                char::from(*high).to_digit(16),
                char::from(*low).to_digit(16),
            )
        {
            bytes.push(u8::try_from(high * 16 + low).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    fn rules(environment: &[(&str, &str)]) -> Result<ProxyRules, Error> {
        ProxyRules::read(|name| {
            environment
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn used(rules: &ProxyRules, tls: bool, host: &str) -> Option<String> {
        rules.for_host(tls, host, 443).map(Proxy::url)
    }

    #[test]
    fn each_scheme_has_its_variable_the_lower_case_wins_and_an_empty_one_is_none() {
        let proxy = |environment: &[(&str, &str)], tls| {
            used(&rules(environment).unwrap(), tls, "example.com")
        };
        let one = Some("http://one:3128".to_owned());
        let two = Some("http://two:80".to_owned());
        assert_eq!(proxy(&[], true), None);
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://one:3128")], true), one);
        assert_eq!(proxy(&[("HTTPS_PROXY", "http://one:3128")], false), None);
        assert_eq!(proxy(&[("HTTPS_PROXY", "one:3128")], true), one);
        assert_eq!(
            proxy(
                &[
                    ("https_proxy", "http://one:3128/"),
                    ("HTTPS_PROXY", "http://two")
                ],
                true
            ),
            one
        );
        assert_eq!(
            proxy(&[("https_proxy", ""), ("HTTPS_PROXY", "http://two")], true),
            two
        );
        assert_eq!(proxy(&[("HTTP_PROXY", "http://two")], false), two);
        assert_eq!(proxy(&[("HTTP_PROXY", "http://two")], true), None);
        assert_eq!(proxy(&[("ALL_PROXY", "http://two")], true), two);
        assert_eq!(proxy(&[("all_proxy", "http://two")], false), two);
        assert_eq!(
            proxy(
                &[("ALL_PROXY", "http://two"), ("HTTPS_PROXY", "one:3128")],
                true
            ),
            one
        );
        assert_eq!(
            proxy(&[("HTTPS_PROXY", "https://tls.proxy")], true),
            Some("https://tls.proxy:443".to_owned())
        );
        assert_eq!(
            proxy(&[("HTTPS_PROXY", "http://[fe80::1]:8080")], true),
            Some("http://[fe80::1]:8080".to_owned())
        );
        // CVE-2016-5385: a request's `Proxy` header.
        assert_eq!(
            proxy(
                &[("HTTP_PROXY", "http://two"), ("REQUEST_METHOD", "GET")],
                false
            ),
            None
        );
        assert_eq!(
            proxy(
                &[("http_proxy", "http://two"), ("REQUEST_METHOD", "GET")],
                false
            ),
            two
        );
    }

    #[test]
    fn what_a_connection_says_takes_the_place_of_the_environments_word() {
        let environment = |name: &str| match name {
            "HTTPS_PROXY" => Some("http://one:3128".to_owned()),
            "ALL_PROXY" => Some("socks5://broken".to_owned()),
            "NO_PROXY" => Some("inside.test".to_owned()),
            _ => None,
        };
        let with = |proxy: Option<&str>, no_proxy: Option<&str>| {
            let overrides = NetworkOverrides {
                proxy: proxy.map(str::to_owned),
                no_proxy: no_proxy.map(str::to_owned),
                ..NetworkOverrides::default()
            };
            ProxyRules::with_environment(&overrides, environment)
        };
        assert!(with(None, None).is_err(), "the environment's is wrong");
        let rules = with(Some("http://two:8080"), None).unwrap();
        let two = Some("http://two:8080".to_owned());
        assert_eq!(used(&rules, true, "ssm.test"), two);
        assert_eq!(used(&rules, false, "ssm.test"), two);
        assert_eq!(used(&rules, true, "inside.test"), None);
        assert_eq!(used(&rules, true, "127.0.0.1"), None);
        let rules = with(Some("http://two:8080"), Some("other.test")).unwrap();
        assert_eq!(used(&rules, true, "inside.test"), two);
        assert_eq!(used(&rules, true, "a.other.test"), None);
        let error = with(Some("ftp://two"), None).unwrap_err();
        assert!(
            error.message().contains("the proxy of this connection"),
            "{error}"
        );
    }

    #[test]
    fn what_is_no_proxy_is_an_error_that_names_the_variable_and_not_the_password() {
        for value in [
            "socks5://alice:CANARY@one:1080",
            "http://alice:CANARY@",
            "http://alice:CANARY@one:99999",
            "http://alice:CANARY%0d%0aX:1@one",
            "ftp://CANARY",
        ] {
            let error = rules(&[("HTTPS_PROXY", value)]).unwrap_err();
            assert_eq!(error.code(), crate::ErrorCode::NetworkSettings);
            let shown = format!("{error:?} {error}");
            assert!(shown.contains("HTTPS_PROXY"), "{shown}");
            assert!(!shown.contains("CANARY"), "{shown}");
        }
    }

    #[test]
    fn user_and_password_become_one_header_and_are_shown_to_nobody() {
        let rules = rules(&[(
            "HTTPS_PROXY",
            "http://alice%40corp:p%40ss%3Aw%C3%B6rd@one:3128",
        )])
        .unwrap();
        let proxy = rules.for_host(true, "example.com", 443).unwrap();
        let header = proxy.authorization().unwrap();
        let pair = aws_smithy_types::base64::decode(
            header.expose_secret().strip_prefix("Basic ").unwrap(),
        )
        .unwrap();
        assert_eq!(String::from_utf8(pair).unwrap(), "alice@corp:p@ss:wörd");
        assert_eq!(proxy.url(), "http://one:3128");
        let shown = format!("{rules:?}");
        assert!(
            !shown.contains("alice") && !shown.contains("p@ss") && !shown.contains("YWxp"),
            "{shown}"
        );
    }

    #[test]
    fn no_proxy_is_read_as_other_programs_read_it() {
        let straight = |exceptions: &str, host: &str, port: u16| {
            let rules = rules(&[("HTTPS_PROXY", "http://one"), ("NO_PROXY", exceptions)]).unwrap();
            rules.for_host(true, host, port).is_none()
        };
        for (exceptions, host, port, expected) in [
            ("", "example.com", 443, false),
            ("*", "example.com", 443, true),
            ("a.test, *", "example.com", 443, true),
            ("example.com", "example.com", 443, true),
            ("EXAMPLE.com", "Example.COM.", 443, true),
            ("example.com", "ssm.example.com", 443, true),
            ("example.com", "badexample.com", 443, false),
            ("example.com", "example.com.evil", 443, false),
            ("example.com", "example.co", 443, false),
            (".example.com", "ssm.example.com", 443, true),
            (".example.com", "example.com", 443, true),
            (".example.com", "badexample.com", 443, false),
            ("*.example.com", "ssm.example.com", 443, true),
            ("*.example.com", "badexample.com", 443, false),
            ("a.test b.test", "b.test", 443, true),
            ("a.test,,b.test", "b.test", 443, true),
            ("example.com:8443", "example.com", 8443, true),
            ("example.com:8443", "example.com", 443, false),
            ("example.com:port", "example.com", 443, false),
            (".", "example.com", 443, false),
            ("10.0.0.1", "10.0.0.1", 443, true),
            ("10.0.0.1", "10.0.0.11", 443, false),
            ("10.0.0.1:443", "10.0.0.1", 443, true),
            ("10.0.0.1:443", "10.0.0.1", 80, false),
            ("10.0.0.0/8", "10.255.1.2", 443, true),
            ("10.0.0.0/8", "11.0.0.1", 443, false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", 443, true),
            ("10.0.0.0/8", "10.evil.example", 443, false),
            ("192.168.4.0/22", "192.168.7.255", 443, true),
            ("192.168.4.0/22", "192.168.8.0", 443, false),
            ("10.0.0.0/33", "10.0.0.0", 443, false),
            ("0.0.0.0/0", "8.8.8.8", 443, true),
            ("0.0.0.0/0", "2001:db8::1", 443, false),
            ("2001:db8::/32", "[2001:db8:1::2]", 443, true),
            ("2001:db8::/32", "[2001:db9::1]", 443, false),
            ("2001:db8::1", "[2001:db8::1]", 443, true),
            ("[2001:db8::1]:8443", "[2001:db8::1]", 8443, true),
            ("[2001:db8::1]:8443", "[2001:db8::1]", 443, false),
            // Loopback needs no entry.
            ("", "127.0.0.1", 443, true),
            ("", "[::1]", 443, true),
            ("", "localhost", 443, true),
            ("", "localhost.evil.example", 443, false),
            (
                ".amazonaws.com",
                "ssmmessages.eu-west-1.amazonaws.com",
                443,
                true,
            ),
            (
                ".amazonaws.com",
                "ssmmessages.cn-north-1.amazonaws.com.cn",
                443,
                false,
            ),
        ] {
            assert_eq!(
                straight(exceptions, host, port),
                expected,
                "NO_PROXY={exceptions:?} {host}:{port}"
            );
        }
    }
}
