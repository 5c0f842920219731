//! Bounds of what is read, checked before memory is allocated.

/// Bytes of the largest header. That of a multi-segment record of some thousand segments takes 100 kB.
pub(super) const MAX_HEADER_BYTES: u64 = 1 << 20;

/// Values of the largest record, all signals together: 256 MiB as float64, or half an hour of twelve leads at 1,000 Hz.
pub(super) const MAX_VALUES: u64 = 1 << 25;

/// Samples of a signal in a frame, at most.
pub(super) const MAX_SAMPLES_PER_FRAME: u32 = 1 << 16;

/// Segments of a record, at most. Each is two files that are opened.
pub(super) const MAX_SEGMENTS: usize = 20_000;

/// Signals of a record, at most.
pub(super) const MAX_SIGNALS: usize = 1024;

/// Bytes of the largest level-5 MATLAB file that is taken for a signal file.
pub(super) const MAX_LEVEL_5_BYTES: u64 = 1 << 26;
