//! The stream URL, checked before anything is dialled.
//!
//! The URL comes from an API answer and the session's token is sent to whatever it names, so a wrong host would be
//! handed the session. It is parsed once, with the parser that the WebSocket client itself uses: two parsers that read
//! one URL differently would be a way around the check.

use std::fmt;

use http::Uri;
use protocol::SessionId;
use secrecy::{ExposeSecret, SecretString};

/// Query parameters of a URL that carries its signature itself.
const PRESIGNED: &[&str] = &[
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
];

/// How a data channel is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `ws`: plain. Only for endpoints that the person declared, such as the simulator on loopback.
    Plain,
    /// `wss`: TLS.
    Tls,
}

impl Scheme {
    fn default_port(self) -> u16 {
        match self {
            Self::Plain => 80,
            Self::Tls => 443,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "ws",
            Self::Tls => "wss",
        }
    }
}

/// One host that may be dialled for a data channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// How it must be reached.
    pub scheme: Scheme,
    /// Its name or address, exactly; compared without regard to ASCII case. A first label that ends in `*` stands for any
    /// one label with that beginning, of letters, digits and hyphens: an endpoint's name in a VPC.
    pub host: String,
    /// Its port; `None`: the scheme's own.
    pub port: Option<u16>,
}

/// The hosts that may be dialled for the sessions of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<AllowedHost>);

impl AllowedHosts {
    /// Allows exactly these.
    #[must_use]
    pub fn new(hosts: Vec<AllowedHost>) -> Self {
        Self(hosts)
    }

    fn allow(&self, scheme: Scheme, host: &str, port: u16) -> bool {
        self.0.iter().any(|allowed| {
            allowed.scheme == scheme
                && matches(&allowed.host, host)
                && allowed.port.unwrap_or(scheme.default_port()) == port
        })
    }
}

fn matches(allowed: &str, host: &str) -> bool {
    let Some((beginning, rest)) = allowed.split_once("*.") else {
        return allowed.eq_ignore_ascii_case(host);
    };
    host.split_once('.').is_some_and(|(label, behind)| {
        behind.eq_ignore_ascii_case(rest)
            && label.len() > beginning.len()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && label.as_bytes()[..beginning.len()].eq_ignore_ascii_case(beginning.as_bytes())
    })
}

/// The message gateway that the person declared in place of AWS's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// How it is reached.
    pub scheme: Scheme,
    /// Its name or address; an IPv6 address in brackets.
    pub host: String,
    /// Its port; `None`: the scheme's own.
    pub port: Option<u16>,
    /// What goes before the path, without a slash at its end; mostly empty.
    pub base_path: String,
}

/// Why a stream URL was refused. Nothing of the URL but its host is repeated: the rest may carry routing data or a signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamUrlError {
    /// It is not a URL.
    #[error("the stream URL is not a URL")]
    Malformed,
    /// It is neither `wss` nor `ws`.
    #[error("the stream URL's scheme is not a WebSocket's")]
    Scheme,
    /// It names a user.
    #[error("the stream URL names a user")]
    UserInfo,
    /// Its host belongs neither to Session Manager in this region nor to a declared endpoint.
    #[error(
        "the stream URL points to `{origin}`, which is not a Session Manager endpoint of this connection"
    )]
    Host {
        /// Scheme, host and port of the URL.
        origin: String,
    },
    /// Its path is not that of this session's data channel.
    #[error("the stream URL's path is not that of this session's data channel")]
    Path,
}

/// A stream URL that has passed the check; `Debug` shows its host only.
#[derive(Clone)]
pub struct StreamUrl {
    scheme: Scheme,
    host: String,
    port: u16,
    uri: Uri,
}

