//! A toy archive: `patients.csv`, and one text file a recording: `RATE Hz`, the names of the leads, a line a sample.

use ecgfm_archives::column::{CellFormat, ColumnRole, ColumnRule};
use ecgfm_archives::{
    Archive, ArchiveFile, ExamTable, FoundFile, LocatedExams, RecordingLocation, TableRules,
};
use ecgfm_artifacts::rejected::Reason;
use ecgfm_recordings::{DirectRows, Error, Provenance, Recording, RecordingFile, Result, Samples, Unit};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const RULES: TableRules = TableRules {
    columns: &[
        ColumnRule::new("record", CellFormat::Text, ColumnRole::ExamId),
        ColumnRule::new("person", CellFormat::Text, ColumnRole::Patient),
        ColumnRule::new("AF", CellFormat::Bool, ColumnRole::Label),
    ],
    help: "give patients.csv",
};

/// Writes a recording in which lead `l` of the standard order has its peak at sample 40 + 7 l.
pub(crate) fn write_recording(dir: &Path, record: &str, rate: u32, leads: &[&str], samples: usize) {
    let mut text = format!("{rate} Hz\n{}\n", leads.join(" "));
    for t in 0..samples {
        let value = |lead: &&str| {
            let place = ecgfm_artifacts::recipe::leads::position(lead).unwrap();
            let wave = (t as f32 * (0.05 + 0.01 * place as f32)).sin();
            0.01 * wave + if t == 40 + 7 * place { 3.0 } else { 0.0 } + 0.1
        };
        let values: Vec<String> = leads.iter().map(|lead| value(lead).to_string()).collect();
        writeln!(text, "{}", values.join(" ")).unwrap();
    }
    std::fs::write(dir.join(format!("{record}.txt")), text).unwrap();
}

pub(crate) struct ToyArchive {
    table: ExamTable,
    files: Vec<ArchiveFile>,
}

impl ToyArchive {
    pub(crate) fn open(dir: &Path) -> Self {
        let table = ExamTable::read(&dir.join("patients.csv"), &RULES).unwrap();
        let file = |row| {
            let name = table.exam_id(row);
            let path = dir.join(format!("{name}.txt"));
            let recordings = Ok(Box::new(TextFile(path.clone())) as Box<dyn RecordingFile>);
            ArchiveFile {
                name,
                path,
                recordings,
            }
        };
        let files = (0..table.len()).map(file).collect();
        Self { table, files }
    }
}

impl Archive for ToyArchive {
    fn source(&self) -> &str {
        "toy"
    }

    fn exams(&self) -> &ExamTable {
        &self.table
    }

    fn file_count(&self) -> usize {
        self.files.len()
    }

    fn file(&self, number: usize) -> FoundFile<'_> {
        FoundFile::Kept(&self.files[number])
    }

    fn locate(&self) -> LocatedExams {
        LocatedExams::by_row(&self.table, |row| {
            self.table.check_row(row)?;
            let path = &self.files[row].path;
            match path.exists() {
                true => Ok(RecordingLocation { file: row, row: 0 }),
                false => Err((Reason::MissingTracing, format!("{} is missing", path.display()))),
            }
        })
    }
}

struct TextFile(PathBuf);

impl RecordingFile for TextFile {
    fn path(&self) -> &Path {
        &self.0
    }

    fn exam_ids(&self) -> Vec<Option<String>> {
        vec![Some(self.0.file_stem().unwrap().to_string_lossy().into_owned())]
    }

    fn lead_count(&self) -> usize {
        12
    }

    fn read(&self, row: usize, out: &mut Recording) -> Result<()> {
        let text = std::fs::read_to_string(&self.0).map_err(|source| Error::Io {
            path: self.0.clone(),
            action: "read",
            source,
        })?;
        let mut lines = text.lines();
        let rate = lines.next().unwrap().trim_end_matches(" Hz");
        out.sample_rate = rate.parse().unwrap();
        out.leads = lines.next().unwrap().split(' ').map(str::to_owned).collect();
        out.unit = Unit::Millivolts;
        let values = lines.flat_map(|line| line.split(' ').map(|v| v.parse::<f32>().unwrap()));
        out.samples = Samples::Float32(values.collect());
        out.metadata = None;
        let file = Arc::new(self.0.clone());
        out.provenance = Provenance { file, row };
        Ok(())
    }

    fn direct_rows(&self) -> Option<DirectRows> {
        None
    }

    fn storage(&self) -> String {
        "text".to_owned()
    }

    fn facts(&self) -> Map<String, Value> {
        Map::new()
    }
}
