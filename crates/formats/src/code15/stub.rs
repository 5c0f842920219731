//! For tests: a process that opens HDF5 files and misbehaves, as the environment asks.

use super::confine::Limits;
use super::serve::send;
use crate::tracings::Placement;
use crate::tracings::described::{Described, Stored, encode};
use rustix::process::{Signal, getpid, kill_process};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// What to do: `WHAT`, or `WHAT:NAME` for files of that name only.
const STUB: &str = "ECGFM_HDF5_STUB";
/// The stub that opens the file well and does not read its rows.
const ROWS: &str = "rows";
/// Other limits: seconds of processor time, MiB, milliseconds of patience, with commas between.
const LIMITS: &str = "ECGFM_HDF5_LIMITS";

/// What the other process must know of the environment.
pub(super) fn environment() -> Option<(&'static str, OsString)> {
    Some((STUB, std::env::var_os(STUB)?))
}

/// Limits of a test.
pub(super) fn limits() -> Option<Limits> {
    let text = std::env::var(LIMITS).ok()?;
    let numbers: Vec<u64> = text.split(',').filter_map(|n| n.parse().ok()).collect();
    let &[cpu_seconds, memory_mib, patience] = numbers.as_slice() else {
        return None;
    };
    Some(Limits {
        cpu_seconds,
        memory_mib,
        patience: Duration::from_millis(patience),
    })
}

/// Does what writing to where nothing is does.
fn crash() -> io::Result<()> {
    // The standard library looks at the first one, for its stack's end, and leaves the second to the system.
    for _ in 0..2 {
        kill_process(getpid(), Signal::SEGV)?;
    }
    Ok(())
}

/// Crashes instead of reading a row, if the environment asks for that.
pub(super) fn misbehave_between_rows() -> io::Result<()> {
    match std::env::var(STUB) {
        Ok(asked) if asked == ROWS => crash(),
        _ => Ok(()),
    }
}

/// Does what the environment asks for this file.
pub(super) fn misbehave(path: &Path) -> io::Result<()> {
    let Ok(asked) = std::env::var(STUB) else {
        return Ok(());
    };
    let (what, name) = asked.split_once(':').unwrap_or((&asked, ""));
    if !name.is_empty() && path.file_name().is_none_or(|n| n != name) {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    match what {
        "" => return Ok(()),
        "crash" => crash()?,
        "panic" => panic!("as asked"),
        "hang" => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        "spin" => loop {
            std::hint::spin_loop();
        },
        "allocate" => {
            let mut all: Vec<Vec<u8>> = Vec::new();
            loop {
                all.push(vec![1; 1 << 20]);
            }
        }
        "write" => std::fs::write("written-by-the-hdf5-process", "more than nothing")?,
        "flood" => loop {
            out.write_all(&[0xff; 4096])?;
        },
        "long" => loop {
            // A length that is allowed, and then no end of it.
            out.write_all(&(1u64 << 27).to_le_bytes())?;
            std::thread::sleep(Duration::from_millis(1));
        },
        "early" => out.write_all(&[9, 0, 0])?,
        "nonsense" => send(&mut out, b"ecgfm-1\n\x07")?,
        "lie" => {
            let placement = Placement::Contiguous { offset: 1 << 40 };
            let stored = Stored::Rows(placement);
            let lie = Described {
                exam_ids: vec![1],
                shape: [1, 4096, 12],
                dtype: "float32".into(),
                stored,
            };
            send(&mut out, &encode(&Ok(lie)))?;
        }
        // Later.
        ROWS => return Ok(()),
        other => return Err(io::Error::other(format!("{STUB}={other}"))),
    }
    Err(io::Error::other("nothing more is said"))
}
