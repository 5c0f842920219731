//! HDF5 files are opened by a process of their own; whatever becomes of it is an error that names the file.

use crate::common::{ecgfm, ok, python, root, synthetic_archive};
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

/// A small synthetic archive of two parts, in `raw`.
fn archive() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    synthetic_archive(dir.path(), 6, 3);
    dir
}

fn inspect(file: &Path, stub: &str, limits: &str) -> Output {
    let mut command = ecgfm();
    command.arg("inspect").arg(file).env("ECGFM_HDF5_STUB", stub);
    if !limits.is_empty() {
        command.env("ECGFM_HDF5_LIMITS", limits);
    }
    command.current_dir(file.parent().unwrap()).output().unwrap()
}

#[test]
fn a_process_that_misbehaves_is_an_error_that_names_the_file() {
    let dir = archive();
    let file = dir.path().join("raw/exams_part0.hdf5");
    for (stub, limits, word) in [
        ("crash", "", "the HDF5 library crashed reading it (signal 11)"),
        ("panic", "", "ended with code"),
        ("hang", "60,512,300", "had no answer within 0.3 s"),
        (
            "spin",
            "0,512,60000",
            "was not done with it after 0 s of processor time",
        ),
        ("allocate", "60,64,60000", "needs more than 64 MiB"),
        ("write", "", "crashed reading it (signal 25)"),
        ("flood", "", "answers nonsense"),
        ("long", "60,512,1000", "had no answer within 1 s"),
        ("early", "", "ended with code 1"),
        ("nonsense", "", "answers nonsense: it is of kind 7"),
        ("lie", "", "in a file of"),
    ] {
        let started = Instant::now();
        let output = inspect(&file, stub, limits);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stub}: {said}");
        assert!(
            said.contains("exams_part0.hdf5: ") && said.contains(word),
            "{stub}: {said}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(30),
            "{stub} took {:?}",
            started.elapsed()
        );
    }
    let left = dir.path().join("raw/written-by-the-hdf5-process");
    assert!(
        left.metadata().map_or(0, |found| found.len()) == 0,
        "it could write"
    );
}

#[test]
fn one_part_that_crashes_the_library_is_set_aside_and_the_rest_is_kept() {
    let dir = archive();
    let out = tempfile::tempdir().unwrap();
    let (raw, signals) = (dir.path().join("raw"), out.path().join("signals"));
    let mut stage = crate::signals(&raw, &signals, &["unreadable_parts=reject"]);
    stage.env("ECGFM_HDF5_STUB", "crash:exams_part1.hdf5");
    ok(&mut stage);
    let rejected = std::fs::read_to_string(out.path().join("signals/rejected.csv")).unwrap();
    let lines: Vec<&str> = rejected.lines().skip(1).collect();
    assert!(!lines.is_empty(), "{rejected}");
    assert!(
        lines
            .iter()
            .all(|line| line.contains("exams_part1.hdf5") && line.contains("signal 11")),
        "{rejected}"
    );
}

/// Copies of an archive's parts that are damaged.
const DAMAGED: u64 = 240;

#[test]
fn turned_bits_in_an_archive_never_end_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let raw = dir.path().join("raw");
    let exams = DAMAGED.to_string();
    ok(ecgfm()
        .args([
            "synth",
            "--quiet",
            "--exams",
            &exams,
            "--exams-per-part",
            "1",
            "--out",
        ])
        .arg(&raw));
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: u64| {
        // xorshift64*, Vigna 2016.
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % below
    };
    for part in 0..DAMAGED {
        let path = raw.join(format!("exams_part{part}.hdf5"));
        let mut bytes = std::fs::read(&path).unwrap();
        let length = bytes.len() as u64;
        // Most of a part is samples, where any bit is as good as another: nine in ten fall into the structure before them.
        for _ in 0..1 + random(4) {
            let at = if random(10) == 0 {
                random(length)
            } else {
                random(length.min(2048))
            };
            bytes[at as usize] ^= 1 << random(8);
        }
        std::fs::write(&path, &bytes).unwrap();
    }
    let signals = dir.path().join("signals");
    let mut stage = crate::signals(&raw, &signals, &["unreadable_parts=reject"]);
    stage.env("ECGFM_HDF5_LIMITS", "10,512,60000");
    ok(&mut stage);
    let rejected = std::fs::read_to_string(dir.path().join("signals/rejected.csv")).unwrap();
    let unreadable = rejected
        .lines()
        .filter(|line| line.contains(",unreadable_part,"))
        .count();
    assert!(
        unreadable > DAMAGED as usize / 20,
        "{unreadable} were refused: the bits fell where nothing is"
    );
    let kept = std::fs::read_to_string(dir.path().join("signals/meta.csv"))
        .unwrap()
        .lines()
        .count()
        - 1;
    assert_eq!(
        kept + rejected.lines().count() - 1,
        DAMAGED as usize,
        "every exam is accounted for"
    );
}

