//! `ecgfm inspect`: describes files, directories of recordings and run directories.

mod directory;
mod recording;
mod text;

use super::{print_json, recording_files};
use crate::args::{EncodingArgs, InspectArgs};
use crate::errors::{file_error, unusable_file};
use ecgfm_artifacts::{logits, table};
use ecgfm_formats::{manifest, mat5, pt, store};
use ecgfm_pipeline::{Error, ErrorKind, LockFile};
use ecgfm_system::presence::{exists, is_dir};
use serde_json::{Value, json};
use std::path::Path;

/// What was found at a path, by how it is shown to people.
enum Description {
    Recording(Value),
    Directory(Value),
    Other(Value),
}

impl Description {
    fn json(&self) -> &Value {
        match self {
            Self::Recording(found) | Self::Directory(found) | Self::Other(found) => found,
        }
    }

    fn print(&self) {
        match self {
            Self::Recording(found) => crate::console::print_stdout!("{}", recording::text(found)),
            Self::Directory(found) => crate::console::print_stdout!("{}", directory::text(found)),
            Self::Other(found) => print_nested(found, 0),
        }
    }
}

/// Describes files, directories of recordings and run directories.
pub fn inspect(args: &InspectArgs) -> Result<(), Error> {
    if args.json {
        let found = args.files.iter().map(|path| describe_path(path, &args.encoding));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        let found: Vec<&Value> = found.iter().map(Description::json).collect();
        return match found[..] {
            [only] => print_json(only),
            _ => print_json(&found),
        };
    }
    let mut failures = Vec::new();
    for path in &args.files {
        match describe_path(path, &args.encoding) {
            Ok(found) => {
                if let Description::Other(_) = found
                    && args.files.len() > 1
                {
                    crate::console::println_stdout!("{}", path.display());
                }
                found.print();
            }
            Err(error) => failures.push(error),
        }
    }
    // The last one is reported by the program, with its exit code.
    let last = failures.pop();
    for error in failures {
        crate::console::write_stderr(format_args!("{}", error.render()));
    }
    last.map_or(Ok(()), Err)
}

fn describe_path(path: &Path, encoding: &EncodingArgs) -> Result<Description, Error> {
    let is_directory = is_dir(path).map_err(|e| file_error("read", path, &e))?;
    if is_directory {
        return describe_directory(path, encoding);
    }
    let missing = !exists(path).map_err(|e| file_error("read", path, &e))?;
    if missing && !recording_files::is_record_name(path) {
        return Err(bad_input(format!(
            "{}: no such file or directory",
            path.display()
        )));
    }
    if let Some(file) = recording_files::open_file(path, encoding) {
        let file = file?;
        return match file.exam_ids().len() {
            1 if !recording_files::is_hdf5(file.as_ref()) => {
                recording::describe(file.as_ref(), encoding).map(Description::Recording)
            }
            _ => Ok(Description::Other(Value::Object(file.facts()))),
        };
    }
    describe_other(path).map(Description::Other)
}

/// Describes a file that holds no recording.
fn describe_other(path: &Path) -> Result<Value, Error> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    match extension {
        "mat" => describe_mat(path),
        "npy" => describe_array(path),
        "pt" | "pth" | "ckpt" | "bin" | "safetensors" => describe_checkpoint(path),
        "ts" => describe_torchscript(path),
        "pkl" => describe_store_header(path),
        "tsv" => describe_manifest(path),
        "csv" => describe_table(path, table::read_all_text(path)),
        "parquet" => describe_table(path, table::read_parquet(path)),
        _ => Err(bad_input(format!("{}: no reader for `.{extension}`", path.display())).help(
            "known are recordings (WFDB, GE MUSE XML, HDF5, CSV with named leads), .mat .npy .pt .pth .ckpt .bin .safetensors .ts \
             .pkl .tsv .csv .parquet, directories of recordings, and run directories",
        )),
    }
}

fn bad_input(error: impl ToString) -> Error {
    Error::new(ErrorKind::BadInput, error.to_string())
}

fn describe_mat(path: &Path) -> Result<Value, Error> {
    let file = mat5::MatFile::read(path).map_err(unusable_file)?;
    let one =
        |a: &mat5::MatArray| json!({ "name": a.name, "class": format!("{:?}", a.class), "shape": a.dims });
    Ok(json!({ "format": "MAT v5", "arrays": file.arrays().iter().map(one).collect::<Vec<_>>() }))
}

fn describe_array(path: &Path) -> Result<Value, Error> {
    // As the reference names it: `outputs_test.npy` has its header in `outputs_test_header.pkl`.
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let header_path = path.with_file_name(format!("{stem}_header.pkl"));
    let reader = logits::open_array(path, &header_path).map_err(unusable_file)?;
    let header = reader.header();
    let format = if reader.data_offset() == 0 {
        "memory-mapped array"
    } else {
        "NumPy array"
    };
    Ok(json!({
        "format": format, "dtype": header.dtype.name(), "shape": header.shape,
        "fortran_order": header.fortran_order, "data_offset": reader.data_offset(),
    }))
}

