//! Session encryption: the key's two halves, the sealed message and the challenge that proves both ends hold them.
//!
//! Pure functions of their arguments: nonces are passed in and the data key comes from KMS by way of the caller, who is
//! asked for it by an event of [`crate::client`] or [`crate::agent`].
//!
//! ```text
//! sealed payload = nonce (12 bytes) | ciphertext | tag (16 bytes)      AES-256-GCM, no additional data
//! ```
//!
//! Origin: official client, `src/encryption/encrypter.go`; agent, `agent/session/crypto/{blockcipher,nonce}.go`.

use std::collections::BTreeMap;
use std::fmt;

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use bytes::Bytes;
use zeroize::Zeroizing;

use crate::payload::EncryptionChallenge;
use crate::session_id::SessionId;

/// Bytes of a data key: two AES-256 keys.
pub const DATA_KEY_LEN_BYTES: usize = 64;

/// Bytes of a nonce.
pub const NONCE_LEN_BYTES: usize = 12;

/// Bytes a payload grows by when sealed: nonce and tag.
pub const OVERHEAD_LEN_BYTES: usize = NONCE_LEN_BYTES + TAG_LEN_BYTES;

const TAG_LEN_BYTES: usize = 16;

/// Longest encrypted data key that is passed on. KMS itself makes none above 6,144 bytes.
pub const MAX_CIPHERTEXT_LEN_BYTES: usize = 8 * 1024;

/// The pairs KMS binds a data key to. Both ends must give the same, byte for byte.
pub type EncryptionContext = BTreeMap<&'static str, String>;

/// Why a payload could not be sealed or opened. Without detail: a reason would help only an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// Not 64 bytes, so not a data key.
    #[error("data key is not {DATA_KEY_LEN_BYTES} bytes long")]
    KeyLength,
    /// Empty, or longer than KMS makes them.
    #[error("encrypted data key is not 1 to {MAX_CIPHERTEXT_LEN_BYTES} bytes long")]
    CiphertextLength,
    /// Shorter than nonce and tag.
    #[error("the data is not encrypted")]
    TooShort,
    /// Sealed with another key, or altered.
    #[error("the data is not encrypted with the session's key, or was altered")]
    NotAuthentic,
    /// Too long for the cipher.
    #[error("payload is too long to seal")]
    TooLong,
}

/// The plaintext data key as KMS gave it out. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct DataKey(Zeroizing<[u8; DATA_KEY_LEN_BYTES]>);

impl DataKey {
    /// Takes the key out of KMS's answer.
    ///
    /// # Errors
    ///
    /// When it has another length.
    pub fn new(plaintext: &[u8]) -> Result<Self, CipherError> {
        if plaintext.len() != DATA_KEY_LEN_BYTES {
            return Err(CipherError::KeyLength);
        }
        let mut key = Zeroizing::new([0; DATA_KEY_LEN_BYTES]);
        key.copy_from_slice(plaintext);
        Ok(Self(key))
    }

    /// Returns the cipher of the client: it opens with the first half and seals with the second.
    pub fn client_cipher(&self) -> SessionCipher {
        let (first, second) = self.0.split_at(DATA_KEY_LEN_BYTES / 2);
        SessionCipher::new(second, first)
    }

    /// Returns the cipher of the agent: it seals with the first half and opens with the second.
    pub fn agent_cipher(&self) -> SessionCipher {
        let (first, second) = self.0.split_at(DATA_KEY_LEN_BYTES / 2);
        SessionCipher::new(first, second)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([REDACTED])")
    }
}

/// What a client has to ask KMS for: GenerateDataKey with [`DATA_KEY_LEN_BYTES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataKeyRequest {
    /// The key to ask with: an ARN, an id or an alias, as the agent gave it.
    pub key_id: String,
    /// The context to ask with.
    pub context: EncryptionContext,
}

/// What KMS answers to a [`DataKeyRequest`], and where the nonces begin.
#[derive(Clone)]
pub struct GeneratedDataKey {
    pub(crate) key: DataKey,
    pub(crate) ciphertext: Vec<u8>,
    pub(crate) first_nonce: [u8; NONCE_LEN_BYTES],
}

