//! The program's side: starts the process that opens a file, checks its answers, and says why there are none.

use super::OUT_OF_MEMORY;
use super::limits::{ProcessLimits, users_memory_limit_mib};
use super::refusal::to_error;
use crate::error::{Error, Result};
use crate::tracings::description::{DescribedFile, MAX_MESSAGE, decode_description};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Environment variables that the process gets: where its libraries and the user's filters are.
const ENVIRONMENT: [&str; 2] = ["LD_LIBRARY_PATH", "HDF5_PLUGIN_PATH"];
/// Bytes of a message that are read at a time.
const PIECE: usize = 1 << 16;
/// Exit code of the system's loader where a library of a program cannot be loaded.
const LOADER_FAILED: i32 = 127;
/// [`OUT_OF_MEMORY`] as the system returns it.
const NO_MEMORY_LEFT: i32 = OUT_OF_MEMORY as i32;
/// Time that a process whose output has ended gets to end.
const EXIT_TIMEOUT: Duration = Duration::from_secs(2);
const HELP: &str = "download or copy it again, and do not trust where it came from if that does not help";

/// A running process that has opened a file, and reads its rows.
#[derive(Debug)]
pub(crate) struct SandboxedReader {
    path: PathBuf,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    limits: ProcessLimits,
    /// Reason for which the process answers no more, once it has ended.
    failure: Option<ReaderFailure>,
}

/// Reason for which the process answers no more.
#[derive(Debug)]
enum ReaderFailure {
    /// The fault of the file.
    Damaged(String),
    /// A fault of the system.
    OutOfMemory(String),
}

impl ReaderFailure {
    fn to_error(&self, path: &Path) -> Error {
        match self {
            Self::Damaged(why) => {
                Error::malformed(path, "HDF5", format!("it is damaged or hostile: {why}"), HELP)
            }
            Self::OutOfMemory(why) => {
                let source = io::Error::new(io::ErrorKind::OutOfMemory, why.clone());
                Error::io("read", path)(source)
            }
        }
    }
}

/// Has the file at `path` opened by another process, whose first argument is `first_argument` and whose last ones are `of_reader`.
///
/// # Errors
/// Those of opening the file; a process that crashes, or takes too much time or memory; no process can be started.
pub(crate) fn open_isolated_file(
    path: &Path,
    first_argument: &str,
    of_reader: &[OsString],
) -> Result<(DescribedFile, SandboxedReader)> {
    let mut reader = SandboxedReader::start(path, first_argument, of_reader)?;
    let message = reader.read_message()?;
    match decode_description(&message).map_err(|what| reader.protocol_error(&what))? {
        Ok(description) => Ok((description, reader)),
        Err(refusal) => Err(to_error(path, refusal)),
    }
}

