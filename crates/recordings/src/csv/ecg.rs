//! One ECG of a CSV file.

use super::cells::{separator, split};
use super::description::CsvDescription;
use super::header::{CsvColumn, columns};
use super::rows::RowReader;
use crate::refusal::{Refusal, read_whole};
use crate::text;
use ecgfm_formats::Result;
use std::path::Path;

/// Bytes of the largest file that is read: an hour of twelve leads at 500 Hz, in ten characters a value.
const MAX_BYTES: u64 = 256 << 20;

/// ECG of a CSV file, in millivolts.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvEcg {
    /// Names of the leads, as the file or the description has them.
    pub leads: Vec<String>,
    /// Samples a second, of each lead.
    pub sample_rate: f64,
    /// Millivolts, sample by sample with all leads of each; NaN where the value is missing.
    pub samples: Vec<f64>,
    /// Doubts about the content, each a sentence.
    pub doubts: Vec<String>,
}

impl CsvEcg {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// As [`Self::parse`], I/O, and a file of more than 256 MiB.
    pub fn read(path: &Path, description: &CsvDescription) -> Result<Self> {
        Self::parse(path, &read_whole(path, MAX_BYTES)?, description)
    }

    /// Reads `bytes`, the content of the file at `path`.
    ///
    /// # Errors
    /// A cell that is no number, with its line and column; rows of unequal length; moments that are not evenly spaced, or
    /// not at the stated rate; no rate, unit or names of leads, neither in the file nor in `description`.
    pub fn parse(path: &Path, bytes: &[u8], description: &CsvDescription) -> Result<Self> {
        parse(bytes, description).map_err(|refusal| refusal.at(path))
    }

    /// Number of samples of each lead.
    pub fn len(&self) -> usize {
        self.samples.len() / self.leads.len().max(1)
    }

    /// True if there is no sample, which no file that was read has.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}

fn parse(bytes: &[u8], description: &CsvDescription) -> Result<CsvEcg, Refusal> {
    let decoded = text::decode(bytes, None);
    let decoded = decoded.map_err(|what| Refusal::unsupported("encoding", what, "save it in UTF-8"))?;
    let mut lines = decoded
        .text
        .lines()
        .zip(1..)
        .filter(|(line, _)| !line.trim().is_empty())
        .peekable();
    let first = lines.peek().map(|(line, _)| *line);
    let first = first.ok_or_else(|| Refusal::malformed("file", "it is empty", "copy or export it again"))?;
    let separator = separator(first);
    let mut cells = Vec::new();
    split(first, separator, &mut cells).map_err(|column| misplaced_quote(1, column))?;
    let columns = match columns(&cells) {
        Some(named) => {
            lines.next();
            named
        }
        None => unnamed_columns(cells.len(), description)?,
    };
    let mut reader = RowReader::new(columns, separator, description)?;
    for (line, number) in lines {
        split(line, separator, &mut cells).map_err(|column| misplaced_quote(number, column))?;
        reader.add(&cells, number)?;
    }
    let (leads, sample_rate, samples) = reader.finish(description)?;
    let missing = samples.iter().filter(|value| value.is_nan()).count();
    let missing = (missing > 0).then(|| format!("{missing} values are missing"));
    Ok(CsvEcg {
        leads,
        sample_rate,
        samples,
        doubts: missing.into_iter().chain(decoded.doubt).collect(),
    })
}

fn misplaced_quote(line: usize, column: usize) -> Refusal {
    let what = "a quote that is not closed, or inside a cell that does not begin with one";
    Refusal::malformed(
        format!("line {line}, column {column}"),
        what,
        "correct it, or export the file again",
    )
}

fn unnamed_columns(count: usize, description: &CsvDescription) -> Result<Vec<CsvColumn>, Refusal> {
    let help = "add a first row with the names of the leads, or state them in the order of the columns";
    let names = description.leads.as_ref();
    let names =
        names.ok_or_else(|| Refusal::unsupported("line 1", "numbers, and no names of leads", help))?;
    if names.len() != count {
        let what = format!("{count} columns, and {} leads are stated", names.len());
        return Err(Refusal::unsupported("line 1", what, help));
    }
    let lead = |name: &String| CsvColumn::Lead {
        name: name.clone(),
        millivolts: None,
    };
    Ok(names.iter().map(lead).collect())
}