impl GeneratedDataKey {
    /// Takes the data key in the clear and as KMS encrypted it. The first nonce has to be drawn at random.
    ///
    /// # Errors
    ///
    /// When either has a length KMS does not give out.
    pub fn new(
        plaintext: &[u8],
        ciphertext: Vec<u8>,
        first_nonce: [u8; NONCE_LEN_BYTES],
    ) -> Result<Self, CipherError> {
        if !(1..=MAX_CIPHERTEXT_LEN_BYTES).contains(&ciphertext.len()) {
            return Err(CipherError::CiphertextLength);
        }
        Ok(Self {
            key: DataKey::new(plaintext)?,
            ciphertext,
            first_nonce,
        })
    }
}

impl fmt::Debug for GeneratedDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GeneratedDataKey([REDACTED])")
    }
}

/// What an agent has to ask KMS for: Decrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecryptRequest {
    /// The key the data key was made with.
    pub key_id: String,
    /// The data key as KMS encrypted it.
    pub ciphertext: Vec<u8>,
    /// The context it has to be bound to.
    pub context: EncryptionContext,
}

/// One end's cipher with its nonces: everything that is sealed in a session passes here.
#[derive(Debug)]
pub(crate) struct Sealing {
    cipher: SessionCipher,
    nonces: NonceSequence,
}

impl Sealing {
    pub(crate) fn new(cipher: SessionCipher, first_nonce: [u8; NONCE_LEN_BYTES]) -> Self {
        Self {
            cipher,
            nonces: NonceSequence::starting_at(first_nonce),
        }
    }

    pub(crate) fn seal(&mut self, plaintext: &[u8]) -> Result<Bytes, CipherError> {
        self.cipher.seal(self.nonces.next_nonce(), plaintext)
    }

    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Bytes, CipherError> {
        self.cipher.open(sealed)
    }

    pub(crate) fn answer(
        &mut self,
        challenge: &EncryptionChallenge,
    ) -> Result<EncryptionChallenge, CipherError> {
        self.cipher.answer(self.nonces.next_nonce(), challenge)
    }
}

/// Seals what one end sends and opens what it receives. The key schedules are wiped when dropped.
pub struct SessionCipher {
    seal: Aes256Gcm,
    open: Aes256Gcm,
}

impl SessionCipher {
    fn new(seal: &[u8], open: &[u8]) -> Self {
        let cipher = |half: &[u8]| {
            let mut key = Zeroizing::new([0; DATA_KEY_LEN_BYTES / 2]);
            key.copy_from_slice(half);
            Aes256Gcm::new((&*key).into())
        };
        Self {
            seal: cipher(seal),
            open: cipher(open),
        }
    }

    /// Seals a payload. The nonce must never have been used with this cipher before: see [`NonceSequence`].
    ///
    /// # Errors
    ///
    /// When the payload is longer than the cipher allows (64 GiB).
    pub fn seal(
        &self,
        nonce: [u8; NONCE_LEN_BYTES],
        plaintext: &[u8],
    ) -> Result<Bytes, CipherError> {
        let sealed = self
            .seal
            .encrypt(&Nonce::from(nonce), plaintext)
            .map_err(|_| CipherError::TooLong)?;
        Ok([&nonce[..], &sealed].concat().into())
    }

    /// Opens a sealed payload.
    ///
    /// # Errors
    ///
    /// When it is too short or not authentic. The peer would repeat it for ever: the session cannot go on.
    pub fn open(&self, sealed: &[u8]) -> Result<Bytes, CipherError> {
        if sealed.len() < OVERHEAD_LEN_BYTES {
            return Err(CipherError::TooShort);
        }
        let (nonce, ciphertext) = sealed
            .split_first_chunk::<NONCE_LEN_BYTES>()
            .ok_or(CipherError::TooShort)?;
        self.open
            .decrypt(&Nonce::from(*nonce), ciphertext)
            .map(Bytes::from)
            .map_err(|_| CipherError::NotAuthentic)
    }

    /// Answers the agent's challenge: what it sealed, opened and sealed again with this end's key.
    ///
    /// # Errors
    ///
    /// When the challenge cannot be opened.
    pub fn answer(
        &self,
        nonce: [u8; NONCE_LEN_BYTES],
        challenge: &EncryptionChallenge,
    ) -> Result<EncryptionChallenge, CipherError> {
        let secret = Zeroizing::new(Vec::from(self.open(&challenge.challenge)?));
        Ok(EncryptionChallenge {
            challenge: self.seal(nonce, &secret)?.into(),
        })
    }
}

impl fmt::Debug for SessionCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionCipher([REDACTED])")
    }
}