/// Files that name other files: what HDF5 would follow, this program does not.
const ELSEWHERE: &str = "
import os
x = np.zeros((3, 4096, 12), 'f4')
with h5py.File('other.hdf5', 'w') as f:
    f['exam_id'] = np.arange(1, 4)
    f['tracings'] = x
open('secret.bin', 'wb').write(b'A secret of somebody else' * 9000)
def part(name, ids=None, tracings=None):
    with h5py.File(name + '.hdf5', 'w') as f:
        if ids is None: f['exam_id'] = np.arange(1, 4)
        else: ids(f)
        if tracings is None: f['tracings'] = x
        else: tracings(f)
part('link_ids', ids=lambda f: f.__setitem__('exam_id', h5py.ExternalLink('other.hdf5', '/exam_id')))
part('link_tracings', tracings=lambda f: f.__setitem__('tracings', h5py.ExternalLink('other.hdf5', '/tracings')))
part('soft', tracings=lambda f: (f.create_dataset('x', data=x), f.__setitem__('tracings', h5py.SoftLink('/x'))))
part('external_ids', ids=lambda f: f.create_dataset('exam_id', (3,), 'i8', external=[('secret.bin', 0, 24)]))
part('external_tracings', tracings=lambda f: f.create_dataset('tracings', x.shape, 'f4', external=[('secret.bin', 0, x.nbytes)]))
def virtual(f):
    v = h5py.VirtualLayout(x.shape, 'f4'); v[:] = h5py.VirtualSource('other.hdf5', 'tracings', x.shape)
    f.create_virtual_dataset('tracings', v)
part('virtual_tracings', tracings=virtual)
def virtual_ids(f):
    v = h5py.VirtualLayout((3,), 'i8'); v[:] = h5py.VirtualSource('other.hdf5', 'exam_id', (3,))
    f.create_virtual_dataset('exam_id', v)
part('virtual_ids', ids=virtual_ids)
part('double', tracings=lambda f: f.create_dataset('tracings', data=np.arange(3 * 4096 * 12, dtype='f8').reshape(3, 4096, 12) / 1e5))
part('good')
";

fn written(script: &str) -> Option<tempfile::TempDir> {
    let dir = tempfile::tempdir().unwrap();
    let script = format!("import numpy as np, h5py\n{script}");
    let output = python()?
        .current_dir(dir.path())
        .args(["-c", &script])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(dir)
}

#[test]
fn a_file_that_keeps_its_values_in_another_is_refused() {
    let Some(dir) = written(ELSEWHERE) else { return };
    let file = |name: &str| dir.path().join(format!("{name}.hdf5"));
    assert_eq!(inspect(&file("good"), "", "").status.code(), Some(0));
    for (name, word) in [
        ("link_ids", "exam_id: a link to somewhere else"),
        ("link_tracings", "tracings: a link to somewhere else"),
        ("soft", "tracings: a link to somewhere else"),
        (
            "external_ids",
            "exam_id: the dataset keeps its values in another file",
        ),
        (
            "external_tracings",
            "tracings: the dataset keeps its values in another file",
        ),
        (
            "virtual_ids",
            "exam_id: the dataset is put together from other files",
        ),
        (
            "virtual_tracings",
            "tracings: the dataset is put together from other files",
        ),
    ] {
        let output = inspect(&file(name), "", "");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{name}: {said}");
        assert!(said.contains(word), "{name}: {said}");
        assert!(!said.contains("secret of somebody"), "{said}");
    }
}

