//! PyTorch's container: an uncompressed zip archive whose entries start at multiples of 64 bytes.

use crate::pickle::{PickledTensor, storage_class};
use crate::{Error, Result, Weights};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tch::Tensor;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// An archive being written. The same entries give the same bytes: no time and no random number goes in.
pub(crate) struct TorchArchive {
    path: PathBuf,
    root: &'static str,
    zip: ZipWriter<BufWriter<File>>,
}

impl TorchArchive {
    pub(crate) fn create(path: &Path, root: &'static str) -> Result<Self> {
        let file = File::create(path).map_err(Error::io("create", path))?;
        Ok(Self {
            path: path.to_owned(),
            root,
            zip: ZipWriter::new(BufWriter::with_capacity(1 << 20, file)),
        })
    }

    /// Adds an entry below the top-level folder.
    pub(crate) fn entry(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            // Four gigabytes or more are refused unless they are announced.
            .large_file(bytes.len() as u64 >= u64::from(u32::MAX))
            // PyTorch may map the file and read the numbers in place, which needs them aligned.
            .with_alignment(64);
        let written = self
            .zip
            .start_file(format!("{}/{name}", self.root), options)
            .map_err(std::io::Error::from);
        written
            .and_then(|()| self.zip.write_all(bytes))
            .map_err(Error::io("write", &self.path))
    }

    /// Adds the numbers of `weights` as `data/0`, `data/1`, …
    pub(crate) fn tensors(&mut self, weights: &Weights) -> Result<()> {
        for (key, (_, tensor)) in weights.iter().enumerate() {
            let bytes = bytes_of(tensor).map_err(Error::torch("copy a weight"))?;
            self.entry(&format!("data/{key}"), &bytes)?;
        }
        Ok(())
    }

    /// Completes the archive and syncs it to disk.
    pub(crate) fn finish(self) -> Result<()> {
        let finished = self.zip.finish().map_err(std::io::Error::from);
        let synced = finished.and_then(|mut writer| {
            writer.flush()?;
            writer.get_ref().sync_all()
        });
        synced.map_err(Error::io("write", &self.path))
    }
}

/// Reference of an archive's pickle to a weight whose numbers are `data/<key>`.
pub(crate) fn describe_tensor<'a>(
    key: usize,
    tensor: &Tensor,
    shape: &'a [i64],
) -> Result<PickledTensor<'a>> {
    let kind = tensor.f_kind().map_err(Error::torch("tell a weight's type"))?;
    if storage_class(kind).is_none() {
        let source = tch::TchError::Kind(format!("{kind:?} is not a floating-point type"));
        return Err(Error::Torch {
            action: "store a weight",
            source,
        });
    }
    Ok(PickledTensor { key, kind, shape })
}

fn bytes_of(tensor: &Tensor) -> Result<Vec<u8>, tch::TchError> {
    let tensor = tensor.f_contiguous()?;
    let mut bytes = vec![0; tensor.numel() * tensor.f_kind()?.elt_size_in_bytes()];
    tensor.f_copy_data_u8(&mut bytes, tensor.numel())?;
    Ok(bytes)
}
