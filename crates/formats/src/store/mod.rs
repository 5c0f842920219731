//! Header that fairseq-signals writes for a memory-mapped array: a pickled dictionary
//! `{shape: tuple, dtype: str, offset: int}`, from which `numpy.memmap(path, mode='r', **header)` opens the array.
//!
//! Python reads a pickle by running it. [`StoreHeader::from_pickle`] does not: it knows the few opcodes that such a
//! dictionary takes, in protocols 2 to 5, and refuses any other.
//!
//! ```
//! use ecgfm_formats::store::StoreHeader;
//! use std::path::Path;
//!
//! let header = StoreHeader { shape: vec![14, 26], dtype: "float32".into(), offset: 128 };
//! let pickle = header.to_pickle()?;
//! assert_eq!(StoreHeader::from_pickle(Path::new("outputs_header.pkl"), &pickle)?, header);
//! # Ok::<(), ecgfm_formats::Error>(())
//! ```

mod machine;

use crate::error::{Error, Result};
use machine::{HeaderKey, HeaderValue};
use serde_pickle::{HashableValue, SerOptions};
use std::collections::BTreeMap;
use std::path::Path;

/// Size of the largest header that is read, in bytes; real ones have about 60.
const MAX_BYTES: u64 = 1 << 16;
const HELP: &str =
    "a store header is a pickled dict of shape (a tuple of integers), dtype and, if not 0, offset";

/// Shape, type and offset of a memory-mapped array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreHeader {
    /// Extent of each dimension.
    pub shape: Vec<usize>,
    /// NumPy's name of the type, such as `float32`.
    pub dtype: String,
    /// Bytes before the first value; 0 where the header does not say, as in the reference's own.
    pub offset: u64,
}

impl StoreHeader {
    /// Pickle of the header, protocol 3.
    ///
    /// # Errors
    /// A number of 2⁶³ or more, which a pickle written here cannot hold.
    pub fn to_pickle(&self) -> Result<Vec<u8>> {
        let number = |n: u64| i64::try_from(n).map(serde_pickle::Value::I64);
        let shape: Result<Vec<_>, _> = self.shape.iter().map(|&d| number(d as u64)).collect();
        let too_large = || {
            Error::request(
                Path::new("store header"),
                format!("{self:?} is too large for a pickle"),
            )
        };
        let entries = [
            ("dtype", serde_pickle::Value::String(self.dtype.clone())),
            ("offset", number(self.offset).map_err(|_| too_large())?),
            (
                "shape",
                serde_pickle::Value::Tuple(shape.map_err(|_| too_large())?),
            ),
        ];
        let dict: BTreeMap<_, _> = entries
            .into_iter()
            .map(|(key, value)| (HashableValue::String(key.to_owned()), value))
            .collect();
        serde_pickle::value_to_vec(&serde_pickle::Value::Dict(dict), SerOptions::new())
            .map_err(|_| too_large())
    }

    /// Writes the pickle to `path`.
    ///
    /// # Errors
    /// Those of [`Self::to_pickle`], and I/O.
    pub fn write(&self, path: &Path) -> Result<()> {
        std::fs::write(path, self.to_pickle()?).map_err(Error::io("write", path))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Those of [`Self::from_pickle`], and I/O.
    pub fn read(path: &Path) -> Result<Self> {
        let size = std::fs::metadata(path).map_err(Error::io("read", path))?.len();
        if size > MAX_BYTES {
            return Err(Error::malformed(
                path,
                "size",
                format!("{size} bytes; at most {MAX_BYTES} are read"),
                HELP,
            ));
        }
        Self::from_pickle(path, &std::fs::read(path).map_err(Error::io("read", path))?)
    }

    /// Reads a pickle; `path` is for messages. Nothing in it is run.
    ///
    /// # Errors
    /// The bytes are not the pickle of such a dictionary.
    pub fn from_pickle(path: &Path, pickle: &[u8]) -> Result<Self> {
        let entries = machine::run_pickle(pickle)
            .map_err(|e| Error::malformed(path, format!("byte {}", e.at), e.what, HELP))?;
        let (mut shape, mut dtype, mut offset) = (None, None, 0);
        for (key, value) in entries {
            match (key, value) {
                (HeaderKey::Shape, HeaderValue::Numbers(dims)) => {
                    shape = dims.into_iter().map(|d| usize::try_from(d).ok()).collect()
                }
                (HeaderKey::NpyDtype, HeaderValue::Text(name)) => dtype = Some(name),
                (HeaderKey::Offset, HeaderValue::Number(bytes)) if bytes >= 0 => {
                    offset = bytes.unsigned_abs()
                }
                (key, value) => {
                    return Err(Error::malformed(
                        path,
                        key.name(),
                        format!("cannot be {value}"),
                        HELP,
                    ));
                }
            }
        }
        let missing = |key: &str| Error::malformed(path, key.to_owned(), "is missing or negative", HELP);
        let shape = shape.ok_or_else(|| missing("shape"))?;
        let dtype = dtype.ok_or_else(|| missing("dtype"))?;
        Ok(Self { shape, dtype, offset })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pickle: &[u8]) -> Result<StoreHeader> {
        StoreHeader::from_pickle(Path::new("header.pkl"), pickle)
    }

    #[test]
    fn a_pickle_that_would_run_code_is_refused_by_name() {
        let attack = b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00ls\x85R.";
        assert!(
            read(attack).unwrap_err().to_string().contains("opcode"),
            "{}",
            read(attack).unwrap_err()
        );
    }

    #[test]
    fn every_shorter_file_is_an_error() {
        let pickle = StoreHeader {
            shape: vec![381_858, 26],
            dtype: "float32".into(),
            offset: 128,
        };
        let pickle = pickle.to_pickle().unwrap();
        for length in 0..pickle.len() {
            assert!(read(&pickle[..length]).is_err(), "{length} bytes");
        }
    }

    proptest! {
        #[test]
        fn a_header_comes_back_as_it_was_written(
            shape in prop::collection::vec(0usize..1 << 40, 0..6),
            dtype in "[a-z]{1,8}[0-9]{0,3}",
            offset in 0u64..1 << 40,
        ) {
            let header = StoreHeader { shape, dtype, offset };
            prop_assert_eq!(read(&header.to_pickle().unwrap()).unwrap(), header);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..100),
            flips in prop::collection::vec((0usize..40, any::<u8>()), 1..4),
        ) {
            let _ = read(&bytes);
            let header = StoreHeader { shape: vec![14, 26], dtype: "float32".into(), offset: 128 };
            let mut pickle = header.to_pickle().unwrap();
            for (at, byte) in flips {
                pickle[at] = byte;
            }
            let _ = read(&pickle);
        }
    }
}
