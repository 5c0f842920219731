//! Array of ECGs, read one by one.

use super::bytes::ArrayBytes;
use super::description::{ArrayDescription, ArrayFacts, Axes};
use super::dtype::ValueType;
use super::npz;
use crate::refusal::{Refusal, io_error};
use ecgfm_formats::npy::{HeaderFields, read_header_fields};
use ecgfm_formats::{Error, Result};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Bytes that are read at a time from an array in column-major order, where the values of an ECG are far apart.
const WINDOW: usize = 1 << 16;
/// Number of values of the longest ECG that is read: 24 hours of twelve leads at 500 Hz.
pub(crate) const MAX_VALUES: usize = 24 * 3600 * 500 * 12;
const NPY_MAGIC: &[u8] = b"\x93NUMPY";
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

/// Open array of ECGs, which any number of threads may read at once.
#[derive(Debug)]
pub struct ArrayFile {
    path: PathBuf,
    bytes: ArrayBytes,
    /// Bytes before the first value.
    data_start: u64,
    dtype: ValueType,
    fortran_order: bool,
    /// ECGs, and the last two dimensions.
    shape: [usize; 3],
    facts: ArrayFacts,
}

impl ArrayFile {
    /// Opens the array at `path`, of two dimensions (one ECG) or three (many).
    ///
    /// # Errors
    /// I/O; a description that is not complete, or that the shape contradicts; a file that is no array or holds Python
    /// objects; fewer or more bytes than the shape takes.
    pub fn open(path: &Path, description: &ArrayDescription) -> Result<Self> {
        let refused = |refusal: Refusal| refusal.at(path);
        let facts = description.complete().map_err(refused)?;
        let (bytes, size) = open_bytes(path, description.member.as_deref())?;
        let (header, data_start) = read_header(path, &bytes, size)?;
        let dtype = ValueType::from_descr(&header.descr).map_err(|what| {
            refused(Refusal::unsupported(
                "header",
                what,
                "convert it, as numpy's astype does, to float32",
            ))
        })?;
        let shape = row_shape(&header.shape, &facts).map_err(refused)?;
        let values = shape
            .iter()
            .try_fold(1usize, |values, extent| values.checked_mul(*extent));
        let expected = values.and_then(|values| {
            (values as u64)
                .checked_mul(dtype.size() as u64)?
                .checked_add(data_start)
        });
        if expected != Some(size) {
            let claimed = expected.map_or("more than any file can hold".to_owned(), |n| format!("{n} bytes"));
            let what = format!(
                "shape {:?} of {} takes {claimed}, and there are {size}",
                header.shape,
                dtype.name()
            );
            return Err(refused(Refusal::malformed(
                "header",
                what,
                "it is incomplete or damaged: write or copy it again",
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            bytes,
            data_start,
            dtype,
            fortran_order: header.fortran_order,
            shape,
            facts,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of ECGs.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// Names of the leads, in the order of the values of a sample.
    pub fn leads(&self) -> &[String] {
        &self.facts.leads
    }

    /// Samples a second.
    pub fn sample_rate(&self) -> f64 {
        self.facts.sample_rate
    }

    /// Number of samples of each lead.
    pub fn samples(&self) -> usize {
        match self.facts.axes {
            Axes::LeadsSamples => self.shape[2],
            Axes::SamplesLeads => self.shape[1],
        }
    }

    /// NumPy's name of the type of the values.
    pub fn dtype(&self) -> &'static str {
        self.dtype.name()
    }

    /// Reads the ECG number `row` into `out`, in millivolts, sample by sample with all leads of each. Missing values are NaN.
    ///
    /// # Errors
    /// I/O, and a row past the end.
    pub fn read(&self, row: usize, out: &mut Vec<f64>) -> Result<()> {
        if row >= self.rows() {
            let what = format!("ECG {row} was asked for; there are {}", self.rows());
            return Err(Error::Request {
                path: self.path.clone(),
                what,
            });
        }
        out.clear();
        out.resize(self.shape[1] * self.shape[2], 0.0);
        let (scale, missing) = (self.facts.scale, self.facts.missing);
        let mut place = self.places();
        let sink = |value: f64| {
            if let Some(out) = place.next().and_then(|place| out.get_mut(place)) {
                *out = if Some(value) == missing {
                    f64::NAN
                } else {
                    value * scale
                };
            }
        };
        self.read_values(row, sink).map_err(io_error("read", &self.path))
    }

    /// Places in the result of the values of an ECG, in the order of the file.
    fn places(&self) -> impl Iterator<Item = usize> + use<> {
        let [_, first, second] = self.shape;
        let leads = self.facts.leads.len();
        let by_lead = self.facts.axes == Axes::LeadsSamples;
        // The dimension that varies fastest in the file is the inner one here.
        let (outer, inner) = if self.fortran_order {
            (second, first)
        } else {
            (first, second)
        };
        let outer_is_lead = by_lead != self.fortran_order;
        (0..outer).flat_map(move |o| {
            (0..inner).map(move |i| {
                if outer_is_lead {
                    i * leads + o
                } else {
                    o * leads + i
                }
            })
        })
    }

    /// Gives the values of an ECG to `sink`, in the order of the file.
    fn read_values(&self, row: usize, mut sink: impl FnMut(f64)) -> io::Result<()> {
        let (size, count) = (self.dtype.size(), self.shape[1] * self.shape[2]);
        // In column-major order, the values of an ECG are as far apart as there are ECGs.
        let (first, stride) = if self.fortran_order {
            (row, self.rows() * size)
        } else {
            (row * count, size)
        };
        let mut offset = self.data_start + (first * size) as u64;
        let at_once = (WINDOW / stride).max(1);
        let mut window = vec![0; (at_once - 1).min(count) * stride + size];
        let mut left = count;
        while left > 0 {
            let values = left.min(at_once);
            let window = &mut window[..(values - 1) * stride + size];
            self.bytes.read_exact_at(window, offset)?;
            self.dtype.decode(window, stride, &mut sink);
            offset += (values * stride) as u64;
            left -= values;
        }
        Ok(())
    }
}

/// Bytes of an `.npy` file or of an array in an `.npz` file, with the header.
fn open_bytes(path: &Path, member: Option<&str>) -> Result<(ArrayBytes, u64)> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let size = file.metadata().map_err(io_error("open", path))?.len();
    let mut start = Vec::new();
    (&file)
        .take(NPY_MAGIC.len() as u64)
        .read_to_end(&mut start)
        .map_err(io_error("read", path))?;
    if start.starts_with(ZIP_MAGIC) {
        return npz::open(path, member);
    }
    Ok((ArrayBytes::File { file, start: 0 }, size))
}

fn read_header(path: &Path, bytes: &ArrayBytes, size: u64) -> Result<(HeaderFields, u64)> {
    let mut reader = HeaderBytes { bytes, at: 0, size };
    read_header_fields(&mut reader).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            let help = "write it with numpy.save, or copy it again";
            Refusal::malformed("header", error.to_string(), help).at(path)
        }
        _ => io_error("read", path)(error),
    })
}

