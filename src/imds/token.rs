//! Session tokens: stateless, sealed, bound to an instance.
//!
//! A token is 40 bytes, 56 characters of URL-safe base64 with padding, and starts `AQAEA` as on newer hosts:
//!
//! ```text
//! 01 00 04 00 | nonce, 12 bytes | sealed expiry, 8 bytes | tag, 16 bytes
//! ```
//!
//! The expiry is in milliseconds since the epoch, sealed with AES-256-GCM; the instance id is authenticated with it, so
//! that a token of one instance is refused by another. No token is stored, and none has to be: the key outlives reloads
//! and restarts, and so do the tokens. Those that were opened last are remembered, so that each is opened once.

use std::sync::Arc;
use std::time::Duration;

use aes_gcm::aead::AeadInOut as _;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use arc_swap::ArcSwapOption;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE;

use super::keys::hmac_sha256;
use crate::model::{InstanceId, Timestamp};

/// Characters of a token. AWS user guide: opaque; captures: always 56.
pub(crate) const TOKEN_LENGTH: usize = 56;
/// Granted lifetimes in seconds. AWS user guide, "Use IMDSv2".
pub(crate) const TTL_SECONDS: std::ops::RangeInclusive<u32> = 1..=21_600;

const PREFIX: [u8; 4] = [1, 0, 4, 0];
/// Where the parts of a token's 40 bytes begin.
const NONCE: usize = 4;
const EXPIRY: usize = 16;
const TAG: usize = 24;

pub struct TokenAuthority {
    cipher: Aes256Gcm,
    /// Of the key, for what is no session token.
    derived_key: [u8; 32],
    opened: OpenedTokens,
    mark: AuthorityMark,
}

/// Tells an authority from every other one, for what follows from its key and is kept elsewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct AuthorityMark(Arc<()>);

impl PartialEq for AuthorityMark {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl TokenAuthority {
    /// An authority for this key: 32 random bytes that the daemon keeps in its state directory.
    pub fn new(key: [u8; 32]) -> Self {
        let derived_key = hmac_sha256(&key, b"mock-imds: endpoints of containers");
        Self {
            cipher: Aes256Gcm::new(&key.into()),
            derived_key,
            opened: OpenedTokens::default(),
            mark: AuthorityMark::default(),
        }
    }

    pub(crate) fn mark(&self) -> &AuthorityMark {
        &self.mark
    }

    /// 32 bytes that only this authority can make of a message, the same ones each time.
    pub(crate) fn authenticate(&self, message: &[u8]) -> [u8; 32] {
        hmac_sha256(&self.derived_key, message)
    }

    /// A token that is valid for `ttl` from `now`. The nonce must never repeat for one key.
    pub(crate) fn grant(
        &self,
        instance: &InstanceId,
        ttl: Duration,
        now: Timestamp,
        nonce: [u8; 12],
    ) -> String {
        let mut expiry = now.plus(ttl).as_millis().to_be_bytes();
        let tag = self
            .cipher
            .encrypt_inout_detached(&nonce.into(), instance.as_str().as_bytes(), (&mut expiry[..]).into())
            .expect("eight bytes are within the cipher's limit");
        let mut token = [0; 40];
        token[..NONCE].copy_from_slice(&PREFIX);
        token[NONCE..EXPIRY].copy_from_slice(&nonce);
        token[EXPIRY..TAG].copy_from_slice(&expiry);
        token[TAG..].copy_from_slice(&tag);
        BASE64_URL_SAFE.encode(token)
    }

    /// The remaining lifetime in whole seconds, rounded up, 1..=21600; `None` if the token is not ours, was
    /// granted by another instance, or has expired.
    pub(crate) fn remaining(&self, token: &[u8], instance: &InstanceId, now: Timestamp) -> Option<u32> {
        let token = token.try_into().ok()?;
        let expiry = self.opened.expiry(token, instance).or_else(|| {
            let expiry = self.open(token, instance)?;
            self.opened.remember(token, instance, expiry);
            Some(expiry)
        })?;
        let seconds = u32::try_from(expiry.since(now).as_millis().div_ceil(1000)).ok()?;
        (seconds > 0).then_some(seconds)
    }

