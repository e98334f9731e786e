//! HMAC-SHA256, made and checked: what Git services sign with, and what we sign with.

use hmac::{Hmac, Mac};
use sha2::Sha256;

fn mac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("HMAC takes keys of any length"));
    for part in parts {
        mac.update(part);
    }
    mac
}

/// The HMAC-SHA256 of the parts, one after another.
pub(crate) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    mac(key, parts).finalize().into_bytes().into()
}

/// Whether that is what somebody claims, in a time that does not tell how much of it is right.
pub(crate) fn verify(key: &[u8], parts: &[&[u8]], claimed: &[u8]) -> bool {
    mac(key, parts).verify_slice(claimed).is_ok()
}

/// Whether two secrets are the same, in a time that tells nothing about them.
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    const KEY: &[u8] = b"compared by their digests";
    verify(KEY, &[one], &hmac(KEY, &[other]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hmac_of_rfc_4231() {
        // Test case 2.
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex::encode(hmac(b"Jefe", &[b"what do ya want ", b"for nothing?"])), expected);
        assert!(verify(b"Jefe", &[b"what do ya want for nothing?"], &hex::decode(expected).unwrap()));
        assert!(!verify(b"Jeff", &[b"what do ya want for nothing?"], &hex::decode(expected).unwrap()));
        assert!(!verify(b"Jefe", &[b"what do ya want for nothing?"], b""));
    }

    #[test]
    fn secrets_are_the_same_or_not() {
        assert!(same(b"hunter2", b"hunter2"));
        assert!(!same(b"hunter2", b"hunter") && !same(b"", b"hunter2"));
    }
}