/// Gives out nonces that cannot repeat within a session: a random start, then counting.
///
/// The 96 bits are three little-endian words, the lowest first, as the agent counts since 3.3.808; so they are one
/// little-endian number.
#[derive(Debug)]
pub struct NonceSequence {
    next: [u8; NONCE_LEN_BYTES],
}

impl NonceSequence {
    /// Starts at a value the caller drew at random.
    pub fn starting_at(first: [u8; NONCE_LEN_BYTES]) -> Self {
        Self { next: first }
    }

    /// Returns the next nonce.
    pub fn next_nonce(&mut self) -> [u8; NONCE_LEN_BYTES] {
        let nonce = self.next;
        for byte in &mut self.next {
            let (sum, carries) = byte.overflowing_add(1);
            *byte = sum;
            if !carries {
                break;
            }
        }
        nonce
    }
}

/// Makes the encryption context KMS binds the data key to. Both ends must give the same, byte for byte: `target` is
/// what StartSession was asked for, and `challenge` the request's, only when the answer acknowledges it.
pub fn encryption_context(
    session_id: &SessionId,
    target: &str,
    challenge: Option<&str>,
) -> EncryptionContext {
    let mut context = EncryptionContext::from([
        ("aws:ssm:SessionId", session_id.to_string()),
        ("aws:ssm:TargetId", target.to_owned()),
    ]);
    if let Some(challenge) = challenge {
        context.insert("aws:ssm:RandomChallenge", challenge.to_owned());
    }
    context
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> DataKey {
        let bytes: [u8; DATA_KEY_LEN_BYTES] =
            std::array::from_fn(|i| u8::try_from(i).unwrap_or_default());
        DataKey(Zeroizing::new(bytes))
    }

    #[test]
    fn each_end_opens_what_the_other_seals_and_not_its_own() {
        let (client, agent) = (key().client_cipher(), key().agent_cipher());
        let sealed = client.seal([1; 12], b"whoami\r").unwrap_or_default();
        assert_eq!(sealed.len(), 7 + OVERHEAD_LEN_BYTES);
        assert_eq!(agent.open(&sealed).as_deref(), Ok(&b"whoami\r"[..]));
        assert_eq!(client.open(&sealed), Err(CipherError::NotAuthentic));
    }

    #[test]
    fn any_altered_byte_is_noticed() {
        let (client, agent) = (key().client_cipher(), key().agent_cipher());
        let sealed = agent.seal([2; 12], b"root\r\n").unwrap_or_default();
        for index in 0..sealed.len() {
            let mut altered = sealed.to_vec();
            altered[index] ^= 1;
            assert_eq!(
                client.open(&altered),
                Err(CipherError::NotAuthentic),
                "byte {index}"
            );
        }
        assert_eq!(client.open(&sealed[..27]), Err(CipherError::TooShort));
        assert_eq!(client.open(&[]), Err(CipherError::TooShort));
    }

    #[test]
    fn nonces_carry_from_word_to_word_and_wrap_at_the_end() {
        let mut nonces =
            NonceSequence::starting_at([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
        nonces.next_nonce();
        assert_eq!(nonces.next_nonce(), [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
        let mut nonces = NonceSequence::starting_at([0xff; 12]);
        nonces.next_nonce();
        assert_eq!(nonces.next_nonce(), [0; 12]);
    }

    #[test]
    fn keys_are_never_shown() {
        let text = format!("{:?} {:?}", key(), key().client_cipher());
        assert_eq!(text, "DataKey([REDACTED]) SessionCipher([REDACTED])");
        let generated = GeneratedDataKey::new(&[7; 64], vec![8; 184], [9; 12]);
        assert_eq!(format!("{generated:?}"), "Ok(GeneratedDataKey([REDACTED]))");
    }

    #[test]
    fn keys_of_another_length_are_refused() {
        assert_eq!(DataKey::new(&[0; 32]).err(), Some(CipherError::KeyLength));
        let error = |plaintext: usize, ciphertext: usize| {
            GeneratedDataKey::new(&vec![0; plaintext], vec![0; ciphertext], [0; 12]).err()
        };
        assert_eq!(error(64, 184), None);
        assert_eq!(error(63, 184), Some(CipherError::KeyLength));
        for ciphertext in [0, MAX_CIPHERTEXT_LEN_BYTES + 1] {
            assert_eq!(error(64, ciphertext), Some(CipherError::CiphertextLength));
        }
    }
}