    /// The expiry that is sealed in a token; `None` if the token is not ours or was granted by another instance.
    fn open(&self, token: &Token, instance: &InstanceId) -> Option<Timestamp> {
        let mut bytes = [0; 42];
        let length = BASE64_URL_SAFE.decode_slice(token, &mut bytes).ok()?;
        let bytes: [u8; 40] = bytes[..length].try_into().ok()?;
        if bytes[..NONCE] != PREFIX {
            return None;
        }
        let nonce: [u8; 12] = bytes[NONCE..EXPIRY].try_into().ok()?;
        let mut expiry: [u8; 8] = bytes[EXPIRY..TAG].try_into().ok()?;
        let tag: [u8; 16] = bytes[TAG..].try_into().ok()?;
        let (instance, sealed) = (instance.as_str().as_bytes(), (&mut expiry[..]).into());
        self.cipher.decrypt_inout_detached(&nonce.into(), instance, sealed, &tag.into()).ok()?;
        Some(Timestamp::from_millis(u64::from_be_bytes(expiry)))
    }
}

// === Opened tokens ===

type Token = [u8; TOKEN_LENGTH];

/// The number of tokens that are remembered.
const REMEMBERED: usize = 64;

/// The tokens that were opened last, with what is sealed in them, since a client sends the same one with each request.
/// A fixed number of slots, without a lock.
struct OpenedTokens([ArcSwapOption<OpenedToken>; REMEMBERED]);

struct OpenedToken {
    token: Token,
    instance: InstanceId,
    expiry: Timestamp,
}

impl Default for OpenedTokens {
    fn default() -> Self {
        Self(std::array::from_fn(|_| ArcSwapOption::empty()))
    }
}

impl OpenedTokens {
    fn expiry(&self, token: &Token, instance: &InstanceId) -> Option<Timestamp> {
        let opened = self.slot(token).load();
        let opened = opened.as_ref()?;
        let is_same = equal_in_constant_time(&opened.token, token) && opened.instance == *instance;
        is_same.then_some(opened.expiry)
    }

    fn remember(&self, token: &Token, instance: &InstanceId, expiry: Timestamp) {
        let opened = OpenedToken { token: *token, instance: instance.clone(), expiry };
        self.slot(token).store(Some(Arc::new(opened)));
    }

