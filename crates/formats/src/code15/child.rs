//! Opening files in another process, which may crash, hang or be killed for its use of memory without harm to this one.

use super::confine::{Limits, lower_limit_of_the_user};
use crate::error::{Error, Result};
use crate::tracings::described::{self, Described, MAX_MESSAGE, Refused};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use std::io::{self, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The word that makes this program call [`super::serve`].
static WORD: OnceLock<&str> = OnceLock::new();
/// What the other process keeps of the environment: where its libraries and the user's filters are.
const KEPT: [&str; 2] = ["LD_LIBRARY_PATH", "HDF5_PLUGIN_PATH"];
/// Bytes of a message that are read at a time.
const PIECE: usize = 1 << 16;
/// Exit code of the system's loader where a library of a program cannot be loaded.
const LOADER_FAILED: i32 = 127;
/// Exit code of that process where it may use no more memory.
const STARVED: i32 = super::OUT_OF_MEMORY as i32;
/// How long a process whose output has ended is waited for.
const LAST: Duration = Duration::from_secs(2);
const HELP: &str = "download or copy it again, and do not trust where it came from if that does not help";

/// From now on, parts are opened by this program's executable, started again with `word` as its first argument, upon
/// which it must call [`super::serve`] with the others. The first call counts.
pub fn isolate(word: &'static str) {
    // A second program in the same process would be the same program.
    let _ = WORD.set(word);
}

/// The word, where there is one.
pub(super) fn word() -> Option<&'static str> {
    WORD.get().copied()
}

/// The process that opened a file.
#[derive(Debug)]
pub(super) struct Served {
    path: PathBuf,
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    limits: Limits,
    /// Why it answers no more.
    over: Option<Over>,
}

/// Why a process answers no more.
#[derive(Debug)]
enum Over {
    /// The file made it do so.
    Damaged(String),
    /// The system did not let it work.
    OutOfMemory(String),
}

