//! Commands that messages recommend, each tried on the input that provokes it.

use crate::common::{ecgfm, ok, python, root};
use crate::refused_calls::{error_text, signals_stage};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Makes an archive of two exams whose part is written by these lines of Python, which know `f`, the open file, `x`, the
/// recordings, and `ids`. None where there is no Python with h5py, or no module that the lines need.
fn archive(dir: &Path, needs: &str, lines: &str) -> Option<PathBuf> {
    let mut python = python()?;
    let raw = dir.join("raw");
    ok(ecgfm()
        .args(["synth", "--quiet", "--exams", "2", "--out"])
        .arg(&raw));
    let script = format!(
        "
import os, sys
try:
    import h5py, numpy as np{needs}
except ImportError as error:
    sys.exit(print(f'SKIPPED: {{error}}') or 77)
path = 'exams_part0.hdf5'
with h5py.File(path) as f:
    x, ids = f['tracings'][:], f['exam_id'][:]
os.rename(path, 'whole')
f = h5py.File(path, 'w', libver='latest')
{lines}
f.close()
"
    );
    let output = python.current_dir(&raw).args(["-c", &script]).output().unwrap();
    if output.status.code() == Some(77) {
        eprintln!("{}", String::from_utf8_lossy(&output.stdout));
        return None;
    }
    assert!(output.status.success(), "{}", error_text(&output));
    Some(raw)
}

/// What the stage says of it.
fn refused(raw: &Path, out: &Path) -> String {
    let output = signals_stage(&mut ecgfm(), raw, out).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", error_text(&output));
    error_text(&output)
}

/// The command between backticks that begins with a word.
fn command<'a>(text: &'a str, word: &str) -> &'a str {
    let begin = format!("`{word}");
    let (_, rest) = text
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no `{word}` in {text}"));
    let end = rest.find('`').expect("a closing backtick");
    let start = text.len() - rest.len() - word.len();
    &text[start..start + word.len() + end]
}

/// Runs a command in a shell, with the tests' Python.
fn shell(command: &str, dir: &Path) -> Output {
    let python = python().expect("Python, as before");
    let path = python
        .get_envs()
        .find(|(name, _)| *name == OsStr::new("PYTHONPATH"));
    let path = path.and_then(|(_, value)| value).expect("its path").to_owned();
    Command::new("sh")
        .args(["-c", command])
        .current_dir(dir)
        .env("PYTHONPATH", path)
        .output()
        .unwrap()
}

/// Does what the message says and runs the stage on the copy that it makes.
fn copied_reads(raw: &Path, out: &Path, wanted: &[&str]) {
    let text = refused(raw, out);
    for word in wanted {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("h5repack"), "{text}");
    let output = shell(command(&text, "python3 -c"), raw);
    assert!(output.status.success(), "{text}\n{}", error_text(&output));
    std::fs::rename(raw.join("exams_part0.copy.hdf5"), raw.join("exams_part0.hdf5")).unwrap();
    ok(signals_stage(&mut ecgfm(), raw, out));
    alike(raw, out);
}

/// Whether the results are those of the part as it was first.
fn alike(raw: &Path, out: &Path) {
    std::fs::rename(raw.join("whole"), raw.join("exams_part0.hdf5")).unwrap();
    let first = out.with_extension("first");
    ok(signals_stage(&mut ecgfm(), raw, &first));
    for file in ["rejected.csv", "segments/part-00000.npy"] {
        assert!(
            std::fs::read(out.join(file)).unwrap() == std::fs::read(first.join(file)).unwrap(),
            "{file}"
        );
    }
}

#[test]
fn lzf_is_read() {
    let dir = tempfile::tempdir().unwrap();
    for (name, lines) in [
        (
            "a",
            "f.create_dataset('exam_id', data=ids); f.create_dataset('tracings', data=x, compression='lzf')",
        ),
        (
            "b",
            "f.create_dataset('exam_id', data=ids, compression='lzf', shuffle=True)
f.create_dataset('tracings', data=x, chunks=(1, 4096, 12), compression='lzf', shuffle=True)",
        ),
        (
            "c",
            "f.create_dataset('exam_id', data=ids, chunks=(2,), compression='lzf', maxshape=(None,))
f.create_dataset('tracings', data=x, chunks=(2, 1000, 5), compression='lzf')",
        ),
    ] {
        let dir = dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let Some(raw) = archive(&dir, "", lines) else {
            return;
        };
        ok(signals_stage(&mut ecgfm(), &raw, &dir.join("out")));
        // The same from a store that reads it again.
        let mut view = ecgfm();
        ok(signals_stage(&mut view, &raw, &dir.join("view")).args(["--with", "store=view"]));
        alike(&raw, &dir.join("out"));
    }
}