fn describe_checkpoint(path: &Path) -> Result<Value, Error> {
    let file = pt::WeightsFile::open(path).map_err(unusable_file)?;
    let torch = crate::torch::require_torch()?;
    let (format, keys) = match file.checkpoint().map(pt::Checkpoint::root) {
        None => ("safetensors", Vec::new()),
        Some(root) => (
            "PyTorch checkpoint",
            root.items().filter_map(|(key, _)| key.as_str()).collect(),
        ),
    };
    let tensors: Vec<Value> = file
        .weights()
        .iter()
        .map(|one| json!({ "name": one.name, "shape": one.shape, "dtype": format!("{:?}", one.dtype) }))
        .collect();
    // A view may repeat an element more often than can be counted.
    let sizes = file.weights().iter().map(|one| one.shape.as_slice());
    let parameters = sizes
        .map(element_count)
        .try_fold(0_u64, |sum, n| sum.checked_add(n?));
    let parameters = parameters.ok_or_else(|| {
        bad_input(format!(
            "{}: more parameters than can be counted; the file is damaged",
            path.display()
        ))
    })?;
    Ok(json!({
        "format": format, "bytes": file.file_size(), "keys": keys, "parameters": parameters,
        "not_understood_and_not_run": file.opaque_names(), "left_out": file.skipped_tensors(),
        "network": torch.network(&file), "tensors": tensors,
    }))
}

/// Elements of a shape; none where they cannot be counted.
fn element_count(shape: &[u64]) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape
        .iter()
        .try_fold(1_u64, |product, &size| product.checked_mul(size))
}

fn describe_torchscript(path: &Path) -> Result<Value, Error> {
    let bytes = std::fs::metadata(path).map_err(unusable_file)?.len();
    let card = std::fs::read(path.with_extension("json")).ok();
    let card = card.and_then(|text| serde_json::from_slice::<Value>(&text).ok());
    Ok(json!({ "format": "TorchScript", "bytes": bytes, "card": card }))
}

fn describe_store_header(path: &Path) -> Result<Value, Error> {
    let header = store::StoreHeader::read(path).map_err(unusable_file)?;
    Ok(
        json!({ "format": "memory-map header", "shape": header.shape, "dtype": header.dtype, "offset": header.offset }),
    )
}

fn describe_manifest(path: &Path) -> Result<Value, Error> {
    let list = manifest::Manifest::read(path).map_err(unusable_file)?;
    let first: Vec<Value> = list
        .entries
        .iter()
        .take(5)
        .map(|e| json!({ "path": e.path, "samples": e.samples }))
        .collect();
    Ok(
        json!({ "format": "fairseq manifest", "root": list.root, "entries": list.entries.len(), "first": first }),
    )
}

fn describe_table<E: std::error::Error + 'static>(
    path: &Path,
    table: Result<impl Tabular, E>,
) -> Result<Value, Error> {
    let table = table.map_err(unusable_file)?;
    let format = if path.extension().is_some_and(|e| e == "csv") {
        "CSV table"
    } else {
        "Parquet table"
    };
    Ok(json!({ "format": format, "rows": table.rows(), "columns": table.columns() }))
}

/// Size and columns of a table.
trait Tabular {
    fn rows(&self) -> usize;
    fn columns(&self) -> Vec<String>;
}

impl Tabular for table::DataFrame {
    fn rows(&self) -> usize {
        self.height()
    }

    fn columns(&self) -> Vec<String> {
        self.get_column_names().iter().map(ToString::to_string).collect()
    }
}

/// Describes a run directory, or the recordings below another.
fn describe_directory(path: &Path, encoding: &EncodingArgs) -> Result<Description, Error> {
    if let Some(lock) = LockFile::read(path)? {
        return Ok(Description::Other(json!({ "format": "run", "lock": lock })));
    }
    let help = "a run directory is <workdir>/<pipeline>/<profile>; of another directory, the recordings below it are summarised";
    let found = directory::summarize(path, encoding)?;
    found.map(Description::Directory).ok_or_else(|| {
        bad_input(format!(
            "{}: no lock.json in it, and no recording below it",
            path.display()
        ))
        .help(help)
    })
}

/// Prints nested keys and values, one a line.
fn print_nested(value: &Value, depth: usize) {
    let Value::Object(entries) = value else { return };
    for (key, value) in entries {
        let pad = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                crate::console::println_stdout!("{pad}{key}:");
                print_nested(value, depth + 1);
            }
            Value::Array(items) if items.iter().any(Value::is_object) => {
                crate::console::println_stdout!("{pad}{key}: {}", items.len());
                items
                    .iter()
                    .for_each(|item| crate::console::println_stdout!("{pad}  {}", inline_text(item)));
            }
            other => crate::console::println_stdout!("{pad}{key}: {}", inline_text(other)),
        }
    }
}

fn inline_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(entries) => entries
            .iter()
            .map(|(k, v)| format!("{k} {}", inline_text(v)))
            .collect::<Vec<_>>()
            .join("  "),
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(inline_text).collect::<Vec<_>>().join(", ")
        ),
        other => other.to_string(),
    }
}
