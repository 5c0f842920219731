//! An ECG's rows in the tables of its run, read where they are asked for.

use super::index::RunIndex;
use super::places::{EcgPlace, KeptPlace, RunPlaces};
use ecgfm_artifacts::columns::{EXAM_ID, HDF_IND, IDX, SAMPLE_RATE, SAVE_FILE, SOURCE, TRACE_FILE};
use ecgfm_artifacts::evaluation::COMPARISON_FILE;
use ecgfm_artifacts::table::cell::parse_integer;
use ecgfm_artifacts::table::{FileTable, TextColumn};
use ecgfm_artifacts::{labels, logits, manifests, predictions, quality, records, rejected, splits};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Row of no ECG.
const NOWHERE: usize = usize::MAX;

/// The tables of a run that have rows of its ECGs.
pub(crate) struct RunTables {
    records: EcgTable,
    rejected: EcgTable,
    others: Vec<EcgTable>,
}

/// A table with a row an ECG or several.
struct EcgTable {
    /// Stage and file, as they are called.
    name: String,
    path: PathBuf,
    opened: OnceLock<Result<OpenTable, String>>,
}

struct OpenTable {
    file: FileTable,
    /// Of a table that names ECGs by idx: where the rows of each begin in `rows`, and the end of the last.
    starts: Vec<u32>,
    rows: Vec<u32>,
}

/// Rows of one ECG in a table.
#[derive(Debug, PartialEq)]
pub(crate) enum ShownTable {
    /// The table is still being read.
    Pending { name: String },
    /// The table cannot be read.
    Failed { name: String, why: String },
    /// The names of the columns, and the cells of each row.
    Rows {
        name: String,
        columns: Vec<String>,
        rows: Vec<Vec<String>>,
    },
}

impl RunTables {
    pub(crate) fn new(places: &RunPlaces, index: &RunIndex) -> Self {
        let signals = Some(&places.signals);
        let of_subset = index.subset.as_deref().map(logits::index_file);
        let others = [
            (signals, quality::FILE),
            (places.labels.as_ref(), labels::FILE),
            (places.splits.as_ref(), splits::META_FILE),
            (places.splits.as_ref(), splits::SEGMENTED_FILE),
            (places.manifests.as_ref(), manifests::INDEX_FILE),
            (
                places.infer.as_ref().filter(|_| of_subset.is_some()),
                of_subset.as_deref().unwrap_or_default(),
            ),
            (places.predict.as_ref(), predictions::ECG_FILE),
            (places.predict.as_ref(), predictions::MAPPED_FILE),
            (places.predict.as_ref(), predictions::CSV_FILE),
            (places.evaluate.as_ref(), COMPARISON_FILE),
        ];
        let table = |dir: &PathBuf, file: &str| EcgTable {
            name: format!("{}/{file}", dir.file_name().unwrap_or_default().to_string_lossy()),
            path: dir.join(file),
            opened: OnceLock::new(),
        };
        let others = others
            .into_iter()
            .filter_map(|(dir, file)| Some(table(dir?, file)));
        Self {
            records: table(&places.signals, records::FILE),
            rejected: table(&places.signals, rejected::FILE),
            // A cleaned run lacks some.
            others: others.filter(|table| table.path.exists()).collect(),
        }
    }

    /// Opens every table, one after the other: what is asked for before is said to be on its way.
    pub(crate) fn open_all(&self, index: &RunIndex) {
        for table in [&self.records, &self.rejected] {
            table.open(index, false);
        }
        for table in &self.others {
            table.open(index, true);
        }
    }

    /// The rows of an ECG in every table that has any.
    pub(crate) fn rows_of(&self, index: &RunIndex, row: usize) -> Vec<ShownTable> {
        if index.is_set_aside(row) {
            return vec![self.rejected.shown(|_| vec![row - index.kept])];
        }
        let own = self.records.shown(|_| vec![row]);
        let others = self
            .others
            .iter()
            .map(|table| table.shown(|open| open.rows_of(row)));
        let has_rows =
            |shown: &ShownTable| !matches!(shown, ShownTable::Rows { rows, .. } if rows.is_empty());
        std::iter::once(own).chain(others.filter(has_rows)).collect()
    }

    /// Rows of an ECG in the table of that stage and file.
    pub(crate) fn rows_in(&self, file: &str, row: usize) -> Option<ShownTable> {
        let table = self.others.iter().find(|table| table.path.ends_with(file))?;
        Some(table.shown(|open| open.rows_of(row)))
    }

    /// Where the recording of an ECG is.
    ///
    /// # Errors
    /// The table cannot be read, or lacks what says it.
    pub(crate) fn place_of(&self, index: &RunIndex, row: usize) -> Result<EcgPlace, String> {
        let set_aside = index.is_set_aside(row);
        let table = if set_aside { &self.rejected } else { &self.records };
        let open = table.open(index, false).as_ref().map_err(String::clone)?;
        let at = if set_aside { row - index.kept } else { row };
        let mut records = open.file.records();
        let record = records.read(at).map_err(|e| e.to_string())?;
        let header = open.file.header();
        let cell = |name: &str| {
            header
                .iter()
                .position(|column| column == name)
                .map(|at| record.cell(at))
        };
        let needed =
            |name: &str| cell(name).ok_or_else(|| format!("{}: no column `{name}`", table.path.display()));
        let number = |name: &str, text: &str| format!("{}: {name} is `{text}`", table.path.display());
        let kept = match set_aside {
            true => None,
            false => {
                let (place, rate) = (needed(HDF_IND)?, needed(SAMPLE_RATE)?);
                Some(KeptPlace {
                    save_file: needed(SAVE_FILE)?.to_owned(),
                    row: place.parse().map_err(|_| number(HDF_IND, place))?,
                    rate: rate.parse().map_err(|_| number(SAMPLE_RATE, rate))?,
                })
            }
        };
        Ok(EcgPlace {
            exam_id: needed(EXAM_ID)?.to_owned(),
            trace_file: needed(TRACE_FILE)?.to_owned(),
            source: cell(SOURCE).unwrap_or_default().to_owned(),
            kept,
        })
    }
}

