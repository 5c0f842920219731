//! Chunks of a stage's work: fixed runs of exams or of segments, each written, verified and done again as one.
//!
//! A chunk is a few files of data and `<number>.jsonl`, which says that they are complete. Its first line is the stage's record of the
//! chunk; its second names the files with their lengths and CRC-32. Files get their names when they are written, the data first and
//! under names that hold their CRC-32, so that two processes that write one chunk at the same time leave one of two whole chunks.
//!
//! Nothing is ever listed or locked: a chunk is looked for by its number, so that any process of any machine may write into the
//! directory, on file systems without locks or with late listings. A chunk that another process left is believed once its files are
//! read and have the CRC-32 that it says. Nothing is synced: after a power cut, what is not whole is done again.

use crate::error::{Error, Result};
use crate::formats::file_sum::FileSum;
use crate::formats::watch::{WriteStep, before_step};
use crate::presence::exists;
use crate::stage::{ChunkPlan, ChunkWork, Context, Shard, UNFINISHED, chunk_file, chunk_stem};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Directory inside a stage's own, for the chunks of a stage that is given no place for them.
const OWN_DIR: &str = ".chunks";

/// Directory of the chunks of a stage, and the share of them that this process does.
#[derive(Debug)]
pub struct ChunkStore {
    dir: PathBuf,
    shard: Option<Shard>,
    /// Name of what its chunks are of; empty where the stage makes one thing.
    name: String,
}

/// Second line of a chunk's file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkEnd {
    /// Name of the directory: the fingerprint of the stage.
    work: String,
    chunk: usize,
    /// CRC-32 of the first line.
    record_crc32: u32,
    /// By role.
    files: BTreeMap<String, ChunkFile>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkFile {
    name: String,
    bytes: u64,
    crc32: u32,
}

/// Chunk that is complete by its own account.
#[derive(Debug)]
pub struct Chunk<T> {
    /// The stage's record of it.
    pub record: T,
    dir: PathBuf,
    files: BTreeMap<String, ChunkFile>,
}

/// Chunk whose record is written, and whose data are not yet.
#[derive(Debug)]
pub struct PendingChunk {
    dir: PathBuf,
    path: PathBuf,
    /// Begins the names of its files.
    stem: String,
    temporary: TemporaryPath,
    out: BufWriter<File>,
    end: ChunkEnd,
}

/// Path of a file that is being written, which is removed where it does not get its name.
#[derive(Debug)]
pub struct TemporaryPath(PathBuf);

