//! Checkpoint files: values are read at once, tensors on demand.

use super::container::ZipContainer;
use super::{Error, PickleDocument, PickleLimits, PickleValue, Result, TensorRef};
use std::collections::BTreeSet;
use std::path::Path;

/// Open checkpoint.
pub struct Checkpoint {
    container: ZipContainer,
    document: PickleDocument,
}

impl Checkpoint {
    /// Opens a `torch.save` file and interprets its pickle; reads no tensor and runs nothing.
    ///
    /// # Errors
    /// When the file cannot be read, is not a zip checkpoint of PyTorch 1.6 or later, is damaged, or is larger inside
    /// than [`PickleLimits::default`] allows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, &PickleLimits::default())
    }

    /// Opens a file as [`open`](Self::open) does, with other limits.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, limits: &PickleLimits) -> Result<Self> {
        let container = ZipContainer::open(path.as_ref())?;
        if container.contains("byteorder") {
            let order = container.read("byteorder", 16)?;
            if order.trim_ascii() != b"little" {
                let message = "numbers are big-endian; only little-endian checkpoints are read".to_owned();
                return Err(Error::Archive {
                    path: container.path().to_owned(),
                    entry: "byteorder".into(),
                    message,
                });
            }
        }
        let pickle = container.read("data.pkl", limits.pickle_bytes)?;
        let document = PickleDocument::parse(&pickle, limits).map_err(|source| Error::Pickle {
            path: container.path().to_owned(),
            source,
        })?;
        Ok(Self { container, document })
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        self.container.path()
    }

    /// Size of the file, in bytes.
    pub fn file_size(&self) -> u64 {
        self.container.file_size()
    }

    /// Names of the archive's entries, without the top-level folder.
    pub fn entries(&self) -> Vec<String> {
        self.container.entries()
    }

    /// Returns true for a TorchScript archive (a program with its weights), false for a plain checkpoint.
    pub fn is_torchscript(&self) -> bool {
        self.container.contains("constants.pkl")
    }

    /// The value that was saved.
    pub fn root(&self) -> PickleValue<'_> {
        self.document.root()
    }

    /// Dotted names of the classes and functions that the checkpoint asks for, that are not known, and that were therefore
    /// not run, as in `posix.system`.
    pub fn opaque_names(&self) -> BTreeSet<String> {
        self.document.opaque_names()
    }

    /// The value below nested string keys, as in `["cfg", "model"]`.
    ///
    /// # Errors
    /// When a key is missing, or a value on the way is not a dict; the message names what is there instead.
    pub fn value(&self, keys: &[&str]) -> Result<PickleValue<'_>> {
        let mut value = self.root();
        for (depth, key) in keys.iter().enumerate() {
            value = match value.get(key) {
                Some(next) => next,
                None if value.items().len() == 0 => {
                    return Err(self.wrong_type(&keys[..depth], "a dict with keys", value));
                }
                None => return Err(self.missing_keys(&keys[..=depth], value)),
            };
        }
        Ok(value)
    }

    /// The tensor below nested string keys, as in `["model", "proj.bias"]`.
    ///
    /// # Errors
    /// Those of [`value`](Self::value), and when the value is not a tensor.
    pub fn tensor(&self, keys: &[&str]) -> Result<&TensorRef> {
        let value = self.value(keys)?;
        value
            .as_tensor()
            .ok_or_else(|| self.wrong_type(keys, "a tensor", value))
    }

    /// A tensor's elements in row-major order, in its own type, little-endian.
    ///
    /// # Errors
    /// When the tensor reaches beyond its storage, the storage is larger than the file can hold or missing, or the file
    /// cannot be read.
    pub fn read_bytes(&self, tensor: &TensorRef) -> Result<Vec<u8>> {
        let wrong = |message| self.wrong_tensor(tensor, message);
        let entry = format!("data/{}", tensor.storage.key);
        let item = tensor.dtype().size() as u64;
        let extent = tensor.extent().map_err(wrong)?;
        let numel = tensor.numel().unwrap_or(u64::MAX);
        let held = self.container.size(&entry)?;
        if tensor
            .storage
            .numel
            .checked_mul(item)
            .is_none_or(|claimed| claimed > held)
        {
            return Err(wrong(format!(
                "claims {} {} and holds {held} bytes",
                tensor.storage.numel,
                tensor.dtype()
            )));
        }
        // An expanded view repeats elements, so its storage does not limit its size: the size of the file does.
        if numel > extent
            && numel
                .checked_mul(item)
                .is_none_or(|bytes| bytes > self.file_size())
        {
            return Err(wrong(format!(
                "shape {:?} repeats elements beyond the file's own size",
                tensor.shape
            )));
        }
        if numel == 0 {
            return Ok(Vec::new());
        }
        let count = usize::try_from(numel).map_err(|error| wrong(error.to_string()))?;
        let span = self
            .container
            .read_range(&entry, tensor.offset * item, extent * item)?;
        Ok(tensor.gather(span, count))
    }

    /// A tensor's elements in row-major order as float32. Other real types are converted, rounding to nearest.
    ///
    /// # Errors
    /// Those of [`read_bytes`](Self::read_bytes), and when the elements are complex.
    pub fn read_f32(&self, tensor: &TensorRef) -> Result<Vec<f32>> {
        let dtype = tensor.dtype();
        if !dtype.is_real() {
            return Err(self.wrong_tensor(tensor, format!("{dtype} has no float32 equivalent")));
        }
        let bytes = self.read_bytes(tensor)?;
        Ok(dtype.to_f32(&bytes).unwrap_or_default())
    }

    fn missing_keys(&self, keys: &[&str], parent: PickleValue<'_>) -> Error {
        const SHOWN: usize = 12;
        let names: Vec<&str> = parent.items().filter_map(|(key, _)| key.as_str()).collect();
        let mut available = names
            .iter()
            .take(SHOWN)
            .map(|name| format!("{name:?}"))
            .collect::<Vec<_>>()
            .join(", ");
        if names.len() > SHOWN {
            available += &format!(" and {} more", names.len() - SHOWN);
        }
        Error::MissingKey {
            path: self.path().to_owned(),
            key: keys.join("."),
            available,
        }
    }

    fn wrong_type(&self, keys: &[&str], expected: &'static str, value: PickleValue<'_>) -> Error {
        let key = if keys.is_empty() {
            "the whole".to_owned()
        } else {
            keys.join(".")
        };
        Error::WrongType {
            path: self.path().to_owned(),
            key,
            expected,
            found: value.description(),
        }
    }

    fn wrong_tensor(&self, tensor: &TensorRef, message: String) -> Error {
        Error::Tensor {
            path: self.path().to_owned(),
            storage: tensor.storage.key.clone(),
            message,
        }
    }
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint")
            .field("path", &self.path())
            .field("root", &self.root())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
