//! For tests: makes the process that opens a file misbehave, as the environment asks.

use super::limits::ProcessLimits;
use super::message::write_message;
use crate::tracings::RowPlacement;
use crate::tracings::description::{DescribedFile, RowIds, StoredRows, encode_description};
use rustix::process::{Signal, getpid, kill_process};
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

/// Environment variable of what to do: `WHAT`, or `WHAT:NAME` for files of that name only.
const STUB: &str = "ECGFM_HDF5_STUB";
/// Value of it that opens the file and crashes at the first row.
const ROWS: &str = "rows";
/// Environment variable of other limits: seconds of processor time, MiB, milliseconds of patience, with commas between.
const LIMITS: &str = "ECGFM_HDF5_LIMITS";

/// Environment variable that the process needs, where it is set.
pub(super) fn inherited_variable() -> Option<(&'static str, OsString)> {
    Some((STUB, std::env::var_os(STUB)?))
}

/// Limits that the environment asks for.
pub(super) fn limits_override() -> Option<ProcessLimits> {
    let text = std::env::var(LIMITS).ok()?;
    let numbers: Vec<u64> = text.split(',').filter_map(|n| n.parse().ok()).collect();
    let &[cpu_seconds, memory_mib, patience] = numbers.as_slice() else {
        return None;
    };
    Some(ProcessLimits {
        cpu_seconds,
        memory_mib,
        patience: Duration::from_millis(patience),
    })
}

/// Crashes as a write to an address without memory does.
fn crash() -> io::Result<()> {
    // The standard library looks at the first one, for its stack's end, and leaves the second to the system.
    for _ in 0..2 {
        kill_process(getpid(), Signal::SEGV)?;
    }
    Ok(())
}

/// Crashes instead of reading a row, if the environment asks for that.
pub(super) fn between_rows() -> io::Result<()> {
    match std::env::var(STUB) {
        Ok(asked) if asked == ROWS => crash(),
        _ => Ok(()),
    }
}

/// Does what the environment asks for the file at `path`, instead of opening it.
pub(super) fn before_opening(path: &Path) -> io::Result<()> {
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
        "nonsense" => write_message(&mut out, b"ecgfm-2\n\x07")?,
        "lie" => {
            let placement = RowPlacement::Contiguous { offset: 1 << 40 };
            let stored = StoredRows::Direct(placement);
            let false_description = DescribedFile {
                ids: RowIds::Numbers(vec![1]),
                shape: [1, 4096, 12],
                dtype: "float32".into(),
                stored,
            };
            write_message(&mut out, &encode_description(&Ok(false_description)))?;
        }
        // Opens the file as usual; `between_rows` crashes later.
        ROWS => return Ok(()),
        other => return Err(io::Error::other(format!("{STUB}={other}"))),
    }
    Err(io::Error::other("no answer follows"))
}
