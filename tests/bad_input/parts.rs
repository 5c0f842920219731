//! What can be wrong with a part.

use crate::archive::{Archive, LEADS, PART, SAMPLES, line, recording, rows, write_part};
use crate::common::python;
use ecgfm_formats::code15::{PartReader, PartWriter, WriteLayout, WriteOptions};
use ecgfm_formats::tracings::RowPlacement;
use std::fs;

const SECOND: &str = "exams_part1.hdf5";

/// Exams 1 and 2 in the first part, 3 in the second.
fn two_parts() -> Archive {
    let archive = Archive::new()
        .rows(|rows| drop(rows.remove(2)))
        .text(|text| text.replace(&line("3", PART), &line("3", SECOND)));
    let second = archive.raw().join(SECOND);
    write_part(&second, &[(3, recording(2400, 3))], WriteLayout::Contiguous);
    archive
}

fn halved(archive: &Archive) {
    let path = archive.raw().join(SECOND);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn an_empty_part() {
    let archive = two_parts();
    fs::write(archive.raw().join(SECOND), b"").unwrap();
    archive.meets("an_empty_part", &[]);
}

#[test]
fn a_part_that_is_no_hdf5() {
    for bytes in [b"PK\x03\x04".repeat(1000), b"<html>Not found</html>".to_vec()] {
        let archive = two_parts();
        fs::write(archive.raw().join(SECOND), bytes).unwrap();
        archive.meets("a_part_that_is_no_hdf5", &[]);
    }
}

#[test]
fn a_directory_named_as_a_part() {
    let archive = two_parts();
    fs::remove_file(archive.raw().join(SECOND)).unwrap();
    fs::create_dir(archive.raw().join(SECOND)).unwrap();
    archive.meets("a_directory_named_as_a_part", &[]);
}

#[test]
fn a_part_cut_short() {
    let archive = two_parts();
    halved(&archive);
    archive.meets("a_part_cut_short", &[]);
}

#[test]
fn a_part_cut_short_and_set_aside_on_request() {
    let archive = two_parts();
    halved(&archive);
    for with in [
        "unreadable_parts=reject",
        "on_bad=reject",
        "on_bad={unreadable_part: reject}",
    ] {
        let found = archive.meets("a_part_cut_short_and_set_aside_on_request", &[with]);
        assert_eq!(found.count("kept"), 2);
    }
}

#[test]
fn leads_before_samples() {
    let archive = Archive::new();
    let options = WriteOptions {
        layout: WriteLayout::Contiguous,
        rows: 1,
        samples: LEADS,
        leads: SAMPLES,
    };
    let mut writer = PartWriter::create(&archive.part(), options).unwrap();
    writer.write_row(0, 3, &recording(2400, 3)).unwrap();
    writer.finish().unwrap();
    archive.meets("leads_before_samples", &[]);
}

#[test]
fn a_damaged_block() {
    let archive = Archive::new();
    let layout = WriteLayout::Chunked {
        rows: 1,
        gzip_level: 1,
        shuffle: true,
    };
    write_part(&archive.part(), &rows(), layout);
    let Some(RowPlacement::Blocks(table)) = PartReader::open(&archive.part()).unwrap().placement() else {
        panic!("the part has no blocks");
    };
    let block = table.blocks[2];
    let mut bytes = fs::read(archive.part()).unwrap();
    bytes[block.at as usize + block.size as usize / 2..][..8].fill(0x55);
    fs::write(archive.part(), bytes).unwrap();
    let found = archive.meets("a_damaged_block", &[]);
    assert_eq!(found.count("kept"), 2);
}

/// The part written again by h5py; without it the test says so and should return.
fn by_h5py(script: &str) -> Option<Archive> {
    let (archive, mut python) = (Archive::new(), python()?);
    let head = format!(
        "import h5py, numpy as np\nf = h5py.File('{PART}'); ids, x = f['exam_id'][:], f['tracings'][:]; f.close()\n\
         def part(**datasets):\n  with h5py.File('{PART}', 'w') as f:\n    for k, v in datasets.items(): f[k] = v\n"
    );
    let done = python
        .current_dir(archive.raw())
        .args(["-c", &(head + script)])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(archive)
}

#[test]
fn other_types_of_numbers_that_hold_as_much() {
    for script in [
        "part(exam_id=ids.astype('>i8'), tracings=x.astype('>f4'))",
        "part(exam_id=ids.astype('i4'), tracings=x.astype('f8'))",
        "part(exam_id=ids.astype('>u8'), tracings=x.astype('>f8'))",
    ] {
        let Some(archive) = by_h5py(script) else { return };
        archive.meets("other_types_of_numbers_that_hold_as_much", &[]);
        let plain = Archive::new();
        plain.signals(&[]);
        // Whatever the numbers' type and order of bytes, the segments are the same.
        let segments = |of: &Archive| fs::read(of.raw().join("out/segments/part-00000.npy")).unwrap();
        assert!(segments(&archive) == segments(&plain), "{script}");
    }
}

#[test]
fn a_damaged_fill_value() {
    let Some(archive) = by_h5py(
        "with h5py.File('whole', 'w') as f:\n\
         \x20 f['exam_id'] = ids\n\
         \x20 f.create_dataset('tracings', data=x, chunks=(1, *x.shape[1:]), fillvalue=0.25)\n\
         sound = np.array([4], '<i4').tobytes() + np.array([0.25], '<f4').tobytes()\n\
         whole = open('whole', 'rb').read()\n\
         assert whole[:4096].count(sound) == 2\n\
         start = whole[:4096].replace(sound, np.array([-2], '<i4').tobytes() + sound[4:])\n\
         open('exams_part0.hdf5', 'wb').write(start + whole[4096:])",
    ) else {
        return;
    };
    archive.meets("a_damaged_fill_value", &[]);
}

#[test]
fn integers_for_samples() {
    let Some(archive) = by_h5py("part(exam_id=ids, tracings=(x * 1000).astype('i2'))") else {
        return;
    };
    archive.meets("integers_for_samples", &[]);
}

#[test]
fn numbers_with_a_fraction_for_exams() {
    let Some(archive) = by_h5py("part(exam_id=ids.astype('f8'), tracings=x)") else {
        return;
    };
    archive.meets("numbers_with_a_fraction_for_exams", &[]);
}

#[test]
fn other_names_of_datasets() {
    let Some(archive) = by_h5py("part(exam_id=ids, signal=x)") else {
        return;
    };
    archive.meets("other_names_of_datasets", &[]);
}

#[test]
fn more_tracings_than_exams() {
    let Some(archive) = by_h5py("part(exam_id=ids[:-1], tracings=x)") else {
        return;
    };
    archive.meets("more_tracings_than_exams", &[]);
}

#[test]
fn another_number_of_dimensions() {
    let Some(archive) = by_h5py("part(exam_id=ids, tracings=x[:, :, 0])") else {
        return;
    };
    archive.meets("another_number_of_dimensions", &[]);
}

#[test]
fn a_compression_that_cannot_be_undone() {
    let script = "with h5py.File('exams_part0.hdf5', 'w') as f:\n  f['exam_id'] = ids\n  \
                  f.create_dataset('tracings', data=x.astype('f8'), compression='lzf')";
    let Some(archive) = by_h5py(script) else { return };
    archive.meets("a_compression_that_cannot_be_undone", &[]);
}
