//! Writing files of rows in other shapes than CODE-15's, whole: small archives, those of tests and synthetic ones.

use super::library::library_error;
use crate::error::{Error, Result};
use crate::tracings::description::RowIds;
use hdf5::types::VarLenUnicode;
use hdf5::{File, H5Type};
use std::path::Path;

/// Values of all rows, row by row.
#[derive(Debug, Clone, Copy)]
pub enum RowValues<'a> {
    /// As float32.
    Float32(&'a [f32]),
    /// As float64.
    Float64(&'a [f64]),
    /// As integers of 16 bits.
    Int16(&'a [i16]),
}

/// Writes recordings of `shape` as the dataset `name` of a new file, and `ids` as another where there are any.
///
/// # Errors
/// I/O; as many values or identifiers as `shape` has not; an identifier with a zero byte.
pub fn write_rows(
    path: &Path,
    (name, shape, values): (&str, [usize; 3], RowValues<'_>),
    ids: Option<(&str, &RowIds)>,
) -> Result<()> {
    let failed = |e: hdf5::Error| library_error(path, &e, name);
    let file = File::create(path).map_err(failed)?;
    match values {
        RowValues::Float32(values) => write_values(&file, name, shape, values),
        RowValues::Float64(values) => write_values(&file, name, shape, values),
        RowValues::Int16(values) => write_values(&file, name, shape, values),
    }
    .map_err(failed)?;
    let Some((of_ids, ids)) = ids else {
        return Ok(());
    };
    if ids.count().is_some_and(|count| count != shape[0]) {
        let what = format!("{} rows and other identifiers", shape[0]);
        return Err(Error::request(path, what));
    }
    match ids {
        RowIds::Numbers(numbers) => write_values(&file, of_ids, [numbers.len()], numbers).map_err(failed),
        RowIds::Texts(texts) => {
            let texts: Result<Vec<VarLenUnicode>, _> = texts.iter().map(|text| text.parse()).collect();
            let texts = texts.map_err(|e| Error::request(path, format!("an identifier: {e}")))?;
            write_values(&file, of_ids, [texts.len()], &texts).map_err(failed)
        }
        RowIds::Absent => Ok(()),
    }
}

fn write_values<T: H5Type, const N: usize>(
    file: &File,
    name: &str,
    shape: [usize; N],
    values: &[T],
) -> hdf5::Result<()> {
    let builder = file.new_dataset::<T>().obj_track_times(false);
    builder.shape(shape.to_vec()).create(name)?.write_raw(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code15::{PartReader, RowDatasets};

    fn datasets(ids: Option<&str>) -> RowDatasets {
        RowDatasets {
            recordings: "ecg".to_owned(),
            ids: ids.map(str::to_owned),
            described: true,
        }
    }

    #[test]
    fn integers_and_texts_come_back_where_they_are_described() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.h5");
        let ids = RowIds::Texts(vec!["P1".into(), "é2".into()]);
        let values: Vec<i16> = (0..12).map(|v| v * 100 - 300).collect();
        write_rows(
            &path,
            ("ecg", [2, 3, 2], RowValues::Int16(&values)),
            Some(("who", &ids)),
        )
        .unwrap();
        let part = PartReader::open_datasets(&path, datasets(Some("who"))).unwrap();
        assert_eq!((part.ids(), part.exam_ids().len()), (&ids, 0));
        assert_eq!((part.rows(), part.dtype()), (2, "int16"));
        let mut row = [0.0; 6];
        part.read_row(1, &mut row).unwrap();
        assert_eq!(row, [300.0, 400.0, 500.0, 600.0, 700.0, 800.0]);
        let absent = PartReader::open_datasets(&path, datasets(None)).unwrap();
        assert_eq!(absent.ids(), &RowIds::Absent);
        let error = PartReader::open(&path).unwrap_err().to_string();
        assert!(
            error.contains(r#"there is no "exam_id"; the file holds ecg, who"#),
            "{error}"
        );
    }

    #[test]
    fn float64_are_read_and_identifiers_are_no_recordings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.h5");
        let values = [0.5, 1.5];
        write_rows(&path, ("ecg", [1, 2, 1], RowValues::Float64(&values)), None).unwrap();
        let part = PartReader::open_datasets(&path, datasets(None)).unwrap();
        let mut row = [0.0; 2];
        part.read_row(0, &mut row).unwrap();
        assert_eq!(row, [0.5, 1.5]);
        drop(part);
        let path = dir.path().join("other.h5");
        let numbers = RowIds::Numbers(vec![7]);
        write_rows(
            &path,
            ("x", [1, 2, 1], RowValues::Float64(&values)),
            Some(("ecg", &numbers)),
        )
        .unwrap();
        let error = PartReader::open_datasets(&path, datasets(None)).unwrap_err();
        assert!(error.to_string().contains("it has three dimensions"), "{error}");
    }
}