    /// The slot by the last bits of the nonce, which differ from token to token. They are no secret, nor are the few bits
    /// of ciphertext behind them.
    fn slot(&self, token: &Token) -> &ArcSwapOption<OpenedToken> {
        let nonce_end = token[17..22].iter().fold(0, |hash: usize, byte| hash * 31 + usize::from(*byte));
        &self.0[nonce_end % REMEMBERED]
    }
}

/// Compares all bytes, so that the time tells nobody how many of a guess were right.
fn equal_in_constant_time(a: &Token, b: &Token) -> bool {
    a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instance() -> InstanceId {
        "i-1234567890abcdef0".parse().expect("well-formed")
    }

    #[test]
    fn a_token_looks_like_the_services() {
        let token = TokenAuthority::new([7; 32]).grant(
            &instance(),
            Duration::from_hours(6),
            Timestamp::from_secs(1),
            [0xff; 12],
        );
        assert_eq!(token.len(), TOKEN_LENGTH, "{token}");
        assert!(token.starts_with("AQAEA") && token.ends_with("=="), "{token}");
    }

    #[test]
    fn a_token_belongs_to_one_key_and_one_instance() {
        let now = Timestamp::from_secs(1_000_000);
        let ours = TokenAuthority::new([7; 32]);
        let token = ours.grant(&instance(), Duration::from_mins(1), now, [1; 12]);
        let other: InstanceId = "i-0fedcba0987654321".parse().expect("well-formed");
        assert_eq!(ours.remaining(token.as_bytes(), &instance(), now), Some(60));
        assert_eq!(ours.remaining(token.as_bytes(), &other, now), None);
        assert_eq!(TokenAuthority::new([8; 32]).remaining(token.as_bytes(), &instance(), now), None);
    }

    #[test]
    fn bytes_that_differ_alike_do_not_cancel_each_other_out() {
        let token: Token = std::array::from_fn(|at| u8::try_from(at).expect("56 are few"));
        assert!(equal_in_constant_time(&token, &token));
        for first in 0..TOKEN_LENGTH {
            let mut other = token;
            other[first] ^= 1;
            assert!(!equal_in_constant_time(&token, &other), "byte {first} differs");
            for second in first + 1..TOKEN_LENGTH {
                let mut other = other;
                other[second] ^= 1;
                assert!(!equal_in_constant_time(&token, &other), "bytes {first} and {second} differ");
            }
        }
    }

    #[test]
    fn what_is_remembered_of_a_token_is_of_that_one_and_its_instance() {
        let opened = OpenedTokens::default();
        let other: InstanceId = "i-0fedcba0987654321".parse().expect("well-formed");
        let (token, expiry) = ([b'A'; TOKEN_LENGTH], Timestamp::from_secs(1));
        assert_eq!(opened.expiry(&token, &instance()), None);
        opened.remember(&token, &instance(), expiry);
        assert_eq!(opened.expiry(&token, &instance()), Some(expiry));
        assert_eq!(opened.expiry(&token, &other), None);
        // In the same slot: the tag alone is another one.
        let mut forged = token;
        forged[TOKEN_LENGTH - 1] = b'B';
        assert_eq!(opened.expiry(&forged, &instance()), None);
    }

    #[test]
    fn a_remembered_token_stays_that_of_its_instance_and_expires() {
        let now = Timestamp::from_secs(1_000_000);
        let authority = TokenAuthority::new([7; 32]);
        let other: InstanceId = "i-0fedcba0987654321".parse().expect("well-formed");
        let nonce = |n: u32| [&[0; 8][..], &n.to_be_bytes()].concat().try_into().expect("12 bytes");
        let tokens: Vec<String> =
            (0..200).map(|n| authority.grant(&instance(), Duration::from_mins(1), now, nonce(n))).collect();
        for token in tokens.iter().chain(&tokens).map(String::as_bytes) {
            for _ in 0..2 {
                assert_eq!(authority.remaining(token, &instance(), now), Some(60));
                assert_eq!(authority.remaining(token, &other, now), None);
                assert_eq!(authority.remaining(token, &instance(), now.plus(Duration::from_mins(1))), None);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_until_it_expires(
            key: [u8; 32], nonce: [u8; 12], ttl in TTL_SECONDS, start in 0_u64..1 << 45, later in 0_u64..30_000_000
        ) {
            let authority = TokenAuthority::new(key);
            let now = Timestamp::from_millis(start);
            let ttl = Duration::from_secs(u64::from(ttl));
            let token = authority.grant(&instance(), ttl, now, nonce);
            let left = ttl.saturating_sub(Duration::from_millis(later));
            let expected = u32::try_from(left.as_millis().div_ceil(1000)).ok().filter(|left| *left > 0);
            prop_assert_eq!(
                authority.remaining(token.as_bytes(), &instance(), now.plus(Duration::from_millis(later))),
                expected
            );
        }

        #[test]
        fn what_was_tampered_with_is_refused(nonce: [u8; 12], at in 0_usize..TOKEN_LENGTH, byte: u8) {
            let authority = TokenAuthority::new([7; 32]);
            let now = Timestamp::from_secs(1_000_000);
            let mut token = authority.grant(&instance(), Duration::from_mins(1), now, nonce).into_bytes();
            prop_assume!(token[at] != byte);
            token[at] = byte;
            prop_assert_eq!(authority.remaining(&token, &instance(), now), None);
        }

        #[test]
        fn any_bytes_as_a_token_are_refused(token: Vec<u8>) {
            let authority = TokenAuthority::new([7; 32]);
            prop_assert_eq!(authority.remaining(&token, &instance(), Timestamp::from_secs(1)), None);
        }
    }
}
