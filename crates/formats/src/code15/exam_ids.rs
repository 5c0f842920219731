//! Reading the numbers of the exams.

use super::checks::{DAMAGED, check_count, check_values_in_file, check_within_file_size};
use super::filters::{self, KnownFilters};
use super::library::{self, NumberKind, library_error};
use super::{EXAM_ID, chunks};
use crate::error::{Error, Result};
use crate::tracings::{Compression, decode_numbers};
use hdf5::Dataset;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Reads the numbers of the exams from `dataset`, of the file at `path` of `file_size` bytes.
pub(super) fn read_exam_ids(path: &Path, dataset: &Dataset, file_size: u64) -> Result<Vec<i64>> {
    let failed = |e: hdf5::Error| library_error(path, &e, EXAM_ID);
    let shape = dataset.get_shape().map_err(failed)?;
    let &[rows] = shape.as_slice() else {
        let what = format!("shape {shape:?}; it has one dimension");
        return Err(Error::malformed(
            path,
            EXAM_ID,
            what,
            "write the exam numbers as (exams,)",
        ));
    };
    check_count(path, rows, file_size)?;
    let plist = dataset.dcpl().map_err(failed)?;
    check_values_in_file(path, EXAM_ID, &plist)?;
    check_within_file_size(path, EXAM_ID, dataset, file_size)?;
    let dtype = dataset.dtype().map_err(failed)?;
    let (kind, name) = library::number_kind(&dtype);
    if matches!(kind, NumberKind::Float | NumberKind::Other) {
        return Err(Error::unsupported(
            path,
            EXAM_ID,
            format!("values of {name}"),
            "write the exam numbers as int64",
        ));
    }
    let known = KnownFilters::of(&plist).filter(|known| known.compression() == Compression::Lzf);
    if let (Some(known), true, Some(&[chunk])) = (known, dtype.is::<i64>(), plist.chunk().as_deref()) {
        return read_lzf_chunks(path, dataset, (rows, chunk), known.shuffled(), file_size);
    }
    filters::check_available(path, EXAM_ID, &plist)?;
    if kind == NumberKind::Integer {
        return dataset.read_raw::<i64>().map_err(failed);
    }
    let ids = dataset.read_raw::<u64>().map_err(failed)?;
    let ids = ids.into_iter().map(i64::try_from).collect::<Result<_, _>>();
    ids.map_err(|_| {
        Error::malformed(
            path,
            EXAM_ID,
            "a number above 2^63",
            "write the exam numbers as int64",
        )
    })
}

/// Reads `rows` numbers of 64 bits from chunks of `chunk` numbers that h5py compressed by LZF, a filter that the library lacks.
fn read_lzf_chunks(
    path: &Path,
    dataset: &Dataset,
    (rows, chunk): (usize, usize),
    shuffled: bool,
    file_size: u64,
) -> Result<Vec<i64>> {
    let damaged = |what: String| Error::malformed(path, EXAM_ID, what, DAMAGED);
    // A chunk may reach beyond the last row. One larger than the file could fill is refused before memory for it is taken.
    check_count(path, chunk, file_size)?;
    let file = File::open(path).map_err(Error::io("open", path))?;
    let (mut ids, mut stored, mut bytes) = (vec![0; rows], Vec::new(), vec![0; chunk * size_of::<i64>()]);
    for block in chunks::list_blocks(path, dataset, EXAM_ID, [chunk, 1, 1], file_size)? {
        stored.resize(block.size as usize, 0);
        file.read_exact_at(&mut stored, block.at)
            .map_err(Error::io("read", path))?;
        decode_numbers(&stored, shuffled, block.skipped_filters, &mut bytes).map_err(damaged)?;
        let from = block.place[0].saturating_mul(chunk);
        let to = ids
            .get_mut(from..)
            .ok_or_else(|| damaged("a block beyond the last row".to_owned()))?;
        let numbers = bytes.as_chunks().0.iter().map(|bytes| i64::from_le_bytes(*bytes));
        to.iter_mut().zip(numbers).for_each(|(id, number)| *id = number);
    }
    Ok(ids)
}
