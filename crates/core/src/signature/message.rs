//! The bytes that are signed: `M = "sr1" || lp(kid) || lp(alg) || lp(purpose) || lp(message)`.

use super::{Algorithm, KeyId, Purpose};

/// The whole of `M`, for providers that sign it themselves.
///
/// `lp(x)` is the length of `x` as 8 bytes, big-endian, then `x`, so that no two different field tuples
/// give the same bytes.
pub fn signed_bytes(
    key: &KeyId,
    algorithm: Algorithm,
    purpose: &Purpose,
    message: &[u8],
) -> Vec<u8> {
    let mut bytes = signed_prefix(key, algorithm, purpose);
    push(&mut bytes, message);
    bytes
}

/// The part of `M` before the message: the same for every message that a key signs for a purpose.
pub fn signed_prefix(key: &KeyId, algorithm: Algorithm, purpose: &Purpose) -> Vec<u8> {
    let mut bytes = b"sr1".to_vec();
    push(&mut bytes, key.as_str().as_bytes());
    push(&mut bytes, algorithm.as_str().as_bytes());
    push(&mut bytes, purpose.as_str().as_bytes());
    bytes
}

/// The HKDF info of the sub-key that a local key signs with: `"sr1" || lp(alg) || lp(purpose)`.
pub fn sub_key_info(algorithm: Algorithm, purpose: &Purpose) -> Vec<u8> {
    let mut bytes = b"sr1".to_vec();
    push(&mut bytes, algorithm.as_str().as_bytes());
    push(&mut bytes, purpose.as_str().as_bytes());
    bytes
}

fn push(bytes: &mut Vec<u8>, field: &[u8]) {
    bytes.extend_from_slice(&length_prefixed(field));
    bytes.extend_from_slice(field);
}

/// The length that goes before `field`.
pub(super) fn length_prefixed(field: &[u8]) -> [u8; 8] {
    (field.len() as u64).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_length_prefixed_in_order() {
        let key = KeyId::derived(&[0; 10]);
        let bytes = signed_bytes(&key, Algorithm::Hs256, &Purpose::default(), b"hi");
        let expected = b"sr1\0\0\0\0\0\0\0\x10aaaaaaaaaaaaaaaa\0\0\0\0\0\0\0\x05hs256\0\0\0\0\0\0\0\x07default\0\0\0\0\0\0\0\x02hi";
        assert_eq!(bytes, expected);
    }

    fn tuple() -> impl Strategy<Value = (KeyId, Algorithm, Purpose, Vec<u8>)> {
        let key = prop_oneof![
            any::<[u8; 10]>().prop_map(|digest| KeyId::derived(&digest)),
            (0u32..3).prop_map(|version| KeyId::transit("k", version + 1)),
        ];
        let algorithm = prop_oneof![Just(Algorithm::Hs256), Just(Algorithm::Ed25519)];
        let purpose =
            "[a-b]{1,3}".prop_map(|text| Purpose::new(&text).expect("allowed characters"));
        (key, algorithm, purpose, proptest::collection::vec(0u8..3, 0..12))
    }

    proptest! {
        #[test]
        fn signed_bytes_are_injective(one in tuple(), other in tuple()) {
            let bytes = |(k, a, p, m): &(KeyId, Algorithm, Purpose, Vec<u8>)| signed_bytes(k, *a, p, m);
            prop_assert_eq!(bytes(&one) == bytes(&other), one == other);
        }
    }
}
