//! One trust for whatever is dialled: the system's, and the company's own authorities where a bundle names them.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};
use rustls_platform_verifier::Verifier;

use crate::error::Error;

/// A bundle is some hundred kilobytes at most.
const MAX_BUNDLE_BYTES: u64 = 16 * 1024 * 1024;
const MAX_NAME_CHARS: usize = 100;

/// Authorities that are trusted besides the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bundle {
    /// The file as it was, all of whose certificates can be used.
    pub(crate) pem: Vec<u8>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Bundle {
    /// Reads a file of PEM certificates. What cannot be used is an error that names the file: to go on without it would
    /// fail later, and less clearly.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |why: &str| {
            Error::network_settings(&format!(
                "the certificate bundle {} (this connection's, AWS_CA_BUNDLE, or the profile's ca_bundle) {why}",
                path.display()
            ))
        };
        let size =
            std::fs::metadata(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        if !size.is_file() || size.len() > MAX_BUNDLE_BYTES {
            return Err(wrong("is no file of certificates"));
        }
        let pem =
            std::fs::read(path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        let certificates = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| wrong("is no PEM file"))?;
        if certificates.is_empty() {
            return Err(wrong("holds no certificate"));
        }
        let mut store = RootCertStore::empty();
        for (at, certificate) in certificates.iter().enumerate() {
            store.add(certificate.clone()).map_err(|_| {
                wrong(&format!(
                    "holds a certificate that is broken: number {}",
                    at + 1
                ))
            })?;
        }
        Ok(Self { pem, certificates })
    }
}

/// TLS 1.2 or later over aws-lc-rs, trusting what the operating system trusts and the bundle, HTTP/1.1 only.
///
/// The last one is kept: on Linux the system's roots are read from disk.
pub(crate) fn client_config(bundle: Option<&Bundle>) -> Result<Arc<ClientConfig>, Error> {
    type Made = (Option<Bundle>, Arc<ClientConfig>);
    static LAST: Mutex<Option<Made>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((of, config)) = &*last
        && of.as_ref() == bundle
    {
        return Ok(Arc::clone(config));
    }
    // The provider is named: with two compiled in by some dependency, the default would panic.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let extra = bundle.map_or_else(Vec::new, |bundle| bundle.certificates.clone());
    let made = verifier(extra, Arc::clone(&provider)).and_then(|verifier| {
        ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map(|builder| {
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(NamesIssuer(verifier)))
                    .with_no_client_auth()
            })
    });
    let mut config = made.map_err(|error| Error::tls(&error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let config = Arc::new(config);
    *last = Some((bundle.cloned(), Arc::clone(&config)));
    Ok(config)
}

fn verifier(
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, rustls::Error> {
    if extra.is_empty() {
        Verifier::new(provider)
    } else {
        Verifier::new_with_extra_roots(extra, provider)
    }
}

/// The system's verifier, which also says whose signature it is that is not trusted. It decides nothing itself.
#[derive(Debug)]
struct NamesIssuer(Verifier);

impl ServerCertVerifier for NamesIssuer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.0
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| {
                if error != CertificateError::UnknownIssuer.into() {
                    return error;
                }
                // The last of the chain names who is missing.
                let last = intermediates.last().unwrap_or(end_entity);
                let issuer = UnknownIssuer(issuer(last));
                CertificateError::Other(OtherError(Arc::new(issuer))).into()
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

#[derive(Debug)]
struct UnknownIssuer(Option<String>);

impl std::error::Error for UnknownIssuer {}

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("its certificate is signed by ")?;
        match &self.0 {
            Some(name) => write!(f, "\"{name}\", which this computer does not trust")?,
            None => f.write_str("an authority that this computer does not trust")?,
        }
        f.write_str(
            "; if that is your company's, add its certificate to the system's, or name a file with it in AWS_CA_BUNDLE \
             or the AWS profile's ca_bundle",
        )
    }
}

/// The issuer's common name, else its organisation; for words to people only, and bounded: a stranger wrote it.
fn issuer(certificate: &[u8]) -> Option<String> {
    const SEQUENCE: u8 = 0x30;
    let (_, certificate, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let (_, mut fields, _) = element(certificate).filter(|(tag, ..)| *tag == SEQUENCE)?;
    // Version where there is one, serial number, algorithm, issuer.
    if let Some((0xa0, _, rest)) = element(fields) {
        fields = rest;
    }
    let (_, _, fields) = element(fields)?;
    let (_, _, fields) = element(fields)?;
    let (_, mut names, _) = element(fields).filter(|(tag, ..)| *tag == SEQUENCE)?;
    let mut organisation = None;
    while let Some((_, set, rest)) = element(names) {
        names = rest;
        let (_, pair, _) = element(set)?;
        let (_, kind, value) = element(pair)?;
        let (_, text, _) = element(value)?;
        let text = String::from_utf8_lossy(text)
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_NAME_CHARS)
            .collect();
        match kind {
            [0x55, 0x04, 0x03] => return Some(text),
            [0x55, 0x04, 0x0a] => organisation = Some(text),
            _ => {}
        }
    }
    organisation
}

/// One DER element: its tag, its content, what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (len, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (len, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            let len = len
                .iter()
                .fold(0, |len, byte| len << 8 | usize::from(*byte));
            (len, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len)?;
    Some((tag, content, rest))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test is what is wanted")]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

    use super::*;

    #[test]
    fn an_authority_is_named_until_a_bundle_has_it() {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "Company\u{7} Root");
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let server = CertificateParams::new(vec!["gw.corp".to_owned()])
            .unwrap()
            .signed_by(&KeyPair::generate().unwrap(), &authority)
            .unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), authority.pem()).unwrap();
        let bundle = Bundle::read(file.path()).unwrap();
        let verify = |extra: Vec<CertificateDer<'static>>| {
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let name = ServerName::try_from("gw.corp").unwrap();
            NamesIssuer(verifier(extra, provider).unwrap())
                .verify_server_cert(server.der(), &[], &name, &[], UnixTime::now())
                .map(|_| ())
        };
        // Some other root: a system without any has no verifier.
        let other = CertificateParams::new(vec!["other.test".to_owned()])
            .unwrap()
            .self_signed(&KeyPair::generate().unwrap())
            .unwrap();
        let error = verify(vec![other.der().clone()]).unwrap_err();
        let rustls::Error::InvalidCertificate(CertificateError::Other(error)) = error else {
            panic!("{error:?}");
        };
        // Who dials takes these words out of the library's.
        let error = error.to_string();
        assert!(
            error.contains("\"Company Root\"") && error.contains("AWS_CA_BUNDLE"),
            "{error}"
        );
        assert_eq!(verify(bundle.certificates), Ok(()));
    }

    #[test]
    fn a_certificate_that_is_none_has_no_issuer() {
        for bytes in [
            &[][..],
            &[0x30],
            &[0x30, 0x83, 255, 255, 255],
            &[0x30, 0x80, 0],
        ] {
            assert_eq!(issuer(bytes), None);
        }
    }
}
