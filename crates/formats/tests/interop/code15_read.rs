use crate::judge::{files, python, reference};
use ecgfm_formats::code15::{Filter, PartReader, RecordingLayout};
use rayon::prelude::*;
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;

/// Bits of all rows, read by many threads at once.
fn bits(part: &PartReader) -> Vec<Vec<u32>> {
    let read = |row| {
        let mut out = vec![f32::NAN; part.row_len()];
        part.read_row(row, &mut out).unwrap();
        out.into_iter().map(f32::to_bits).collect()
    };
    (0..part.rows()).into_par_iter().map(read).collect()
}

/// One set of recordings in every way that h5py stores them. Values are whole multiples of 1/128 so that float16 holds
/// them; the last rows are all zero, as at the end of a part.
const EVERY_STORAGE: &str = "
rng = np.random.default_rng(5)
N, T, L = 11, 70, 12
x = (rng.integers(-500, 500, (N, T, L)) / 128).astype('f4'); x[-2:] = 0
ids = np.arange(100, 100 + N); ids[-1] = 0
def part(name, ids=ids, options={}, id_options={}, libver=None, dtype='f4', **tracings):
    with h5py.File(name + '.hdf5', 'w', libver=libver, **options) as f:
        f.create_dataset('exam_id', data=ids, **id_options)
        f.create_dataset('tracings', data=x.astype(dtype), **tracings)
part('plain')
part('earlier', libver='earliest'); part('latest', libver='latest')
part('userblock', options=dict(userblock_size=512))
for libver in ['earliest', 'latest']:
    for shape in [(1, T, L), (3, T, L), (N, T, L), (4, 32, 5), (1, 32, 5), (2, T, 1), (2, 2, 2), True]:
        for name, filters in dict(none={}, gzip=dict(compression='gzip'), shuffle=dict(shuffle=True),
                                  both=dict(compression='gzip', compression_opts=9, shuffle=True)).items():
            label = str(shape).replace(', ', 'x').strip('()')
            part(f'chunk_{label}_{name}_{libver}', chunks=shape, libver=libver, **filters)
part('resizable', maxshape=(None, T, L), chunks=(4, T, L), compression='gzip')
part('wide_chunk', maxshape=(None, None, None), chunks=(4, 100, 16), compression='gzip')
part('userblock_gzip', options=dict(userblock_size=1024), chunks=(2, T, L), compression='gzip', shuffle=True)

part('fletcher', chunks=(2, T, L), compression='gzip', fletcher32=True)
part('float64', dtype='f8'); part('float16', dtype='f2'); part('big_endian', dtype='>f4'); part('big_float64', dtype='>f8')
part('float64_gzip', dtype='f8', compression='gzip')
part('ids_int32', ids=ids.astype('i4')); part('ids_uint64', ids=ids.astype('u8')); part('ids_big', ids=ids.astype('>i8'))
part('ids_uint8', ids=ids.astype('u1')); part('ids_chunked', id_options=dict(chunks=(3,), compression='gzip', shuffle=True))
# Written in part: the rest holds the fill value, here what x holds there, and no chunk is stored for it.
for name, options in dict(chunk=dict(chunks=(2, 32, 12), compression='gzip'), row=dict(chunks=(1, T, L))).items():
    with h5py.File(f'sparse_{name}.hdf5', 'w') as f:
        f['exam_id'] = ids
        f.create_dataset('tracings', shape=x.shape, dtype='f4', fillvalue=0, **options)[:N - 2] = x[:N - 2]
np.save('x.npy', x)
";

static STORED: LazyLock<Option<TempDir>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    python(dir.path(), EVERY_STORAGE).map(|_| dir)
});

