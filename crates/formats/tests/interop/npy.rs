use crate::judge::{python, reference};
use ecgfm_formats::npy::{NpyDtype, NpyHeader, NpyReader, NpyWriter, write_header};
use half::f16;
use proptest::prelude::*;
use rayon::prelude::*;
use std::path::Path;

fn rows(n: usize, width: usize) -> Vec<f32> {
    (0..n * width).map(|i| (i as f32 * 0.37).sin()).collect()
}

fn write_rows(path: &Path, n: usize, width: usize) {
    let mut writer = NpyWriter::create(path, NpyDtype::F32, &[width]).unwrap();
    writer.write_f32(&rows(n, width)).unwrap();
    writer.finish().unwrap();
}

#[test]
fn headers_equal_numpys_byte_for_byte() {
    let dir = tempfile::tempdir().unwrap();
    let script = "
from numpy.lib import format
for dtype in ['<f2', '<f4', '<f8', '<i8', '<i4', '|u1', '|b1']:
    for shape in [(), (0,), (7,), (14, 12, 2500), (381858, 26), (0, 12, 2500), (1,) * 12]:
        for fortran in [False, True]:
            out = io.BytesIO()
            d = {'descr': dtype, 'fortran_order': fortran, 'shape': shape}
            format.write_array_header_1_0(out, d)
            print(dtype, int(fortran), ','.join(map(str, shape)) or '-', out.getvalue().hex())
";
    let Some(expected) = python(dir.path(), script) else {
        return;
    };
    for line in expected.lines() {
        let [dtype, fortran, shape, hex] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let dtypes = [
            NpyDtype::F16,
            NpyDtype::F32,
            NpyDtype::F64,
            NpyDtype::I64,
            NpyDtype::I32,
            NpyDtype::U8,
            NpyDtype::Bool,
        ];
        let header = NpyHeader {
            dtype: dtypes.into_iter().find(|d| d.descr() == dtype).unwrap(),
            shape: shape
                .split(',')
                .filter(|d| *d != "-")
                .map(|d| d.parse().unwrap())
                .collect(),
            fortran_order: fortran == "1",
        };
        let mut ours = Vec::new();
        write_header(&mut ours, &header).unwrap();
        let ours: String = ours.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(ours, hex, "{header:?}");
    }
}

#[test]
fn a_streamed_file_equals_numpys_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = NpyWriter::create(&dir.path().join("ours.npy"), NpyDtype::F32, &[2, 3]).unwrap();
    for i in 0..5 {
        let row: Vec<f32> = (0..6).map(|k| (i * 6 + k) as f32).collect();
        writer.write_f32(&row).unwrap();
    }
    assert_eq!(writer.finish().unwrap().header.shape, [5, 2, 3]);
    let script = "
np.save('numpy.npy', np.arange(30, dtype='<f4').reshape(5, 2, 3))
assert open('numpy.npy', 'rb').read() == open('ours.npy', 'rb').read()
assert np.load('ours.npy', mmap_mode='r').shape == (5, 2, 3)
";
    python(dir.path(), script);
}

