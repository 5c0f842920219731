//! HDF5 files of many recordings, one a row of a dataset, which somebody describes: the file states neither rate nor unit, names
//! of leads or order of dimensions.

use crate::arrays::{ArrayFacts, Axes, MAX_VALUES, description_of};
use crate::file::{BoxedFile, DirectRows, RecordingFile};
use crate::recording::{Encoding, Leads, Recording, shared_leads};
use crate::refusal::Refusal;
use ecgfm_formats::Result;
use ecgfm_formats::code15::{PartReader, RowDatasets, TRACINGS};
use ecgfm_formats::tracings::description::RowIds;
use ecgfm_recipe::leads;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An open HDF5 file of rows.
struct Hdf5Rows {
    path: Arc<PathBuf>,
    part: PartReader,
    leads: Leads,
    facts: ArrayFacts,
}

/// Opens the file at `path`; its recordings are in the dataset that `encoding` names, or in `tracings`.
///
/// # Errors
/// As [`PartReader::open_datasets`]; a description that is not complete, or that the shape contradicts.
pub(crate) fn open(path: &Path, encoding: &Encoding) -> Result<BoxedFile> {
    let refused = |refusal: Refusal| refusal.at(path);
    let facts = description_of(encoding).complete().map_err(refused)?;
    let part = PartReader::open_datasets(
        path,
        RowDatasets {
            recordings: encoding.array.clone().unwrap_or_else(|| TRACINGS.to_owned()),
            ids: encoding.row_ids.clone(),
            described: true,
        },
    )?;
    check_shape(&part, &facts).map_err(refused)?;
    Ok(Box::new(Hdf5Rows {
        path: Arc::new(path.to_owned()),
        leads: shared_leads(facts.leads.clone()),
        part,
        facts,
    }))
}

/// Checks that recordings have as many leads as are named, and are of a length that is read.
fn check_shape(part: &PartReader, facts: &ArrayFacts) -> std::result::Result<(), Refusal> {
    let shape = [part.rows(), part.samples(), part.leads()];
    let found = match facts.axes {
        Axes::LeadsSamples => shape[1],
        Axes::SamplesLeads => shape[2],
    };
    let named = facts.leads.len();
    if found != named {
        let what =
            format!("{found} leads in shape {shape:?} as its dimensions are stated, and {named} names");
        let help = "correct the order of the dimensions, or the names";
        return Err(Refusal::unsupported("description", what, help));
    }
    if part.row_len() > MAX_VALUES {
        let what = format!("a recording of {} values", part.row_len());
        let help = format!("recordings of at most {MAX_VALUES} values are read");
        return Err(Refusal::unsupported("shape", what, help));
    }
    Ok(())
}

impl Hdf5Rows {
    /// Returns true where the values of a row are millivolts as they are.
    fn is_plain(&self) -> bool {
        self.facts.scale == 1.0 && self.facts.missing.is_none()
    }

    /// Number of samples of each lead.
    fn samples(&self) -> usize {
        self.part.row_len() / self.leads.len()
    }

    /// Fills `out` with the values of a row, (samples, leads), each as `convert` makes it.
    fn arrange<T>(&self, values: &[f32], out: &mut Vec<T>, convert: impl Fn(f32) -> T) {
        let (samples, leads) = (self.samples(), self.leads.len());
        out.clear();
        match self.facts.axes {
            Axes::SamplesLeads => out.extend(values.iter().map(|value| convert(*value))),
            Axes::LeadsSamples => {
                out.reserve(values.len());
                for sample in 0..samples {
                    out.extend((0..leads).map(|lead| convert(values[lead * samples + sample])));
                }
            }
        }
    }

    /// A value as float64 in millivolts; NaN for the one that stands for a missing value.
    fn to_millivolts(&self, value: f32) -> f64 {
        let value = f64::from(value);
        if Some(value) == self.facts.missing {
            f64::NAN
        } else {
            value * self.facts.scale
        }
    }
}

impl RecordingFile for Hdf5Rows {
    fn path(&self) -> &Path {
        &self.path
    }

    /// Identifiers of the rows; their numbers from 0 on where the description names no dataset of identifiers.
    fn exam_ids(&self) -> Vec<Option<String>> {
        match self.part.ids() {
            RowIds::Numbers(numbers) => numbers.iter().map(|id| Some(id.to_string())).collect(),
            RowIds::Texts(texts) => texts.iter().map(|id| Some(id.clone())).collect(),
            RowIds::Absent => (0..self.part.rows()).map(|row| Some(row.to_string())).collect(),
        }
    }

