//! Solution of a system of linear equations, in the order of operations of LAPACK's `gesv` as numpy ships it for x86-64
//! processors with AVX-512.
//!
//! The order matters to nobody but [`super::initial`]: the systems of narrow bands are so badly conditioned that scipy's
//! own start of a filter is right to a few digits only, and another order gives other digits.

/// Columns that are reduced together.
const PANEL: usize = 4;

/// Rows of a matrix, or a block of one.
type Rows = Vec<Vec<f64>>;

/// Solves `rows * x = right` by elimination with pivots.
pub(super) fn solve(mut rows: Rows, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for (i, pivot) in factorise(&mut rows, 0, n).into_iter().enumerate() {
        right.swap(i, pivot);
    }
    for j in 0..n {
        for i in j + 1..n {
            right[i] = (-right[j]).mul_add(rows[i][j], right[i]);
        }
    }
    for j in (0..n).rev() {
        right[j] /= rows[j][j];
        for i in 0..j {
            right[i] = (-right[j]).mul_add(rows[i][j], right[i]);
        }
    }
    right
}

/// Replaces the columns `first..first + width`, from row `first` on, by their factors. Returns for each column the row that
/// it was swapped with, counted from `first`.
fn factorise(rows: &mut Rows, first: usize, width: usize) -> Vec<usize> {
    let block = (width / 2).div_ceil(2) * 2;
    if block <= PANEL {
        return reduce_panel(rows, first, width);
    }
    let mut pivots = Vec::new();
    for start in (0..width).step_by(block) {
        let (at, size) = (first + start, block.min(width - start));
        let swaps = factorise(rows, at, size);
        let others = (first..at).chain(at + size..first + width);
        for column in others {
            swap_column(rows, at, column, &swaps);
        }
        for column in at + size..first + width {
            update_column(rows, at, size, column);
        }
        pivots.extend(swaps.iter().map(|p| p + start));
    }
    pivots
}

fn swap_column(rows: &mut Rows, first: usize, column: usize, swaps: &[usize]) {
    for (i, pivot) in swaps.iter().enumerate() {
        let value = rows[first + i][column];
        rows[first + i][column] = std::mem::replace(&mut rows[first + pivot][column], value);
    }
}

/// Takes a reduced block of `size` columns out of a column to its right.
fn update_column(rows: &mut Rows, first: usize, size: usize, column: usize) {
    for i in first..first + size {
        for k in i + 1..first + size {
            rows[k][column] = (-rows[i][column]).mul_add(rows[k][i], rows[k][column]);
        }
    }
    let upper: Vec<f64> = (first..first + size).map(|i| rows[i][column]).collect();
    for row in rows.iter_mut().skip(first + size) {
        row[column] -= chain(row[first..first + size].iter().zip(&upper));
    }
}

/// Reduces a few columns, each by those to its left.
fn reduce_panel(rows: &mut Rows, first: usize, width: usize) -> Vec<usize> {
    let mut pivots: Vec<usize> = Vec::new();
    for j in 0..width {
        let column = first + j;
        swap_column(rows, first, column, &pivots);
        for i in 1..j {
            let upper: Vec<f64> = (0..i).map(|k| rows[first + k][column]).collect();
            rows[first + i][column] -= dot(&rows[first + i][first..first + i], &upper);
        }
        take_out_left(rows, first, j);
        let pivot = largest(rows, column);
        pivots.push(pivot - first);
        if pivot != column {
            let (upper, lower) = rows.split_at_mut(pivot);
            upper[column][first..=column].swap_with_slice(&mut lower[0][first..=column]);
        }
        let inverse = 1.0 / rows[column][column];
        for row in rows.iter_mut().skip(column + 1) {
            row[column] *= inverse;
        }
    }
    pivots
}

/// First row at or below the diagonal with the largest value in this column.
fn largest(rows: &Rows, column: usize) -> usize {
    (column..rows.len()).fold(column, |best, i| {
        if rows[i][column].abs() > rows[best][column].abs() {
            i
        } else {
            best
        }
    })
}

/// Takes the `j` columns left of a column out of its part at and below the diagonal. Rows are done four at a time, those
/// that are left over one by one, in another order of sums.
fn take_out_left(rows: &mut Rows, first: usize, j: usize) {
    let column = first + j;
    let upper: Vec<f64> = (first..column).map(|i| rows[i][column]).collect();
    let in_fours = (rows.len() - column) / 4 * 4;
    for (i, row) in rows.iter_mut().skip(column).enumerate() {
        let left = &row[first..column];
        row[column] = match i < in_fours {
            true => minus_products(row[column], left, &upper),
            false => row[column] - chain(left.iter().zip(&upper)),
        };
    }
}

/// `value` less the scalar product, four columns at a time, then two, then one.
fn minus_products(mut value: f64, left: &[f64], upper: &[f64]) -> f64 {
    let mut done = 0;
    while left.len() - done >= 4 {
        value -= chain(
            [1, 0, 2, 3]
                .map(|k| (&left[done + k], &upper[done + k]))
                .into_iter(),
        );
        done += 4;
    }
    if left.len() - done >= 2 {
        value -= chain([1, 0].map(|k| (&left[done + k], &upper[done + k])).into_iter());
        done += 2;
    }
    match left.len() > done {
        true => value - left[done] * upper[done],
        false => value,
    }
}

/// Sum of products, each added without being rounded first.
fn chain<'a>(pairs: impl Iterator<Item = (&'a f64, &'a f64)>) -> f64 {
    pairs.fold(0.0, |sum, (a, b)| a.mul_add(*b, sum))
}

/// Scalar product in two interleaved sums.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut even, mut odd) = (0.0, 0.0);
    let (fours, rest) = a.as_chunks::<4>();
    let (others, other_rest) = b.as_chunks::<4>();
    for (a, b) in fours.iter().zip(others) {
        even += a[0] * b[0] + a[2] * b[2];
        odd += a[1] * b[1] + a[3] * b[3];
    }
    let tail = rest.iter().zip(other_rest);
    tail.fold(even, |sum, (a, b)| a.mul_add(*b, sum)) + odd
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_solution_solves(n in 1usize..14, seed in 0u64..1000) {
            let mut state = seed;
            let mut random = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
            };
            let rows: Rows = (0..n)
                .map(|i| (0..n).map(|j| random() + if i == j { 4.0 } else { 0.0 }).collect())
                .collect();
            let wanted: Vec<f64> = (0..n).map(|_| random()).collect();
            let right = rows.iter().map(|row| row.iter().zip(&wanted).map(|(a, b)| a * b).sum()).collect();
            for (x, w) in solve(rows, right).iter().zip(&wanted) {
                prop_assert!((x - w).abs() < 1e-10);
            }
        }
    }
}
