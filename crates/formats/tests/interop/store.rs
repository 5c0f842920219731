use crate::judge::{python, reference};
use ecgfm_formats::npy::{NpyDtype, NpyReader, NpyWriter};
use ecgfm_formats::store::StoreHeader;

#[test]
fn numpy_maps_from_the_header_what_it_loads_from_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("outputs.npy");
    let mut writer = NpyWriter::create(&path, NpyDtype::F32, &[26]).unwrap();
    for row in 0..14 {
        writer
            .write_f32(&(0..26).map(|i| (row * 26 + i) as f32 * 0.1).collect::<Vec<_>>())
            .unwrap();
    }
    let written = writer.finish().unwrap();
    let header = StoreHeader {
        shape: written.header.shape,
        dtype: "float32".into(),
        offset: written.data_offset,
    };
    header.write(&dir.path().join("header.pkl")).unwrap();
    let script = "
header = pickle.load(open('header.pkl', 'rb'))
assert header == {'shape': (14, 26), 'dtype': 'float32', 'offset': 128} and type(header['shape']) is tuple, header
mapped = np.memmap('outputs.npy', mode='r', **header)
loaded = np.load('outputs.npy', mmap_mode='r')
assert mapped.dtype == loaded.dtype and np.array_equal(mapped, loaded) and loaded[13, 25] == np.float32(36.3)
";
    python(dir.path(), script);
}

#[test]
fn headers_of_every_protocol_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let script = "
for protocol in range(2, 6):
    with open(f'{protocol}.pkl', 'wb') as f: pickle.dump({'shape': (381858, 26), 'dtype': 'float16'}, f, protocol)
    with open(f'{protocol}o.pkl', 'wb') as f:
        pickle.dump({'offset': 2**40, 'dtype': 'float32', 'shape': (1, 2, 3, 70000)}, f, protocol)
";
    if python(dir.path(), script).is_none() {
        return;
    }
    for protocol in 2..=5 {
        let header = StoreHeader::read(&dir.path().join(format!("{protocol}.pkl"))).unwrap();
        assert_eq!(
            header,
            StoreHeader {
                shape: vec![381_858, 26],
                dtype: "float16".into(),
                offset: 0
            }
        );
        let header = StoreHeader::read(&dir.path().join(format!("{protocol}o.pkl"))).unwrap();
        assert_eq!(
            header,
            StoreHeader {
                shape: vec![1, 2, 3, 70_000],
                dtype: "float32".into(),
                offset: 1 << 40
            }
        );
    }
}

#[test]
fn the_references_header_describes_the_references_logits() {
    let Some(dir) = reference("golden/tiny") else {
        return;
    };
    let header = StoreHeader::read(&dir.join("outputs_test_header.pkl")).unwrap();
    assert_eq!(
        header,
        StoreHeader {
            shape: vec![14, 26],
            dtype: "float32".into(),
            offset: 0
        }
    );
    // Its .npy is bare values, which is why it needs the header.
    let error = NpyReader::open(&dir.join("outputs_test.npy"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("not a .npy file"), "{error}");
}
