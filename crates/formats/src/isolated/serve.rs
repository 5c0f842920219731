//! The process that opens one file: describes it, and reads its rows where that is asked.

use super::limits::{ProcessLimits, allow_cpu_seconds, confine_process};
use super::message::write_message;
use super::refusal::to_refusal;
use crate::error::Result;
use crate::tracings::description::{DescribedFile, encode_description};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

/// A file that is open in this process.
pub(crate) trait SandboxedFile {
    /// Description of the file, as it is sent to the program.
    fn describe(&self) -> DescribedFile;

    /// Values of one row, where only this process can read rows.
    fn row_len(&self) -> Option<usize>;

    /// Reads row `row` into `out`.
    ///
    /// # Errors
    /// I/O, damaged values, a row past the end.
    fn read_row(&self, row: usize, out: &mut [f32]) -> Result<()>;
}

/// Does the work of the process that [`super::enable`] has started: reads the `arguments` after the first, confines
/// this process, opens the file with `open_file`, which gets the arguments after the path, and answers on the standard streams. Returns
/// the exit code.
pub(crate) fn serve_file<F: SandboxedFile>(
    arguments: impl IntoIterator<Item = OsString>,
    open_file: impl FnOnce(&Path, &[OsString]) -> Result<F>,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let [cpu, memory, path, of_reader @ ..] = arguments.as_slice() else {
        return 2;
    };
    let number = |text: &OsString| text.to_str().and_then(|t| t.parse::<u64>().ok());
    let (Some(cpu_seconds), Some(memory_mib)) = (number(cpu), number(memory)) else {
        return 2;
    };
    let limits = ProcessLimits {
        cpu_seconds,
        memory_mib,
        patience: Duration::MAX,
    };
    let open_file = |path: &Path| open_file(path, of_reader);
    match confine_process(&limits).and_then(|()| answer_requests(Path::new(path), &limits, open_file)) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn answer_requests<F: SandboxedFile>(
    path: &Path,
    limits: &ProcessLimits,
    open_file: impl FnOnce(&Path) -> Result<F>,
) -> io::Result<()> {
    // Nobody is left to answer once the program is gone.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    #[cfg(feature = "failpoints")]
    super::misbehave::before_opening(path)?;
    let file = open_file(path);
    // The signal comes when the thread ends that started this process; rows may be read by others.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(None)?;
    let mut out = io::stdout().lock();
    let description = file.as_ref().map(F::describe).map_err(to_refusal);
    write_message(&mut out, &encode_description(&description))?;
    match file {
        Ok(file) => match file.row_len() {
            Some(row_len) => answer_rows(&file, row_len, limits, &mut out),
            None => Ok(()),
        },
        Err(_) => Ok(()),
    }
}

/// Answers row after row, until the program closes this process's input: 0 and the values, or 1 and a message.
fn answer_rows(
    file: &impl SandboxedFile,
    row_len: usize,
    limits: &ProcessLimits,
    out: &mut impl Write,
) -> io::Result<()> {
    let (mut input, mut row_bytes) = (io::stdin().lock(), [0; 8]);
    let mut values = vec![0.0; row_len];
    loop {
        match input.read_exact(&mut row_bytes) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        allow_cpu_seconds(limits.cpu_seconds)?;
        #[cfg(feature = "failpoints")]
        super::misbehave::between_rows()?;
        let row = usize::try_from(u64::from_le_bytes(row_bytes)).unwrap_or(usize::MAX);
        match file.read_row(row, &mut values) {
            Ok(()) => {
                out.write_all(&[0])?;
                out.write_all(bytemuck::cast_slice(&values))?;
                out.flush()?;
            }
            Err(error) => {
                out.write_all(&[1])?;
                write_message(out, &encode_description(&Err(to_refusal(&error))))?;
            }
        }
    }
}
