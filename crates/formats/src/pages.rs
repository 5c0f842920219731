//! Files written past the operating system's cache.
//!
//! A cache that is written through page by page takes several times the processor time that the values themselves take,
//! and pushes everything else out of it. Memory aligned to a page can go to the disk as it is
//! (`O_DIRECT`); the rest of the last page is written through the cache, and so is everything on a file system that does not
//! allow this. The files are the same.

use crate::watch::{self, WriteStep};
use bytemuck::{Pod, Zeroable};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Bytes that a disk reads and writes at once, at least.
pub(crate) const PAGE: usize = 4096;

/// Memory aligned to a page.
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
#[repr(C, align(4096))]
pub(crate) struct AlignedPage([u8; PAGE]);

/// Buffer of whole pages, to be written by [`write_file`] and reused for the next file.
#[derive(Debug, Default)]
pub struct PageBuffer {
    pages: Vec<AlignedPage>,
    filled: usize,
}

impl PageBuffer {
    /// Empties the buffer and keeps its memory.
    pub fn clear(&mut self) {
        self.filled = 0;
    }

    /// Number of bytes in the buffer.
    pub fn len(&self) -> usize {
        self.filled
    }

    /// Returns true if the buffer holds no bytes.
    pub fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Bytes of the buffer.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.pages)[..self.filled]
    }

    /// Appends `count` bytes for the caller to fill.
    pub(crate) fn reserve(&mut self, count: usize) -> &mut [u8] {
        let pages = (self.filled + count).div_ceil(PAGE);
        if self.pages.len() < pages {
            self.pages.resize(pages, AlignedPage::zeroed());
        }
        let start = self.filled;
        self.filled += count;
        &mut bytemuck::cast_slice_mut(&mut self.pages)[start..self.filled]
    }

    /// Number of bytes in the pages that are full.
    pub(crate) fn full_pages_len(&self) -> usize {
        self.filled / PAGE * PAGE
    }
}

impl Write for PageBuffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.reserve(bytes.len()).copy_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a whole file, as `std::fs::write` does.
///
/// # Errors
/// I/O.
///
/// ```
/// use ecgfm_formats::pages::{PageBuffer, write_file};
/// use std::io::Write;
///
/// # fn main() -> std::io::Result<()> {
/// let dir = tempfile::tempdir()?;
/// let mut buffer = PageBuffer::default();
/// buffer.write_all(&[7; 10_000])?;
/// write_file(&dir.path().join("a"), &buffer)?;
/// assert_eq!(std::fs::read(dir.path().join("a"))?, [7; 10_000]);
/// # Ok(())
/// # }
/// ```
pub fn write_file(path: &Path, buffer: &PageBuffer) -> io::Result<()> {
    let file = PageFile::create(path)?;
    let (pages, rest) = buffer.bytes().split_at(buffer.full_pages_len());
    file.write_pages(pages, 0)?;
    file.write_rest(rest, pages.len() as u64)
}

/// File that is written in whole pages first, and in any bytes after that.
#[derive(Debug)]
pub struct PageFile {
    path: PathBuf,
    file: File,
    direct: AtomicBool,
}

