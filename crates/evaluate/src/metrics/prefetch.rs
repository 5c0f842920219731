//! A hint to the processor that an element is read soon.
//!
//! Sound: the hint takes an address that is never dereferenced, and no fault comes of any. All that is `unsafe` is the call.

#![allow(unsafe_code)]

/// Asks for the element at `index` to be in the second cache, if there is one; on other processors than x86-64 it does nothing.
///
/// The innermost cache would have it a little sooner, but waits for fewer elements at once.
#[inline(always)]
pub(super) fn prefetch<T>(elements: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = elements.get(index) {
        use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        // SAFETY: a hint, of which the address is a reference's.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(element).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (elements, index);
}
