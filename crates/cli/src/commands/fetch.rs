//! `ecgfm fetch`: downloads checkpoints and data, and compares what is there.

use super::print_json;
use crate::args::FetchArgs;
use crate::errors::of_stage;
use crate::number_format::group_thousands;
use crate::observer::CommandProgress;
use ecgfm_fetch::{
    DataSource, FetchOptions, FetchOutcome, FetchedFile, Fetcher, PlannedFile, SourceKind, find_source,
};
use ecgfm_pipeline::{Cancel, Error, ErrorKind};
use ecgfm_stage_params::ModelDescription;
use indicatif::HumanBytes;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files that are shown one by one at most; of more, their directories are.
const MAX_SHOWN: usize = 60;

/// Fetches a source, or prints what that would download.
pub fn fetch(args: &FetchArgs, quiet: bool, cancel: &Cancel) -> Result<(), Error> {
    let source = parse_source(&args.source)?;
    let dir = args.dir.clone().unwrap_or_else(|| source.place.clone());
    let fetcher = Fetcher::new(fetch_options(args)).map_err(fetch_error)?;
    let flag = cancel.flag();
    if args.dry_run {
        let planned = fetcher
            .plan(&source, &args.part, &dir, &flag)
            .map_err(fetch_error)?;
        if args.json {
            return print_json(
                &json!({ "source": source.name, "licence": source.licence, "non_commercial": source.non_commercial, "dir": dir, "would_fetch": planned }),
            );
        }
        match planned.len() {
            0..=MAX_SHOWN => print_plan(&planned),
            _ => print_planned_directories(&dir, &planned),
        }
        return Ok(());
    }
    tell_terms(&source, &dir, quiet);
    let progress = CommandProgress::new("bytes", quiet);
    let fetched = fetcher.fetch(&source, &args.part, &dir, &progress, &flag);
    // Takes the bar away.
    drop(progress);
    let fetched = fetched.map_err(fetch_error)?;
    if args.json {
        return print_json(
            &json!({ "source": source.name, "licence": source.licence, "non_commercial": source.non_commercial, "dir": dir, "files": fetched }),
        );
    }
    match fetched.len() {
        0..=MAX_SHOWN => fetched.iter().for_each(print_fetched),
        _ => print_directories(&dir, &fetched),
    }
    Ok(())
}

/// Says what is fetched under which licence, before it is; one that forbids commercial use is told always.
fn tell_terms(source: &DataSource, dir: &Path, quiet: bool) {
    let licence = source
        .licence
        .as_ref()
        .map_or_else(String::new, |licence| format!("; licence: {licence}"));
    let (title, page) = (&source.title, &source.page);
    if !quiet {
        crate::console::println_stderr!("{title} into {}/; terms: {page}{licence}", dir.display());
    }
    if source.non_commercial {
        crate::console::println_stderr!(
            "NON-COMMERCIAL USE ONLY: {title} may not be used commercially, nor may what is made with it. Licence: {}; read it at {page}",
            source.licence.as_deref().unwrap_or("not stated")
        );
    }
    if source.gated && !quiet {
        crate::console::println_stderr!(
            "gated: accept the terms on {page} with an account of the hub, and set HF_TOKEN to its access token"
        );
    }
}

/// Parses `NAME`, `checkpoint NAME`, `model NAME` or `dataset NAME`; a name may be the file of a model's description.
fn parse_source(words: &[String]) -> Result<DataSource, Error> {
    let wrong =
        |message: String| Error::new(ErrorKind::Config, message).help("`ecgfm sources` lists what there is");
    let (kind, name) = match words {
        [name] => (None, name),
        [kind, name] => (Some(kind.as_str()), name),
        _ => return Err(wrong("one source at a time".to_owned())),
    };
    let source = match Path::new(name).is_file() {
        true => {
            let model = ModelDescription::load(name).map_err(|e| wrong(e.to_string()))?;
            DataSource::of_model(&model).map_err(|e| wrong(e.to_string()))?
        }
        false => find_source(name).map_err(|e| wrong(e.to_string()))?,
    };
    let is = match source.kind {
        SourceKind::Checkpoint => "checkpoint",
        SourceKind::Dataset => "dataset",
    };
    match kind {
        Some("model") if is == "checkpoint" => Ok(source),
        Some(kind) if kind != is => Err(wrong(format!("`{name}` is a {is}, not a `{kind}`"))),
        _ => Ok(source),
    }
}

