//! A small archive of three exams, of which the third is to be spoilt, and what the program makes of it.

use crate::common::ecgfm;
use crate::inputs;
use ecgfm_formats::code15::{PartWriter, WriteLayout, WriteOptions};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Samples of a lead in the part, padding included.
pub const SAMPLES: usize = 2400;
/// Leads.
pub const LEADS: usize = 12;
/// Name of the part.
pub const PART: &str = "exams_part0.hdf5";
/// Number of the exam that is spoilt.
pub const BAD: i64 = 3;

const HEADER: &str = "exam_id,age,is_male,nn_predicted_age,1dAVb,RBBB,LBBB,SB,ST,AF,patient_id,death,timey,normal_ecg,\
                      trace_file";

/// A raw directory. SYNTHETIC: waves that have nothing to do with a heart but keep the laws of the limb leads.
pub struct Archive {
    dir: tempfile::TempDir,
}

/// What the program said and left.
pub struct Found {
    pub code: Option<i32>,
    /// Counts by name, where it was done.
    pub counts: serde_json::Value,
    /// Standard error, the raw directory called `RAW`.
    pub said: String,
    /// The tables that the stage left, by name.
    tables: BTreeMap<String, String>,
}

impl Found {
    /// A table that the stage left, or nothing.
    pub fn table(&self, name: &str) -> &str {
        self.tables.get(name).map_or("", String::as_str)
    }

    /// A count.
    pub fn count(&self, name: &str) -> u64 {
        self.counts["counts"][name].as_u64().unwrap_or(0)
    }
}

/// A lawful recording, padded to [`SAMPLES`].
pub fn recording(samples: usize, seed: i64) -> Vec<f32> {
    let start = (SAMPLES - samples) / 2;
    let mut out = vec![0f32; SAMPLES * LEADS];
    for t in 0..samples {
        let potential = |e: usize| {
            let x = t as f32 * (0.021 + 0.009 * e as f32) + seed as f32 * (e + 1) as f32;
            0.3 * x.sin() + 0.4 * (2.3 * x).cos() + 0.05
        };
        let [ra, la, ll] = [potential(0), potential(1), potential(2)];
        let (i, ii, iii) = (la - ra, ll - ra, ll - la);
        let limb = [i, ii, iii, -(i + ii) / 2.0, (i - iii) / 2.0, (ii + iii) / 2.0];
        let row = &mut out[(start + t) * LEADS..][..LEADS];
        row[..6].copy_from_slice(&limb);
        row[6..]
            .iter_mut()
            .enumerate()
            .for_each(|(c, v)| *v = potential(3 + c));
    }
    out
}

/// A row of the table.
pub fn line(exam: &str, part: &str) -> String {
    format!("{exam},50,True,51.5,False,True,False,False,False,False,7,,,False,{part}\n")
}

/// Writes a part of these rows.
pub fn write_part(path: &Path, rows: &[(i64, Vec<f32>)], layout: WriteLayout) {
    let options = WriteOptions {
        layout,
        rows: rows.len(),
        samples: rows[0].1.len() / LEADS,
        leads: LEADS,
    };
    let mut writer = PartWriter::create(path, options).unwrap();
    for (at, (exam, tracing)) in rows.iter().enumerate() {
        writer.write_row(at, *exam, tracing).unwrap();
    }
    writer.finish().unwrap();
}

/// The rows of the part: three exams and the dummy.
pub fn rows() -> Vec<(i64, Vec<f32>)> {
    let exam = |id: i64| (id, recording(2100 + 100 * id as usize, id));
    vec![exam(1), exam(2), exam(BAD), (0, vec![0.0; SAMPLES * LEADS])]
}

impl Archive {
    /// Three exams with which nothing is wrong.
    pub fn new() -> Self {
        let archive = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        write_part(&archive.part(), &rows(), WriteLayout::Contiguous);
        let lines = ["1", "2", "3"].map(|id| line(id, PART)).concat();
        fs::write(archive.table(), format!("{HEADER}\n{lines}")).unwrap();
        archive
    }

    /// The directory.
    pub fn raw(&self) -> &Path {
        self.dir.path()
    }

    /// The part.
    pub fn part(&self) -> PathBuf {
        self.raw().join(PART)
    }

    /// The table.
    pub fn table(&self) -> PathBuf {
        self.raw().join("exams.csv")
    }

    /// Spoils the third recording.
    pub fn spoilt(self, spoil: impl Fn(&mut [[f32; LEADS]])) -> Self {
        self.rows(|rows| spoil(rows[2].1.as_chunks_mut::<LEADS>().0))
    }

    /// Adds the same course, by time in seconds, to the leads of the third recording as one between two electrodes, at 400 Hz.
    pub fn added(self, course: impl Fn(f32) -> f32) -> Self {
        const SHARES: [f32; LEADS] = [1.0, 1.0, 0.0, -1.0, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3];
        self.spoilt(|samples| {
            for (t, row) in samples
                .iter_mut()
                .enumerate()
                .filter(|(_, row)| **row != [0.0; LEADS])
            {
                let value = course(t as f32 / 400.0);
                row.iter_mut()
                    .zip(SHARES)
                    .for_each(|(lead, share)| *lead += share * value);
            }
        })
    }

