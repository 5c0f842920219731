//! A part that ends anywhere, or whose end is nothing but zeros, as where a download was allotted its place and stopped.

use crate::archive::{Archive, LEADS, SAMPLES, rows, write_part};
use ecgfm_formats::code15::{PartReader, WriteLayout};
use std::fs;
use std::path::Path;

const LAYOUTS: [WriteLayout; 2] = [
    WriteLayout::Contiguous,
    WriteLayout::Chunked {
        rows: 1,
        gzip_level: 1,
        shuffle: false,
    },
];

/// Every byte offset at which one of the file's structures may begin, which HDF5 aligns to 8 bytes, as far as there are no
/// samples; and the ends and the middle of every row of samples, and one byte beside each.
fn boundaries(bytes: &[u8], part: &Path) -> Vec<usize> {
    let row_bytes = SAMPLES * LEADS * 4;
    let samples: Vec<(usize, usize)> = match PartReader::open(part).unwrap().placement().unwrap() {
        ecgfm_formats::tracings::RowPlacement::Contiguous { offset } => (0..4)
            .map(|row| (offset as usize + row * row_bytes, row_bytes))
            .collect(),
        ecgfm_formats::tracings::RowPlacement::Blocks(table) => table
            .blocks
            .iter()
            .map(|b| (b.at as usize, b.size as usize))
            .collect(),
    };
    let within = |at: usize| {
        samples
            .iter()
            .any(|(start, size)| (*start..start + size).contains(&at))
    };
    let mut found: Vec<usize> = (0..bytes.len()).step_by(8).filter(|at| !within(*at)).collect();
    for (start, size) in &samples {
        let places = [*start, start + size / 2, start + size];
        found.extend(places.iter().flat_map(|at| [at - 1, *at, at + 1]));
    }
    found.retain(|at| *at < bytes.len());
    found.sort_unstable();
    found.dedup();
    found
}

/// Opens and reads all of it.
fn read_all(path: &Path) -> Result<Vec<f32>, String> {
    let part = PartReader::open(path).map_err(|e| e.to_string())?;
    let (mut all, mut row) = (Vec::new(), vec![0.0; part.row_len()]);
    for at in 0..part.rows() {
        part.read_row(at, &mut row).map_err(|e| e.to_string())?;
        all.extend_from_slice(&row);
    }
    Ok(all)
}

#[test]
fn a_part_that_ends_at_any_boundary_is_refused_by_name() {
    for layout in LAYOUTS {
        let archive = Archive::new();
        write_part(&archive.part(), &rows(), layout);
        let bytes = fs::read(archive.part()).unwrap();
        let boundaries = boundaries(&bytes, &archive.part());
        assert!(boundaries.len() > 200, "{}", boundaries.len());
        let file = fs::OpenOptions::new().write(true).open(archive.part()).unwrap();
        for at in boundaries.into_iter().rev() {
            file.set_len(at as u64).unwrap();
            let error = read_all(&archive.part()).expect_err("a part cut short was read");
            assert!(
                error.contains("exams_part0.hdf5: ") && error.contains("; "),
                "{at}: {error}"
            );
        }
    }
}

#[test]
fn the_program_names_the_part_that_was_cut_and_ends_with_3() {
    for layout in LAYOUTS {
        let archive = Archive::new();
        write_part(&archive.part(), &rows(), layout);
        let bytes = fs::read(archive.part()).unwrap();
        let boundaries = boundaries(&bytes, &archive.part());
        for at in boundaries.iter().step_by(boundaries.len() / 8) {
            fs::write(archive.part(), &bytes[..*at]).unwrap();
            archive.meets("the_program_names_the_part_that_was_cut_and_ends_with_3", &[]);
        }
    }
}

#[test]
fn a_part_of_which_the_end_is_zeros_is_refused_or_accounted_for() {
    for layout in LAYOUTS {
        let archive = Archive::new();
        write_part(&archive.part(), &rows(), layout);
        let bytes = fs::read(archive.part()).unwrap();
        let boundaries = boundaries(&bytes, &archive.part());
        for at in boundaries.iter().step_by(boundaries.len() / 12) {
            let mut zeroed = bytes.clone();
            zeroed[*at..].fill(0);
            fs::write(archive.part(), &zeroed).unwrap();
            let found = archive.signals(&[]);
            let [kept, rejected] = ["kept", "rejected"].map(|name| found.count(name));
            match found.code {
                Some(0) => assert_eq!(kept + rejected, 3, "{at}: {}", found.said),
                Some(3) => assert!(
                    found.said.contains("error: stage `signals`: RAW/"),
                    "{at}: {}",
                    found.said
                ),
                other => panic!("{at}: {other:?} {}", found.said),
            }
        }
    }
}
