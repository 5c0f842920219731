//! Safetensors files: the length of a table of contents, that table in JSON, then the numbers of all tensors.
//!
//! Nothing in such a file can be executed. The claims of its table are compared with the file's size before memory
//! is allocated for them.

use super::{Error, Result, TorchDtype};
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Bytes before the table of contents, which hold its length.
const LENGTH_BYTES: u64 = 8;

/// Length of the longest table of contents that is read, in bytes. A model of 90 million parameters has one of 20 KB.
const TABLE_BYTES: u64 = 16 << 20;

/// Number of dimensions that PyTorch allows at most.
const DIMENSIONS: usize = super::tensor::MAX_DIMENSIONS;

/// Name of the entry that holds text of the program that wrote the file, and no tensor.
const METADATA: &str = "__metadata__";

/// Open safetensors file.
#[derive(Debug)]
pub(super) struct Safetensors {
    path: PathBuf,
    size: u64,
    file: Mutex<File>,
    /// Tensors in the order of the table of contents.
    pub(super) tensors: Vec<PlacedTensor>,
}

/// Type, shape and place of a tensor.
#[derive(Debug)]
pub(super) struct PlacedTensor {
    pub(super) name: String,
    pub(super) dtype: TorchDtype,
    pub(super) shape: Vec<u64>,
    /// Offset of the first byte in the file.
    start: u64,
    bytes: u64,
}

/// Returns true if a file's first bytes are those of a safetensors file.
pub(super) fn starts_as_safetensors(start: &[u8]) -> bool {
    start.get(8) == Some(&b'{')
}

impl Safetensors {
    /// Opens a file and reads its table of contents.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        let wrong = |message: String| Error::Safetensors {
            path: path.to_owned(),
            message,
        };
        let mut file = File::open(path).map_err(io)?;
        let size = file.metadata().map_err(io)?.len();
        let mut length = [0; LENGTH_BYTES as usize];
        file.read_exact(&mut length).map_err(io)?;
        let length = u64::from_le_bytes(length);
        let room = size.saturating_sub(LENGTH_BYTES);
        if length > room || length > TABLE_BYTES {
            return Err(wrong(format!(
                "its table of contents claims {length} bytes, and at most {} are possible: the file is damaged or cut short",
                room.min(TABLE_BYTES)
            )));
        }
        let mut table = vec![0; length as usize];
        file.read_exact(&mut table).map_err(io)?;
        let TableOfContents(described) = serde_json::from_slice(&table)
            .map_err(|error| wrong(format!("its table of contents cannot be read: {error}")))?;
        let first = LENGTH_BYTES + length;
        let tensors = described
            .into_iter()
            .map(|(name, one)| one.place(name, first))
            .collect::<Result<Vec<_>, String>>()
            .and_then(|tensors| check_adjacent(&tensors, first, size).map(|()| tensors))
            .map_err(wrong)?;
        Ok(Self {
            path: path.to_owned(),
            size,
            file: Mutex::new(file),
            tensors,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Size of the whole file, in bytes.
    pub(super) fn file_size(&self) -> u64 {
        self.size
    }

    /// A tensor's elements in row-major order as float32.
    pub(super) fn read_f32(&self, tensor: &PlacedTensor) -> Result<Vec<f32>> {
        let io = |source| Error::Io {
            path: self.path.clone(),
            source,
        };
        let mut bytes = Vec::new();
        // `open` has checked that the file holds as many bytes.
        bytes
            .try_reserve_exact(tensor.bytes as usize)
            .map_err(|error| io(std::io::Error::new(std::io::ErrorKind::OutOfMemory, error)))?;
        bytes.resize(tensor.bytes as usize, 0);
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(tensor.start)).map_err(io)?;
        file.read_exact(&mut bytes).map_err(io)?;
        Ok(tensor.dtype.to_f32(&bytes).unwrap_or_default())
    }
}

/// Checks that tensors fill the rest of the file, each byte once, as the format demands. So a file that is cut short is found.
fn check_adjacent(tensors: &[PlacedTensor], first: u64, size: u64) -> Result<(), String> {
    let mut in_order: Vec<&PlacedTensor> = tensors.iter().collect();
    in_order.sort_by_key(|tensor| (tensor.start, tensor.bytes));
    let mut end = first;
    for tensor in in_order {
        if tensor.start != end {
            let name = &tensor.name;
            return Err(format!(
                "tensor `{name}` begins at byte {} and the one before it ends at {end}: the file is damaged",
                tensor.start
            ));
        }
        end = end.checked_add(tensor.bytes).ok_or("the file is damaged")?;
    }
    if end == size {
        return Ok(());
    }
    Err(format!(
        "its tensors end at byte {end} and the file has {size}: it is cut short or damaged; fetch it again"
    ))
}

/// Entry of the table of contents.
#[derive(Deserialize)]
struct TensorEntry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