/// Options from the command line and the environment variables that docs/fetch.md lists; the library reads no environment.
fn fetch_options(args: &FetchArgs) -> FetchOptions {
    let variable = |names: &[&str]| {
        let values = names.iter().filter_map(|name| std::env::var(name).ok());
        values.map(|v| v.trim().to_owned()).find(|v| !v.is_empty())
    };
    let usual = FetchOptions::default();
    FetchOptions {
        hub: variable(&["HF_ENDPOINT"]).unwrap_or(usual.hub),
        token: variable(&["HF_TOKEN"]),
        netrc: variable(&["NETRC"])
            .map(PathBuf::from)
            .or_else(|| variable(&["HOME"]).map(|home| Path::new(&home).join(".netrc"))),
        proxy: variable(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
        no_proxy: variable(&["NO_PROXY", "no_proxy"]),
        certificates: variable(&["SSL_CERT_FILE"]).map(Into::into),
        max_bytes: args.max_gib.saturating_mul(1 << 30),
        keep_archives: args.keep_archives,
        ..usual
    }
}

fn fetch_error(error: ecgfm_fetch::Error) -> Error {
    match &error {
        ecgfm_fetch::Error::Busy { .. } => Error::new(ErrorKind::Locked, error.to_string()),
        other => of_stage(other),
    }
}

fn print_fetched(fetched: &FetchedFile) {
    let outcome = match fetched.outcome {
        FetchOutcome::Fetched => "fetched",
        FetchOutcome::Present => "present",
        FetchOutcome::Unverified => "present, not compared",
    };
    let path = fetched.path.display();
    crate::console::println_stdout!("{path}\t{}\t{outcome}", HumanBytes(fetched.size));
}

/// Prints how many files of each directory below `dir` were fetched and how many were there.
fn print_directories(dir: &Path, fetched: &[FetchedFile]) {
    let rows = fetched.iter().map(|file| {
        (
            file.path.as_path(),
            file.outcome == FetchOutcome::Fetched,
            file.size,
        )
    });
    for (place, counts) in count_by_directory(dir, rows) {
        let Counts {
            chosen,
            others,
            bytes,
        } = counts;
        crate::console::println_stdout!(
            "{}\t{}\t{} fetched, {} present",
            place.display(),
            HumanBytes(bytes),
            group_thousands(chosen),
            group_thousands(others)
        );
    }
}

/// Prints how many files of each directory below `dir` would be downloaded and how many are there.
fn print_planned_directories(dir: &Path, planned: &[PlannedFile]) {
    let rows = planned.iter().map(|file| (file.path.as_path(), !file.present, 0));
    for (place, counts) in count_by_directory(dir, rows) {
        let (missing, present) = (group_thousands(counts.chosen), group_thousands(counts.others));
        crate::console::println_stdout!("{}\t{missing} to download, {present} present", place.display());
    }
    if let Some(why) = planned.iter().find_map(|file| file.unknown.as_ref()) {
        crate::console::println_stdout!("size unknown ({why})");
    }
}

/// Numbers of files of a directory.
#[derive(Default)]
struct Counts {
    chosen: u64,
    others: u64,
    bytes: u64,
}

/// Counts files by the first directory below `dir`: those chosen, the others, and the bytes of all.
fn count_by_directory<'a>(
    dir: &Path,
    files: impl Iterator<Item = (&'a Path, bool, u64)>,
) -> BTreeMap<PathBuf, Counts> {
    let mut counts: BTreeMap<PathBuf, Counts> = BTreeMap::new();
    for (path, is_chosen, bytes) in files {
        let below = path.strip_prefix(dir).unwrap_or(path);
        let mut parts = below.components();
        let place = match (parts.next(), parts.next()) {
            (Some(first), Some(_)) => dir.join(first),
            _ => dir.to_owned(),
        };
        let of_place = counts.entry(place).or_default();
        of_place.bytes += bytes;
        *(if is_chosen {
            &mut of_place.chosen
        } else {
            &mut of_place.others
        }) += 1;
    }
    counts
}

fn print_plan(planned: &[PlannedFile]) {
    for file in planned {
        let size = match (file.size, &file.unknown) {
            _ if file.present => "present, would be compared".to_owned(),
            (Some(size), _) if file.have > 0 => {
                format!(
                    "{}, of which {} are here",
                    HumanBytes(size),
                    HumanBytes(file.have)
                )
            }
            (Some(size), _) => HumanBytes(size).to_string(),
            (None, Some(why)) => format!("size unknown ({why})"),
            (None, None) => "size unknown".to_owned(),
        };
        crate::console::println_stdout!("{}\t{size}\t{}", file.path.display(), file.url);
    }
    let wanted = planned.iter().filter(|f| !f.present);
    let left = wanted.map(|f| f.size.unwrap_or(0).saturating_sub(f.have));
    crate::console::println_stdout!("to download, as far as known: {}", HumanBytes(left.sum()));
}
