//! Reading `.mat` files.

use super::array::{self, MatArray};
use super::element::{MatDefect, read_element, read_word};
use super::inflate::{MAX_INFLATED, inflate};
use super::number::{self, FromStoredNumber};
use super::{ArrayClass, HEADER_BYTES};
use crate::error::{Error, Result};
use std::io::{Read as _, Seek as _};
use std::path::{Path, PathBuf};

const MI_MATRIX: u32 = 14;
const MI_COMPRESSED: u32 = 15;
/// Bytes of type and size before a variable.
const TAG_BYTES: usize = 8;
/// Size of the largest variable that [`MatFile::read_small`] reads, in bytes.
const SMALL_BYTES: u32 = 4096;
const HELP: &str = "the file is damaged or cut short: copy or write it again";

/// `.mat` file in memory. Reading it checks its structure; values are decoded when they are asked for.
#[derive(Debug, Clone)]
pub struct MatFile {
    path: PathBuf,
    arrays: Vec<MatArray>,
    /// Bytes of the file, then those of each compressed variable after inflating.
    buffers: Vec<Vec<u8>>,
    /// Bytes to which further variables may be inflated.
    room: usize,
}

impl MatFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// Those of [`Self::from_bytes`], and I/O.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
        Self::from_bytes(path, bytes)
    }

    /// Reads the small variables of the file at `path`, such as the numbers beside a signal, without the signal: those that
    /// take no more than 4 KiB in it.
    ///
    /// # Errors
    /// Those of [`Self::read`] for those variables.
    pub fn read_small(path: &Path) -> Result<Self> {
        let read = || -> std::io::Result<Vec<u8>> {
            let mut file = std::fs::File::open(path)?;
            let mut small = Vec::new();
            file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut small)?;
            let mut tag = [0; TAG_BYTES];
            while file.read_exact(&mut tag).is_ok() {
                let [kind, size] = [0, 4].map(|at| read_word(&tag, at, TAG_BYTES).unwrap_or_default());
                if matches!(kind, MI_MATRIX | MI_COMPRESSED) && size > SMALL_BYTES {
                    file.seek_relative(i64::from(size))?;
                    continue;
                }
                small.extend_from_slice(&tag);
                file.by_ref().take(size.into()).read_to_end(&mut small)?;
            }
            Ok(small)
        };
        Self::from_bytes(path, read().map_err(Error::io("read", path))?)
    }

    /// Reads the content of a file; `path` is for messages. Every length in it is checked against the bytes there are, and
    /// compressed variables are inflated to 1 GiB at most, all together.
    ///
    /// # Errors
    /// The content is not a little-endian level-5 file, or contradicts itself.
    pub fn from_bytes(path: &Path, bytes: Vec<u8>) -> Result<Self> {
        check_header(path, &bytes)?;
        let mut file = Self {
            path: path.to_owned(),
            arrays: Vec::new(),
            buffers: vec![bytes],
            room: MAX_INFLATED,
        };
        let mut at = HEADER_BYTES;
        while at < file.buffers[0].len() {
            at = file.variable(at).map_err(|problem| file.defect_error(&problem))?;
        }
        Ok(file)
    }

    /// Variables in the order of the file.
    pub fn arrays(&self) -> &[MatArray] {
        &self.arrays
    }

    /// Variable `name`.
    ///
    /// # Errors
    /// The file has no such variable.
    pub fn array(&self, name: &str) -> Result<&MatArray> {
        self.arrays.iter().find(|a| a.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.arrays.iter().map(|a| a.name.as_str()).collect();
            Error::missing(&self.path, name, &names)
        })
    }

    /// Shape (rows, columns) and values, column by column, of the matrix `name` as float64.
    ///
    /// # Errors
    /// There is no such variable, it is not a real numeric matrix, or an integer in it has no exact float64.
    pub fn f64_matrix(&self, name: &str) -> Result<((usize, usize), Vec<f64>)> {
        self.matrix(name)
    }

    /// Shape (rows, columns) and values, column by column, of the matrix `name` as float32; float64 is rounded to the nearest.
    ///
    /// # Errors
    /// Those of [`Self::f64_matrix`].
    pub fn f32_matrix(&self, name: &str) -> Result<((usize, usize), Vec<f32>)> {
        self.matrix(name)
    }

    /// Shape (rows, columns) and values, column by column, of the matrix `name` as integers.
    ///
    /// # Errors
    /// Those of [`Self::f64_matrix`], and if a value is not a whole number.
    pub fn i64_matrix(&self, name: &str) -> Result<((usize, usize), Vec<i64>)> {
        self.matrix(name)
    }

    /// Number `name`, a 1×1 matrix.
    ///
    /// # Errors
    /// Those of [`Self::f64_matrix`], and if it is not 1×1.
    pub fn f64_scalar(&self, name: &str) -> Result<f64> {
        self.scalar(name)
    }

    /// Whole number `name`, a 1×1 matrix.
    ///
    /// # Errors
    /// Those of [`Self::i64_matrix`], and if it is not 1×1.
    pub fn i64_scalar(&self, name: &str) -> Result<i64> {
        self.scalar(name)
    }

    fn scalar<T: FromStoredNumber + Copy>(&self, name: &str) -> Result<T> {
        let (dims, values) = self.matrix(name)?;
        match values.as_slice() {
            [value] => Ok(*value),
            _ => Err(self.unsuitable(name, format!("is a matrix of {dims:?}, not one number"))),
        }
    }

    fn matrix<T: FromStoredNumber>(&self, name: &str) -> Result<((usize, usize), Vec<T>)> {
        let array = self.array(name)?;
        if !array.class.is_numeric() || array.complex {
            let kind = if array.complex {
                "complex".to_owned()
            } else {
                array.class.to_string()
            };
            return Err(self.unsuitable(name, format!("is {kind}, not a matrix of real numbers")));
        }
        let &[rows, columns] = array.dims.as_slice() else {
            return Err(self.unsuitable(name, format!("has {} dimensions, not two", array.dims.len())));
        };
        let (buffer, range) = &array.source;
        let values = number::convert_numbers(array.storage, &self.buffers[*buffer][range.clone()]);
        let values = values.ok_or_else(|| {
            let of = if array.class == ArrayClass::Double {
                "not whole"
            } else {
                "too large to convert"
            };
            self.unsuitable(name, format!("has a number that is {of}"))
        })?;
        Ok(((rows, columns), values))
    }

    /// Reads the variable at byte `at` of the file, and returns the byte at which the next one is.
    fn variable(&mut self, at: usize) -> Result<usize, MatDefect> {
        let file = &self.buffers[0];
        let top = read_element(file, at, file.len())?;
        match top.kind {
            MI_MATRIX => self.arrays.push(array::parse_array(file, top.body, 0)?),
            MI_COMPRESSED => {
                let inflated = inflate(&file[top.body.clone()], at, self.room)?;
                self.room -= inflated.len();
                // Compressed variables are not padded.
                let next = top.body.end;
                let inside =
                    |p: MatDefect| MatDefect::new(at, format!("inside the compressed variable: {}", p.what));
                let matrix = read_element(&inflated, 0, inflated.len()).map_err(inside)?;
                if matrix.kind == MI_MATRIX {
                    self.arrays.push(
                        array::parse_array(&inflated, matrix.body, self.buffers.len()).map_err(inside)?,
                    );
                    self.buffers.push(inflated);
                }
                return Ok(next);
            }
            other => {
                return Err(MatDefect::new(
                    at,
                    format!("an element of type {other} where a variable is expected"),
                ));
            }
        }
        Ok(top.next)
    }

    fn defect_error(&self, problem: &MatDefect) -> Error {
        Error::malformed(
            &self.path,
            format!("byte {}", problem.at),
            problem.what.clone(),
            HELP,
        )
    }

    fn unsuitable(&self, name: &str, what: String) -> Error {
        let help = "save it as a two-dimensional matrix of real numbers";
        Error::unsupported(&self.path, format!("variable {name:?}"), what, help)
    }
}

fn check_header(path: &Path, bytes: &[u8]) -> Result<()> {
    let place = "header";
    if bytes.len() < HEADER_BYTES {
        let what = format!(
            "{} bytes; a .mat file has a header of {HEADER_BYTES}",
            bytes.len()
        );
        return Err(Error::malformed(path, place, what, HELP));
    }
    let version = read_word(bytes, HEADER_BYTES - 4, HEADER_BYTES)
        .unwrap_or_default()
        .to_le_bytes();
    match &version {
        [0x00, 0x01, b'I', b'M'] => Ok(()),
        [0x01, 0x00, b'M', b'I'] => {
            let help = "save it again on a little-endian machine, or with scipy.io.savemat";
            Err(Error::unsupported(path, place, "the file is big-endian", help))
        }
        [0x00, 0x02, b'I', b'M'] => {
            let help = "it is HDF5 inside; save it with -v7 in MATLAB";
            Err(Error::unsupported(path, place, "a version 7.3 .mat file", help))
        }
        _ => {
            let help = "give a file of MATLAB (-v7 or -v6) or of scipy.io.savemat";
            Err(Error::malformed(
                path,
                place,
                "this is not a level-5 .mat file",
                help,
            ))
        }
    }
}