#[test]
fn numpys_arrays_of_every_type_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let script = "
x = np.arange(12).reshape(4, 3)
for t in ['f2', 'f4', 'f8', 'i8', 'i4', 'u1']: np.save(t + '.npy', x.astype(t))
np.save('b1.npy', x % 2 == 0); np.save('scalar.npy', np.float32(2.5)); np.save('fortran.npy', np.asfortranarray(x.astype('f4')))
np.save('big.npy', x.astype('>f4')); np.save('none.npy', np.zeros((0, 3), 'f4'))
";
    if python(dir.path(), script).is_none() {
        return;
    }
    let open = |name: &str| NpyReader::open(&dir.path().join(name));
    let expected: Vec<f32> = (0..12u8).map(f32::from).collect();
    for name in ["f2.npy", "f4.npy", "f8.npy"] {
        let mut out = vec![0.0; 6];
        open(name).unwrap().read_rows(1, 2, &mut out).unwrap();
        assert_eq!(out, expected[3..9], "{name}");
    }
    assert_eq!(
        open("f2.npy").unwrap().read_all::<f16>().unwrap()[11],
        f16::from_f32(11.0)
    );
    assert_eq!(
        open("i8.npy").unwrap().read_all::<i64>().unwrap(),
        (0..12).collect::<Vec<i64>>()
    );
    assert_eq!(
        open("i4.npy").unwrap().read_all::<i32>().unwrap(),
        (0..12).collect::<Vec<i32>>()
    );
    assert_eq!(
        open("u1.npy").unwrap().read_all::<u8>().unwrap(),
        (0..12).collect::<Vec<u8>>()
    );
    assert_eq!(
        open("b1.npy").unwrap().read_all::<bool>().unwrap()[..3],
        [true, false, true]
    );
    assert_eq!(open("scalar.npy").unwrap().read_all::<f32>().unwrap(), [2.5]);
    assert_eq!(
        open("none.npy").unwrap().read_all::<f32>().unwrap(),
        Vec::<f32>::new()
    );
    assert!(open("i8.npy").unwrap().read_rows(0, 1, &mut [0.0; 3]).is_err());
    assert!(open("fortran.npy").unwrap().read_all::<f32>().is_err());
    assert!(open("big.npy").unwrap_err().to_string().contains(">f4"));
}

#[test]
fn rows_are_read_alike_from_many_threads() {
    let Some(path) = reference("golden/segments_input_float32.npy") else {
        return;
    };
    let reader = NpyReader::open(&path).unwrap();
    assert_eq!(reader.header().shape, [14, 12, 2500]);
    let all = reader.read_all::<f32>().unwrap();
    (0..14usize).into_par_iter().for_each(|row| {
        let mut out = vec![0.0; reader.row_len()];
        reader.read_rows(row, 1, &mut out).unwrap();
        assert_eq!(out, all[row * 30_000..][..30_000]);
    });
}

#[test]
fn every_shorter_or_longer_file_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    write_rows(&path, 3, 4);
    let whole = std::fs::read(&path).unwrap();
    for length in 0..whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let error = NpyReader::open(&path).unwrap_err().to_string();
        assert!(error.contains("x.npy"), "{error}");
    }
    std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(NpyReader::open(&path).is_err());
}

#[test]
fn an_unfinished_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let cut = dir.path().join("cut.npy");
    let mut writer = NpyWriter::create(&cut, NpyDtype::F32, &[4]).unwrap();
    writer.write_f32(&rows(7, 4)).unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert!(NpyReader::open(&cut).is_err());
}

#[test]
fn requests_that_do_not_fit_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.npy");
    write_rows(&path, 3, 4);
    let reader = NpyReader::open(&path).unwrap();
    for (start, n, room) in [
        (3, 1, 4),
        (0, 4, 16),
        (usize::MAX, 2, 8),
        (0, 1, 3),
        (0, usize::MAX, 0),
    ] {
        assert!(
            reader.read_rows(start, n, &mut vec![0.0; room]).is_err(),
            "{start} {n} {room}"
        );
    }
    let mut writer = NpyWriter::create(&path, NpyDtype::F32, &[4]).unwrap();
    assert!(writer.write_f32(&[0.0; 5]).is_err());
    assert!(writer.write(&[0i64; 4]).is_err());
    assert!(NpyWriter::create(&path, NpyDtype::F32, &[0]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_damage_makes_the_reader_panic(flips in prop::collection::vec((0usize..140, any::<u8>()), 1..5)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npy");
        write_rows(&path, 3, 1);
        let mut bytes = std::fs::read(&path).unwrap();
        for (at, byte) in flips {
            bytes[at] = byte;
        }
        std::fs::write(&path, bytes).unwrap();
        if let Ok(reader) = NpyReader::open(&path) {
            let _ = reader.read_all::<f32>();
        }
    }
}
