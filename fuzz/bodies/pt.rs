//! A PyTorch checkpoint or a safetensors file: opened, walked, shown, and its tensors read.

use ecgfm_formats::pt::{Checkpoint, PickleDocument, PickleLimits, PickleValue, WeightsFile};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Values that are looked at: a pickle may contain itself.
const VALUES: usize = 10_000;
/// Tensors that are read.
const TENSORS: usize = 64;

/// `data` that starts as a zip archive or a safetensors file does is a whole file. Anything else is the length of a pickle (two bytes,
/// little-endian), the pickle, and the bytes of storage `0`, of which an archive is made here: a fuzzer seldom guesses
/// a checksum.
pub(crate) fn run(data: &[u8]) {
    if data.starts_with(b"PK") || data.get(8) == Some(&b'{') {
        weights(data);
        file(data);
        return;
    }
    let Some((length, rest)) = data.split_first_chunk::<2>() else {
        return;
    };
    let (pickle, storage) = rest.split_at(rest.len().min(u16::from_le_bytes(*length).into()));
    if let Ok(document) = PickleDocument::parse(pickle, &PickleLimits::default()) {
        walk(document.root());
        let _ = format!("{:?} {:?}", document.root(), document.opaque_names());
        let archive = archive(pickle, storage);
        weights(&archive);
        file(&archive);
    }
}

fn archive(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in [("a/data.pkl", pickle), ("a/data/0", storage)] {
        writer.start_file(name, options).expect("a new entry");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

/// Reads the weights by their plain names.
fn weights(bytes: &[u8]) {
    super::scratch::with_file(bytes, |path| {
        let file = match WeightsFile::open(path) {
            Ok(file) => file,
            Err(error) => {
                let _ = error.to_string();
                return;
            }
        };
        let _ = format!("{file:?} {:?} {:?}", file.skipped_tensors(), file.opaque_names());
        let _ = file.required().map_err(|e| e.to_string());
        if let Some((_, section)) = file.configuration() {
            walk(section);
        }
        for weight in file.weights().iter().take(TENSORS) {
            if let Ok(values) = file.read_f32(weight) {
                let numel = weight.shape.iter().try_fold(1u64, |all, &n| all.checked_mul(n));
                let numel = if weight.shape.contains(&0) { Some(0) } else { numel };
                assert_eq!(
                    numel,
                    Some(values.len() as u64),
                    "a weight is as long as its shape says"
                );
            }
        }
    });
}

fn file(bytes: &[u8]) {
    super::scratch::with_file(bytes, |path| {
        let checkpoint = match Checkpoint::open(path) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                let _ = error.to_string();
                return;
            }
        };
        let _ = format!(
            "{checkpoint:?} {:?} {}",
            checkpoint.entries(),
            checkpoint.is_torchscript()
        );
        let _ = checkpoint.value(&["model", "w"]).map_err(|e| e.to_string());
        for tensor in walk(checkpoint.root()) {
            if let Ok(bytes) = checkpoint.read_bytes(tensor) {
                let values = tensor
                    .numel()
                    .and_then(|n| n.checked_mul(tensor.dtype().size() as u64));
                assert_eq!(
                    values,
                    Some(bytes.len() as u64),
                    "a tensor is as long as its shape says"
                );
            }
            let _ = checkpoint.read_f32(tensor).map_err(|e| e.to_string());
        }
    });
}

/// Looks at values from the root on, and gives the first tensors among them.
fn walk(root: PickleValue<'_>) -> Vec<&ecgfm_formats::pt::TensorRef> {
    let (mut open, mut tensors) = (vec![root], Vec::new());
    for _ in 0..VALUES {
        let Some(value) = open.pop() else { break };
        let _ = (
            value.kind(),
            value.description(),
            value.as_i64(),
            value.as_f64(),
            value.as_str(),
        );
        tensors.extend(value.as_tensor());
        if let Some(opaque) = value.as_opaque() {
            open.extend([opaque.callable, opaque.arguments]);
            open.extend(opaque.state);
        }
        open.extend(value.elements().take(VALUES));
        open.extend(value.items().take(VALUES).flat_map(|(key, value)| [key, value]));
    }
    tensors.truncate(TENSORS);
    tensors
}
