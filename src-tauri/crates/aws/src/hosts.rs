//! The hosts a data channel may be on.

/// One host that a stream URL may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamHost {
    /// `wss`, or `ws` for a declared plain endpoint.
    pub scheme: &'static str,
    /// The host's name or address.
    pub host: String,
    /// The port; `None`: the scheme's own.
    pub port: Option<u16>,
}

/// Session Manager's message gateways in a region: standard, FIPS and dual-stack.
pub(crate) fn regional(region: &str) -> Vec<StreamHost> {
    let (suffix, dual_stack) = suffixes(region);
    [
        format!("ssmmessages.{region}.{suffix}"),
        format!("ssmmessages-fips.{region}.{suffix}"),
        format!("ssmmessages.{region}.{dual_stack}"),
        format!("ssmmessages-fips.{region}.{dual_stack}"),
    ]
    .into_iter()
    .map(|host| StreamHost {
        scheme: "wss",
        host,
        port: None,
    })
    .collect()
}

/// The host of a declared endpoint, an `http` or `https` URL.
pub(crate) fn declared(endpoint: &str) -> Option<StreamHost> {
    let url = url::Url::parse(endpoint).ok()?;
    let scheme = match url.scheme() {
        "https" => "wss",
        "http" => "ws",
        _ => return None,
    };
    Some(StreamHost {
        scheme,
        host: url.host_str()?.to_owned(),
        port: url.port(),
    })
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