    /// Spikes 350 times a minute in the third recording.
    pub fn racing(self) -> Self {
        self.added(|t| {
            let since = (t * 350.0 / 60.0).fract() * 60.0 / 350.0;
            5.0 * (-((since - 0.08) / 0.01).powi(2)).exp()
        })
    }

    /// Hum of 48 Hz in the third recording, which would be of 60 Hz at a rate of 500 Hz.
    pub fn humming(self) -> Self {
        self.added(|t| 0.1 * (std::f32::consts::TAU * 48.0 * t).sin())
    }

    /// Spoils a lead of the third recording.
    pub fn lead(self, lead: usize, spoil: impl Fn(f32) -> f32) -> Self {
        self.spoilt(|samples| samples.iter_mut().for_each(|row| row[lead] = spoil(row[lead])))
    }

    /// Changes the rows of the part.
    pub fn rows(self, change: impl Fn(&mut Vec<(i64, Vec<f32>)>)) -> Self {
        let mut rows = rows();
        change(&mut rows);
        write_part(&self.part(), &rows, WriteLayout::Contiguous);
        self
    }

    /// Changes the table's text.
    pub fn text(self, change: impl Fn(String) -> String) -> Self {
        self.bytes(|text| change(String::from_utf8(text).unwrap()).into_bytes())
    }

    /// Changes the table's bytes.
    pub fn bytes(self, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Self {
        let text = fs::read(self.table()).unwrap();
        let changed = change(text.clone());
        assert_ne!(text, changed, "the change did nothing");
        fs::write(self.table(), changed).unwrap();
        self
    }

    /// What the stage `signals` makes of it.
    pub fn signals(&self, with: &[&str]) -> Found {
        let out = self.raw().join("out");
        let _ = fs::remove_dir_all(&out);
        let mut command = ecgfm();
        command
            .args(["stage", "signals", "--quiet", "--json", "--out"])
            .arg(&out);
        command.arg("--with").arg(format!("raw={}", self.raw().display()));
        for with in with {
            command.args(["--with", with]);
        }
        found(&mut command, self.raw(), &out)
    }

    /// Runs the stage and holds what comes of it against the expectation of that test.
    pub fn meets(&self, test: &str, with: &[&str]) -> Found {
        let found = self.signals(with);
        judge(test, &found);
        found
    }
}

/// Runs a command that leaves something in `out`.
pub fn found(command: &mut Command, raw: &Path, out: &Path) -> Found {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).replace(&raw.display().to_string(), "RAW");
    assert!(!said.contains("panicked") && !said.contains("bug"), "{said}");
    Found {
        code: output.status.code(),
        counts: serde_json::from_slice(&output.stdout).unwrap_or_default(),
        said,
        tables: tables(out),
    }
}

fn tables(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let tables = entries.filter(|entry| entry.path().extension().is_some_and(|x| x == "csv"));
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    tables.map(read).collect()
}

/// Compares an outcome with the expectation of the test.
pub fn judge(test: &str, found: &Found) {
    let row = inputs::row(test);
    let (rejected, quality) = (found.table("rejected.csv"), found.table("quality.csv"));
    let all = format!("{}\n{rejected}{quality}", found.said);
    let (kind, word) = row.outcome.split_once(": ").unwrap_or((&row.outcome, ""));
    let message = match kind {
        "set aside" => {
            assert_eq!(found.code, Some(0), "{all}");
            assert!(found.count(&format!("rejected_{word}")) > 0, "{all}");
            assert!(rejected.contains(&format!(",{word},")), "{all}");
            rejected.replace("\"\"", "\"")
        }
        "flagged" => {
            assert_eq!((found.code, found.count("rejected")), (Some(0), 0), "{all}");
            assert!(found.count(&format!("flagged_{word}")) > 0, "{all}");
            quality.replace("\"\"", "\"")
        }
        "kept" => {
            let counts = [found.count("rejected"), found.count("flagged")];
            assert_eq!((found.code, counts), (Some(0), [0, 0]), "{all}");
            String::new()
        }
        ends => {
            let code = ends.strip_prefix("ends with ").and_then(|code| code.parse().ok());
            assert!(code.is_some(), "`{ends}` is no outcome");
            assert_eq!(found.code, code, "{all}");
            assert!(found.said.contains("error: "), "{all}");
            found.said.clone()
        }
    };
    let mut rest = message.as_str();
    for piece in &row.message {
        let at = rest.find(piece.as_str());
        let at = at.unwrap_or_else(|| panic!("`{test}`: `{piece}` is not said in\n{all}"));
        rest = &rest[at + piece.len()..];
    }
    if found.code == Some(0) {
        let counts = ["kept", "rejected", "read"].map(|name| found.count(name));
        assert_eq!(counts[0] + counts[1], counts[2], "{all}");
        let rows = |table: &str| found.table(table).lines().count() as u64 - 1;
        assert_eq!(
            [rows("meta.csv"), rows("rejected.csv")],
            [counts[0], counts[1]],
            "{all}"
        );
    }
}