impl SandboxedReader {
    fn start(path: &Path, first_argument: &str, of_reader: &[OsString]) -> Result<Self> {
        let failed = |source| Error::io("start a process to open", path)(source);
        let limits = process_limits();
        let mut command = Command::new(own_executable().map_err(failed)?);
        command
            .arg(first_argument)
            .arg(limits.cpu_seconds.to_string())
            .arg(limits.memory_mib.to_string())
            .arg(path)
            .args(of_reader);
        command.env_clear().envs(
            ENVIRONMENT
                .iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        #[cfg(feature = "failpoints")]
        command.envs(super::misbehave::inherited_variable());
        // A group of its own: Ctrl-C goes to the program alone, which stops when it is safe to.
        command.process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(input), Some(output)) => Ok(Self {
                path: path.to_owned(),
                child,
                input,
                output,
                limits,
                failure: None,
            }),
            _ => Err(failed(io::Error::other("it has no standard streams"))),
        }
    }

    /// Reads row `row`, by way of the process, into `out`, which is as long as a row.
    ///
    /// # Errors
    /// Those of [`open_isolated_file`].
    pub(crate) fn read_row(&mut self, row: usize, out: &mut [f32]) -> Result<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.to_error(&self.path));
        }
        let sent = self.input.write_all(&(row as u64).to_le_bytes());
        sent.map_err(|e| self.pipe_error(e))?;
        let (mut kind, deadline) = ([2], self.deadline());
        self.fill(&mut kind, deadline)?;
        match kind {
            [0] => self.fill(bytemuck::cast_slice_mut(out), deadline),
            [1] => {
                let message = self.read_message()?;
                match decode_description(&message) {
                    Ok(Err(refusal)) => Err(to_error(&self.path, refusal)),
                    _ => Err(self.protocol_error("it is no error")),
                }
            }
            _ => Err(self.protocol_error("it is no row")),
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.limits.patience
    }

    /// Reads a message that follows its length, without believing the length.
    fn read_message(&mut self) -> Result<Vec<u8>> {
        let (mut length, deadline) = ([0; 8], self.deadline());
        self.fill(&mut length, deadline)?;
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            return Err(self.protocol_error(&format!("{length} bytes are announced")));
        }
        let mut message = Vec::new();
        while message.len() < length {
            let start = message.len();
            message.resize(length.min(start + PIECE), 0);
            self.fill(&mut message[start..], deadline)?;
        }
        Ok(message)
    }

    /// Fills `out` from the output, or ends the process.
    fn fill(&mut self, out: &mut [u8], deadline: Instant) -> Result<()> {
        let mut filled = 0;
        while filled < out.len() {
            let read = match self.wait_for_output(deadline) {
                Ok(true) => self.output.read(&mut out[filled..]),
                Ok(false) => return Err(self.timeout_error()),
                Err(error) => Err(error),
            };
            match read {
                Ok(0) => return Err(self.exit_error()),
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.pipe_error(error)),
            }
        }
        Ok(())
    }

    /// Waits until there is output to read; false once the deadline is past.
    fn wait_for_output(&self, deadline: Instant) -> io::Result<bool> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            let timeout = left.try_into().ok();
            match poll(&mut [PollFd::new(&self.output, PollFlags::IN)], timeout.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => return Ok(true),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn timeout_error(&mut self) -> Error {
        let seconds = self.limits.patience.as_secs_f64();
        self.blame_file(format!("the HDF5 library had no answer within {seconds} s"))
    }

    fn pipe_error(&mut self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::BrokenPipe => self.exit_error(),
            _ => self.blame_file(format!("the process that opens it does not answer ({error})")),
        }
    }

    fn protocol_error(&mut self, what: &str) -> Error {
        self.blame_file(format!("the process that opens it answers nonsense: {what}"))
    }

    /// Error for a process whose output has ended, from its exit status.
    fn exit_error(&mut self) -> Error {
        let until = Instant::now() + EXIT_TIMEOUT;
        let status = loop {
            match self.child.try_wait() {
                // The standard library has no wait with a time limit.
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
                Ok(status) => break status,
                Err(_) => break None,
            }
        };
        let ProcessLimits {
            cpu_seconds,
            memory_mib,
            ..
        } = self.limits;
        let why = match status.map(|status| (status.signal(), status.code())) {
            Some((Some(signal), _)) if signal == rustix::process::Signal::XCPU.as_raw() => {
                format!("the HDF5 library was not done with it after {cpu_seconds} s of processor time")
            }
            Some((Some(signal), _)) if signal == rustix::process::Signal::KILL.as_raw() => {
                let why = "the system killed the process that opens it, most likely because memory ran out";
                return self.fail_with(ReaderFailure::OutOfMemory(why.to_owned()));
            }
            Some((Some(_), _) | (_, Some(LOADER_FAILED | NO_MEMORY_LEFT)))
                if let Some(mib) = users_memory_limit_mib(&self.limits) =>
            {
                let why =
                    format!("the process that opens it may use {mib} MiB of memory, and that was not enough");
                return self.fail_with(ReaderFailure::OutOfMemory(why));
            }
            Some((Some(signal), _)) => format!(
                "the HDF5 library crashed reading it (signal {signal}), or needs more than {memory_mib} MiB"
            ),
            Some((None, Some(NO_MEMORY_LEFT))) => {
                format!("the HDF5 library needs more than {memory_mib} MiB for it")
            }
            Some((None, Some(code))) => format!("the process that opens it ended with code {code}"),
            _ => "the process that opens it ended its answer too early".to_owned(),
        };
        self.blame_file(why)
    }

    /// Ends the process and remembers why, as an error of the file.
    fn blame_file(&mut self, why: String) -> Error {
        self.fail_with(ReaderFailure::Damaged(why))
    }

    /// Ends the process and remembers why.
    fn fail_with(&mut self, failure: ReaderFailure) -> Error {
        kill_and_reap(&mut self.child);
        self.failure.insert(failure).to_error(&self.path)
    }
}

impl Drop for SandboxedReader {
    fn drop(&mut self) {
        kill_and_reap(&mut self.child);
    }
}

/// Ends a process, which may have ended already, and collects its exit status so that the system forgets it.
fn kill_and_reap(child: &mut Child) {
    // An error means that it has ended already, which is the aim.
    let _ = child.kill();
    let _ = child.wait();
}

/// Path that starts this program, also where its file was replaced since it started.
fn own_executable() -> io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    // Any answer but "not found" means that /proc is mounted: starting the program says what is wrong then.
    if !matches!(own.try_exists(), Ok(false)) {
        Ok(own.to_owned())
    } else {
        std::env::current_exe()
    }
}

fn process_limits() -> ProcessLimits {
    #[cfg(feature = "failpoints")]
    if let Some(limits) = super::misbehave::limits_override() {
        return limits;
    }
    ProcessLimits::DEFAULT
}
