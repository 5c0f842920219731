//! State of a filter that has seen a constant for ever: `scipy.signal.lfilter_zi`.

use super::coefficients::{Fraction, Sections};
use super::elimination::solve;

/// State of `filter` for a constant input of 1: one value a delay.
pub(super) fn steady_state(filter: &Fraction) -> Vec<f64> {
    let taps = filter.a.len().max(filter.b.len());
    let at = |coefficients: &[f64], i: usize| coefficients.get(i).copied().unwrap_or(0.0);
    let (a, b) = (|i| at(&filter.a, i), |i| at(&filter.b, i));
    let delays = taps.saturating_sub(1);
    let cell = |i: usize, j: usize| match j {
        0 if i == 0 => 1.0 + a(1),
        0 => a(i + 1),
        _ if j == i => 1.0,
        _ if j == i + 1 => -1.0,
        _ => 0.0,
    };
    let row = |i: usize| (0..delays).map(|j| cell(i, j)).collect();
    let right = (1..taps).map(|i| b(i) - a(i) * b(0)).collect();
    solve((0..delays).map(row).collect(), right)
}

/// State of every section for a constant input of 1 into the first.
pub(super) fn steady_states(sections: &Sections) -> Vec<Vec<f64>> {
    let mut scale = 1.0;
    let mut states = Vec::new();
    for section in &sections.0 {
        states.push(steady_state(section).iter().map(|z| scale * z).collect());
        scale *= section.b.iter().sum::<f64>() / section.a.iter().sum::<f64>();
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::Band;

    #[test]
    fn a_constant_stays_in_its_steady_state() {
        let filter = Fraction::butterworth(3, Band::Low(40.0), 500.0).unwrap();
        let state = steady_state(&filter);
        let out = filter.b[0] + state[0];
        assert!((out - 1.0).abs() < 1e-9);
        for k in 0..3 {
            let next = state.get(k + 1).copied().unwrap_or(0.0);
            assert!((next + filter.b[k + 1] - filter.a[k + 1] * out - state[k]).abs() < 1e-9);
        }
    }
}
