//! Columns of SNOMED CT codes.

use crate::cells::{CellReader, CellTruth};
use ecgfm_artifacts::labelset::LabelSet;
use ecgfm_artifacts::records::normalize_key;
use std::collections::HashMap;

/// Word that WFDB headers have for a diagnosis that nobody made.
const NO_DIAGNOSIS: &str = "unknown";

/// Reader of cells such as `426783006,164889003`.
pub(crate) struct CodeReader {
    labels: usize,
    /// Labels of each code.
    of_code: HashMap<u64, Vec<usize>>,
}

impl CodeReader {
    /// A reader for the labels of `set`.
    pub(crate) fn new(set: &LabelSet) -> Self {
        let mut of_code: HashMap<u64, Vec<usize>> = HashMap::new();
        for (at, label) in set.labels.iter().enumerate() {
            for code in &label.snomed {
                of_code.entry(*code).or_default().push(at);
            }
        }
        Self {
            labels: set.labels.len(),
            of_code,
        }
    }
}

impl CellReader for CodeReader {
    fn read_cell(&self, cell: &str) -> Result<CellTruth, String> {
        let mut truth = CellTruth::default();
        let codes = cell.split(|c: char| matches!(c, ',' | ';' | '|') || c.is_whitespace());
        // pandas writes a column of single codes as floats if one is missing: `normalize_key` takes their `.0`.
        for code in codes.map(normalize_key).filter(|code| !code.is_empty()) {
            if code.eq_ignore_ascii_case(NO_DIAGNOSIS) {
                continue;
            }
            truth.labels.resize(self.labels, Some(false));
            // As a number, so that a leading zero costs no label.
            match code.parse().ok().and_then(|code: u64| self.of_code.get(&code)) {
                Some(labels) => labels.iter().for_each(|label| truth.labels[*label] = Some(true)),
                None => drop(truth.leftovers.insert(code.to_owned())),
            }
        }
        Ok(truth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_whatever_is_between_them_and_however_they_are_written() {
        let reader = CodeReader::new(&LabelSet::load("physionet2021").unwrap());
        let read = |cell: &str| reader.read_cell(cell).unwrap();
        let both = read("426783006,59118001");
        assert_eq!(both.labels.iter().filter(|l| **l == Some(true)).count(), 2);
        for other in [
            " 426783006 , 59118001 ",
            "426783006;59118001",
            "426783006|59118001",
            "426783006\t713427006",
            "0426783006 59118001.0",
            "59118001,713427006,426783006,426783006",
        ] {
            assert_eq!(read(other), both, "{other}");
        }
        let strange = read("55930002,word,426783006");
        assert_eq!(Vec::from_iter(&strange.leftovers), ["55930002", "word"]);
        assert_eq!(strange.labels.iter().filter(|l| **l == Some(true)).count(), 1);
    }

    #[test]
    fn a_cell_of_unknown_codes_denies_every_label_and_one_without_codes_says_nothing() {
        let reader = CodeReader::new(&LabelSet::load("physionet2021").unwrap());
        assert_eq!(reader.read_cell("1").unwrap().labels, [Some(false); 26]);
        for silent in ["Unknown", " , ;", "NaN", "unknown,unknown"] {
            assert_eq!(
                reader.read_cell(silent).unwrap(),
                CellTruth::default(),
                "{silent}"
            );
        }
    }
}
