//! What `ecgfm --version` says. libtorch is not loaded for it.

use ecgfm_formats::code15;

/// The program's version, the commit it was built from, and the libraries that decide what it computes.
pub fn version_text() -> String {
    let commit = option_env!("ECGFM_COMMIT").unwrap_or("unknown");
    let libtorch = option_env!("ECGFM_LIBTORCH_VERSION").unwrap_or("unknown");
    format!(
        "ecgfm {}\ncommit {commit}\nlibtorch {libtorch}\nHDF5 {}",
        env!("CARGO_PKG_VERSION"),
        code15::library_version()
    )
}
