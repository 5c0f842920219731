//! Statistics of several labels at once: agreement row by row, and averages over labels.

/// Agreement of decided labels with true ones, row by row; all columns have one length.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Agreement {
    /// Rows.
    pub rows: u64,
    /// Rows in which every label is decided rightly.
    pub exact: u64,
    /// Pairs of row and label that are decided wrongly.
    pub wrong: u64,
    /// Sum over rows of the Jaccard index of decided and true labels.
    pub jaccard: f64,
    /// Labels.
    pub labels: u64,
}

impl Agreement {
    /// Counts agreement over rows. Two empty sets of labels agree fully: their Jaccard index counts as 1.
    pub fn count(truth: &[Vec<bool>], decided: &[Vec<bool>], rows: usize) -> Self {
        let mut out = Self {
            rows: rows as u64,
            labels: truth.len() as u64,
            ..Self::default()
        };
        for row in 0..rows {
            let of_row = RowAgreement::of(truth, decided, row);
            out.exact += u64::from(of_row.exact);
            out.wrong += u64::from(of_row.wrong);
            out.jaccard += of_row.jaccard;
        }
        out
    }

    /// Share of rows decided rightly in every label; undefined without rows.
    pub fn exact_match(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.exact as f64 / self.rows as f64)
    }

    /// Share of pairs of row and label decided wrongly (Hamming loss); undefined without any.
    pub fn hamming(&self) -> Option<f64> {
        let pairs = self.rows * self.labels;
        (pairs > 0).then(|| self.wrong as f64 / pairs as f64)
    }

    /// Mean Jaccard index of the rows; undefined without rows.
    pub fn mean_jaccard(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.jaccard / self.rows as f64)
    }
}

/// Agreement of decided labels with true ones in one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RowAgreement {
    /// Every label is decided rightly.
    pub exact: bool,
    /// Labels that are decided wrongly.
    pub wrong: u32,
    /// Jaccard index of decided and true labels; 1 where both are none.
    pub jaccard: f64,
}

impl RowAgreement {
    /// Counts agreement in one row.
    pub fn of(truth: &[Vec<bool>], decided: &[Vec<bool>], row: usize) -> Self {
        let (mut both, mut either) = (0u32, 0u32);
        for (truth, decided) in truth.iter().zip(decided) {
            both += u32::from(truth[row] && decided[row]);
            either += u32::from(truth[row] || decided[row]);
        }
        Self {
            exact: both == either,
            wrong: either - both,
            jaccard: if either == 0 {
                1.0
            } else {
                f64::from(both) / f64::from(either)
            },
        }
    }
}

/// Mean of the labels' values with the given weights, over those that are defined; undefined where none is, or no weight.
pub fn weighted_mean(values: &[Option<f64>], weights: &[f64]) -> Option<f64> {
    let defined = values.iter().zip(weights).filter_map(|(v, w)| Some(((*v)?, *w)));
    let (sum, weight) = defined.fold((0.0, 0.0), |(sum, all), (v, w)| (sum + v * w, all + w));
    (weight > 0.0).then(|| sum / weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_agree_in_full_in_part_or_not() {
        let truth = [vec![true, true, false, false], vec![true, false, false, false]];
        let decided = [vec![true, true, true, false], vec![false, false, false, false]];
        let agreement = Agreement::count(&truth, &decided, 4);
        assert_eq!((agreement.exact, agreement.wrong), (2, 2));
        assert_eq!(agreement.exact_match(), Some(0.5));
        assert_eq!(agreement.hamming(), Some(0.25));
        assert_eq!(agreement.mean_jaccard(), Some((0.5 + 1.0 + 0.0 + 1.0) / 4.0));
        assert_eq!(Agreement::count(&[], &[], 0).exact_match(), None);
    }

    #[test]
    fn an_average_leaves_out_what_is_undefined() {
        assert_eq!(
            weighted_mean(&[Some(0.5), None, Some(1.0)], &[1.0, 1.0, 1.0]),
            Some(0.75)
        );
        assert_eq!(
            weighted_mean(&[Some(0.5), None, Some(1.0)], &[3.0, 9.0, 1.0]),
            Some(0.625)
        );
        assert_eq!(weighted_mean(&[None], &[1.0]), None);
        assert_eq!(weighted_mean(&[Some(1.0)], &[0.0]), None);
    }
}
