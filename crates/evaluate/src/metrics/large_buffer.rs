//! Memory for many elements that are read here and there.

use bytemuck::Pod;
use memmap2::MmapMut;
use std::alloc::{Layout, handle_alloc_error};
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Elements, at first all bits zero, in memory that the system is asked to give in large pages: with small ones an element read costs a
/// walk through the tables of pages as well.
pub(super) struct LargeBuffer<T> {
    bytes: MmapMut,
    elements: PhantomData<T>,
}

impl<T: Pod> LargeBuffer<T> {
    /// So many elements. Ends the program, as a vector does, where there is no memory.
    pub(super) fn new(count: usize) -> Self {
        let size = size_of::<T>().saturating_mul(count);
        let Ok(bytes) = MmapMut::map_anon(size) else {
            handle_alloc_error(Layout::array::<T>(count).unwrap_or(Layout::new::<T>()))
        };
        // A system without large pages gives small ones.
        #[cfg(target_os = "linux")]
        let _ = bytes.advise(memmap2::Advice::HugePage);
        Self {
            bytes,
            elements: PhantomData,
        }
    }
}

impl<T: Pod> Deref for LargeBuffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.bytes)
    }
}

impl<T: Pod> DerefMut for LargeBuffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.bytes)
    }
}
