//! The other process: opens one file with the HDF5 library, says what it found, and reads rows if asked.

use super::confine::{Limits, allow_cpu, confine};
use super::open::Source;
use super::reader::Part;
use crate::error::Error;
use crate::tracings::described::{Described, Refused, Stored, encode};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

/// Exit code of that process where it may use no more memory.
pub const OUT_OF_MEMORY: u8 = 12;

/// What a program does when [`super::isolate`] has started it: reads the `arguments` that follow the agreed word, binds
/// this process, opens the file, and answers on the standard streams. The result is the exit code.
pub fn serve(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let [cpu, memory, path] = arguments.as_slice() else {
        return 2;
    };
    let number = |text: &OsString| text.to_str().and_then(|t| t.parse::<u64>().ok());
    let (Some(cpu_seconds), Some(memory_mib)) = (number(cpu), number(memory)) else {
        return 2;
    };
    let limits = Limits {
        cpu_seconds,
        memory_mib,
        patience: Duration::MAX,
    };
    match confine(&limits).and_then(|()| answer(Path::new(path), &limits)) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn answer(path: &Path, limits: &Limits) -> io::Result<()> {
    // Nobody is left to answer once the program is gone.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    #[cfg(feature = "failpoints")]
    super::stub::misbehave(path)?;
    let part = Part::open_here(path);
    // The signal comes when the thread ends that started this process; rows may be read by others.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(None)?;
    let mut out = io::stdout().lock();
    send(&mut out, &encode(&part.as_ref().map(described).map_err(refused)))?;
    match part {
        Ok(part) if matches!(part.source(), Source::Library(_)) => rows(&part, limits, &mut out),
        _ => Ok(()),
    }
}

/// Writes a message after its length.
pub(super) fn send(out: &mut impl Write, message: &[u8]) -> io::Result<()> {
    out.write_all(&(message.len() as u64).to_le_bytes())?;
    out.write_all(message)?;
    out.flush()
}

/// Answers row after row, until nobody asks any more: 0 and the values, or 1 and a text after its length.
fn rows(part: &Part, limits: &Limits, out: &mut impl Write) -> io::Result<()> {
    let (mut input, mut asked) = (io::stdin().lock(), [0; 8]);
    let mut values = vec![0.0; part.row_len()];
    loop {
        match input.read_exact(&mut asked) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        allow_cpu(limits.cpu_seconds)?;
        #[cfg(feature = "failpoints")]
        super::stub::misbehave_between_rows()?;
        let row = usize::try_from(u64::from_le_bytes(asked)).unwrap_or(usize::MAX);
        match part.read_row(row, &mut values) {
            Ok(()) => {
                out.write_all(&[0])?;
                out.write_all(bytemuck::cast_slice(&values))?;
                out.flush()?;
            }
            Err(error) => {
                out.write_all(&[1])?;
                send(out, &encode(&Err(refused(&error))))?;
            }
        }
    }
}

fn described(part: &Part) -> Described {
    let stored = match part.source() {
        Source::Rows(rows) => Stored::Rows(rows.placement()),
        Source::Library(_) | Source::Served(_) => Stored::Library(part.layout().to_string()),
    };
    Described {
        exam_ids: part.exam_ids().to_vec(),
        shape: [part.rows(), part.samples(), part.leads()],
        dtype: part.dtype().to_owned(),
        stored,
    }
}

fn refused(error: &Error) -> Refused {
    match error {
        Error::Malformed {
            place, what, help, ..
        } => Refused::Malformed([place.clone(), what.clone(), help.clone()]),
        Error::Unsupported {
            place, what, help, ..
        } => Refused::Unsupported([place.clone(), what.clone(), help.clone()]),
        Error::Missing { name, available, .. } => Refused::Missing([name.clone(), available.clone()]),
        Error::Io { source, .. } if error.fault().is_some() => {
            let out_of_memory = rustix::io::Errno::NOMEM.raw_os_error();
            Refused::System(source.raw_os_error().unwrap_or(out_of_memory))
        }
        Error::Io { action, source, .. } => Refused::Malformed([
            "start".to_owned(),
            format!("cannot {action} it: {source}"),
            "check that it is there and may be read".to_owned(),
        ]),
        Error::Request { what, .. } => Refused::Malformed([
            "row".to_owned(),
            what.clone(),
            "ask for a row that is there".to_owned(),
        ]),
    }
}