/// A fill value of -2 bytes, which HDF5 2.2.0 takes, and reads through a null pointer if it is then asked for the value.
/// `newonly` leaves out the older message that says the same; `old` damages only that one, which nobody reads.
const NO_FILL: &str = "
import struct
x = np.random.default_rng(0).normal(size=(3, 4096, 12)).astype('f4')
for name, how in [('chunked', dict(chunks=(1, 4096, 12), compression='gzip')), ('plain', {})]:
    with h5py.File('whole.hdf5', 'w') as f:
        f['exam_id'] = np.arange(1, 4)
        f.create_dataset('tracings', data=x, fillvalue=0.25, **how)
    whole = open('whole.hdf5', 'rb').read()
    said = struct.pack('<if', 4, 0.25)
    places = [i for i in range(4096) if whole[i:i + 8] == said]
    assert len(places) == 2, places
    for what in ['both', 'new', 'newonly', 'old']:
        part = bytearray(whole)
        for i in places:
            is_old = whole[i - 8:i - 6] == bytes([4, 0])
            if what == 'both' or (what == 'old') == is_old:
                part[i:i + 4] = struct.pack('<i', -2)
            if what == 'newonly' and is_old:
                part[i - 8:i - 6] = bytes(2)
        open(f'{name}_{what}.hdf5', 'wb').write(part)
        try:
            with h5py.File(f'{name}_{what}.hdf5') as f: readable = bool((f['tracings'][()] == x).all())
        except OSError:
            readable = False
        assert readable == (name == 'plain' or what == 'old'), (name, what, readable)
";

#[test]
fn a_fill_value_that_crashes_hdf5_when_asked_for_is_an_error_where_one_is_needed() {
    let Some(dir) = written(NO_FILL) else { return };
    for name in ["chunked", "plain"] {
        for what in ["both", "new", "newonly", "old"] {
            let output = inspect(&dir.path().join(format!("{name}_{what}.hdf5")), "", "");
            let said = String::from_utf8(output.stderr).unwrap();
            // Rows in one piece have no gaps to fill; h5py agrees on each, as the script has seen.
            let readable = name == "plain" || what == "old";
            let code = if readable { 0 } else { 3 };
            assert_eq!(output.status.code(), Some(code), "{name} {what}: {said}");
            assert!(
                readable || said.contains("tracings") && said.contains("fill-value"),
                "{name} {what}: {said}"
            );
        }
    }
}

#[test]
fn rows_that_only_the_library_reads_come_from_the_other_process() {
    let Some(dir) = written(ELSEWHERE) else { return };
    let raw: PathBuf = dir.path().join("raw");
    std::fs::create_dir(&raw).unwrap();
    std::fs::rename(dir.path().join("double.hdf5"), raw.join("exams_part0.hdf5")).unwrap();
    let rows = (1..4).map(|id| format!("{id},exams_part0.hdf5\n"));
    std::fs::write(
        raw.join("exams.csv"),
        format!("exam_id,trace_file\n{}", rows.collect::<String>()),
    )
    .unwrap();
    let stage = |stub: &str, name: &str| {
        let mut stage = crate::signals(&raw, &dir.path().join(name), &[]);
        stage.env("ECGFM_HDF5_STUB", stub);
        stage.output().unwrap()
    };
    let output = stage("", "signals");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let kept = std::fs::read_to_string(dir.path().join("signals/segmented.csv")).unwrap();
    assert_eq!(
        kept.lines().count(),
        1 + 3 * 2,
        "two segments of each exam:\n{kept}"
    );
    // It may also come to its end between two rows.
    let output = stage("rows", "other");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("the HDF5 library crashed reading it"),
        "{said}"
    );
}

#[test]
fn the_hidden_command_is_none_of_the_user() {
    let help = ok(ecgfm().arg("--help"));
    assert!(!help.contains("__open"), "{help}");
    let output = ecgfm()
        .args(["__open-hdf5", "x"])
        .current_dir(root())
        .output()
        .unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}
