//! Rows in the order of falling scores.

/// From so many rows on, sorting digit by digit is the quicker way.
const MANY: usize = 4096;
/// Bits of a digit; four make a key.
const DIGIT: u32 = 8;

/// (score, mark) of every row, scores falling; rows of one score by rising mark if that rises with the row. Scores must not be NaN.
pub(crate) fn sort_descending(scores: &[f32], mark: impl Fn(usize) -> u32) -> Vec<(f32, u32)> {
    let rows = scores.iter().enumerate();
    let mut keys: Vec<u64> = rows.map(|(row, score)| sort_key(*score, mark(row))).collect();
    if keys.len() < MANY {
        keys.sort_unstable();
    } else {
        keys = by_digits(keys);
    }
    keys.into_iter().map(unpack_key).collect()
}

/// A number that rises as the score falls; the mark is its last 32 bits.
fn sort_key(score: f32, mark: u32) -> u64 {
    let bits = score.to_bits();
    // As `f32::total_cmp` orders them: of negative numbers, the larger bits are the smaller number.
    let rising = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
    u64::from(!rising) << 32 | u64::from(mark)
}

fn unpack_key(key: u64) -> (f32, u32) {
    let rising = !((key >> 32) as u32);
    let bits = if rising >> 31 == 1 {
        rising & !(1 << 31)
    } else {
        !rising
    };
    (f32::from_bits(bits), key as u32)
}

/// Least significant digit first, rows of one score in the order in which they came.
fn by_digits(mut keys: Vec<u64>) -> Vec<u64> {
    let digit = |key: u64, pass: u32| (key >> (32 + pass * DIGIT)) as usize & ((1 << DIGIT) - 1);
    let mut counts = vec![[0usize; 1 << DIGIT]; 4];
    for key in &keys {
        (0..4).for_each(|pass| counts[pass as usize][digit(*key, pass)] += 1);
    }
    let mut other = vec![0; keys.len()];
    for pass in 0..4 {
        let places = &mut counts[pass as usize];
        let mut start = 0;
        for place in places.iter_mut() {
            (*place, start) = (start, start + *place);
        }
        for key in &keys {
            let place = &mut places[digit(*key, pass)];
            other[*place] = *key;
            *place += 1;
        }
        std::mem::swap(&mut keys, &mut other);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(rows: &[(f32, u32)], of: impl Fn(Vec<u64>) -> Vec<u64>) -> Vec<(u32, u32)> {
        let keys = of(rows.iter().map(|(s, t)| sort_key(*s, *t)).collect());
        keys.into_iter()
            .map(unpack_key)
            .map(|(s, t)| (s.to_bits(), t))
            .collect()
    }

    proptest! {
        #[test]
        fn either_way_sorts_as_the_standard_library_does(rows in prop::collection::vec(
            (prop_oneof![-1.0f32..1.0, Just(0.0), Just(-0.0), any::<f32>().prop_filter("a number", |s| !s.is_nan())], any::<u32>()),
            0..200,
        )) {
            let mut expected: Vec<f32> = rows.iter().map(|r| r.0).collect();
            expected.sort_by(|a, b| b.total_cmp(a));
            let expected: Vec<u32> = expected.iter().map(|s| s.to_bits()).collect();
            let compared = sorted(&rows, |mut keys| { keys.sort_unstable(); keys });
            let digits = sorted(&rows, by_digits);
            prop_assert_eq!(&digits.iter().map(|r| r.0).collect::<Vec<_>>(), &expected);
            prop_assert_eq!(&compared.iter().map(|r| r.0).collect::<Vec<_>>(), &expected);
            let (mut one, mut two) = (digits, compared);
            one.sort_unstable();
            two.sort_unstable();
            prop_assert_eq!(one, two, "the rows are the same");
        }
    }
}
