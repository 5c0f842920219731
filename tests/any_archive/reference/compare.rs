//! Comparison of tables and arrays of the stages with the scripts'.

use crate::sources::rows;
use ecgfm_artifacts::formats::npy::NpyReader;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Columns of records whose texts are compared.
pub(super) const TEXTS: [&str; 8] = [
    "idx",
    "source",
    "dataset",
    "lead_order",
    "sample_rate",
    "sample_size",
    "nan_leads",
    "constant_leads",
];
/// Columns of records whose texts are compared where the scripts have them.
pub(super) const OF_SOME: [&str; 2] = ["diagnosis", "machine_report"];

pub(super) type Row = BTreeMap<String, String>;

pub(super) fn number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

pub(super) fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-13 * b.abs().max(1.0) || (a.is_nan() && b.is_nan())
}

pub(super) fn by_file(rows: Vec<Row>) -> BTreeMap<String, Row> {
    rows.into_iter()
        .map(|row| (row["save_file"].clone(), row))
        .collect()
}

/// `same`, or these differences.
pub(super) fn verdict(differences: Vec<String>) -> String {
    match differences.is_empty() {
        true => "same".to_owned(),
        false => differences.join("; "),
    }
}

/// Compares records of one source.
pub(super) fn compare_records(ours: &Path, theirs: &Path, source: &str) -> String {
    let ours = rows(&ours.join("meta.csv"))
        .into_iter()
        .filter(|row| row["source"] == source);
    let (ours, theirs) = (by_file(ours.collect()), by_file(rows(theirs)));
    let mut found = Vec::new();
    for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        match (ours.get(name), theirs.get(name)) {
            (Some(ours), Some(theirs)) => {
                found.extend(row_differences(ours, theirs).map(|what| format!("{name}: {what}")));
            }
            (Some(_), None) => found.push(format!("{name}: kept")),
            (None, _) => found.push(format!("{name}: not kept")),
        }
    }
    verdict(found)
}

pub(super) fn row_differences(ours: &Row, theirs: &Row) -> Option<String> {
    let mut found = Vec::new();
    let of_some = OF_SOME.into_iter().filter(|name| theirs.contains_key(*name));
    for name in TEXTS.into_iter().chain(of_some) {
        if ours.get(name) != theirs.get(name) {
            found.push(format!("{name} {:?} not {:?}", ours.get(name), theirs.get(name)));
        }
    }
    let statistics = theirs
        .keys()
        .filter(|name| name.starts_with("mean_") || name.starts_with("std_"));
    let differ = statistics
        .filter(|name| {
            !ours
                .get(*name)
                .is_some_and(|cell| close(number(cell), number(&theirs[*name])))
        })
        .count();
    if differ > 0 {
        found.push(format!("{differ} means and deviations"));
    }
    (!found.is_empty()).then(|| found.join(", "))
}

/// Name and samples of every segment of the recordings whose names begin so.
pub(super) fn segments(path: &Path, prefix: &str) -> BTreeSet<(String, String)> {
    let rows = rows(path)
        .into_iter()
        .filter(|row| row["save_file"].starts_with(prefix));
    let name = |path: &str| {
        path.rsplit('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".mat")
            .to_owned()
    };
    rows.map(|row| (name(&row["path"]), row["sample_size"].clone()))
        .collect()
}

pub(super) fn compare_segments(ours: &Path, theirs: &Path, prefix: &str) -> String {
    let (ours, theirs) = (
        segments(&ours.join("segmented.csv"), prefix),
        segments(theirs, prefix),
    );
    let differ = ours.symmetric_difference(&theirs);
    verdict(
        differ
            .map(|(name, samples)| format!("{name} of {samples}"))
            .collect(),
    )
}

/// Compares tables cell by cell, numbers as numbers; `key` names the rows.
pub(super) fn compare_tables(ours: &Path, theirs: &Path, key: &str) -> String {
    let keyed = |path: &Path| -> BTreeMap<String, Row> {
        rows(path)
            .into_iter()
            .map(|row| (row[key].clone(), row))
            .collect()
    };
    let (ours, theirs) = (keyed(ours), keyed(theirs));
    let equal = |a: &str, b: &str| {
        let of = |text: &str| match text {
            "True" => 1.0,
            "False" => 0.0,
            text => number(text),
        };
        a == b || (!of(a).is_nan() && close(of(a), of(b)))
    };
    let mut found = Vec::new();
    for name in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
        let (Some(ours), Some(theirs)) = (ours.get(name), theirs.get(name)) else {
            found.push(format!("{key} {name} is on one side only"));
            continue;
        };
        let differ = theirs
            .iter()
            .filter(|(column, cell)| !ours.get(*column).is_some_and(|own| equal(own, cell)));
        let differ: Vec<&str> = differ.map(|(column, _)| column.as_str()).collect();
        if !differ.is_empty() {
            found.push(format!("{key} {name}: {}", differ.join(", ")));
        }
    }
    verdict(found)
}