impl PageFile {
    /// Creates a file, or empties it.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        Self::open(path, OpenOptions::new().write(true).create(true).truncate(true))
    }

    /// Creates a file that must not exist yet.
    ///
    /// # Errors
    /// I/O.
    pub fn create_new(path: &Path) -> io::Result<Self> {
        Self::open(path, OpenOptions::new().write(true).create_new(true))
    }

    fn open(path: &Path, options: &OpenOptions) -> io::Result<Self> {
        let open = |flag: Option<i32>| {
            let mut options = options.clone();
            flag.map(|flag| options.custom_flags(flag));
            options.open(path)
        };
        let refused = |e: &io::Error| e.kind() == io::ErrorKind::InvalidInput;
        let (file, direct) = match direct_flag() {
            None => (open(None)?, false),
            Some(flag) => match open(Some(flag)) {
                // The system has created the file before it refuses the flag, so `create_new` would fail now.
                Err(e) if refused(&e) => {
                    let mut options = OpenOptions::new();
                    (options.write(true).create(true).truncate(true).open(path)?, false)
                }
                opened => (opened?, true),
            },
        };
        Ok(Self {
            path: path.to_owned(),
            file,
            direct: AtomicBool::new(direct),
        })
    }

    /// Writes whole pages, from memory aligned to a page.
    pub(crate) fn write_pages(&self, pages: &[u8], at: u64) -> io::Result<()> {
        watch::before_step(WriteStep::Bytes, &self.path)?;
        match self.file.write_all_at(pages, at) {
            // Some file systems accept the flag when a file is opened and refuse to write then.
            Err(e) if e.kind() == io::ErrorKind::InvalidInput && self.direct.load(Ordering::Relaxed) => {
                self.write_cached(pages, at)
            }
            written => written,
        }
    }

    /// Writes any bytes through the cache, and all later bytes too.
    pub(crate) fn write_rest(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        watch::before_step(WriteStep::Bytes, &self.path)?;
        self.write_cached(bytes, at)
    }

    /// Returns true while whole pages go past the cache.
    #[cfg(test)]
    pub(crate) fn is_direct(&self) -> bool {
        self.direct.load(Ordering::Relaxed)
    }

    fn write_cached(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.direct.swap(false, Ordering::Relaxed) {
            disable_direct(&self.file)?;
        }
        self.file.write_all_at(bytes, at)
    }
}

/// Bytes that a [`PageWriter`] collects before it sends them to its thread.
const BUFFER_BYTES: usize = 2 << 20;
/// Full buffers of a [`PageWriter`] that can wait for its thread.
const QUEUED_BUFFERS: usize = 2;

/// Writes a file from its beginning to its end. A thread of its own writes full buffers, so that the caller
/// does not wait for the disk; a file smaller than a buffer starts no thread.
#[derive(Debug)]
pub struct PageWriter {
    file: Arc<PageFile>,
    buffer: PageBuffer,
    /// Bytes that were sent to the thread.
    bytes_sent: u64,
    disk: Option<DiskThread>,
}

#[derive(Debug)]
struct DiskThread {
    tasks: SyncSender<(PageBuffer, u64)>,
    spare: Receiver<PageBuffer>,
    thread: JoinHandle<io::Result<()>>,
}

impl DiskThread {
    fn start(file: Arc<PageFile>) -> io::Result<Self> {
        let (tasks, waiting) = sync_channel::<(PageBuffer, u64)>(QUEUED_BUFFERS);
        let (returned, spare) = channel();
        let write = move || {
            for (mut buffer, at) in waiting {
                file.write_pages(&buffer.bytes()[..buffer.full_pages_len()], at)?;
                buffer.clear();
                // The receiver may be gone, after an error of its own.
                let _ = returned.send(buffer);
            }
            Ok(())
        };
        let thread = std::thread::Builder::new()
            .name("to disk".to_owned())
            .spawn(write)?;
        Ok(Self { tasks, spare, thread })
    }

