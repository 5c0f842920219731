//! The fuzz targets over their seeds, and over every seed cut short or with a bit turned.

use crate::common::root;
use crate::{arrays, csv, layout, manifest, mat, muse, npy, pipeline, pt, store, table, wfdb};
use std::path::{Path, PathBuf};

/// What a fuzz target does with an input.
type Body = fn(&[u8]);

/// All fuzz targets by name.
const TARGETS: [(&str, Body); 12] = [
    ("pt", pt::run),
    ("mat", mat::run),
    ("npy", npy::run),
    ("manifest", manifest::run),
    ("store", store::run),
    ("pipeline", pipeline::run),
    ("layout", layout::run),
    ("table", table::run),
    ("wfdb", wfdb::run),
    ("muse", muse::run),
    ("arrays", arrays::run),
    ("csv", csv::run),
];
/// The most that all seeds together take, in bytes.
const SEEDS: usize = 200_000;

fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("fuzz/corpus").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect()
}

#[test]
fn every_seed_goes_through_its_target_and_so_does_every_damaged_one() {
    let mut total = 0;
    for (target, run) in TARGETS {
        let seeds = seeds(target);
        assert!(seeds.len() > 3, "{target} has {} seeds", seeds.len());
        for (path, seed) in seeds {
            total += seed.len();
            each(&path, "whole", &seed, run);
            let mut damaged = seed.clone();
            for at in (0..seed.len()).step_by(7) {
                each(&path, &format!("cut to {at} bytes"), &seed[..at], run);
                let bit = 1 << (at / 7 % 8);
                damaged[at] ^= bit;
                each(&path, &format!("with byte {at} changed"), &damaged, run);
                damaged[at] ^= bit;
            }
        }
    }
    assert!(total < SEEDS, "{total} bytes of seeds");
}

fn each(path: &Path, how: &str, data: &[u8], run: Body) {
    let done = std::panic::catch_unwind(|| run(data));
    assert!(done.is_ok(), "{} {how}", path.display());
}

#[test]
fn every_fuzz_target_is_replayed_here() {
    let text = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let mut built: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""))
        .collect();
    let mut replayed: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    built.sort_unstable();
    replayed.sort_unstable();
    assert_eq!(built, replayed);
}
