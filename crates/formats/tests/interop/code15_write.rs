use crate::judge::python;
use ecgfm_formats::code15::{PartReader, PartWriter, WriteLayout, WriteOptions};
use std::path::Path;

const ROWS: usize = 7;
const LAYOUTS: [WriteLayout; 4] = [
    WriteLayout::Contiguous,
    WriteLayout::Chunked {
        rows: 1,
        gzip_level: 4,
        shuffle: true,
    },
    WriteLayout::Chunked {
        rows: 3,
        gzip_level: 1,
        shuffle: false,
    },
    WriteLayout::Chunked {
        rows: 100,
        gzip_level: 0,
        shuffle: false,
    },
];

fn options(layout: WriteLayout) -> WriteOptions {
    WriteOptions {
        layout,
        rows: ROWS,
        samples: 40,
        leads: 12,
    }
}

fn row(i: usize) -> Vec<f32> {
    (0..480).map(|k| (i * 480 + k) as f32 * 0.001).collect()
}

fn write(path: &Path, layout: WriteLayout) {
    let mut writer = PartWriter::create(path, options(layout)).unwrap();
    for i in 0..ROWS {
        writer.write_row(i, 100 + i as i64, &row(i)).unwrap();
    }
    writer.finish().unwrap();
}

#[test]
fn every_layout_is_read_by_h5py_and_by_us() {
    let dir = tempfile::tempdir().unwrap();
    for (i, layout) in LAYOUTS.into_iter().enumerate() {
        let path = dir.path().join(format!("{i}.hdf5"));
        write(&path, layout);
        let part = PartReader::open(&path).unwrap();
        assert_eq!(part.exam_ids(), [100, 101, 102, 103, 104, 105, 106]);
        let mut out = vec![0.0; 480];
        for i in 0..ROWS {
            part.read_row(i, &mut out).unwrap();
            assert_eq!(out, row(i), "{layout:?}");
        }
    }
    let script = "
x = (np.arange(7 * 480, dtype='f4') * np.float32(0.001)).reshape(7, 40, 12)
for i in range(4):
    with h5py.File(f'{i}.hdf5') as f:
        assert f['exam_id'].dtype == 'i8' and np.array_equal(f['exam_id'][:], np.arange(100, 107)), i
        assert f['tracings'].dtype == 'f4' and np.array_equal(f['tracings'][:], x), i
";
    python(dir.path(), script);
}

#[test]
fn the_same_rows_make_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for layout in LAYOUTS {
        let (a, b) = (dir.path().join("a.hdf5"), dir.path().join("b.hdf5"));
        write(&a, layout);
        std::thread::sleep(std::time::Duration::from_millis(1100)); // a date would differ by now
        write(&b, layout);
        let (a, b) = (std::fs::read(&a).unwrap(), std::fs::read(&b).unwrap());
        let differ: Vec<_> = (0..a.len().min(b.len())).filter(|&i| a[i] != b[i]).collect();
        assert!(
            a == b,
            "{layout:?}: {} and {} bytes, which differ at {differ:?}",
            a.len(),
            b.len()
        );
    }
}

#[test]
fn contiguous_rows_come_in_any_order() {
    let dir = tempfile::tempdir().unwrap();
    let (forward, backward) = (dir.path().join("a.hdf5"), dir.path().join("b.hdf5"));
    write(&forward, WriteLayout::Contiguous);
    let mut writer = PartWriter::create(&backward, options(WriteLayout::Contiguous)).unwrap();
    for i in (0..ROWS).rev() {
        writer.write_row(i, 100 + i as i64, &row(i)).unwrap();
    }
    writer.finish().unwrap();
    assert!(std::fs::read(&forward).unwrap() == std::fs::read(&backward).unwrap());
}

#[test]
fn rows_that_do_not_fit_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.hdf5");
    for layout in LAYOUTS {
        let mut writer = PartWriter::create(&path, options(layout)).unwrap();
        assert!(writer.write_row(ROWS, 1, &row(0)).is_err());
        assert!(writer.write_row(0, 1, &row(0)[1..]).is_err());
        writer.write_row(0, 1, &row(0)).unwrap();
        assert!(writer.write_row(0, 1, &row(0)).is_err(), "a row twice");
        assert_eq!(
            writer.write_row(2, 1, &row(2)).is_ok(),
            layout == WriteLayout::Contiguous
        );
        assert!(
            writer
                .finish()
                .unwrap_err()
                .to_string()
                .contains("row 1 was never written")
        );
    }
    let chunked = |rows, gzip_level| WriteLayout::Chunked {
        rows,
        gzip_level,
        shuffle: false,
    };
    for bad in [
        options(chunked(0, 1)),
        options(chunked(1, 10)),
        WriteOptions {
            rows: 0,
            ..options(WriteLayout::Contiguous)
        },
        WriteOptions {
            samples: usize::MAX,
            ..options(WriteLayout::Contiguous)
        },
        WriteOptions {
            samples: usize::MAX,
            ..options(chunked(1, 1))
        },
    ] {
        assert!(PartWriter::create(&path, bad).is_err(), "{bad:?}");
    }
}