impl EcgTable {
    fn open(&self, index: &RunIndex, by_idx: bool) -> &Result<OpenTable, String> {
        self.opened.get_or_init(|| {
            let file = FileTable::open(&self.path).map_err(|e| e.to_string())?;
            match by_idx {
                false => Ok(OpenTable {
                    file,
                    starts: Vec::new(),
                    rows: Vec::new(),
                }),
                true => OpenTable::by_idx(file, index).map_err(|e| e.to_string()),
            }
        })
    }

    fn shown(&self, rows: impl FnOnce(&OpenTable) -> Vec<usize>) -> ShownTable {
        let name = self.name.clone();
        let read = |open: &OpenTable| {
            let columns = open.file.header().to_vec();
            let mut records = open.file.records();
            let cells = rows(open).into_iter().map(|row| {
                let record = records.read(row)?;
                Ok((0..columns.len()).map(|at| record.cell(at).to_owned()).collect())
            });
            let rows: std::io::Result<Vec<Vec<String>>> = cells.collect();
            rows.map(|rows| (columns.clone(), rows))
                .map_err(|e| e.to_string())
        };
        match self.opened.get() {
            None => ShownTable::Pending { name },
            Some(opened) => match opened.as_ref().map_err(String::clone).and_then(read) {
                Ok((columns, rows)) => ShownTable::Rows { name, columns, rows },
                Err(why) => ShownTable::Failed { name, why },
            },
        }
    }
}

impl OpenTable {
    fn by_idx(file: FileTable, index: &RunIndex) -> ecgfm_artifacts::Result<Self> {
        let cells = match file.header().iter().position(|name| name == IDX) {
            Some(place) => file.column(place)?,
            // Manifests that came without an index leave it out.
            None => TextColumn::default(),
        };
        let row_of = |cell: &str| parse_integer(cell).and_then(|idx| index.row_of_idx.get(&idx).copied());
        let ecgs: Vec<usize> = cells
            .iter()
            .map(|cell| row_of(cell).map_or(NOWHERE, |row| row as usize))
            .collect();
        let mut starts = vec![0u32; index.kept + 1];
        for ecg in ecgs.iter().filter(|ecg| **ecg != NOWHERE) {
            starts[ecg + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut rows = vec![0; starts[index.kept] as usize];
        for (ecg, row) in ecgs.into_iter().zip(0..).filter(|(ecg, _)| *ecg != NOWHERE) {
            rows[next[ecg] as usize] = row;
            next[ecg] += 1;
        }
        Ok(Self { file, starts, rows })
    }

    fn rows_of(&self, ecg: usize) -> Vec<usize> {
        let range = self.starts.get(ecg).zip(self.starts.get(ecg + 1));
        let rows = range.and_then(|(from, to)| self.rows.get(*from as usize..*to as usize));
        rows.unwrap_or_default().iter().map(|row| *row as usize).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_idx_wherever_they_stand() {
        let dir = tempfile::tempdir().unwrap();
        let places = RunPlaces {
            signals: dir.path().join("signals"),
            predict: Some(dir.path().join("predict")),
            ..RunPlaces::default()
        };
        std::fs::create_dir(&places.signals).unwrap();
        std::fs::create_dir(dir.path().join("predict")).unwrap();
        let meta = "idx,exam_id,trace_file,save_file,hdf_ind,sample_rate\n7,x,p.hdf5,a.mat,3,400\n4,y,p.hdf5,b.mat,0,500\n";
        std::fs::write(places.signals.join("meta.csv"), meta).unwrap();
        std::fs::write(
            places.signals.join("rejected.csv"),
            "exam_id,trace_file,reason,detail\nz,q.hdf5,all_zero,\n",
        )
        .unwrap();
        std::fs::write(
            dir.path().join("predict/mapped.csv"),
            "segment,idx\nb_0,4\na_0,7\nb_1,4\nc_0,99\nd_0,\n",
        )
        .unwrap();
        let index = RunIndex {
            kept: 2,
            row_of_idx: [(7, 0), (4, 1)].into_iter().collect(),
            exam_id: ["x", "y", "z"].into_iter().collect(),
            ..RunIndex::default()
        };
        let tables = RunTables::new(&places, &index);
        let pending = ShownTable::Pending {
            name: "signals/meta.csv".to_owned(),
        };
        assert_eq!(tables.rows_of(&index, 1)[0], pending);
        tables.open_all(&index);
        let shown = tables.rows_of(&index, 1);
        let ShownTable::Rows { rows, .. } = &shown[1] else {
            panic!("{shown:?}")
        };
        assert_eq!(*rows, [["b_0", "4"], ["b_1", "4"]]);
        let place = tables.place_of(&index, 0).unwrap();
        assert_eq!(
            place.kept,
            Some(KeptPlace {
                save_file: "a.mat".to_owned(),
                row: 3,
                rate: 400.0
            })
        );
        let place = tables.place_of(&index, 2).unwrap();
        assert_eq!(
            (place.exam_id.as_str(), place.trace_file.as_str(), place.kept),
            ("z", "q.hdf5", None)
        );
    }
}
