//! Conversion of stored numbers to the type that is asked for.

/// Bytes of one number of the storage type `code` (MAT-File Format, table 1-1); none if it is not numeric.
pub(super) fn number_width(code: u32) -> Option<usize> {
    match code {
        1 | 2 => Some(1),
        3 | 4 => Some(2),
        5..=7 => Some(4),
        9 | 12 | 13 => Some(8),
        _ => None,
    }
}

/// Type that stored numbers are converted to; `None` for a number without an exact or nearest value of that type.
pub(super) trait FromStoredNumber: Sized {
    fn from_int(value: i64) -> Option<Self>;
    fn from_float(value: f64) -> Option<Self>;
}

/// Largest magnitude up to which every integer is a double.
const MAX_EXACT: i64 = 1 << 53;

impl FromStoredNumber for f64 {
    fn from_int(value: i64) -> Option<Self> {
        (-MAX_EXACT..=MAX_EXACT).contains(&value).then_some(value as f64)
    }

    fn from_float(value: f64) -> Option<Self> {
        Some(value)
    }
}

impl FromStoredNumber for f32 {
    fn from_int(value: i64) -> Option<Self> {
        f64::from_int(value).map(|v| v as f32)
    }

    fn from_float(value: f64) -> Option<Self> {
        Some(value as f32)
    }
}

impl FromStoredNumber for i64 {
    fn from_int(value: i64) -> Option<Self> {
        Some(value)
    }

    fn from_float(value: f64) -> Option<Self> {
        let whole = value.fract() == 0.0 && value.abs() <= MAX_EXACT as f64;
        whole.then_some(value as i64)
    }
}

/// Converts little-endian numbers of storage type `code`. `None` if one does not fit, or the type is not numeric.
pub(super) fn convert_numbers<T: FromStoredNumber>(code: u32, bytes: &[u8]) -> Option<Vec<T>> {
    macro_rules! each {
        ($stored:ty, $convert:expr) => {{
            let (numbers, _) = bytes.as_chunks::<{ size_of::<$stored>() }>();
            numbers
                .iter()
                .map(|b| $convert(<$stored>::from_le_bytes(*b)))
                .collect()
        }};
    }
    match code {
        1 => each!(i8, |v| T::from_int(i64::from(v))),
        2 => each!(u8, |v| T::from_int(i64::from(v))),
        3 => each!(i16, |v| T::from_int(i64::from(v))),
        4 => each!(u16, |v| T::from_int(i64::from(v))),
        5 => each!(i32, |v| T::from_int(i64::from(v))),
        6 => each!(u32, |v| T::from_int(i64::from(v))),
        7 => each!(f32, |v| T::from_float(f64::from(v))),
        9 => each!(f64, |v| T::from_float(v)),
        12 => each!(i64, |v| T::from_int(v)),
        13 => each!(u64, |v| i64::try_from(v).ok().and_then(T::from_int)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_does_not_fit_is_refused_not_rounded() {
        let large = (MAX_EXACT + 1).to_le_bytes();
        assert_eq!(convert_numbers::<f64>(12, &large), None);
        assert_eq!(convert_numbers::<i64>(12, &large), Some(vec![MAX_EXACT + 1]));
        assert_eq!(convert_numbers::<i64>(13, &u64::MAX.to_le_bytes()), None);
        assert_eq!(convert_numbers::<i64>(9, &0.5f64.to_le_bytes()), None);
        assert_eq!(convert_numbers::<i64>(9, &f64::NAN.to_le_bytes()), None);
        assert_eq!(convert_numbers::<f32>(9, &0.1f64.to_le_bytes()), Some(vec![0.1]));
    }
}