#[test]
fn every_way_of_storage_reads_bit_for_bit_alike() {
    let Some(dir) = STORED.as_ref() else { return };
    let plain = PartReader::open(&dir.path().join("plain.hdf5")).unwrap();
    let expected = bits(&plain);
    let stored = std::fs::read(dir.path().join("x.npy")).unwrap();
    let words = stored[128..]
        .chunks_exact(4)
        .map(|b| u32::from_le_bytes(b.try_into().unwrap()));
    assert_eq!(expected.concat(), words.collect::<Vec<_>>());
    let mut seen = 0;
    for path in files(dir.path())
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "hdf5"))
    {
        let part = PartReader::open(path).unwrap();
        assert_eq!(part.exam_ids(), plain.exam_ids(), "{}", path.display());
        assert_eq!((part.rows(), part.samples(), part.leads()), (11, 70, 12));
        assert!(bits(&part) == expected, "{}: {}", path.display(), part.layout());
        seen += 1;
    }
    assert!(seen > 70, "{seen}");
}

#[test]
fn what_can_be_read_directly_is() {
    let Some(dir) = STORED.as_ref() else { return };
    let open = |name: &str| PartReader::open(&dir.path().join(name)).unwrap();
    assert!(matches!(
        open("plain.hdf5").layout(),
        RecordingLayout::Contiguous { .. }
    ));
    assert_eq!(
        open("chunk_3x70x12_both_earliest.hdf5").layout(),
        &RecordingLayout::Chunked {
            shape: [3, 70, 12],
            filters: vec![Filter::Shuffle, Filter::Deflate]
        }
    );
    for (name, dtype) in [
        ("float64", "float64"),
        ("float16", "float16"),
        ("big_endian", "big-endian float32"),
        ("fletcher", "float32"),
    ] {
        let part = open(&format!("{name}.hdf5"));
        assert!(
            matches!(part.layout(), RecordingLayout::Library { .. }),
            "{name}: {}",
            part.layout()
        );
        assert_eq!(part.dtype(), dtype);
    }
}

#[test]
fn the_references_parts_and_their_gzip_copies_read_alike() {
    let Some(raw) = reference("code15_mini") else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "
import glob, os
for path in glob.glob({raw:?} + '/*.hdf5'):
    with h5py.File(path) as a, h5py.File(os.path.basename(path), 'w') as b:
        b.create_dataset('exam_id', data=a['exam_id'][:])
        b.create_dataset('tracings', data=a['tracings'][:], chunks=(1, 4096, 12), compression='gzip', shuffle=True)
"
    );
    let copied = python(dir.path(), &script).is_some();
    let mut exams = 0;
    for path in files(&raw)
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "hdf5"))
    {
        let part = PartReader::open(path).unwrap();
        assert_eq!(
            (part.samples(), part.leads(), part.dtype()),
            (4096, 12, "float32")
        );
        exams += part.exam_ids().iter().filter(|id| **id != 0).count();
        if copied {
            let copy = PartReader::open(&dir.path().join(path.file_name().unwrap())).unwrap();
            assert!(bits(&copy) == bits(&part), "{}", path.display());
        }
    }
    assert_eq!(exams, 10);
}

#[test]
fn requests_that_do_not_fit_are_errors() {
    let Some(dir) = STORED.as_ref() else { return };
    let part = PartReader::open(&dir.path().join("plain.hdf5")).unwrap();
    assert!(part.read_row(11, &mut vec![0.0; part.row_len()]).is_err());
    assert!(part.read_row(usize::MAX, &mut vec![0.0; part.row_len()]).is_err());
    assert!(part.read_row(0, &mut [0.0; 3]).is_err());
    fn shared_by_threads(_: &(impl Send + Sync)) {}
    shared_by_threads(&part);
    assert!(
        PartReader::open(Path::new("/nowhere/exams_part0.hdf5"))
            .unwrap_err()
            .to_string()
            .contains("cannot open")
    );
    assert!(PartReader::open(dir.path()).is_err());
}

#[test]
fn the_library_is_the_one_that_the_docs_speak_of() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
    let (major, minor, release) = hdf5::library_version();
    let version = format!("{major}.{minor}.{release}");
    let reliability = std::fs::read_to_string(format!("{page}reliability.md")).unwrap();
    assert!(
        reliability.contains(&format!("at version {version},")),
        "{version}; look for its known flaws anew"
    );
    let dependencies = std::fs::read_to_string(format!("{page}dependencies.md")).unwrap();
    assert!(
        dependencies.contains(&format!("| HDF5 | {version} |")),
        "{version}"
    );
}