impl Deref for TemporaryPath {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        // Most have their name by now, and there is nothing to remove.
        if fs::remove_file(&self.0).is_err() {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// Data of a chunk under a temporary name.
#[derive(Debug)]
pub struct ChunkData {
    /// What it is to the chunk; no two files of a chunk have the same.
    pub role: String,
    /// The temporary file or directory, in the directory of the chunks.
    pub path: TemporaryPath,
    /// Length and CRC-32.
    pub sum: FileSum,
}

impl ChunkStore {
    /// The chunks of a stage; `name` is that of what they are of, where the stage makes several things.
    ///
    /// # Errors
    /// I/O.
    pub fn open(ctx: &Context<'_>, name: Option<&str>) -> Result<Self> {
        let (dir, shard) = match ctx.chunks {
            Some(ChunkWork { dir, shard }) => (dir.to_owned(), shard),
            None => (ctx.out.join(OWN_DIR), None),
        };
        fs::create_dir_all(&dir).map_err(Error::io("create", &dir))?;
        Ok(Self {
            dir,
            shard,
            name: name.unwrap_or_default().to_owned(),
        })
    }

    /// Directory of the chunks.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Share of the chunks that this process does; all where there is none.
    pub fn shard(&self) -> Option<Shard> {
        self.shard
    }

    /// Returns true where this process does a chunk.
    pub fn is_ours(&self, number: usize) -> bool {
        self.shard.is_none_or(|shard| shard.holds(number))
    }

    fn work(&self) -> String {
        let name = self.dir.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn path(&self, number: usize) -> PathBuf {
        self.dir.join(chunk_file(&self.name, number))
    }

    /// A chunk that is complete by its own account; none where there is none, or one of other work.
    ///
    /// # Errors
    /// The system does not let it be read.
    pub fn read<T: DeserializeOwned>(&self, number: usize) -> Result<Option<Chunk<T>>> {
        let path = self.path(number);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let chunk = self.parse(number, &bytes);
        if chunk.is_none() {
            tracing::warn!(
                "{}: it is damaged or of other work: the chunk is done again",
                path.display()
            );
        }
        Ok(chunk)
    }

    fn parse<T: DeserializeOwned>(&self, number: usize, bytes: &[u8]) -> Option<Chunk<T>> {
        let lines = bytes.strip_suffix(b"\n")?;
        let middle = memchr::memchr(b'\n', lines)?;
        let (record, end) = (&lines[..middle], &lines[middle + 1..]);
        let end: ChunkEnd = serde_json::from_slice(end).ok()?;
        let plain = |file: &ChunkFile| Path::new(&file.name).file_name() == Some(file.name.as_ref());
        let ours = end.work == self.work() && end.chunk == number && end.files.values().all(plain);
        if !ours || crc32fast::hash(record) != end.record_crc32 {
            return None;
        }
        Some(Chunk {
            record: serde_json::from_slice(record).ok()?,
            dir: self.dir.clone(),
            files: end.files,
        })
    }

    /// Path for a file of data that is about to be written, with this extension; no other process, here or elsewhere, uses it.
    pub fn temporary_path(&self, extension: &str) -> TemporaryPath {
        TemporaryPath(self.dir.join(temporary_name()).with_extension(extension))
    }

    /// Writes the record of a chunk, to be [committed](PendingChunk::commit) once its data are written. Its text is never in memory as
    /// a whole: a long stage writes many, which would leave holes in the heap.
    ///
    /// # Errors
    /// I/O, or a value that JSON cannot hold.
    pub fn begin<T: Serialize>(&self, number: usize, record: &T) -> Result<PendingChunk> {
        let temporary = self.temporary_path("");
        let failed = || Error::io("write", &temporary);
        let file = before_step(WriteStep::Create, &temporary).and_then(|()| File::create(&*temporary));
        let mut out = Crc32Writer {
            to: BufWriter::new(file.map_err(failed())?),
            sum: crc32fast::Hasher::new(),
        };
        serde_json::to_writer(&mut out, record).map_err(|error| failed()(error.into()))?;
        Ok(PendingChunk {
            dir: self.dir.clone(),
            path: self.path(number),
            stem: chunk_stem(&self.name, number),
            end: ChunkEnd {
                work: self.work(),
                chunk: number,
                record_crc32: out.sum.finalize(),
                files: BTreeMap::new(),
            },
            out: out.to,
            temporary,
        })
    }

    /// The plan that the first process that came to this work wrote; none before it.
    ///
    /// # Errors
    /// I/O, or a plan that is damaged.
    pub fn plan(&self) -> Result<Option<ChunkPlan>> {
        ChunkPlan::read(&self.dir).map_err(Error::io("read", &ChunkPlan::path(&self.dir)))
    }

    /// Agrees with all other processes on how the work is divided: the plan of the first of them, or `plan`, which is written then.
    ///
    /// # Errors
    /// I/O, or a plan that is damaged.
    pub fn agree(&self, plan: &ChunkPlan) -> Result<ChunkPlan> {
        let path = ChunkPlan::path(&self.dir);
        if !exists(&path)? {
            let temporary = self.temporary_path("");
            let text =
                serde_json::to_vec(plan).map_err(|error| Error::io("write", &temporary)(error.into()))?;
            fs::write(&*temporary, text).map_err(Error::io("write", &temporary))?;
            // A link does not take the place of what another process has put there in between.
            let placed = fs::hard_link(&*temporary, &path).or_else(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => Ok(()),
                // Not every file system has links.
                _ => fs::rename(&*temporary, &path),
            });
            placed.map_err(Error::io("write", &path))?;
        }
        Ok(self.plan()?.unwrap_or_else(|| plan.clone()))
    }
}

/// Removes the chunks of a stage that was given no place for them.
///
/// # Errors
/// I/O.
pub fn remove_own(ctx: &Context<'_>) -> Result<()> {
    let dir = ctx.out.join(OWN_DIR);
    match (ctx.chunks, fs::remove_dir_all(&dir)) {
        (Some(_), _) | (None, Ok(())) => Ok(()),
        (None, Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        (None, Err(error)) => Err(Error::io("remove", &dir)(error)),
    }
}

impl<T> Chunk<T> {
    /// Path of its data of a role, if it has any.
    pub fn data(&self, role: &str) -> Option<PathBuf> {
        self.files.get(role).map(|file| self.dir.join(&file.name))
    }

    /// Reads all its files; true where they are what it says.
    ///
    /// # Errors
    /// The system does not let one be read.
    pub fn is_intact(&self) -> Result<bool> {
        for file in self.files.values() {
            let path = self.dir.join(&file.name);
            let expected = FileSum {
                bytes: file.bytes,
                crc32: file.crc32,
            };
            match FileSum::of(&path) {
                Ok(found) if found == expected => {}
                Ok(_) => {
                    tracing::warn!("{}: it is damaged: the chunk is done again", path.display());
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(Error::io("read", &path)(error)),
            }
        }
        Ok(true)
    }
}

impl PendingChunk {
    /// Path of the file that says that the chunk is complete.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the data their names, and then the chunk: it is complete now. Returns the paths of the data, in the order given.
    ///
    /// # Errors
    /// I/O.
    pub fn commit(mut self, data: Vec<ChunkData>) -> io::Result<Vec<PathBuf>> {
        let mut placed = Vec::with_capacity(data.len());
        for ChunkData { role, path, sum } in data {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            let name = format!("{}.{role}.{:08x}.{extension}", self.stem, sum.crc32);
            let name = name.trim_end_matches('.').to_owned();
            let to = self.dir.join(&name);
            match fs::rename(&*path, &to) {
                // A directory does not take the place of another: that of another process, of the same name and so the same content.
                Err(_) if path.is_dir() && to.is_dir() => {}
                renamed => renamed?,
            }
            let (bytes, crc32) = (sum.bytes, sum.crc32);
            self.end.files.insert(role, ChunkFile { name, bytes, crc32 });
            placed.push(to);
        }
        self.out.write_all(b"\n")?;
        serde_json::to_writer(&mut self.out, &self.end)?;
        self.out.write_all(b"\n")?;
        self.out.flush()?;
        before_step(WriteStep::Written, &self.temporary)?;
        before_step(WriteStep::Rename, &self.path)?;
        fs::rename(&*self.temporary, &self.path)?;
        before_step(WriteStep::Done, &self.path)?;
        Ok(placed)
    }
}

/// Gives data of a chunk a second name, `to`, among the outputs of the stage: no byte is copied where the file system has links. Of a
/// directory, every file gets one, in the directory of that name in `to`, which exists.
///
/// # Errors
/// I/O.
pub fn link_data(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::hard_link(from, to).or_else(|error| match error.kind() {
            // Of an earlier attempt. It is removed first: writing into it would change what else has it.
            io::ErrorKind::AlreadyExists => fs::remove_file(to).and_then(|()| link_data(from, to)),
            io::ErrorKind::NotFound => Err(error),
            _ => fs::copy(from, to).map(drop),
        });
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        link_data(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Items in a chunk: `usual`, or with the feature `failpoints` what a test asks for.
pub fn chunk_length(usual: usize) -> usize {
    #[cfg(feature = "failpoints")]
    if let Some(length) = std::env::var("ECGFM_CHUNK_LENGTH")
        .ok()
        .and_then(|text| text.parse().ok())
    {
        return length;
    }
    usual
}

/// Writer that computes the CRC-32 of what passes.
struct Crc32Writer<W> {
    to: W,
    sum: crc32fast::Hasher,
}

impl<W: Write> Write for Crc32Writer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Name that no other process uses, on whatever machine it runs.
fn temporary_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let host: String = host.trim().chars().filter(|c| plain(*c)).take(40).collect();
    let (process, number) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!("{UNFINISHED}{host}-{process}-{number}")
}

#[cfg(test)]
mod tests;