    fn lead_count(&self) -> usize {
        self.leads.len()
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        if self.is_plain() && self.facts.axes == Axes::SamplesLeads {
            let samples = out.samples.float32_buffer();
            samples.resize(self.part.row_len(), 0.0);
            self.part.read_row(row, samples)?;
        } else {
            let mut values = vec![0.0; self.part.row_len()];
            self.part.read_row(row, &mut values)?;
            if self.is_plain() {
                self.arrange(&values, out.samples.float32_buffer(), |value| value);
            } else {
                let convert = |value| self.to_millivolts(value);
                self.arrange(&values, out.samples.float64_buffer(), convert);
            }
        }
        out.describe(&self.leads, self.facts.sample_rate, None, (&self.path, row));
        Ok(())
    }

    /// Where the rows are, if their bytes are the standard leads in millivolts.
    fn direct_rows(&self) -> Option<DirectRows> {
        let is_standard = *self.leads == leads::NAMES && self.facts.axes == Axes::SamplesLeads;
        let placement = self.part.placement().filter(|_| is_standard && self.is_plain());
        Some(DirectRows {
            shape: [self.part.rows(), self.part.samples(), self.part.leads()],
            placement: placement?,
        })
    }

    fn storage(&self) -> String {
        self.part.layout().to_string()
    }

    fn facts(&self) -> Map<String, Value> {
        let facts = [
            ("format", json!("HDF5 rows")),
            ("rows", json!(self.part.rows())),
            ("samples", json!(self.samples())),
            ("leads", json!(self.leads.len())),
            ("lead_names", json!(*self.leads)),
            ("sample_rate", json!(self.facts.sample_rate)),
            ("dtype", json!(self.part.dtype())),
            ("layout", json!(self.part.layout().to_string())),
        ];
        facts
            .map(|(name, fact)| (name.to_owned(), fact))
            .into_iter()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::Unit;
    use ecgfm_formats::code15::{RowValues, write_rows};

    fn encoding(axes: Axes, leads: &[&str]) -> Encoding {
        Encoding {
            sample_rate: 500.0,
            millivolts: Some(0.005),
            axes: Some(axes),
            array: Some("ecg".to_owned()),
            missing: Some(-32768.0),
            leads: Some(leads.iter().map(|name| (*name).to_owned()).collect()),
            ..Encoding::default()
        }
    }

    #[test]
    fn integers_become_millivolts_in_either_order_of_dimensions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.h5");
        let values = [0, 0, 0, 0, 0, 0, 200, 100, -32768, 400, 500, 600];
        for (axes, shape, wanted) in [
            (Axes::SamplesLeads, [2, 3, 2], [1.0, 0.5, f64::NAN, 2.0, 2.5, 3.0]),
            (Axes::LeadsSamples, [2, 2, 3], [1.0, 2.0, 0.5, 2.5, f64::NAN, 3.0]),
        ] {
            write_rows(&path, ("ecg", shape, RowValues::Int16(&values)), None).unwrap();
            let file = open(&path, &encoding(axes, &["II", "V1"])).unwrap();
            assert_eq!(file.exam_ids(), [Some("0".to_owned()), Some("1".to_owned())]);
            let mut recording = Recording::default();
            file.read(1, &mut recording).unwrap();
            let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&recording.samples.to_f64()), bits(&wanted));
            assert_eq!((recording.sample_rate, recording.unit), (500.0, Unit::Millivolts));
            assert!(file.direct_rows().is_none() && file.read(2, &mut recording).is_err());
        }
    }

    type EncodingChange = fn(&mut Encoding);

    #[test]
    fn what_is_not_stated_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.h5");
        let values = [0.0; 24];
        write_rows(&path, ("ecg", [1, 2, 12], RowValues::Float32(&values)), None).unwrap();
        let whole = encoding(Axes::SamplesLeads, &leads::NAMES);
        let whole = Encoding {
            millivolts: Some(1.0),
            missing: None,
            ..whole
        };
        assert!(open(&path, &whole).unwrap().direct_rows().is_some());
        let changes: [(EncodingChange, &str); 6] = [
            (|e| e.sample_rate = 0.0, "the sample rate is not stated"),
            (|e| e.millivolts = None, "the unit is not stated"),
            (
                |e| e.leads = None,
                "the names of the leads, in their order, are not stated",
            ),
            (|e| e.axes = None, "the order of the dimensions is not stated"),
            (
                |e| e.axes = Some(Axes::LeadsSamples),
                "2 leads in shape [1, 2, 12]",
            ),
            (
                |e| e.array = None,
                r#"there is no "tracings"; the file holds ecg"#,
            ),
        ];
        for (change, words) in changes {
            let mut changed = whole.clone();
            change(&mut changed);
            let error = open(&path, &changed).err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
