//! Sample rates that recordings have.

/// Sample rates at which electrocardiographs and archives record, in Hz, the most common first.
pub const COMMON_RATES: [u32; 9] = [500, 1000, 400, 250, 100, 360, 257, 200, 128];

/// Returns true for two rates, in Hz, that are too near to each other to be distinguished by durations.
pub(crate) fn is_near(a: f64, b: f64) -> bool {
    (a / b).ln().abs() < 0.12
}
