//! Small NumPy archives, `.npz`: zip files of `.npy` arrays of float32, whole in memory.
//!
//! What is written here is stored without compression and without a date, so that the same arrays give the same bytes.
//!
//! ```
//! use ecgfm_formats::npz::{self, NpzArray};
//!
//! let arrays = [NpzArray { name: "inputs".into(), shape: vec![2, 3], values: vec![0.5; 6] }];
//! let bytes = npz::write(&arrays).unwrap();
//! assert_eq!(npz::parse("small.npz".as_ref(), &bytes).unwrap(), arrays);
//! ```

use crate::error::{Error, Result};
use crate::npy::{NpyDtype, NpyElement, NpyHeader, read_header, write_header, write_values};
use std::io::{self, Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Bytes of the largest file that is read, and of all its arrays together.
pub const MAX_BYTES: u64 = 64 << 20;

/// Most arrays in a file that is read.
const MAX_ARRAYS: usize = 64;

/// Advice about a file that is not as it should be.
const HELP: &str = "it is damaged or of another kind: copy or write it again";

/// An array of an archive.
#[derive(Debug, Clone, PartialEq)]
pub struct NpzArray {
    /// Name, without the ending `.npy`.
    pub name: String,
    /// Extent of each dimension.
    pub shape: Vec<usize>,
    /// Values in row-major order.
    pub values: Vec<f32>,
}

/// Bytes of an archive of these arrays, in their order.
///
/// # Errors
/// A shape that does not fit its values.
pub fn write(arrays: &[NpzArray]) -> io::Result<Vec<u8>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for array in arrays {
        let header = NpyHeader {
            dtype: NpyDtype::F32,
            shape: array.shape.clone(),
            fortran_order: false,
        };
        if header.values() != Some(array.values.len()) {
            let (name, shape, values) = (&array.name, &array.shape, array.values.len());
            let what = format!("array {name:?} of shape {shape:?} with {values} values");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        zip.start_file(format!("{}.npy", array.name), options)?;
        write_header(&mut zip, &header)?;
        write_values(&mut zip, &array.values)?;
    }
    let mut out = zip.finish()?;
    out.flush()?;
    Ok(out.into_inner())
}

/// Reads a whole file of at most [`MAX_BYTES`], for [`parse`].
///
/// # Errors
/// I/O, and a larger file.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(Error::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    if bytes.len() as u64 > MAX_BYTES {
        let what = format!("more than {MAX_BYTES} bytes");
        return Err(Error::unsupported(path, "file", what, "give a smaller one"));
    }
    Ok(bytes)
}

/// The arrays in `bytes`, in the order of their names' first appearance. `path` is for messages.
///
/// # Errors
/// No archive of float32 arrays in row-major order; more than 64 arrays, or more than [`MAX_BYTES`] of them; a size or
/// checksum that does not hold.
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<NpzArray>> {
    let damaged = |place: &str, what: String| Error::malformed(path, place, what, HELP);
    let archive = ZipArchive::new(Cursor::new(bytes));
    let mut archive =
        archive.map_err(|e| damaged("archive", format!("no zip archive that can be read ({e})")))?;
    if archive.len() > MAX_ARRAYS {
        let what = format!("{} entries; at most {MAX_ARRAYS} are read", archive.len());
        return Err(damaged("archive", what));
    }
    let mut left = MAX_BYTES;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive
            .by_index(index)
            .map_err(|e| damaged("archive", e.to_string()))?;
        let place = entry.name().to_owned();
        let Some(name) = place.strip_suffix(".npy") else {
            return Err(damaged(&place, "not an .npy array".to_owned()));
        };
        let length = entry.size();
        left = left.checked_sub(length).ok_or_else(|| {
            damaged(
                &place,
                format!("{length} bytes; at most {MAX_BYTES} are unpacked in all"),
            )
        })?;
        let mut content = Vec::new();
        // One byte more than there should be: only at the end is the checksum verified.
        let read = Read::by_ref(&mut entry)
            .take(length.saturating_add(1))
            .read_to_end(&mut content);
        read.map_err(|e| damaged(&place, e.to_string()))?;
        let (shape, values) = float32_values(&content).map_err(|what| damaged(&place, what))?;
        let name = name.to_owned();
        arrays.push(NpzArray { name, shape, values });
    }
    Ok(arrays)
}

/// Shape and values of an `.npy` file.
fn float32_values(content: &[u8]) -> Result<(Vec<usize>, Vec<f32>), String> {
    let mut rest = content;
    let (header, _) = read_header(&mut rest).map_err(|e| e.to_string())?;
    if header.dtype != NpyDtype::F32 || header.fortran_order {
        let order = if header.fortran_order {
            " in column-major order"
        } else {
            ""
        };
        return Err(format!(
            "{} values{order}; float32 in row-major order is read",
            header.dtype
        ));
    }
    if header.data_bytes() != Some(rest.len() as u64) {
        return Err(format!(
            "shape {:?} with {} bytes of values",
            header.shape,
            rest.len()
        ));
    }
    let values = rest.chunks_exact(f32::DTYPE.size());
    let values = values
        .map(|v| v.try_into().map_or(f32::NAN, f32::from_le_bytes))
        .collect();
    Ok((header.shape, values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn array(name: &str, shape: &[usize], values: Vec<f32>) -> NpzArray {
        NpzArray {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values,
        }
    }

    fn parsed(bytes: &[u8]) -> Result<Vec<NpzArray>> {
        parse(Path::new("a.npz"), bytes)
    }

    #[test]
    fn arrays_come_back_and_the_same_arrays_give_the_same_bytes() {
        let arrays = [
            array("a", &[2, 2], vec![1.0, -0.0, 3.5, f32::MIN_POSITIVE]),
            array("b", &[0, 3], vec![]),
        ];
        let bytes = write(&arrays).unwrap();
        assert_eq!(parsed(&bytes).unwrap(), arrays);
        assert_eq!(write(&arrays).unwrap(), bytes);
        assert!(write(&[array("a", &[3], vec![1.0])]).is_err());
    }

    #[test]
    fn arrays_of_another_type_are_refused_by_name() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("x.npy", SimpleFileOptions::default()).unwrap();
        let header = NpyHeader {
            dtype: NpyDtype::F64,
            shape: vec![1],
            fortran_order: false,
        };
        write_header(&mut zip, &header).unwrap();
        zip.write_all(&[0; 8]).unwrap();
        let message = parsed(&zip.finish().unwrap().into_inner())
            .unwrap_err()
            .to_string();
        assert!(message.contains("x.npy: float64 values; float32"), "{message}");
    }

    #[test]
    fn an_entry_that_unpacks_to_more_than_the_limit_is_refused_before_it_is_unpacked() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        zip.start_file("x.npy", options).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..=(MAX_BYTES >> 20) {
            zip.write_all(&zeros).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let message = parsed(&bytes).unwrap_err().to_string();
        assert!(message.contains("are unpacked in all"), "{message}");
    }

    proptest! {
        #[test]
        fn damaged_archives_are_refused_or_read_and_never_panic(
            at in any::<prop::sample::Index>(), value in any::<u8>(), cut in any::<prop::sample::Index>()
        ) {
            let mut bytes = write(&[array("a", &[2, 3], vec![0.5; 6])]).unwrap();
            let place = at.index(bytes.len());
            bytes[place] = value;
            let _ = parsed(&bytes);
            let length = cut.index(bytes.len());
            prop_assert!(parsed(&bytes[..length]).is_err());
        }
    }
}
