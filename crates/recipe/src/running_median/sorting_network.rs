//! Sorts eight columns of numbers at once, each in its own lane of a vector, by exchanges whose places do not depend on the
//! values: K. E. Batcher's bitonic network (*Sorting networks and their applications*, 1968), all of it ascending.

use super::lanes::Lanes;

/// Makes two rows of two, one of the smaller number of each lane and one of the larger ones.
pub(super) trait Exchange: Fn(Lanes, Lanes) -> (Lanes, Lanes) + Copy {}
impl<F: Fn(Lanes, Lanes) -> (Lanes, Lanes) + Copy> Exchange for F {}

/// Sorts the columns of `rows` up to `count`, ascending. The number of rows is a power of two and 8 at least; from `count` on
/// each is filled with the largest number.
#[inline(always)]
pub(super) fn sort_columns(rows: &mut [Lanes], count: usize, order: impl Exchange) {
    for eight in rows[..count.next_multiple_of(8)].as_chunks_mut::<8>().0 {
        sort_eight(eight, order);
    }
    let mut merged = 16;
    while merged <= rows.len() {
        for block in rows[..count.next_multiple_of(merged)].chunks_exact_mut(merged) {
            merge_halves(block, order);
        }
        merged *= 2;
    }
}

/// Puts the smaller numbers of each pair of rows into its first.
macro_rules! exchange {
    ($order:ident, $rows:ident, $(($low:literal, $high:literal))*) => {
        $(($rows[$low], $rows[$high]) = $order($rows[$low], $rows[$high]);)*
    };
}

/// Sorts by the fewest exchanges.
#[inline(always)]
fn sort_eight(eight: &mut [Lanes; 8], order: impl Exchange) {
    let mut rows = *eight;
    exchange!(
        order,
        rows,
        (0, 2)(1, 3)(4, 6)(5, 7)(0, 4)(1, 5)(2, 6)(3, 7)(0, 1)(2, 3)
    );
    exchange!(
        order,
        rows,
        (4, 5)(6, 7)(2, 4)(3, 5)(1, 4)(3, 6)(1, 2)(3, 4)(5, 6)
    );
    *eight = rows;
}

/// Merges the sorted halves of a block of 16 rows or more.
#[inline(always)]
fn merge_halves(block: &mut [Lanes], order: impl Exchange) {
    meet(block, order);
    let mut part = block.len() / 8;
    while part > 16 {
        block
            .chunks_exact_mut(part)
            .for_each(|part| separate(part, order));
        part /= 8;
    }
    match part {
        16 => block
            .as_chunks_mut::<16>()
            .0
            .iter_mut()
            .for_each(|part| sort_bitonic_sixteen(part, order)),
        8 => block
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .for_each(|part| sort_bitonic_eight(part, order)),
        4 => block
            .as_chunks_mut::<4>()
            .0
            .iter_mut()
            .for_each(|part| sort_bitonic_four(part, order)),
        2 => block
            .as_chunks_mut::<2>()
            .0
            .iter_mut()
            .for_each(|part| sort_two(part, order)),
        _ => {}
    }
}

/// The eighths of a block.
#[inline(always)]
fn eighths(block: &mut [Lanes]) -> [&mut [Lanes]; 8] {
    let length = block.len() / 8;
    let mut parts = block.chunks_exact_mut(length);
    std::array::from_fn(|_| parts.next().map_or(&mut [][..], |part| &mut part[..length]))
}

/// The first three levels of a merge: the upper half is looked at the other way round, which makes both halves one bitonic
/// sequence.
#[inline(always)]
fn meet(block: &mut [Lanes], order: impl Exchange) {
    let length = block.len() / 8;
    let [a, b, c, d, e, f, g, h] = eighths(block);
    for i in 0..length {
        let back = length - 1 - i;
        let mut rows = [a[i], b[i], c[i], d[i], e[back], f[back], g[back], h[back]];
        exchange!(
            order,
            rows,
            (0, 7)(1, 6)(2, 5)(3, 4)(0, 2)(1, 3)(4, 6)(5, 7)(0, 1)(2, 3)(4, 5)(6, 7)
        );
        [a[i], b[i], c[i], d[i], e[back], f[back], g[back], h[back]] = rows;
    }
}

/// Three levels more.
#[inline(always)]
fn separate(part: &mut [Lanes], order: impl Exchange) {
    let length = part.len() / 8;
    let [a, b, c, d, e, f, g, h] = eighths(part);
    for i in 0..length {
        let mut rows = [a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]];
        sort_bitonic_eight(&mut rows, order);
        [a[i], b[i], c[i], d[i], e[i], f[i], g[i], h[i]] = rows;
    }
}

#[inline(always)]
fn sort_bitonic_sixteen(sixteen: &mut [Lanes; 16], order: impl Exchange) {
    let [low, high] = sixteen.as_chunks_mut::<8>().0 else {
        return;
    };
    let (mut lows, mut highs) = (*low, *high);
    for i in 0..8 {
        (lows[i], highs[i]) = order(lows[i], highs[i]);
    }
    sort_bitonic_eight(&mut lows, order);
    *low = lows;
    sort_bitonic_eight(&mut highs, order);
    *high = highs;
}

#[inline(always)]
fn sort_bitonic_eight(eight: &mut [Lanes; 8], order: impl Exchange) {
    let mut rows = *eight;
    exchange!(
        order,
        rows,
        (0, 4)(1, 5)(2, 6)(3, 7)(0, 2)(1, 3)(4, 6)(5, 7)(0, 1)(2, 3)(4, 5)(6, 7)
    );
    *eight = rows;
}

#[inline(always)]
fn sort_bitonic_four(four: &mut [Lanes; 4], order: impl Exchange) {
    let mut rows = *four;
    exchange!(order, rows, (0, 2)(1, 3)(0, 1)(2, 3));
    *four = rows;
}

#[inline(always)]
fn sort_two(two: &mut [Lanes; 2], order: impl Exchange) {
    let mut rows = *two;
    exchange!(order, rows, (0, 1));
    *two = rows;
}

#[cfg(test)]
mod tests {
    use super::super::lanes::exchange;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_column_is_sorted(count in 1usize..700, seed in 1u32.., values in 1u32..2000) {
            let mut state = seed;
            let mut number = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) % values
            };
            let size = count.next_power_of_two().max(8);
            let mut rows = vec![Lanes([u32::MAX; 8]); size];
            rows[..count].fill_with(|| Lanes(std::array::from_fn(|_| number())));
            let before = rows.clone();
            sort_columns(&mut rows, count, exchange);
            for lane in 0..8 {
                let column = |rows: &[Lanes]| rows.iter().map(|row| row.0[lane]).collect::<Vec<_>>();
                let mut wanted = column(&before);
                wanted.sort_unstable();
                prop_assert_eq!(column(&rows), wanted);
            }
        }
    }
}
