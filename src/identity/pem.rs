//! Base64 in lines, bare as the metadata service sends it, or between PEM's BEGIN and END.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(super) const CERTIFICATE: &str = "CERTIFICATE";
/// The label of an unencrypted PKCS#8 key.
pub(super) const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Base64 in lines of `width` characters, joined by LF, without a final LF.
pub(super) fn lines(bytes: &[u8], width: usize) -> String {
    let mut out = String::new();
    for character in STANDARD.encode(bytes).chars() {
        if out.len() % (width + 1) == width {
            out.push('\n');
        }
        out.push(character);
    }
    out
}

/// A PEM block, each line ended by LF.
pub(super) fn encode(label: &str, bytes: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines(bytes, 64))
}

/// The first block with this label; text around it and the width of its lines do not matter.
pub(super) fn decode(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let mut characters = Vec::with_capacity(body.len());
    body.split_ascii_whitespace().for_each(|line| characters.extend_from_slice(line.as_bytes()));
    STANDARD.decode(characters).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_the_width_and_end_without_a_newline() {
        assert_eq!(lines(&[], 76), "");
        assert_eq!(lines(&[0; 57], 76), "A".repeat(76));
        assert_eq!(lines(&[0; 60], 76), format!("{}\nAAAA", "A".repeat(76)));
        let widths = lines(&[0; 128], 76).split('\n').map(str::len).collect::<Vec<_>>();
        assert_eq!(widths, [76, 76, 20], "an RSA-1024 signature");
    }

    #[test]
    fn a_block_is_found_between_other_text() {
        let block = encode("CERTIFICATE", &[7; 100]);
        let text = format!("Certificate:\n    Data:\n{}{block}", block.replace('\n', "\r\n"));
        assert_eq!(decode("CERTIFICATE", &text), Some(vec![7; 100]));
        assert_eq!(decode("PRIVATE KEY", &text), None);
        assert_eq!(decode("CERTIFICATE", &text.replace("BwcH", "B*cH")), None, "not base64");
    }
}