/// Reads an array from its beginning.
struct HeaderBytes<'a> {
    bytes: &'a ArrayBytes,
    at: u64,
    size: u64,
}

impl Read for HeaderBytes<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = self.size.saturating_sub(self.at);
        let length = out.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.bytes.read_exact_at(&mut out[..length], self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}

/// Number of ECGs, and the two dimensions of one.
fn row_shape(shape: &[usize], facts: &ArrayFacts) -> Result<[usize; 3], Refusal> {
    let shape = match *shape {
        [first, second] => [1, first, second],
        [rows, first, second] => [rows, first, second],
        _ => {
            let what = format!("shape {shape:?}");
            let help = "an array of two dimensions is one ECG, of three many: reshape it";
            return Err(Refusal::unsupported("header", what, help));
        }
    };
    let (lead_axis, sample_axis) = match facts.axes {
        Axes::LeadsSamples => (shape[1], shape[2]),
        Axes::SamplesLeads => (shape[2], shape[1]),
    };
    if lead_axis != facts.leads.len() {
        let named = facts.leads.len();
        let what = format!(
            "{lead_axis} leads in shape {:?} as its dimensions are stated, and {named} names",
            &shape[..]
        );
        return Err(Refusal::unsupported(
            "description",
            what,
            "correct the order of the dimensions, or the names",
        ));
    }
    if lead_axis == 0 || sample_axis == 0 || lead_axis.saturating_mul(sample_axis) > MAX_VALUES {
        let what = format!("an ECG of {lead_axis} leads by {sample_axis} samples");
        return Err(Refusal::unsupported(
            "header",
            what,
            format!("ECGs of 1 to {MAX_VALUES} values are read"),
        ));
    }
    Ok(shape)
}
