//! The C library's memory while a model is exported.
//!
//! An export holds a model's weights twice, one after the other: as they are read, and as they are loaded out of the file that was written.
//! Memory that the C library keeps when it is freed stays beside them, since the next step asks for pieces of other sizes.

#![allow(unsafe_code)]

/// While it lives, large pieces of memory are given back to the operating system when they are freed, where the C library is glibc. That
/// takes a third more of processor time; afterwards the C library keeps freed memory again, as it does in a process that has run for long.
pub(crate) struct LargePiecesGivenBack(());

impl LargePiecesGivenBack {
    pub(crate) fn begin() -> Self {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        glibc::set(glibc::LEAST_PIECE, glibc::LEAST_KEPT);
        Self(())
    }
}

impl Drop for LargePiecesGivenBack {
    fn drop(&mut self) {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        glibc::set(glibc::MOST_PIECE, glibc::MOST_KEPT);
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod glibc {
    use std::ffi::c_int;

    /// Bytes from which a piece is the operating system's, and of free memory at the end of the heap that are kept: what a process begins
    /// with, and what glibc raises both to, by itself, where large pieces are freed.
    pub(super) const LEAST_PIECE: c_int = 128 << 10;
    pub(super) const LEAST_KEPT: c_int = 128 << 10;
    pub(super) const MOST_PIECE: c_int = 32 << 20;
    pub(super) const MOST_KEPT: c_int = 64 << 20;

    const M_TRIM_THRESHOLD: c_int = -1;
    const M_MMAP_THRESHOLD: c_int = -3;

    // SAFETY: glibc's, takes two integers by value and touches no memory that is in use. It may be called at any time: what it sets are
    // numbers that glibc itself changes while other threads allocate.
    unsafe extern "C" {
        safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }

    pub(super) fn set(piece: c_int, kept: c_int) {
        mallopt(M_MMAP_THRESHOLD, piece);
        mallopt(M_TRIM_THRESHOLD, kept);
    }
}