    /// Waits until everything is written.
    fn finish(self) -> io::Result<()> {
        // The thread ends when no sender is left.
        drop(self.tasks);
        match self.thread.join() {
            Ok(written) => written,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl PageWriter {
    /// A writer into an empty file.
    pub fn new(file: PageFile) -> Self {
        Self {
            file: Arc::new(file),
            buffer: PageBuffer::default(),
            bytes_sent: 0,
            disk: None,
        }
    }

    /// Sends full pages to the thread and keeps the rest of the last page.
    fn send_full_pages(&mut self) -> io::Result<()> {
        let disk = match self.disk.take() {
            Some(disk) => disk,
            None => DiskThread::start(Arc::clone(&self.file))?,
        };
        let whole = self.buffer.full_pages_len();
        let mut next = disk.spare.try_recv().unwrap_or_default();
        next.write_all(&self.buffer.bytes()[whole..])?;
        let full = std::mem::replace(&mut self.buffer, next);
        if disk.tasks.send((full, self.bytes_sent)).is_err() {
            // The thread ends early only at an error, which `finish` returns.
            return disk.finish().and(Err(io::ErrorKind::BrokenPipe.into()));
        }
        self.disk = Some(disk);
        self.bytes_sent += whole as u64;
        Ok(())
    }

    /// Writes the rest, and waits until all is written. The file is not synced.
    ///
    /// # Errors
    /// First error of writing.
    pub fn finish(mut self) -> io::Result<()> {
        if let Some(disk) = self.disk.take() {
            disk.finish()?;
        }
        self.file.write_rest(self.buffer.bytes(), self.bytes_sent)
    }
}

impl Write for PageWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() >= BUFFER_BYTES {
            self.send_full_pages()?;
        }
        let some = &bytes[..bytes.len().min(BUFFER_BYTES)];
        self.buffer.write(some)
    }

    /// Does nothing: [`finish`](Self::finish) writes the rest.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Flag of opening a file for writing past the cache; none where the system has no such flag.
#[cfg(target_os = "linux")]
fn direct_flag() -> Option<i32> {
    i32::try_from(rustix::fs::OFlags::DIRECT.bits()).ok()
}

#[cfg(not(target_os = "linux"))]
fn direct_flag() -> Option<i32> {
    None
}

#[cfg(target_os = "linux")]
fn disable_direct(file: &File) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(file)?;
    Ok(rustix::fs::fcntl_setfl(file, flags - rustix::fs::OFlags::DIRECT)?)
}

#[cfg(not(target_os = "linux"))]
fn disable_direct(_: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_any_length_are_written_whole() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let mut buffer = PageBuffer::default();
        for length in [100_000, 0, 1, PAGE - 1, PAGE, PAGE + 1, 3 * PAGE, 12_345] {
            buffer.clear();
            let bytes: Vec<u8> = (0..length).map(|i| (i * 7 + length) as u8).collect();
            bytes
                .chunks(1000)
                .for_each(|some| buffer.write_all(some).unwrap());
            write_file(&path, &buffer).unwrap();
            assert!(std::fs::read(&path).unwrap() == bytes, "{length} bytes");
        }
    }

    #[test]
    fn a_stream_of_any_length_is_written_whole() {
        let dir = tempfile::tempdir().unwrap();
        for (name, length) in [
            0,
            1,
            PAGE,
            BUFFER_BYTES - 1,
            BUFFER_BYTES,
            BUFFER_BYTES + 1,
            9 * BUFFER_BYTES + 12_345,
        ]
        .into_iter()
        .enumerate()
        {
            let path = dir.path().join(name.to_string());
            let bytes: Vec<u8> = (0..length).map(|i| (i / 7 + length) as u8).collect();
            let mut writer = PageWriter::new(PageFile::create_new(&path).unwrap());
            let (start, end) = bytes.split_at(length / 3);
            start
                .chunks(1000)
                .for_each(|some| writer.write_all(some).unwrap());
            writer.write_all(end).unwrap();
            writer.finish().unwrap();
            assert!(std::fs::read(&path).unwrap() == bytes, "{length} bytes");
        }
    }

    #[test]
    fn an_error_of_the_disk_reaches_whoever_writes() {
        let full = Path::new("/dev/full");
        if !full.exists() {
            return;
        }
        let mut writer = PageWriter::new(PageFile::create(full).unwrap());
        let mut errors = (0..64).filter_map(|_| writer.write_all(&[1; BUFFER_BYTES]).err());
        assert_eq!(errors.next().and_then(|e| e.raw_os_error()), Some(28));
        let mut small = PageWriter::new(PageFile::create(full).unwrap());
        small.write_all(b"little").unwrap();
        assert_eq!(small.finish().unwrap_err().raw_os_error(), Some(28));
    }
}