impl StreamUrl {
    /// Parses and checks what StartSession or ResumeSession gave.
    ///
    /// The path must be `/v1/data-channel/<session id>`; the query is opaque and kept as it came.
    ///
    /// # Errors
    ///
    /// See [`StreamUrlError`]; nothing has been dialled or resolved then.
    pub fn parse(
        text: &SecretString,
        session_id: &SessionId,
        allowed: &AllowedHosts,
    ) -> Result<Self, StreamUrlError> {
        let given = Given::parse(text)?;
        let (scheme, host, port) = (given.scheme, given.host.clone(), given.port);
        if !allowed.allow(scheme, &host, port) {
            return Err(StreamUrlError::Host {
                origin: format!("{}://{host}:{port}", scheme.as_str()),
            });
        }
        given.check_path(session_id)?;
        Ok(Self {
            scheme,
            host,
            port,
            uri: given.uri,
        })
    }

    /// Parses what StartSession or ResumeSession gave and puts the declared gateway in its host's place, so that the
    /// host in the URL is neither resolved, signed nor dialled. Path and query are checked and kept as they came.
    ///
    /// # Errors
    ///
    /// See [`StreamUrlError`]; nothing has been dialled or resolved then.
    pub fn parse_at(
        text: &SecretString,
        session_id: &SessionId,
        gateway: &Gateway,
    ) -> Result<Self, StreamUrlError> {
        let given = Given::parse(text)?;
        given.check_path(session_id)?;
        let scheme = gateway.scheme;
        let port = gateway.port.unwrap_or(scheme.default_port());
        let authority = if port == scheme.default_port() {
            gateway.host.clone()
        } else {
            format!("{}:{port}", gateway.host)
        };
        let rest = given.uri.path_and_query().map_or("", |rest| rest.as_str());
        let uri: Uri = format!(
            "{}://{authority}{}{rest}",
            scheme.as_str(),
            gateway.base_path
        )
        .parse()
        .map_err(|_| StreamUrlError::Malformed)?;
        Ok(Self {
            scheme,
            host: gateway.host.clone(),
            port,
            uri,
        })
    }

    /// How it is reached.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host's name or address; an IPv6 address keeps its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to dial.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the URL carries a signature of its own. Such a URL is not signed once more, and whoever gave it out has
    /// not given the right to resume.
    #[must_use]
    pub fn is_presigned(&self) -> bool {
        self.uri.query().is_some_and(|query| {
            query.split('&').any(|pair| {
                let name = pair.split('=').next().unwrap_or_default();
                PRESIGNED
                    .iter()
                    .any(|known| known.eq_ignore_ascii_case(name))
            })
        })
    }

    /// The whole URL, for the signature and the upgrade request. Never for a log: it can carry routing data.
    #[must_use]
    pub fn uri(&self) -> &Uri {
        &self.uri
    }
}

/// A stream URL in its parts, before anything is said of its host.
struct Given {
    scheme: Scheme,
    host: String,
    port: u16,
    uri: Uri,
}

impl Given {
    fn parse(text: &SecretString) -> Result<Self, StreamUrlError> {
        let text = text.expose_secret();
        // `http::Uri` drops a fragment silently; a stream URL never has one.
        if text.contains('#') {
            return Err(StreamUrlError::Malformed);
        }
        let uri: Uri = text.parse().map_err(|_| StreamUrlError::Malformed)?;
        let scheme = match uri.scheme_str() {
            Some("wss") => Scheme::Tls,
            Some("ws") => Scheme::Plain,
            Some(_) => return Err(StreamUrlError::Scheme),
            None => return Err(StreamUrlError::Malformed),
        };
        let authority = uri.authority().ok_or(StreamUrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(StreamUrlError::UserInfo);
        }
        let host = authority.host().to_owned();
        let after_host = &authority.as_str()[host.len()..];
        let port = match (authority.port_u16(), after_host) {
            // Digits alone: `+443` is a number to some readers.
            (Some(port), text) if text[1..].bytes().all(|b| b.is_ascii_digit()) => port,
            (None, "") => scheme.default_port(),
            // A colon with no number, or one that is no port: two readers could differ over it.
            (Some(_) | None, _) => return Err(StreamUrlError::Malformed),
        };
        Ok(Self {
            scheme,
            host,
            port,
            uri,
        })
    }

