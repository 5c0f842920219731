//! JSON whose last line is a BLAKE3 of all before it, so that a changed bit in a record itself is seen too.

/// Text around the checksum at the end of the text.
const BEFORE: &str = ",\n  \"checksum\": \"";
const AFTER: &str = "\"\n}\n";

/// A JSON object, printed over several lines, with its checksum as the last member.
pub(crate) fn append_checksum(mut json: Vec<u8>) -> Vec<u8> {
    let checksum = checksum(&json);
    json.truncate(json.trim_ascii_end().len().saturating_sub("\n}".len()));
    for part in [BEFORE, &checksum, AFTER] {
        json.extend_from_slice(part.as_bytes());
    }
    json
}

/// Says if the last line is the checksum of the rest, to the byte.
pub(crate) fn checksum_matches(text: &str) -> bool {
    let parts = text.strip_suffix(AFTER).and_then(|t| t.rsplit_once(BEFORE));
    parts.is_some_and(|(body, found)| checksum(format!("{body}\n}}").as_bytes()) == found)
}

fn checksum(json: &[u8]) -> String {
    blake3::hash(json).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_is_json_and_every_changed_bit_breaks_the_seal() {
        let json = serde_json::to_vec_pretty(&serde_json::json!({"a": [1, 2], "b": "text"})).unwrap();
        let sealed = append_checksum(json);
        let text = String::from_utf8(sealed.clone()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(checksum_matches(&text) && value["b"] == "text" && value["checksum"].is_string());
        for bit in 0..8 * sealed.len() {
            let mut bytes = sealed.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(
                !String::from_utf8(bytes).is_ok_and(|text| checksum_matches(&text)),
                "bit {bit}"
            );
        }
    }
}