#[test]
fn a_filter_that_h5py_has_is_copied_away() {
    let dir = tempfile::tempdir().unwrap();
    // LZF of numbers that are not float32 goes through the library, which lacks it.
    let lines = "f['exam_id'] = ids; f.create_dataset('tracings', data=x.astype('f8'), compression='lzf')";
    let Some(raw) = archive(dir.path(), "", lines) else {
        return;
    };
    let words = ["tracings: compressed by lzf (filter 32000)", "HDF5_PLUGIN_PATH"];
    copied_reads(&raw, &dir.path().join("out"), &words);
}

#[test]
fn filters_of_hdf5plugin_are_copied_away_or_read_through_it() {
    for filter in ["Zstd()", "Blosc()", "LZ4()", "Bitshuffle()"] {
        let dir = tempfile::tempdir().unwrap();
        let lines = format!(
            "f['exam_id'] = ids; f.create_dataset('tracings', data=x, compression=hdf5plugin.{filter})"
        );
        let Some(raw) = archive(dir.path(), ", hdf5plugin", &lines) else {
            return;
        };
        copied_reads(
            &raw,
            &dir.path().join("out"),
            &["compressed by", "HDF5_PLUGIN_PATH"],
        );
    }
}

#[test]
fn values_in_other_places_are_copied_into_one_file() {
    for lines in [
        "f['exam_id'] = ids; g = h5py.File('other', 'w'); g['t'] = x; g.close(); f['tracings'] = h5py.ExternalLink('other', 't')",
        "f['exam_id'] = ids; f['t'] = x; f['tracings'] = h5py.SoftLink('/t')",
        "f['exam_id'] = ids; g = h5py.File('other', 'w'); g['t'] = x; g.close()
v = h5py.VirtualLayout(x.shape, x.dtype); v[:] = h5py.VirtualSource('other', 't', x.shape); f.create_virtual_dataset('tracings', v)",
        "f['exam_id'] = ids; x.tofile('other')
f.create_dataset('tracings', x.shape, x.dtype, external=[('other', 0, h5py.h5f.UNLIMITED)])",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let Some(raw) = archive(dir.path(), "", lines) else { return };
        copied_reads(&raw, &dir.path().join("out"), &["into one file"]);
    }
}

#[test]
fn recordings_without_numbers_are_numbered() {
    let dir = tempfile::tempdir().unwrap();
    let Some(raw) = archive(dir.path(), "", "f['tracings'] = x") else {
        return;
    };
    let part = raw.join("exams_part0.hdf5");
    let output = ecgfm().arg("inspect").arg(&part).output().unwrap();
    let text = error_text(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(text.contains("\nhelp: "), "{text}");
    let numbered = shell(command(&text, "cp "), &raw);
    assert!(numbered.status.success(), "{text}\n{}", error_text(&numbered));
    let found = ok(ecgfm().args(["inspect", "--json"]).arg(raw.join("numbered.hdf5")));
    let found: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["first_exam_ids"], serde_json::json!([1, 2, 3]));
    assert!(refused(&raw, &dir.path().join("out")).contains("numbered.hdf5"));
}

#[test]
fn a_file_left_open_by_its_writer() {
    let dir = tempfile::tempdir().unwrap();
    let lines = "f['exam_id'] = ids; f['tracings'] = x; f.flush(); os._exit(0)";
    let Some(raw) = archive(dir.path(), "", lines) else {
        return;
    };
    let text = refused(&raw, &dir.path().join("out"));
    assert!(
        text.contains("the program that wrote it never closed it"),
        "{text}"
    );
    assert!(
        !text.contains("download") && !text.contains("copy it again"),
        "{text}"
    );
    let command = command(&text, "h5clear");
    let output = shell(command, &raw);
    if output.status.code() == Some(127) {
        eprintln!("SKIPPED in part: no h5clear; install hdf5-tools");
        return;
    }
    assert!(output.status.success(), "{command}: {}", error_text(&output));
    ok(signals_stage(&mut ecgfm(), &raw, &dir.path().join("out")));
    alike(&raw, &dir.path().join("out"));
}

#[test]
fn other_leads_and_units_are_not_advised_what_they_are_already() {
    let dir = tempfile::tempdir().unwrap();
    let Some(raw) = archive(
        dir.path(),
        "",
        "f['exam_id'] = ids; f['tracings'] = x[:, :, [0, 1, 6, 7, 8, 9, 10, 11]]",
    ) else {
        return;
    };
    let text = refused(&raw, &dir.path().join("out"));
    assert!(
        text.contains("by 8 leads") && text.contains("III = II - I"),
        "{text}"
    );
    assert!(!text.contains("(exams, samples, leads)"), "{text}");
}

#[test]
fn no_message_recommends_what_loses_data_in_silence() {
    let mut open = vec![root().join("crates"), root().join("docs")];
    while let Some(at) = open.pop() {
        for entry in std::fs::read_dir(&at).unwrap().flatten() {
            let path = entry.path();
            let ending = path.extension().and_then(OsStr::to_str).unwrap_or_default();
            if path.is_dir() {
                open.push(path);
            } else if ["rs", "md"].contains(&ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                assert!(
                    !lines.into_iter().any(|line| line.contains("h5repack")),
                    "{}",
                    path.display()
                );
            }
        }
    }
}