/// Compares arrays of labels in these rows.
pub(super) fn compare_arrays(ours: &Path, theirs: &Path, wanted: std::ops::Range<usize>) -> String {
    let read = |path: &Path| {
        let array = NpyReader::open(path).unwrap();
        let width = array.header().shape[1];
        let values = array.read_all::<f64>().unwrap();
        values.chunks(width).map(<[f64]>::to_vec).collect::<Vec<_>>()
    };
    let (ours, theirs) = (read(ours), read(theirs));
    if ours.len() != theirs.len() {
        return format!("{} rows not {}", ours.len(), theirs.len());
    }
    let differ = wanted.filter(|&row| !ours[row].iter().zip(&theirs[row]).all(|(a, b)| close(*a, *b)));
    verdict(differ.map(|row| format!("row {row}")).collect())
}

/// Compares our records with the scripts' list of recordings, of which the last three are those of the run that is refused here.
pub(super) fn compare_recordings(ours: &Path, theirs: &Path) -> String {
    let text = |row: &Row| {
        ["idx", "source", "save_file", "sample_rate", "sample_size"].map(|name| row[name].clone())
    };
    let ours: Vec<_> = rows(&ours.join("meta.csv")).iter().map(text).collect();
    let theirs: Vec<_> = rows(theirs).iter().map(text).collect();
    match theirs.len() == ours.len() + 3 && theirs.starts_with(&ours) {
        true => "same but for the last 3 rows".to_owned(),
        false => "differs".to_owned(),
    }
}

pub(super) fn compare_exams(ours: &Path, theirs: &Path) -> String {
    if !theirs.exists() {
        return format!("{} exams", rows(ours).len());
    }
    let exams = |path: &Path| -> BTreeSet<[String; 2]> {
        rows(path)
            .iter()
            .map(|row| [row["idx"].clone(), row["save_file"].clone()])
            .collect()
    };
    let (ours, theirs) = (exams(ours), exams(theirs));
    verdict(
        ours.symmetric_difference(&theirs)
            .map(|[_, file]| file.clone())
            .collect(),
    )
}

/// Sizes of the splits.
pub(super) fn sizes(path: &Path) -> BTreeMap<String, usize> {
    let mut sizes = BTreeMap::new();
    for row in rows(path) {
        *sizes.entry(row["split"].clone()).or_insert(0) += 1;
    }
    sizes
}

/// Compares the splits of exams, by idx; `column` holds the scripts'.
pub(super) fn compare_split_of_exams(ours: &Path, (theirs, column): (&Path, &str)) -> String {
    let splits = |path: &Path, column: &str| -> BTreeMap<String, String> {
        rows(path)
            .into_iter()
            .map(|row| (row["idx"].clone(), row[column].clone()))
            .collect()
    };
    let (ours, theirs) = (splits(ours, "split"), splits(theirs, column));
    let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = keys.into_iter().filter(|idx| ours.get(*idx) != theirs.get(*idx));
    let name = |split: Option<&String>| split.map_or("none", String::as_str).to_owned();
    verdict(
        differ
            .map(|idx| {
                format!(
                    "idx {idx} in {} not {}",
                    name(ours.get(idx)),
                    name(theirs.get(idx))
                )
            })
            .collect(),
    )
}

/// Compares manifests as they are.
pub(super) fn compare_manifest(ours: &Path, theirs: &Path) -> String {
    let (ours, theirs) = (std::fs::read_to_string(ours), std::fs::read_to_string(theirs));
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) if ours == theirs => "same".to_owned(),
        (Err(_), Err(_)) => "same".to_owned(),
        (ours, theirs) => format!("{:?} not {:?}", ours.ok(), theirs.ok()),
    }
}
