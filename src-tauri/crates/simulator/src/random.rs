//! Ids, tokens and keys that must not be guessed, from the operating system's generator by way of `rand`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes);
    bytes
}

/// An access key id in the form of a long-term key: `AKIA` and 16 of `A`–`Z`, `2`–`7`.
pub(crate) fn access_key_id() -> String {
    access_key_id_of("AKIA")
}

/// The same in the form of a temporary key, with `ASIA`.
pub(crate) fn temporary_access_key_id() -> String {
    access_key_id_of("ASIA")
}

fn access_key_id_of(prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let random = bytes::<16>();
    let letters = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    prefix.chars().chain(letters).collect()
}

/// A secret access key: 40 characters of base64, without the two that shells and URLs trip over.
pub(crate) fn secret_access_key() -> SecretString {
    let text = STANDARD
        .encode(bytes::<30>())
        .replace('+', "a")
        .replace('/', "b");
    SecretString::from(text)
}

/// A token that opens a data channel once.
pub(crate) fn token() -> SecretString {
    SecretString::from(STANDARD.encode(bytes::<96>()))
}

/// What must not be guessed and has to be part of a URL.
pub(crate) fn word() -> String {
    hex::encode(bytes::<24>())
}

/// A code for a person to type, such as `BCDF-GHJK`, without letters that make words.
pub(crate) fn user_code() -> String {
    const ALPHABET: &[u8; 16] = b"BCDFGHJKLMNPQRST";
    let random = bytes::<8>();
    let mut letters = random
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 16)]));
    let first: String = letters.by_ref().take(4).collect();
    format!("{first}-{}", letters.collect::<String>())
}

/// A session id: the caller's name and 17 hexadecimal digits.
pub(crate) fn session_id(principal: &str) -> String {
    let digits = hex::encode(bytes::<9>());
    format!("{principal}-{}", &digits[..17])
}

/// The routing data in a stream URL, which clients must pass on as it is: base64 with its three special characters.
pub(crate) fn cell_number() -> String {
    format!("{}+/==", STANDARD.encode(bytes::<24>()))
}

/// A data key of so many bytes.
pub(crate) fn data_key(len: usize) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(vec![0; len]);
    rand::fill(&mut key[..]);
    key
}

/// What stands for an encrypted data key. Blobs of KMS begin with these bytes.
pub(crate) fn ciphertext() -> Vec<u8> {
    [&[1, 2, 2, 0][..], &bytes::<180>()].concat()
}

/// An AWS request id.
pub(crate) fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_ids_have_the_form_of_the_service() {
        let id = session_id("alice@example.com");
        let digits = id.strip_prefix("alice@example.com-").unwrap_or_default();
        assert_eq!(digits.len(), 17, "{id}");
        assert!(digits.chars().all(|c| c.is_ascii_hexdigit()));
        assert_ne!(id, session_id("alice@example.com"));
    }

    #[test]
    fn access_keys_have_the_length_of_real_ones() {
        use secrecy::ExposeSecret as _;
        assert_eq!(access_key_id().len(), 20);
        assert_eq!(secret_access_key().expose_secret().len(), 40);
        assert!(token().expose_secret().len() <= 300);
    }
}
