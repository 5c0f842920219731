//! Parquet files. A refusal of the system keeps being one: Polars hands some of them on as text.

use crate::error::{Error, Result};
use polars::prelude::*;
use polars_io::SerReader;
use polars_io::parquet::read::ParquetReader;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

/// Writes a frame as Parquet.
///
/// # Errors
/// I/O or a type that Parquet lacks.
pub fn write_parquet(path: &Path, frame: &DataFrame) -> Result<()> {
    crate::atomic::write(path, |out| write_frame(path, frame, out))
}

fn write_frame(path: &Path, frame: &DataFrame, out: impl Write) -> Result<()> {
    keep_refusal(path, out, |out| {
        parquet_writer(out).finish(&mut frame.clone())?;
        Ok(())
    })
}

fn parquet_writer<W: Write>(out: W) -> ParquetWriter<W> {
    ParquetWriter::new(out).with_compression(ParquetCompression::Snappy)
}

/// Rows in a row group; the last ones may have up to twice as many.
const ROW_GROUP: usize = 512 * 512;

/// The rows of each row group of a table of so many rows, as [`write_parquet`] divides it.
pub fn row_groups(rows: usize) -> impl Iterator<Item = Range<usize>> {
    let groups = (rows / ROW_GROUP).max(1);
    let size = rows / groups;
    let end = move |at: usize| if at + 1 == groups { rows } else { (at + 1) * size };
    (0..groups).map(move |at| at * size..end(at))
}

/// Writes a table that comes in parts of consecutive rows, each of which becomes a row group. Those of [`row_groups`] give the bytes
/// that [`write_parquet`] gives.
///
/// # Errors
/// As [`write_parquet`].
pub fn write_parquet_parts(path: &Path, parts: impl IntoIterator<Item = DataFrame>) -> Result<()> {
    let write = |out: &mut dyn Write| -> PolarsResult<()> {
        let mut parts = parts.into_iter();
        let Some(first) = parts.next() else {
            return Ok(());
        };
        let mut writer = parquet_writer(out).batched(first.schema())?;
        for mut part in std::iter::once(first).chain(parts) {
            part.rechunk_mut_par();
            writer.write_batch(&part)?;
        }
        writer.finish().map(drop)
    };
    crate::atomic::write(path, |out| keep_refusal(path, out, |out| write(out)))
}

/// Writes through `write`, whose error is the first refusal of `out` where there was one.
fn keep_refusal<W: Write>(
    path: &Path,
    out: W,
    write: impl FnOnce(&mut RefusalKeeper<W>) -> PolarsResult<()>,
) -> Result<()> {
    let mut out = RefusalKeeper { out, refusal: None };
    let written = write(&mut out);
    match (written, out.refusal) {
        (_, Some(refusal)) => Err(Error::io("write", path)(refusal)),
        (Err(e), None) => Err(Error::invalid(path, format!("cannot be written as Parquet: {e}"))),
        (Ok(()), None) => Ok(()),
    }
}

/// Reads a Parquet file whole.
///
/// # Errors
/// The file cannot be read or is no Parquet.
pub fn read_parquet(path: &Path) -> Result<DataFrame> {
    read_parquet_columns(path, None)
}

/// Reads the named columns of a Parquet file, in the file's order; all of them where none are named.
///
/// # Errors
/// As [`read_parquet`]; a column is missing.
pub fn read_parquet_columns(path: &Path, names: Option<&[&str]>) -> Result<DataFrame> {
    let file = std::fs::File::open(path).map_err(Error::io("read", path))?;
    let mut reader = ParquetReader::new(file);
    if let Some(names) = names {
        let schema = reader.schema().map_err(|e| parquet_error(path, e))?;
        let found: Vec<&str> = schema.iter_names().map(|n| n.as_str()).collect();
        if let Some(missing) = names.iter().find(|name| !found.contains(name)) {
            return Err(Error::MissingColumn {
                path: path.to_owned(),
                column: (*missing).to_owned(),
                found: found.join(", "),
            });
        }
    }
    let names = names.map(|names| names.iter().map(ToString::to_string).collect());
    let read = reader.with_columns(names).finish();
    read.map_err(|e| parquet_error(path, e))
}

fn parquet_error(path: &Path, error: PolarsError) -> Error {
    match error {
        PolarsError::IO { error, .. } => Error::io("read", path)(same_refusal(&error)),
        error => Error::invalid(path, format!("not a readable Parquet file: {error}")),
    }
}

/// A second error like `error`, which cannot be cloned: with the system's number where it has one.
fn same_refusal(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(number) => io::Error::from_raw_os_error(number),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// A writer that keeps the first error of the one below it.
struct RefusalKeeper<W> {
    out: W,
    refusal: Option<io::Error>,
}

impl<W> RefusalKeeper<W> {
    fn keep<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.refusal.get_or_insert_with(|| same_refusal(error));
        }
        result
    }
}

impl<W: Write> Write for RefusalKeeper<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.out.write(bytes);
        self.keep(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.out.flush();
        self.keep(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ecgfm_stage::{FailureClass, StageFailure};

    /// A disk with room for so many bytes.
    struct SmallDisk(usize);

    impl Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match bytes.len().min(self.0) {
                0 => Err(io::Error::from_raw_os_error(28)),
                count => {
                    self.0 -= count;
                    Ok(count)
                }
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_a_fault_of_the_system() {
        let frame = df!("a" => (0..1000).collect::<Vec<i64>>()).unwrap();
        for room in [0, 3, 4, 100, 1000] {
            let error = write_frame(Path::new("a.parquet"), &frame, SmallDisk(room)).unwrap_err();
            assert_eq!(error.class(), FailureClass::Failed, "{room}: {error}");
            assert!(error.to_string().contains("No space left on device"), "{error}");
        }
        write_frame(Path::new("a.parquet"), &frame, SmallDisk(1 << 20)).unwrap();
    }

    #[test]
    fn a_table_in_parts_has_the_bytes_of_one_that_is_written_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for rows in [1, 3 * ROW_GROUP - 1] {
            let frame = df!("a" => (0..rows as i32).map(|i| i % 7).collect::<Vec<_>>()).unwrap();
            write_parquet(&path("whole"), &frame).unwrap();
            let parts = row_groups(rows).map(|rows| frame.slice(rows.start as i64, rows.len()));
            write_parquet_parts(&path("parts"), parts).unwrap();
            let [whole, parts] = ["whole", "parts"].map(|name| std::fs::read(path(name)).unwrap());
            assert!(whole == parts, "{rows} rows");
        }
    }

    #[test]
    fn row_groups_follow_on_each_other_and_have_a_limit() {
        for rows in [0, 1, ROW_GROUP, 2 * ROW_GROUP - 1, 14_000_000] {
            let groups: Vec<_> = row_groups(rows).collect();
            assert_eq!((groups[0].start, groups[groups.len() - 1].end), (0, rows));
            assert!(groups.windows(2).all(|pair| pair[0].end == pair[1].start));
            assert!(groups.iter().all(|group| group.len() < 2 * ROW_GROUP));
        }
    }

    #[test]
    fn a_file_that_is_no_parquet_is_bad_input() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        std::fs::write(&path, "PAR1, it says").unwrap();
        let error = read_parquet(&path).unwrap_err();
        assert_eq!(error.class(), FailureClass::BadInput, "{error}");
    }
}
