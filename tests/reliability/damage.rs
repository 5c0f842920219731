//! `ecgfm verify` finds any damage to a finished run.

use crate::common::ecgfm;
use crate::ground::{Dice, Ground, RUN, files, is_kept};
use ecgfm_pipeline::{NoProgress, verify_outputs};
use std::fs;
use std::path::Path;

const FLIPS: usize = 100;

/// What `verify` says of a run: the names of what is not as the run left it.
fn named(run_dir: &Path) -> String {
    match verify_outputs(run_dir, &NoProgress, &Default::default()) {
        Ok(found) => [found.missing, found.changed, found.extra].concat().join("\n"),
        Err(error) => error.to_string(),
    }
}

/// One bit, and no other trace: the file keeps its time.
fn flip(path: &Path, byte: usize, bit: usize) {
    let time = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    bytes[byte] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
    let file = fs::File::options().append(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

#[test]
fn a_hundred_flipped_bits_in_any_files_of_a_run_are_found_and_named() {
    let dir = Ground::finished();
    let run_dir = dir.path().join(RUN);
    assert_eq!(named(&run_dir), "");
    let mut files = files(&run_dir);
    files.retain(|file| !is_kept(file));
    let (mut dice, mut found, mut lock) = (Dice(100), 0, 0);
    for at in 0..FLIPS {
        // Each file at least once, as far as they go; `lock.json` often.
        let path = match at % 10 {
            0 => run_dir.join("lock.json"),
            _ => files[(at + dice.below(files.len())) % files.len()].clone(),
        };
        let size = fs::metadata(&path).unwrap().len() as usize;
        assert!(size > 0, "{} is empty", path.display());
        let (byte, bit) = (dice.below(size), dice.below(8));
        flip(&path, byte, bit);
        let name = path.strip_prefix(&run_dir).unwrap().to_str().unwrap();
        let said = named(&run_dir);
        assert!(
            said.contains(name),
            "bit {bit} of byte {byte} of {name} was not found: {said}"
        );
        found += 1;
        lock += usize::from(name == "lock.json");
        flip(&path, byte, bit);
    }
    eprintln!("{found} of {FLIPS} flipped bits found, {lock} of them in lock.json");
    assert_eq!(named(&run_dir), "", "all were put back");
}

#[test]
fn every_bit_of_the_records_last_lines_counts() {
    let dir = Ground::finished();
    let run_dir = dir.path().join(RUN);
    let path = run_dir.join("lock.json");
    let size = fs::metadata(&path).unwrap().len() as usize;
    for byte in size - 90..size {
        for bit in 0..8 {
            flip(&path, byte, bit);
            assert!(named(&run_dir).contains("lock.json"), "bit {bit} of byte {byte}");
            flip(&path, byte, bit);
        }
    }
}

#[test]
fn added_and_removed_files_are_named_and_the_exit_code_says_so() {
    let dir = Ground::finished();
    let run_dir = dir.path().join(RUN);
    let output = |run_dir: &Path| ecgfm().arg("verify").arg(run_dir).output().unwrap();
    assert_eq!(output(&run_dir).status.code(), Some(0));
    fs::write(run_dir.join("splits/mine.csv"), "").unwrap();
    fs::write(run_dir.join("notes.txt"), "mine").unwrap();
    fs::create_dir(run_dir.join("another")).unwrap();
    fs::remove_file(run_dir.join("labels/y.npy")).unwrap();
    let found = output(&run_dir);
    let text = String::from_utf8_lossy(&found.stdout).into_owned();
    assert_eq!(found.status.code(), Some(3), "{text}");
    for line in [
        "extra: splits/mine.csv",
        "extra: notes.txt",
        "extra: another/",
        "missing: labels/y.npy",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    let lock = run_dir.join("lock.json");
    flip(&lock, 200, 3);
    let found = output(&run_dir);
    let text = String::from_utf8_lossy(&found.stderr).into_owned();
    assert_eq!(found.status.code(), Some(3), "{text}");
    assert!(text.contains("lock.json"), "{text}");
}
