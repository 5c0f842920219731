//! Types that the values of a recording may have: float32, as in CODE-15's files, or float64, as integers divided by a gain
//! become.

use std::fmt;
use std::ops::{Add, AddAssign, BitOrAssign, Mul, Sub};

/// A value of a recording: float32 or float64. Arithmetic on it rounds as its type does.
pub trait Sample:
    private::Sealed
    + Copy
    + Default
    + PartialEq
    + Send
    + Sync
    + fmt::Debug
    + fmt::Display
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
{
    /// Bits of a value.
    type Bits: Copy + Default + BitOrAssign;

    /// True where arithmetic on values is that of float64.
    const IS_FLOAT64: bool;

    /// True where the values are so moderate that a division by way of the reciprocal is correctly rounded.
    const IS_MODERATE: bool;

    /// True where a lead counts as constant if every value equals the lead's mean, as in the reference, whose float32 mean
    /// misses some constants. False where every value must equal the first.
    const CONSTANT_BY_MEAN: bool;

    /// Value as float64, exactly.
    fn to_f64(self) -> f64;

    /// Nearest value of this type.
    fn nearest(value: f64) -> Self;

    /// Square root.
    fn sqrt(self) -> Self;

    /// True for NaN.
    fn is_nan(self) -> bool;

    /// True for what is neither NaN nor infinite.
    fn is_finite(self) -> bool;

    /// Bits of the value.
    fn to_bits(self) -> Self::Bits;

    /// The buffer of this type.
    fn buffer(buffers: &mut SampleBuffers) -> &mut Vec<Self>;

    /// True where no bit is set, or the sign alone: the bits of 0 and of -0.
    fn are_zero(bits: Self::Bits) -> bool;
}

/// Buffers of samples whose leads were selected, one of each type.
#[derive(Debug, Clone, Default)]
pub struct SampleBuffers {
    float32: Vec<f32>,
    float64: Vec<f64>,
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

macro_rules! sample {
    ($float:ident, $bits:ident, $buffer:ident, float64: $float64:literal, moderate: $moderate:literal, constant_by_mean: $by_mean:literal) => {
        impl Sample for $float {
            type Bits = $bits;
            const IS_FLOAT64: bool = $float64;
            const IS_MODERATE: bool = $moderate;
            const CONSTANT_BY_MEAN: bool = $by_mean;

            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            #[inline(always)]
            fn nearest(value: f64) -> Self {
                value as $float
            }

            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            #[inline(always)]
            fn is_nan(self) -> bool {
                $float::is_nan(self)
            }

            #[inline(always)]
            fn is_finite(self) -> bool {
                $float::is_finite(self)
            }

            #[inline(always)]
            fn to_bits(self) -> $bits {
                $float::to_bits(self)
            }

            fn buffer(buffers: &mut SampleBuffers) -> &mut Vec<$float> {
                &mut buffers.$buffer
            }

            #[inline(always)]
            fn are_zero(bits: $bits) -> bool {
                bits << 1 == 0
            }
        }
    };
}

sample!(f32, u32, float32, float64: false, moderate: true, constant_by_mean: true);
sample!(f64, u64, float64, float64: true, moderate: false, constant_by_mean: false);
