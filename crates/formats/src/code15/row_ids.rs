//! Reading what identifies the rows: numbers, or texts.

use super::checks::{DAMAGED, check_count, check_values_in_file, check_within_file_size};
use super::chunks;
use super::filters::{self, KnownFilters};
use super::library::{self, NumberKind, library_error};
use crate::error::{Error, Result};
use crate::tracings::description::RowIds;
use crate::tracings::{Compression, decode_numbers};
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Dataset, H5Type};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Bytes of the longest text of a fixed length that is read.
const MAX_FIXED_TEXT: usize = 256;

/// Dataset of identifiers of the file at `path`, of `file_size` bytes.
pub(super) struct IdDataset<'a> {
    pub(super) path: &'a Path,
    pub(super) name: &'a str,
    pub(super) dataset: Dataset,
    pub(super) file_size: u64,
}

impl IdDataset<'_> {
    /// Reads the identifiers: integers, and texts where `texts` says so.
    pub(super) fn read(&self, texts: bool) -> Result<RowIds> {
        match self.text_type().filter(|_| texts) {
            Some(text) => self.read_texts(&text).map(RowIds::Texts),
            None => {
                let numbers = read_numbers(self.path, (self.name, &self.dataset), self.file_size);
                numbers.map(RowIds::Numbers)
            }
        }
    }

    /// Type of the values, where they are texts.
    fn text_type(&self) -> Option<TypeDescriptor> {
        use TypeDescriptor::{FixedAscii, FixedUnicode, VarLenAscii, VarLenUnicode};
        let descriptor = self
            .dataset
            .dtype()
            .and_then(|dtype| dtype.to_descriptor())
            .ok()?;
        let is_text = matches!(
            descriptor,
            FixedAscii(_) | FixedUnicode(_) | VarLenAscii | VarLenUnicode
        );
        is_text.then_some(descriptor)
    }

    fn read_texts(&self, descriptor: &TypeDescriptor) -> Result<Vec<String>> {
        let failed = |e: hdf5::Error| library_error(self.path, &e, self.name);
        row_count(self.path, self.name, &self.dataset, self.file_size)?;
        let plist = self.dataset.dcpl().map_err(failed)?;
        check_values_in_file(self.path, self.name, &plist)?;
        filters::check_available(self.path, self.name, &plist)?;
        match descriptor {
            TypeDescriptor::FixedAscii(n) | TypeDescriptor::FixedUnicode(n) if *n > MAX_FIXED_TEXT => {
                let what = format!("texts of {n} bytes");
                let help = format!("write identifiers of at most {MAX_FIXED_TEXT} bytes");
                Err(Error::unsupported(self.path, self.name, what, help))
            }
            TypeDescriptor::FixedAscii(_) => self.read_as(FixedAscii::<MAX_FIXED_TEXT>::as_bytes),
            TypeDescriptor::FixedUnicode(_) => self.read_as(FixedUnicode::<MAX_FIXED_TEXT>::as_bytes),
            TypeDescriptor::VarLenAscii => self.read_as(VarLenAscii::as_bytes),
            _ => self.read_as(VarLenUnicode::as_bytes),
        }
    }

    fn read_as<T: H5Type>(&self, bytes: fn(&T) -> &[u8]) -> Result<Vec<String>> {
        let texts = self.dataset.read_raw::<T>();
        let texts = texts.map_err(|e| library_error(self.path, &e, self.name))?;
        // The library does not check that texts are of the character set that the file names.
        let texts = texts
            .iter()
            .map(|text| String::from_utf8_lossy(bytes(text)).into_owned());
        Ok(texts.collect())
    }
}

/// Number of identifiers of a dataset, checked against the size of the file.
fn row_count(path: &Path, name: &str, dataset: &Dataset, file_size: u64) -> Result<usize> {
    let shape = dataset.get_shape().map_err(|e| library_error(path, &e, name))?;
    let &[rows] = shape.as_slice() else {
        let what = format!("shape {shape:?}; it has one dimension");
        return Err(Error::malformed(
            path,
            name,
            what,
            "write the exam numbers as (exams,)",
        ));
    };
    check_count(path, name, rows, file_size)?;
    Ok(rows)
}

/// Reads the integers of `dataset`, called `name`.
fn read_numbers(path: &Path, (name, dataset): (&str, &Dataset), file_size: u64) -> Result<Vec<i64>> {
    let failed = |e: hdf5::Error| library_error(path, &e, name);
    let rows = row_count(path, name, dataset, file_size)?;
    let plist = dataset.dcpl().map_err(failed)?;
    check_values_in_file(path, name, &plist)?;
    check_within_file_size(path, name, dataset, file_size)?;
    let dtype = dataset.dtype().map_err(failed)?;
    let (kind, of_type) = library::number_kind(&dtype);
    if matches!(kind, NumberKind::Float | NumberKind::Other) {
        return Err(Error::unsupported(
            path,
            name,
            format!("values of {of_type}"),
            "write the exam numbers as int64",
        ));
    }
    let known = KnownFilters::of(&plist).filter(|known| known.compression() == Compression::Lzf);
    if let (Some(known), true, Some(&[chunk])) = (known, dtype.is::<i64>(), plist.chunk().as_deref()) {
        return read_lzf_chunks(path, (name, dataset), (rows, chunk), known.shuffled(), file_size);
    }
    filters::check_available(path, name, &plist)?;
    if kind == NumberKind::Integer {
        return dataset.read_raw::<i64>().map_err(failed);
    }
    let ids = dataset.read_raw::<u64>().map_err(failed)?;
    let ids = ids.into_iter().map(i64::try_from).collect::<Result<_, _>>();
    ids.map_err(|_| {
        Error::malformed(
            path,
            name,
            "a number above 2^63",
            "write the exam numbers as int64",
        )
    })
}

/// Reads `rows` numbers of 64 bits from chunks of `chunk` numbers that h5py compressed by LZF, a filter that the library lacks.
fn read_lzf_chunks(
    path: &Path,
    (name, dataset): (&str, &Dataset),
    (rows, chunk): (usize, usize),
    shuffled: bool,
    file_size: u64,
) -> Result<Vec<i64>> {
    let damaged = |what: String| Error::malformed(path, name, what, DAMAGED);
    // A chunk may reach beyond the last row. One larger than the file could fill is refused before memory for it is taken.
    check_count(path, name, chunk, file_size)?;
    let file = File::open(path).map_err(Error::io("open", path))?;
    let (mut ids, mut stored, mut bytes) = (vec![0; rows], Vec::new(), vec![0; chunk * size_of::<i64>()]);
    for block in chunks::list_blocks(path, dataset, name, [chunk, 1, 1], file_size)? {
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
