//! HTTPS and WSS with a certificate authority made for this run, for trying what clients make of one: a good
//! certificate, and those that must be refused.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::config::Certificate;
use crate::timestamp;

/// What connections are secured with.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

impl Tls {
    /// Makes the authority and a certificate for `127.0.0.1` and `localhost`, good or not.
    pub(crate) fn new(certificate: Certificate) -> io::Result<Self> {
        let (chain, key, ca_pem) = issued(certificate).map_err(io::Error::other)?;
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_no_client_auth()
                .with_single_cert(chain, key.into())
                .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Self { acceptor, ca_pem })
    }
}

type Issued = (
    Vec<CertificateDer<'static>>,
    PrivatePkcs8KeyDer<'static>,
    String,
);

fn issued(certificate: Certificate) -> Result<Issued, rcgen::Error> {
    // Whole years, so that clocks that differ a little do not matter.
    let now = timestamp::format_iso_seconds(timestamp::now_ms());
    let year: i32 = now.get(..4).and_then(|y| y.parse().ok()).unwrap_or(2026);

    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let name = &mut authority.distinguished_name;
    name.push(DnType::CommonName, "Simulator's certificate authority");
    authority.not_before = date_time_ymd(year - 5, 1, 1);
    authority.not_after = date_time_ymd(year + 2, 1, 1);
    let authority_key = KeyPair::generate()?;
    let ca_pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut leaf = CertificateParams::default();
    let name = &mut leaf.distinguished_name;
    name.push(DnType::CommonName, "Simulator");
    leaf.subject_alt_names = if certificate == Certificate::WrongHost {
        vec![SanType::DnsName("other.invalid".try_into()?)]
    } else {
        let address = SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST));
        vec![address, SanType::DnsName("localhost".try_into()?)]
    };
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    leaf.not_before = date_time_ymd(year - 4, 1, 1);
    leaf.not_after = if certificate == Certificate::Expired {
        date_time_ymd(year - 3, 1, 1)
    } else {
        date_time_ymd(year + 1, 12, 31)
    };
    let key = KeyPair::generate()?;
    let signed = if certificate == Certificate::SelfSigned {
        leaf.self_signed(&key)?
    } else {
        leaf.signed_by(&key, &issuer)?
    };
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((vec![signed.der().clone()], key, ca_pem))
}
