//! A raw file of a view: where it is, what tells it from another file, and where the bytes of its rows are.

use crate::error::{Error, Result};
use crate::formats::tracings::{BlockTable, Compression, RowPlacement, StoredBlock};
use crate::recordings::{DirectFile, DirectRows, Encoding, Unit};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes of a raw file that are hashed at each of three places.
const SAMPLED: usize = 1 << 16;

/// Raw file of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPart {
    /// Absolute path of the file.
    path: PathBuf,
    /// Size of the file, in bytes.
    size: u64,
    /// BLAKE3 of pieces of it: start, middle and end.
    sample: String,
    /// Rows, samples, leads.
    shape: [usize; 3],
    /// Layout of the rows in the file.
    rows: RowLayout,
}

/// Layout of rows in a raw file, as `view.json` has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum RowLayout {
    Contiguous {
        offset: u64,
    },
    Blocks {
        shape: [usize; 3],
        shuffled: bool,
        deflated: bool,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lzf: bool,
        /// Bits of the value of what was never written, which JSON could not always say as a number.
        fill_bits: u32,
        /// Place along rows, samples and leads; first byte; bytes; filters left out.
        blocks: Vec<(usize, usize, usize, u64, u64, u32)>,
    },
}

impl From<RowPlacement> for RowLayout {
    fn from(placement: RowPlacement) -> Self {
        match placement {
            RowPlacement::Contiguous { offset } => Self::Contiguous { offset },
            RowPlacement::Blocks(table) => Self::Blocks {
                shape: table.shape,
                shuffled: table.shuffled,
                deflated: table.compression == Compression::Deflate,
                lzf: table.compression == Compression::Lzf,
                fill_bits: table.fill.to_bits(),
                blocks: (table.blocks.iter())
                    .map(|b| {
                        (
                            b.place[0],
                            b.place[1],
                            b.place[2],
                            b.at,
                            b.size,
                            b.skipped_filters,
                        )
                    })
                    .collect(),
            },
        }
    }
}

impl From<RowLayout> for RowPlacement {
    fn from(layout: RowLayout) -> Self {
        match layout {
            RowLayout::Contiguous { offset } => Self::Contiguous { offset },
            RowLayout::Blocks {
                shape,
                shuffled,
                deflated,
                lzf,
                fill_bits,
                blocks,
            } => Self::Blocks(BlockTable {
                shape,
                shuffled,
                compression: match (deflated, lzf) {
                    (false, false) => Compression::None,
                    (true, _) => Compression::Deflate,
                    (false, true) => Compression::Lzf,
                },
                fill: f32::from_bits(fill_bits),
                blocks: (blocks.into_iter())
                    .map(|(row, sample, lead, at, size, skipped_filters)| StoredBlock {
                        place: [row, sample, lead],
                        at,
                        size,
                        skipped_filters,
                    })
                    .collect(),
            }),
        }
    }
}

impl RawPart {
    /// The file at `path`, whose rows are at `rows`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn new(path: &Path, rows: DirectRows) -> Result<Self> {
        let path = std::path::absolute(path).map_err(Error::io("resolve", path))?;
        let (size, sample) = fingerprint(&path)?;
        Ok(Self {
            path,
            size,
            sample,
            shape: rows.shape,
            rows: rows.placement.into(),
        })
    }

    /// Opens the file, whose recordings have `sample_rate` Hz, where it is still the one that was recorded.
    pub(super) fn open(self, sample_rate: f64) -> Result<DirectFile> {
        let (size, sample) = fingerprint(&self.path)?;
        if (size, &sample) != (self.size, &self.sample) {
            let what = "is not the file that the signals stage read: run that again, or put the file back";
            return Err(Error::invalid(&self.path, what));
        }
        let rows = DirectRows {
            shape: self.shape,
            placement: self.rows.into(),
        };
        let encoding = Encoding {
            sample_rate,
            unit: Unit::NotStated,
            ..Encoding::default()
        };
        Ok(DirectFile::open(&self.path, rows, encoding)?)
    }
}

/// Size of a file, and the hash of pieces of it.
fn fingerprint(path: &Path) -> Result<(u64, String)> {
    let read = || -> io::Result<(u64, String)> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        let (mut hash, mut bytes) = (blake3::Hasher::new(), vec![0; SAMPLED.min(size as usize)]);
        let last = size - bytes.len() as u64;
        for at in [0, last / 2, last] {
            file.read_exact_at(&mut bytes, at)?;
            hash.update(&bytes);
        }
        Ok((size, hash.finalize().to_hex().to_string()))
    };
    read().map_err(Error::io("read", path))
}
