//! Chunks that several processes write, and damage that is found.

use super::*;
use crate::stage::{Cancel, NoProgress};

fn store(dir: &Path) -> ChunkStore {
    let work = ChunkWork { dir, shard: None };
    let ctx = Context {
        out: dir,
        home: dir,
        progress: &NoProgress,
        cancel: &Cancel::default(),
        chunks: Some(work),
    };
    ChunkStore::open(&ctx, Some("a")).unwrap()
}

fn write(store: &ChunkStore, number: usize, record: &str, data: &[u8]) -> PathBuf {
    let path = store.temporary_path("npy");
    fs::write(&*path, data).unwrap();
    let pending = store.begin(number, &record).unwrap();
    let sum = FileSum::of(&path).unwrap();
    let role = "samples".to_owned();
    pending
        .commit(vec![ChunkData { role, path, sum }])
        .unwrap()
        .remove(0)
}

#[test]
fn a_chunk_is_there_once_it_is_whole_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let pending = store.begin(7, &"record").unwrap();
    assert!(store.read::<String>(7).unwrap().is_none(), "not yet");
    pending.commit(Vec::new()).unwrap();
    let chunk = store.read::<String>(7).unwrap().unwrap();
    assert_eq!(chunk.record, "record");
    assert!(chunk.is_intact().unwrap() && chunk.data("samples").is_none());
    assert!(
        store.read::<usize>(7).unwrap().is_none(),
        "a record of another type"
    );
    let path = write(&store, 8, "other", b"data");
    let chunk = store.read::<String>(8).unwrap().unwrap();
    assert_eq!(chunk.data("samples"), Some(path));
    assert!(chunk.is_intact().unwrap());
    let left = fs::read_dir(dir.path()).unwrap().flatten();
    assert!(
        left.into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
    );
}

#[test]
fn two_writers_of_a_chunk_leave_one_of_the_two_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let first = write(&store, 0, "first", b"one result");
    let second = write(&store, 0, "second", b"another result");
    assert_ne!(first, second);
    let chunk = store.read::<String>(0).unwrap().unwrap();
    assert_eq!(
        (chunk.record.as_str(), chunk.data("samples")),
        ("second", Some(second))
    );
    assert!(chunk.is_intact().unwrap());
}

#[test]
fn every_changed_bit_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(dir.path());
    let data = write(&store, 3, "record", b"a few bytes of data");
    for path in [data, store.path(3)] {
        let bytes = fs::read(&path).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, changed).unwrap();
            let chunk = store.read::<String>(3).unwrap();
            let whole =
                chunk.is_some_and(|chunk| chunk.is_intact().unwrap() && chunk.data("samples").is_some());
            assert!(!whole, "{} bit {bit}", path.display());
        }
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        let chunk = store.read::<String>(3).unwrap();
        assert!(!chunk.is_some_and(|chunk| chunk.is_intact().unwrap()), "cut off");
        fs::write(&path, bytes).unwrap();
    }
}

#[test]
fn a_chunk_of_other_work_is_none_and_names_do_not_lead_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (one, other) = (dir.path().join("one"), dir.path().join("other"));
    let (one, other) = (store(&one), store(&other));
    write(&one, 0, "record", b"data");
    fs::copy(one.path(0), other.path(0)).unwrap();
    assert!(other.read::<String>(0).unwrap().is_none());
    fs::copy(one.path(0), one.path(1)).unwrap();
    assert!(one.read::<String>(1).unwrap().is_none(), "of another number");
    let text = fs::read_to_string(one.path(0)).unwrap();
    fs::write(one.path(0), text.replace("\"a.000000", "\"../a.000000")).unwrap();
    assert!(one.read::<String>(0).unwrap().is_none());
}

#[test]
fn the_first_plan_holds_for_all() {
    let dir = tempfile::tempdir().unwrap();
    let plan = |chunks| ChunkPlan {
        chunks,
        names: vec!["a".to_owned()],
        settings: serde_json::Value::Null,
    };
    let plans: Vec<ChunkPlan> = std::thread::scope(|scope| {
        let agree = |n: usize| store(dir.path()).agree(&plan(n)).unwrap();
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || agree(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(plans.iter().all(|plan| *plan == plans[0]), "{plans:?}");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "no temporary file is left"
    );
}

#[test]
fn a_stage_without_a_place_for_chunks_leaves_none() {
    let dir = tempfile::tempdir().unwrap();
    let ctx = Context {
        out: dir.path(),
        home: dir.path(),
        progress: &NoProgress,
        cancel: &Cancel::default(),
        chunks: None,
    };
    let store = ChunkStore::open(&ctx, None).unwrap();
    assert!(store.is_ours(3) && store.shard().is_none());
    write(&store, 0, "record", b"data");
    remove_own(&ctx).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    remove_own(&ctx).unwrap();
}

#[test]
fn data_that_are_placed_twice_are_neither_lost_nor_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = store(&dir.path().join("chunks"));
    let (first, second) = (write(&store, 0, "r", b"first"), write(&store, 1, "r", b"second"));
    let place = dir.path().join("place");
    for from in [&first, &second, &second] {
        link_data(from, &place).unwrap();
        assert_eq!(fs::read(&place).unwrap(), fs::read(from).unwrap());
    }
    assert_eq!(
        (fs::read(first).unwrap(), fs::read(second).unwrap()),
        (b"first".to_vec(), b"second".to_vec())
    );
    assert!(link_data(&dir.path().join("none"), &place).is_err());
}
