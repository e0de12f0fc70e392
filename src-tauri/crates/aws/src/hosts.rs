//! The hosts a data channel may be on.

use url::Url;

use crate::error::Error;

/// The message gateway that was declared in place of AWS's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamGateway {
    /// Its scheme, host and port.
    pub host: StreamHost,
    /// What goes before the path, without a slash at its end.
    pub base_path: String,
}

impl StreamGateway {
    /// Reads a declared endpoint. One that cannot be used is an error: AWS's own in its place is not what was declared.
    pub(crate) fn parse(endpoint: &str) -> Result<Self, Error> {
        let wrong =
            || Error::network_settings("the endpoint of ssmmessages is not the URL of a server");
        let url = Url::parse(endpoint).map_err(|_| wrong())?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let host = declared(endpoint).filter(|_| is_plain).ok_or_else(wrong)?;
        Ok(Self {
            host,
            base_path: url.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// One host that a stream URL may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHost {
    /// `wss`, or `ws` for a declared plain endpoint.
    pub scheme: &'static str,
    /// The host's name or address. `vpce-*.` at its beginning stands for an endpoint in a VPC.
    pub host: String,
    /// The port; `None`: the scheme's own.
    pub port: Option<u16>,
}

/// Session Manager's message gateways in a region: standard, FIPS, dual-stack, and endpoints in a VPC. Names below
/// `ssmmessages.<region>.vpce` are AWS's to give out.
pub(crate) fn regional(region: &str) -> Vec<StreamHost> {
    let (suffix, dual_stack) = suffixes(region);
    [
        format!("ssmmessages.{region}.{suffix}"),
        format!("ssmmessages-fips.{region}.{suffix}"),
        format!("ssmmessages.{region}.{dual_stack}"),
        format!("ssmmessages-fips.{region}.{dual_stack}"),
        format!("vpce-*.ssmmessages.{region}.vpce.{suffix}"),
    ]
    .into_iter()
    .map(|host| StreamHost {
        scheme: "wss",
        host,
        port: None,
    })
    .collect()
}

/// The host of a declared endpoint, an `http` or `https` URL, or `ws` or `wss`.
pub(crate) fn declared(endpoint: &str) -> Option<StreamHost> {
    let url = Url::parse(endpoint).ok()?;
    let scheme = match url.scheme() {
        "https" | "wss" => "wss",
        "http" | "ws" => "ws",
        _ => return None,
    };
    Some(StreamHost {
        scheme,
        host: url.host_str()?.to_owned(),
        port: url.port(),
    })
}

/// The DNS suffix of a region's services.
pub(crate) fn dns_suffix(region: &str) -> &'static str {
    suffixes(region).0
}

/// DNS suffixes of the partition a region belongs to: standard and dual-stack.
fn suffixes(region: &str) -> (&'static str, &'static str) {
    match region {
        r if r.starts_with("cn-") => ("amazonaws.com.cn", "api.amazonwebservices.com.cn"),
        r if r.starts_with("us-isob-") => ("sc2s.sgov.gov", "api.aws.scloud"),
        r if r.starts_with("us-isof-") => ("csp.hci.ic.gov", "api.aws.hci.ic.gov"),
        r if r.starts_with("us-iso-") => ("c2s.ic.gov", "api.aws.ic.gov"),
        r if r.starts_with("eu-isoe-") => ("cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
        r if r.starts_with("eusc-") => ("amazonaws.eu", "api.amazonwebservices.eu"),
        _ => ("amazonaws.com", "api.aws"),
    }
}

/// Region codes to choose from, the largest partition first.
#[must_use]
pub fn regions() -> &'static [&'static str] {
    &[
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-gov-east-1",
        "us-gov-west-1",
        "cn-north-1",
        "cn-northwest-1",
        "eusc-de-east-1",
    ]
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_names() {
        for (region, suffix, dual_stack) in [
            ("eu-west-1", "amazonaws.com", "api.aws"),
            ("us-gov-west-1", "amazonaws.com", "api.aws"),
            (
                "cn-north-1",
                "amazonaws.com.cn",
                "api.amazonwebservices.com.cn",
            ),
            ("us-iso-east-1", "c2s.ic.gov", "api.aws.ic.gov"),
            ("us-isob-east-1", "sc2s.sgov.gov", "api.aws.scloud"),
            ("eu-isoe-west-1", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"),
            ("us-isof-south-1", "csp.hci.ic.gov", "api.aws.hci.ic.gov"),
            ("eusc-de-east-1", "amazonaws.eu", "api.amazonwebservices.eu"),
        ] {
            let hosts: Vec<_> = regional(region)
                .into_iter()
                .map(|host| (host.scheme, host.host, host.port))
                .collect();
            let expected = [
                format!("ssmmessages.{region}.{suffix}"),
                format!("ssmmessages-fips.{region}.{suffix}"),
                format!("ssmmessages.{region}.{dual_stack}"),
                format!("ssmmessages-fips.{region}.{dual_stack}"),
                format!("vpce-*.ssmmessages.{region}.vpce.{suffix}"),
            ]
            .map(|host| ("wss", host, None));
            assert_eq!(hosts, expected);
        }
    }

    #[test]
    fn a_declared_gateway_is_a_server_or_an_error() {
        let gateway = StreamGateway::parse("https://gw.corp:8443/ssm/").unwrap();
        assert_eq!(
            (
                gateway.host.scheme,
                gateway.host.host.as_str(),
                gateway.host.port
            ),
            ("wss", "gw.corp", Some(8443))
        );
        assert_eq!(gateway.base_path, "/ssm");
        assert_eq!(StreamGateway::parse("wss://gw.corp").unwrap().base_path, "");
        for wrong in [
            "",
            "gw.corp",
            "ftp://gw.corp",
            "https://user@gw.corp",
            "https://gw.corp?a",
            "https://gw.corp#a",
            "https://",
        ] {
            assert!(StreamGateway::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