impl TensorEntry {
    fn place(self, name: String, first: u64) -> Result<PlacedTensor, String> {
        let dtype = TorchDtype::from_safetensors(&self.dtype).ok_or_else(|| {
            let text = &self.dtype;
            format!("tensor `{name}` is of type {text}; read are F64, F32, F16, BF16, I64, I32, I16, I8, U8 and BOOL")
        })?;
        if self.shape.len() > DIMENSIONS {
            let found = self.shape.len();
            return Err(format!(
                "tensor `{name}` has {found} dimensions, and {DIMENSIONS} are the limit"
            ));
        }
        let [begin, end] = self.data_offsets;
        let needed = if self.shape.contains(&0) {
            Some(0)
        } else {
            let item = dtype.size() as u64;
            self.shape.iter().try_fold(item, |bytes, &n| bytes.checked_mul(n))
        };
        let held = end.checked_sub(begin);
        match (held, needed, begin.checked_add(first)) {
            (Some(held), Some(needed), Some(start)) if held == needed => Ok(PlacedTensor {
                name,
                dtype,
                shape: self.shape,
                start,
                bytes: held,
            }),
            _ => Err(format!(
                "tensor `{name}` of shape {:?} in {dtype} takes bytes {begin} to {end}, which does not fit: the file is damaged",
                self.shape
            )),
        }
    }
}

/// Table of contents, in its order.
struct TableOfContents(Vec<(String, TensorEntry)>);

impl<'de> Deserialize<'de> for TableOfContents {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = TableOfContents;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TableOfContents, A::Error> {
                let (mut entries, mut names) = (Vec::new(), HashSet::new());
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(serde::de::Error::custom(format!("`{name}` appears in it twice")));
                    }
                    if name == METADATA {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        entries.push((name, map.next_value()?));
                    }
                }
                Ok(TableOfContents(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a file of a table of contents and numbers.
    fn file(dir: &Path, table: &str, numbers: &[u8]) -> PathBuf {
        let path = dir.join("model.safetensors");
        let mut bytes = (table.len() as u64).to_le_bytes().to_vec();
        bytes.extend_from_slice(table.as_bytes());
        bytes.extend_from_slice(numbers);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn tensors_are_read_by_their_place_whatever_the_order_of_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let table = r#"{"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]},"__metadata__":{"format":"pt"},
            "a":{"dtype":"F16","shape":[1,2],"data_offsets":[0,4]},"none":{"dtype":"F32","shape":[0,3],"data_offsets":[12,12]}}"#;
        let mut numbers = vec![0x00, 0x3c, 0x00, 0xc0];
        numbers.extend([1.5f32, -2.0].iter().flat_map(|v| v.to_le_bytes()));
        let file = Safetensors::open(&file(dir.path(), table, &numbers)).unwrap();
        let names: Vec<&str> = file.tensors.iter().map(|tensor| tensor.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "none"]);
        let values: Vec<Vec<f32>> = file
            .tensors
            .iter()
            .map(|one| file.read_f32(one).unwrap())
            .collect();
        assert_eq!(values, [vec![1.5, -2.0], vec![1.0, -2.0], vec![]]);
        assert_eq!(file.tensors[1].shape, [1, 2]);
    }

    #[test]
    fn what_cannot_be_right_is_refused_with_its_reason() {
        let one = |dtype: &str, shape: &str, offsets: &str| {
            format!(r#"{{"w":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#)
        };
        let many = vec!["1"; 65].join(",");
        let twice = r#"{"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#;
        let shared = r#"{"v":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}"#;
        for (table, expected) in [
            (one("F32", "[1]", "[0,8]"), "does not fit"),
            (one("F32", "[1]", "[4,0]"), "does not fit"),
            (one("F32", "[4611686018427387904,4]", "[0,0]"), "does not fit"),
            (
                one("F32", "[1]", "[18446744073709551612,18446744073709551615]"),
                "does not fit",
            ),
            (one("F8_E4M3", "[4]", "[0,4]"), "type F8_E4M3"),
            (one("U8", &format!("[{many}]"), "[0,1]"), "65 dimensions"),
            (one("U8", "[2]", "[0,2]"), "end at byte"),
            (one("U8", "[2]", "[2,4]"), "begins at byte"),
            (one("U8", "[8]", "[0,8]"), "end at byte"),
            (one("U8", "[-4]", "[0,4]"), "cannot be read"),
            (twice.to_owned(), "`w` appears in it twice"),
            (shared.to_owned(), "begins at byte"),
            ("{".repeat(5000), "cannot be read"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let message = Safetensors::open(&file(dir.path(), &table, &[0; 4]))
                .unwrap_err()
                .to_string();
            assert!(message.contains(expected), "{table}: {message}");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("long.safetensors");
        std::fs::write(&path, [&(1u64 << 40).to_le_bytes()[..], b"{}"].concat()).unwrap();
        let message = Safetensors::open(&path).unwrap_err().to_string();
        assert!(message.contains("claims 1099511627776 bytes"), "{message}");
    }
}