    fn check_path(&self, session_id: &SessionId) -> Result<(), StreamUrlError> {
        let expected = ["/v1/data-channel/", session_id.as_ref()].concat();
        if self.uri.path() == expected {
            Ok(())
        } else {
            Err(StreamUrlError::Path)
        }
    }
}

impl fmt::Debug for StreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "StreamUrl({}://{}:{}/[REDACTED])",
            self.scheme.as_str(),
            self.host,
            self.port
        )
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    const ID: &str = "alice-0a1b2c3d4e5f60718";

    fn parse(text: &str) -> Result<StreamUrl, StreamUrlError> {
        let allowed = AllowedHosts::new(vec![
            AllowedHost {
                scheme: Scheme::Tls,
                host: "ssmmessages.eu-west-1.amazonaws.com".to_owned(),
                port: None,
            },
            AllowedHost {
                scheme: Scheme::Plain,
                host: "127.0.0.1".to_owned(),
                port: Some(4000),
            },
        ]);
        let id = SessionId::try_from(ID.to_owned()).unwrap();
        StreamUrl::parse(&SecretString::from(text.to_owned()), &id, &allowed)
    }

    #[test]
    fn keeps_the_query_as_it_came() {
        let text = format!(
            "wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/{ID}?role=publish_subscribe&cell-number=AAEA%2Bx%2F=="
        );
        let url = parse(&text).unwrap();
        assert_eq!(url.uri().to_string(), text);
        assert_eq!(
            (url.host(), url.port()),
            ("ssmmessages.eu-west-1.amazonaws.com", 443)
        );
    }

    #[test]
    fn a_url_with_a_signature_of_its_own_is_known() {
        let url = |query: &str| {
            parse(&format!(
                "ws://127.0.0.1:4000/v1/data-channel/{ID}?role=publish_subscribe{query}"
            ))
            .unwrap()
        };
        assert!(url("&X-Amz-Signature=abc").is_presigned());
        assert!(url("&x-amz-security-token=abc").is_presigned());
        assert!(!url("&cell-number=X-Amz-Signature").is_presigned());
        assert!(!url("").is_presigned());
    }

    #[test]
    fn accepts_a_declared_plain_endpoint_on_its_port_only() {
        assert_eq!(
            parse(&format!("ws://127.0.0.1:4000/v1/data-channel/{ID}"))
                .unwrap()
                .port(),
            4000
        );
        assert!(matches!(
            parse(&format!("ws://127.0.0.1:4001/v1/data-channel/{ID}")),
            Err(StreamUrlError::Host { .. })
        ));
        assert!(matches!(
            parse(&format!("wss://127.0.0.1:4000/v1/data-channel/{ID}")),
            Err(StreamUrlError::Host { .. })
        ));
    }

    #[test]
    fn smp_122_a_declared_gateway_takes_the_hosts_place_and_nothing_elses() {
        let at = |text: &str, gateway: Gateway| {
            let id = SessionId::try_from(ID.to_owned()).unwrap();
            StreamUrl::parse_at(&SecretString::from(text.to_owned()), &id, &gateway)
        };
        let gateway = |scheme, host: &str, port, base_path: &str| Gateway {
            scheme,
            host: host.to_owned(),
            port,
            base_path: base_path.to_owned(),
        };
        let given = format!(
            "wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/{ID}?role=publish_subscribe&cell-number=AAEA%2Bx%2F=="
        );
        let rest = &given["wss://ssmmessages.eu-west-1.amazonaws.com".len()..];
        let vpc = "vpce-0a1b-xyz.ssmmessages.eu-west-1.vpce.amazonaws.com";
        for (gateway, uri) in [
            (
                gateway(Scheme::Tls, vpc, None, ""),
                format!("wss://{vpc}{rest}"),
            ),
            // The signed host is the header's, and that names no default port.
            (
                gateway(Scheme::Tls, vpc, Some(443), ""),
                format!("wss://{vpc}{rest}"),
            ),
            (
                gateway(Scheme::Tls, vpc, Some(8443), ""),
                format!("wss://{vpc}:8443{rest}"),
            ),
            (
                gateway(Scheme::Plain, "[::1]", Some(4566), ""),
                format!("ws://[::1]:4566{rest}"),
            ),
            (
                gateway(Scheme::Tls, "gw.corp", None, "/ssm"),
                format!("wss://gw.corp/ssm{rest}"),
            ),
        ] {
            let url = at(&given, gateway.clone()).unwrap();
            assert_eq!(url.uri().to_string(), uri);
            assert_eq!(
                (url.host(), url.scheme()),
                (gateway.host.as_str(), gateway.scheme)
            );
        }
        let gateway = gateway(Scheme::Tls, vpc, None, "");
        for text in [
            format!("wss://{vpc}/v1/data-channel/bob-0a1b2c3d4e5f60718"),
            format!("wss://user@{vpc}/v1/data-channel/{ID}"),
            format!("https://{vpc}/v1/data-channel/{ID}"),
            format!("wss://{vpc}/v1/control-channel/{ID}"),
        ] {
            assert!(at(&text, gateway.clone()).is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn an_endpoint_in_a_vpc_is_one_label_before_the_services_name() {
        let pattern = "vpce-*.ssmmessages.eu-west-1.vpce.amazonaws.com";
        let behind = ".ssmmessages.eu-west-1.vpce.amazonaws.com";
        for good in ["vpce-0a1b-xyz", "VPCE-0a1b-xyz-eu-west-1a"] {
            assert!(matches(pattern, &format!("{good}{behind}")), "{good}");
        }
        for bad in [
            "vpce-",
            "vpce",
            "evil",
            "vpce-a.b",
            "vpce-a%2e",
            "vpce-a/",
            "vpce-é",
            "",
            "*",
            "vpce-*",
        ] {
            assert!(!matches(pattern, &format!("{bad}{behind}")), "{bad}");
        }
        for bad in [
            "vpce-0a1b.ssmmessages.us-east-1.vpce.amazonaws.com",
            "vpce-0a1b.vpce-svc-1.eu-west-1.vpce.amazonaws.com",
            "vpce-0a1b.ssmmessages.eu-west-1.vpce.amazonaws.com.evil.example",
            "vpce-0a1b.evil.ssmmessages.eu-west-1.vpce.amazonaws.com",
        ] {
            assert!(!matches(pattern, bad), "{bad}");
        }
    }

    #[test]
    fn debug_shows_the_host_and_nothing_behind_it() {
        let url = parse(&format!(
            "wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/{ID}?cell-number=SECRETCELL"
        ))
        .unwrap();
        let shown = format!("{url:?}");
        assert!(
            shown.contains("ssmmessages.eu-west-1.amazonaws.com"),
            "{shown}"
        );
        assert!(
            !shown.contains("SECRETCELL") && !shown.contains(ID),
            "{shown}"
        );
    }

    #[test]
    fn no_url_but_the_sessions_own_is_accepted() {
        let good = "ssmmessages.eu-west-1.amazonaws.com";
        let path = format!("/v1/data-channel/{ID}");
        let refused = [
            format!("ws://{good}{path}"),
            format!("https://{good}{path}"),
            format!("http://{good}{path}"),
            format!("wss:/{good}{path}"),
            format!("//{good}{path}"),
            format!("{good}{path}"),
            String::new(),
            "wss://".to_owned(),
            format!("wss://{good}.evil.example{path}"),
            format!("wss://evil.example{path}"),
            format!("wss://evil.example/{good}{path}"),
            format!("wss://evil.example?{good}{path}"),
            format!("wss://evil.example#{good}{path}"),
            format!("wss://evil.example\\@{good}{path}"),
            format!("wss://{good}\\.evil.example{path}"),
            format!("wss://{good}@evil.example{path}"),
            format!("wss://user@{good}{path}"),
            format!("wss://user:pass@{good}{path}"),
            format!("wss://{good}:8443{path}"),
            format!("wss://{good}:{path}"),
            format!("wss://{good}:99999{path}"),
            format!("wss://{good}:443:443{path}"),
            format!("wss://{good}.{path}"),
            format!("wss://xssmmessages.eu-west-1.amazonaws.com{path}"),
            format!("wss://ssmmessages.us-east-1.amazonaws.com{path}"),
            format!("wss://ssmmessages.eu-west-1.amazonaws.com.cn{path}"),
            format!("wss://ssm.eu-west-1.amazonaws.com{path}"),
            format!("wss://vpce-1.ssmmessages.eu-west-1.vpce.amazonaws.com{path}"),
            format!("wss://ssmmessages-fips.eu-west-1.amazonaws.com{path}"),
            format!("wss://ssmmessages.eu-west-1.amazonaws.com%2eevil.example{path}"),
            format!("wss://ssmmessages.eu-west-1.amazonaws.com%00.evil.example{path}"),
            format!("wss://ssmmessages.eu-west-1.amazonaws.com,evil.example{path}"),
            format!("wss://ssmmessages.eu-west-1.amazonaws.com;.evil.example{path}"),
            format!("wss://ssmmessages-eu-west-1.amazonaws.com{path}"),
            format!("wss://s3.eu-west-1.amazonaws.com{path}"),
            format!("wss://{good}:80{path}"),
            format!("wss://{good}:0{path}"),
            format!("wss://{good}:+443{path}"),
            format!("wss://%73smmessages.eu-west-1.amazonaws.com{path}"),
            format!("wss://\u{ff53}smmessages.eu-west-1.amazonaws.com{path}"),
            format!("wss://{good}\t{path}"),
            format!("wss://{good}\0{path}"),
            format!("wss://evil.example:443@{good}{path}"),
            format!("wss://{good}:443@evil.example{path}"),
            format!("wss://{good}/v1/data-channel/%61lice-0a1b2c3d4e5f60718"),
            format!("wss://{good}//v1/data-channel/{ID}"),
            format!("wss://{good}/v1/data-channel/./{ID}"),
            format!("wss://{good}/V1/data-channel/{ID}"),
            format!("wss://127.0.0.1{path}"),
            format!("wss://127.1{path}"),
            format!("wss://0x7f.0.0.1{path}"),
            format!("wss://169.254.169.254{path}"),
            format!("wss://[::1]{path}"),
            format!("ws://[::ffff:127.0.0.1]:4000{path}"),
            format!("ws://localhost:4000{path}"),
            format!("ws://2130706433:4000{path}"),
            format!("wss://ssmmessages\u{3002}eu-west-1.amazonaws.com{path}"),
            format!("wss://ssmmessages.eu-west-1.am\u{0430}zonaws.com{path}"),
            format!("wss://{good}"),
            format!("wss://{good}/"),
            format!("wss://{good}/v1/data-channel/"),
            format!("wss://{good}/v1/data-channel/bob-0a1b2c3d4e5f60718"),
            format!("wss://{good}{path}/"),
            format!("wss://{good}{path}/../x"),
            format!("wss://{good}/v1/control-channel/{ID}"),
            format!("wss://{good}{path}#fragment"),
            format!(" wss://{good}{path}"),
            format!("wss://{good}{path}\r\nX-Injected: 1"),
        ];
        for text in refused {
            assert!(parse(&text).is_err(), "accepted {text:?}");
        }
    }
}
