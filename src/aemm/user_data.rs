//! User data as its bytes: base64 as the original takes it.

use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _, alphabet};

use super::config::AemmConfig;
use super::path_table::ConfigValue;

/// Bits that say nothing may follow the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// The bytes. Lines may end anywhere, as `base64` wraps them.
///
/// # Errors
/// The error, in the original's wording.
pub(crate) fn decoded(config: &AemmConfig) -> Result<Vec<u8>, String> {
    let Some(ConfigValue::Text(text)) = config.userdata.values.get("userdata") else { return Ok(vec![]) };
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    LENIENT.decode(&text).map_err(|error| {
        let place = match error {
            DecodeError::InvalidByte(place, _) | DecodeError::InvalidLastSymbol { offset: place, .. } => {
                place
            }
            _ => text.trim_end_matches('=').len(),
        };
        format!("illegal base64 data at input byte {place}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_anywhere_and_the_last_bits_may_say_anything() {
        let with = |text: &str| {
            let mut config = AemmConfig::default();
            config.userdata.values.insert("userdata".into(), text.into());
            decoded(&config)
        };
        assert_eq!(decoded(&AemmConfig::default()), Ok(b"1234,john,reboot,true\n".to_vec()));
        assert_eq!(with(""), Ok(vec![]));
        for text in ["aGVsbG8=", "aGVs\nbG8=", "aGVs\r\nbG8=\r\n", "aGVsbG9=", "\naGVsbG8\n="] {
            assert_eq!(with(text), Ok(b"hello".to_vec()), "{text:?}");
        }
        assert_eq!(with("aGV*"), Err("illegal base64 data at input byte 3".into()));
        for text in ["aGVsbG8", "aGVs bG8=", "aGVsbG8=="] {
            assert!(with(text).is_err(), "{text:?}");
        }
    }
}
