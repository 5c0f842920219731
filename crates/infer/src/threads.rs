//! Number of threads that libtorch computes with.

/// Number of libtorch's threads for a run; restored when dropped.
pub(crate) struct ThreadCount(i32);

impl ThreadCount {
    pub(crate) fn set(threads: usize) -> Self {
        let before = tch::get_num_threads();
        tch::set_num_threads(i32::try_from(threads).unwrap_or(i32::MAX));
        Self(before)
    }
}

impl Drop for ThreadCount {
    fn drop(&mut self) {
        tch::set_num_threads(self.0);
    }
}