impl Over {
    fn error(&self, path: &Path) -> Error {
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

/// Has the file at `path` opened by another process.
///
/// # Errors
/// What the library says about the file; that it crashed, or took too much time or memory; the system starts no process.
pub(super) fn open(path: &Path, word: &str) -> Result<(Described, Served)> {
    let mut served = Served::start(path, word)?;
    let message = served.message()?;
    let said = described::decode(&message).map_err(|what| served.nonsense(&what))?;
    match said {
        Ok(described) => Ok((described, served)),
        Err(refused) => Err(error(path, refused)),
    }
}

impl Served {
    fn start(path: &Path, word: &str) -> Result<Self> {
        let failed = |source| Error::io("start a process to open", path)(source);
        let limits = limits();
        let mut command = Command::new(program().map_err(failed)?);
        command
            .arg(word)
            .arg(limits.cpu_seconds.to_string())
            .arg(limits.memory_mib.to_string())
            .arg(path);
        command.env_clear().envs(
            KEPT.iter()
                .filter_map(|name| Some((name, std::env::var_os(name)?))),
        );
        #[cfg(feature = "failpoints")]
        command.envs(super::stub::environment());
        // Ctrl-C is for the program, which stops when it is safe to.
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
                over: None,
            }),
            _ => Err(failed(io::Error::other("it has no standard streams"))),
        }
    }

    /// Has row `row` read into `out`, which is as long as a row.
    ///
    /// # Errors
    /// As [`open`].
    pub(super) fn read_row(&mut self, row: usize, out: &mut [f32]) -> Result<()> {
        if let Some(over) = &self.over {
            return Err(over.error(&self.path));
        }
        let asked = self.input.write_all(&(row as u64).to_le_bytes());
        asked.map_err(|e| self.broken(e))?;
        let (mut kind, deadline) = ([2], self.deadline());
        self.fill(&mut kind, deadline)?;
        match kind {
            [0] => self.fill(bytemuck::cast_slice_mut(out), deadline),
            [1] => {
                let message = self.message()?;
                match described::decode(&message) {
                    Ok(Err(refused)) => Err(error(&self.path, refused)),
                    _ => Err(self.nonsense("it is no error")),
                }
            }
            _ => Err(self.nonsense("it is no row")),
        }
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.limits.patience
    }

    /// Reads a message that follows its length, without believing the length.
    fn message(&mut self) -> Result<Vec<u8>> {
        let (mut length, deadline) = ([0; 8], self.deadline());
        self.fill(&mut length, deadline)?;
        let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
        if length > MAX_MESSAGE {
            return Err(self.nonsense(&format!("{length} bytes are announced")));
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
            let read = match self.wait(deadline) {
                Ok(true) => self.output.read(&mut out[filled..]),
                Ok(false) => return Err(self.late()),
                Err(error) => Err(error),
            };
            match read {
                Ok(0) => return Err(self.ended()),
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.broken(error)),
            }
        }
        Ok(())
    }

    /// Waits until there is something to read; false once it is too late.
    fn wait(&self, deadline: Instant) -> io::Result<bool> {
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

    fn late(&mut self) -> Error {
        let seconds = self.limits.patience.as_secs_f64();
        self.stop(format!("the HDF5 library had no answer within {seconds} s"))
    }

    fn broken(&mut self, error: io::Error) -> Error {
        match error.kind() {
            io::ErrorKind::BrokenPipe => self.ended(),
            _ => self.stop(format!("the process that opens it does not answer ({error})")),
        }
    }

    fn nonsense(&mut self, what: &str) -> Error {
        self.stop(format!("the process that opens it answers nonsense: {what}"))
    }

    /// What became of a process whose output has ended.
    fn ended(&mut self) -> Error {
        let until = Instant::now() + LAST;
        let status = loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < until => std::thread::sleep(Duration::from_millis(5)),
                Ok(status) => break status,
                Err(_) => break None,
            }
        };
        let Limits {
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
                return self.end_with(Over::OutOfMemory(why.to_owned()));
            }
            Some((Some(_), _) | (_, Some(LOADER_FAILED | STARVED)))
                if let Some(mib) = lower_limit_of_the_user(&self.limits) =>
            {
                let why =
                    format!("the process that opens it may use {mib} MiB of memory, and that was not enough");
                return self.end_with(Over::OutOfMemory(why));
            }
            Some((Some(signal), _)) => format!(
                "the HDF5 library crashed reading it (signal {signal}), or needs more than {memory_mib} MiB"
            ),
            Some((None, Some(STARVED))) => {
                format!("the HDF5 library needs more than {memory_mib} MiB for it")
            }
            Some((None, Some(code))) => format!("the process that opens it ended with code {code}"),
            _ => "the process that opens it ended its answer too early".to_owned(),
        };
        self.stop(why)
    }

    /// Ends the process, for what the file made it do, and remembers why.
    fn stop(&mut self, why: String) -> Error {
        self.end_with(Over::Damaged(why))
    }

    /// Ends the process and remembers why.
    fn end_with(&mut self, over: Over) -> Error {
        end(&mut self.child);
        self.over.insert(over).error(&self.path)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a process that may have ended, and frees its number.
fn end(child: &mut Child) {
    // It may be gone already, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

fn error(path: &Path, refused: Refused) -> Error {
    match refused {
        Refused::Malformed([place, what, help]) => Error::malformed(path, place, what, help),
        Refused::Unsupported([place, what, help]) => Error::unsupported(path, place, what, help),
        Refused::Missing([name, available]) => Error::missing(path, &name, &[&available]),
        Refused::System(number) => Error::io("read", path)(io::Error::from_raw_os_error(number)),
    }
}

/// This program, also where its file was replaced since it started.
fn program() -> io::Result<PathBuf> {
    let own = Path::new("/proc/self/exe");
    if own.exists() {
        Ok(own.to_owned())
    } else {
        std::env::current_exe()
    }
}

fn limits() -> Limits {
    #[cfg(feature = "failpoints")]
    if let Some(limits) = super::stub::limits() {
        return limits;
    }
    Limits::DEFAULT
}
