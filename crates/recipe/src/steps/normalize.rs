//! Mean 0 and deviation 1, or a range.

use super::cut::Rows;
use super::step::{NormalizeKind, RecipeStep, Scope};
use crate::standardize::ConstantLeads;

/// What is taken out of values, what they are divided by, and what is then added.
struct Scaling {
    offset: f64,
    divisor: f64,
    factor: f64,
    base: f64,
    is_constant: bool,
}

/// Normalises rows as a step `normalize` says.
pub(super) fn normalize(step: &RecipeStep, rows: &mut Rows) {
    let RecipeStep::Normalize {
        kind,
        over,
        to,
        eps,
        constant,
    } = step
    else {
        return;
    };
    let scaling = |rows: &[Vec<f64>]| match kind {
        NormalizeKind::ZScore => z_score(rows, *eps),
        NormalizeKind::MinMax => min_max(rows, *to, *eps),
    };
    if *over == Scope::Lead {
        for row in rows {
            let scaling = scaling(std::slice::from_ref(row));
            scaling.apply(std::slice::from_mut(row), *constant);
        }
    } else {
        scaling(rows).apply(rows, *constant);
    }
}

impl Scaling {
    fn apply(&self, rows: &mut [Vec<f64>], constant: Option<ConstantLeads>) {
        let values = rows.iter_mut().flatten();
        match constant.filter(|_| self.is_constant) {
            Some(ConstantLeads::Zero) => values.for_each(|v| *v = 0.0),
            Some(ConstantLeads::Nan) => values.for_each(|v| *v = f64::NAN),
            Some(ConstantLeads::Constant) => values.for_each(|v| *v -= self.offset),
            None => values.for_each(|v| *v = (*v - self.offset) / self.divisor * self.factor + self.base),
        }
    }
}

fn z_score(rows: &[Vec<f64>], eps: f64) -> Scaling {
    let count = rows.iter().map(Vec::len).sum::<usize>() as f64;
    let mean = sum(rows, |v| v) / count;
    let deviation = (sum(rows, |v| (v - mean) * (v - mean)) / count).sqrt();
    Scaling {
        offset: mean,
        divisor: deviation + eps,
        factor: 1.0,
        base: 0.0,
        is_constant: deviation == 0.0,
    }
}

fn min_max(rows: &[Vec<f64>], to: [f64; 2], eps: f64) -> Scaling {
    let values = || rows.iter().flatten().copied();
    // NaN spreads, as in numpy.
    let extreme = |pick: fn(f64, f64) -> f64| {
        let pick = |a: f64, b: f64| {
            if a.is_nan() || b.is_nan() {
                f64::NAN
            } else {
                pick(a, b)
            }
        };
        values().reduce(pick).unwrap_or(0.0)
    };
    let (low, high) = (extreme(f64::min), extreme(f64::max));
    Scaling {
        offset: low,
        divisor: high - low + eps,
        factor: to[1] - to[0],
        base: to[0],
        is_constant: high == low,
    }
}

/// A sum in eight interleaved sums a row: as exact as numpy's pairwise ones for the lengths of ECGs.
fn sum(rows: &[Vec<f64>], of: impl Fn(f64) -> f64) -> f64 {
    let row_sum = |row: &Vec<f64>| {
        let (eights, rest) = row.as_chunks::<8>();
        let mut sums = [0.0; 8];
        for values in eights {
            for (sum, v) in sums.iter_mut().zip(values) {
                *sum += of(*v);
            }
        }
        sums.iter().sum::<f64>() + rest.iter().map(|v| of(*v)).sum::<f64>()
    };
    rows.iter().map(row_sum).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalized(kind: NormalizeKind, over: Scope, eps: f64, constant: Option<ConstantLeads>) -> Rows {
        let mut rows = vec![vec![1.0, 3.0], vec![5.0, 5.0]];
        let step = RecipeStep::Normalize {
            kind,
            over,
            to: [-1.0, 1.0],
            eps,
            constant,
        };
        normalize(&step, &mut rows);
        rows
    }

    #[test]
    fn leads_and_records_are_brought_to_mean_and_deviation_or_a_range() {
        let zero = Some(ConstantLeads::Zero);
        assert_eq!(
            normalized(NormalizeKind::ZScore, Scope::Lead, 0.0, zero),
            [[-1.0, 1.0], [0.0, 0.0]]
        );
        let record = normalized(NormalizeKind::ZScore, Scope::Record, 0.0, None);
        assert!((record[0][0] + 2.5 / 2.75f64.sqrt()).abs() < 1e-15);
        assert_eq!(
            normalized(NormalizeKind::MinMax, Scope::Record, 0.0, None),
            [[-1.0, 0.0], [1.0, 1.0]]
        );
    }

    #[test]
    fn a_constant_lead_becomes_what_is_asked_for() {
        let second = |kind, eps, constant| normalized(kind, Scope::Lead, eps, constant)[1][0];
        assert_eq!(second(NormalizeKind::MinMax, 1e-8, None), -1.0);
        assert_eq!(second(NormalizeKind::ZScore, 1e-8, None), 0.0);
        assert!(second(NormalizeKind::ZScore, 0.0, None).is_nan());
        assert!(second(NormalizeKind::ZScore, 0.0, Some(ConstantLeads::Nan)).is_nan());
        assert_eq!(
            second(NormalizeKind::ZScore, 0.0, Some(ConstantLeads::Constant)),
            0.0
        );
    }
}
