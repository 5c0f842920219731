//! Standard names of leads, found from the many spellings that files use.
//!
//! | spelling | example | found |
//! |---|---|---|
//! | any case | `AVR`, `avr`, `v1` | `aVR`, `V1` |
//! | a word before the name | `Lead I`, `ECG II`, `lead_aVF` | `I`, `II`, `aVF` |
//! | ISO 11073 code | `MDC_ECG_LEAD_V3R` | `V3R` |
//! | Spanish and Portuguese limb leads | `DI`, `D2`, `DIII` | `I`, `II`, `III` |
//! | a remark in brackets | `Lead I (Einthoven)` | `I` |
//! | Frank leads | `vx`, `Y` | `X`, `Y` |
//!
//! A name that is only similar is no lead: `MLII` is another electrode position, `-aVR` another sign, and `lead 1` the number of
//! a channel. `C3` is not folded to `V3`, because it also names a position of an electroencephalogram.

use ecgfm_recipe::leads;

/// Leads outside the standard twelve that are known by name: posterior, right-sided, and those of Frank.
pub const FURTHER_NAMES: [&str; 10] = ["V7", "V8", "V9", "V3R", "V4R", "V5R", "V6R", "X", "Y", "Z"];

/// Other names of leads, in upper case.
const SYNONYMS: [(&str, &str); 9] = [
    ("DI", "I"),
    ("DII", "II"),
    ("DIII", "III"),
    ("D1", "I"),
    ("D2", "II"),
    ("D3", "III"),
    ("VX", "X"),
    ("VY", "Y"),
    ("VZ", "Z"),
];

/// Words that files write before the name of a lead, in upper case, in the order in which they follow each other.
const PREFIXES: [&str; 3] = ["ECG", "EKG", "LEAD"];

/// Codes of ISO 11073 have no synonyms: there, `DI` is a lead that was derived from others.
const CODE_PREFIX: &str = "MDC_ECG_LEAD_";

/// Bytes of the longest spelling that is looked at.
const MAX_BYTES: usize = 64;

/// Standard name of the lead that a file calls `name`, one of [`ecgfm_recipe::leads::NAMES`] or [`FURTHER_NAMES`]; none where
/// the name is not known.
///
/// ```
/// use ecgfm_recordings::lead_names::standard_name;
/// assert_eq!(standard_name("AVR"), Some("aVR"));
/// assert_eq!(standard_name("MDC_ECG_LEAD_V2"), Some("V2"));
/// assert_eq!(standard_name("vz"), Some("Z"));
/// assert_eq!(standard_name("MLII"), None);
/// ```
pub fn standard_name(name: &str) -> Option<&'static str> {
    if name.len() > MAX_BYTES {
        return None;
    }
    let plain = without_remark(name);
    // Most files write nothing but the name.
    known_name(plain).or_else(|| folded_name(&plain.to_ascii_uppercase()))
}

/// Standard name of the lead that is spelled `folded`, in upper case.
fn folded_name(folded: &str) -> Option<&'static str> {
    match folded.strip_prefix(CODE_PREFIX) {
        Some(code) => known_name(code),
        None => {
            let short = without_prefixes(folded);
            known_name(short).or_else(|| synonym(short))
        }
    }
}

/// The name without spaces around it and without a remark in brackets at its end.
fn without_remark(name: &str) -> &str {
    let name = name.trim();
    let bracket = name.ends_with(')').then(|| name.find('(')).flatten();
    name[..bracket.unwrap_or(name.len())].trim_end()
}

fn without_prefixes(folded: &str) -> &str {
    PREFIXES.iter().fold(folded, |name, prefix| {
        let rest = name.strip_prefix(prefix).unwrap_or(name);
        rest.trim_start_matches([' ', '_', ':'])
    })
}

fn known_name(folded: &str) -> Option<&'static str> {
    let mut names = leads::NAMES.into_iter().chain(FURTHER_NAMES);
    names.find(|name| name.eq_ignore_ascii_case(folded))
}

fn synonym(folded: &str) -> Option<&'static str> {
    let mut found = SYNONYMS.iter().filter(|(other, _)| *other == folded);
    found.next().map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_its_own_and_found_in_any_case_and_after_a_prefix() {
        for name in leads::NAMES.into_iter().chain(FURTHER_NAMES) {
            for spelling in [
                name.to_owned(),
                name.to_lowercase(),
                name.to_uppercase(),
                format!(" Lead {name} "),
                format!("ECG {name}"),
                format!("ecg_lead_{name}"),
                format!("MDC_ECG_LEAD_{name}"),
                format!("Lead {name} (remark)"),
            ] {
                assert_eq!(standard_name(&spelling), Some(name), "{spelling:?}");
            }
        }
    }

    #[test]
    fn synonyms_are_folded() {
        for (spelling, name) in [
            ("DI", "I"),
            ("dII", "II"),
            ("Lead DIII", "III"),
            ("D2", "II"),
            ("vx", "X"),
        ] {
            assert_eq!(standard_name(spelling), Some(name), "{spelling:?}");
        }
    }

    #[test]
    fn what_is_only_similar_is_no_lead() {
        let long = "I".repeat(MAX_BYTES + 1);
        for other in [
            "MLII",
            "-aVR",
            "lead 1",
            "1",
            "C3",
            "V",
            "V10",
            "V33R",
            "aV",
            "",
            "()",
            "MDC_ECG_LEAD_DI",
            "MDC_ECG_LEAD_",
            "Lead",
            "ECG",
            "I II",
            "PLETH",
            "İ",
            &long,
        ] {
            assert_eq!(standard_name(other), None, "{other:?}");
        }
    }
}
