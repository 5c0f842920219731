//! Version of the libtorch that is loaded.

use crate::symbols;

/// The libtorch that the bindings are made for.
pub const EXPECTED: (u8, u8) = (2, 11);

/// Version of the loaded libtorch, as in `2.11.0`; `None` where it has no version.
pub fn loaded_version() -> Option<String> {
    let [major, minor, patch, ..] = symbols::abi_version()?.to_be_bytes();
    Some(format!("{major}.{minor}.{patch}"))
}

/// Warning for the user where the loaded libtorch is not the expected one.
pub fn version_warning() -> Option<String> {
    let (major, minor) = EXPECTED;
    let advice =
        format!("ecgfm is made for {major}.{minor}; point LIBTORCH at one, build again, or unset it");
    match symbols::abi_version().map(u64::to_be_bytes) {
        Some([a, b, ..]) if (a, b) == EXPECTED => None,
        Some([a, b, c, ..]) => Some(format!("libtorch {a}.{b}.{c} is loaded; {advice}")),
        None => Some(format!(
            "the libtorch that is loaded does not say its version; {advice}"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loaded_libtorch_is_the_expected_one() {
        // The symbol is looked up in what the process has loaded, so make sure that libtorch is.
        assert!(tch::get_num_threads() > 0);
        assert_eq!(version_warning(), None);
        assert!(loaded_version().unwrap().starts_with("2.11."));
    }
}
