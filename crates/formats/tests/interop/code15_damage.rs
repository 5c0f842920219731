use crate::judge::python;
use ecgfm_formats::code15::PartReader;
use std::path::Path;

/// Opens and reads everything; the message of what goes wrong.
fn read_all(path: &Path) -> Result<(), String> {
    let part = PartReader::open(path).map_err(|e| e.to_string())?;
    let mut out = vec![0.0; part.row_len()];
    (0..part.rows())
        .try_for_each(|row| part.read_row(row, &mut out))
        .map_err(|e| e.to_string())
}

const TWO_PARTS: &str = "
x = np.sin(np.arange(5 * 50 * 12)).reshape(5, 50, 12).astype('f4')
for name, options in dict(plain={}, gzip=dict(chunks=(2, 50, 12), compression='gzip', shuffle=True)).items():
    with h5py.File(name + '.hdf5', 'w') as f:
        f['exam_id'] = np.arange(5)
        f.create_dataset('tracings', data=x, **options)
";

#[test]
fn every_truncated_file_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    if python(dir.path(), TWO_PARTS).is_none() {
        return;
    }
    for name in ["plain", "gzip"] {
        let whole = std::fs::read(dir.path().join(format!("{name}.hdf5"))).unwrap();
        let path = dir.path().join("cut.hdf5");
        for length in (0..whole.len()).step_by(61).chain(whole.len() - 20..whole.len()) {
            std::fs::write(&path, &whole[..length]).unwrap();
            let error = read_all(&path).expect_err("a truncated file was read");
            assert!(
                error.contains("cut.hdf5") && error.contains("; "),
                "{length}: {error}"
            );
        }
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        let error = read_all(&path).unwrap_err();
        assert!(
            error.contains("cut short") && error.contains("download"),
            "{error}"
        );
    }
}

#[test]
fn a_damaged_block_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    if python(dir.path(), TWO_PARTS).is_none() {
        return;
    }
    let path = dir.path().join("gzip.hdf5");
    let mut bytes = std::fs::read(&path).unwrap();
    let end = bytes.len();
    // The blocks are at the end of the file.
    bytes[end - 600..end - 590].fill(0x55);
    std::fs::write(&path, bytes).unwrap();
    let error = read_all(&path).unwrap_err();
    assert!(
        error.contains("block [") && error.contains("gzip.hdf5"),
        "{error}"
    );
}

#[test]
fn what_is_not_a_part_is_an_error_that_says_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let script = "
x = np.zeros((3, 50, 12), 'f4')
def part(name, **datasets):
    with h5py.File(name, 'w') as f:
        for key, value in datasets.items(): f[key] = value
part('no_ids', tracings=x)
part('no_tracings', exam_id=np.arange(3), signal=x)
part('more_ids', exam_id=np.arange(4), tracings=x)
part('two_dims', exam_id=np.arange(3), tracings=x[:, :, 0])
part('ids_two_dims', exam_id=np.zeros((3, 1), int), tracings=x)
part('ids_float', exam_id=np.arange(3.0), tracings=x)
part('ids_too_large', exam_id=np.full(3, 2**63, 'u8'), tracings=x)
part('integers', exam_id=np.arange(3), tracings=x.astype('i2'))
part('complex', exam_id=np.arange(3), tracings=x.astype('c8'))
part('empty_rows', exam_id=np.arange(3), tracings=x[:, :0])
part('group', exam_id=np.arange(3)); h5py.File('group', 'a').create_group('tracings')
with h5py.File('virtual', 'w') as f:
    f['exam_id'] = np.arange(3)
    layout = h5py.VirtualLayout(x.shape, 'f4'); layout[:] = h5py.VirtualSource('other', 'tracings', x.shape)
    f.create_virtual_dataset('tracings', layout)
with h5py.File('external', 'w') as f:
    f['exam_id'] = np.arange(3)
    f.create_dataset('tracings', x.shape, 'f4', external=[('/etc/passwd', 0, x.nbytes)])
with h5py.File('many_ids', 'w') as f:
    f.create_dataset('exam_id', (10**12,), 'i8', chunks=(1000,)); f['tracings'] = x
with h5py.File('huge_chunk', 'w') as f:
    f.create_dataset('exam_id', data=np.arange(3))
    f.create_dataset('tracings', (3, 10**8, 12), 'f4', chunks=(1, 100, 12))
part('good', exam_id=np.arange(3), tracings=x)
part('no_rows', exam_id=np.zeros(0, int), tracings=x[:0])
";
    if python(dir.path(), script).is_none() {
        return;
    }
    std::fs::write(dir.path().join("empty"), b"").unwrap();
    std::fs::write(dir.path().join("zip"), b"PK\x03\x04".repeat(1000)).unwrap();
    for (name, reason) in [
        ("no_ids", "no \"exam_id\"; the file holds tracings"),
        ("no_tracings", "no \"tracings\"; the file holds exam_id, signal"),
        ("more_ids", "3 rows of tracings for 4 of exam_id"),
        ("two_dims", "(exams, samples, leads)"),
        ("ids_two_dims", "(exams,)"),
        ("ids_float", "values of float64"),
        ("ids_too_large", "above 2^63"),
        ("integers", "values of int16"),
        ("complex", "values of"),
        ("empty_rows", "is empty"),
        ("group", "tracings"),
        ("virtual", "other files"),
        ("external", "another file"),
        ("many_ids", "cannot be in a file"),
        ("huge_chunk", "bytes to decode"),
        ("empty", "the file is empty"),
        ("zip", "not an HDF5 file"),
    ] {
        let error = read_all(&dir.path().join(name)).expect_err(name);
        assert!(error.contains(reason), "{name}: {error}");
    }
    assert_eq!(read_all(&dir.path().join("good")), Ok(()));
    assert_eq!(read_all(&dir.path().join("no_rows")), Ok(()));
}
