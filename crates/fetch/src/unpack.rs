//! Unpacking of one file from a zip archive. Names in the archive are never used as paths.

use crate::Error;
use crate::digest::{Digests, Hasher, read_all};
use crate::error::io_error;
use crate::partial::{open_locked, with_ending};
use crate::pin::rename_synced;
use crate::retry::FetchContext;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use zip::ZipArchive;
use zip::result::ZipError;

/// Unpacks the member of `archive` that has the name of `file`. `accept` may refuse it before it is renamed to its final name.
pub(crate) fn unpack_member(
    context: FetchContext<'_>,
    archive: &Path,
    file: &Path,
    accept: impl FnOnce(&Digests) -> Result<(), Error>,
) -> Result<Digests, Error> {
    let temporary = with_ending(file, ".unpacking");
    let out = open_locked(&temporary)?;
    let written = write_member(context, archive, &out, &temporary).and_then(|digests| {
        out.sync_all().map_err(io_error(&temporary, "write"))?;
        accept(&digests)?;
        Ok(digests)
    });
    match written {
        Ok(digests) => rename_synced(&temporary, file).map(|()| digests),
        Err(error) => {
            // An incomplete file is deleted: the archive still has it.
            let _ = std::fs::remove_file(&temporary);
            Err(error)
        }
    }
}

fn write_member(
    context: FetchContext<'_>,
    archive: &Path,
    mut out: &File,
    temporary: &Path,
) -> Result<Digests, Error> {
    out.set_len(0).map_err(io_error(temporary, "write"))?;
    let opened = File::open(archive).map_err(io_error(archive, "read"))?;
    let mut zip = ZipArchive::new(opened).map_err(|e| zip_error(archive, &e))?;
    let index = find_member(&zip, archive, context.name)?;
    let member = zip.by_index(index).map_err(|e| zip_error(archive, &e))?;
    let size = member.size();
    let limit = context.options.max_bytes;
    if size > limit {
        let of = format!("{}, {}", archive.display(), context.name);
        return Err(Error::TooLarge { of, size, limit });
    }
    context.progress.begin("unpacking", 0, Some(size));
    let mut hasher = Hasher::default();
    // One byte more than declared is enough to find that the declaration is wrong.
    let read = read_all(member.take(size + 1), archive, context.cancel, |bytes| {
        out.write_all(bytes).map_err(io_error(temporary, "write"))?;
        hasher.update(bytes);
        context.progress.advance(bytes.len());
        Ok(())
    });
    read.map_err(|error| blame_archive(archive, error))?;
    let digests = hasher.finish();
    if digests.size == size {
        return Ok(digests);
    }
    let reason = format!(
        "`{}` is not the {size} bytes that the archive declares",
        context.name
    );
    Err(archive_error(archive, &reason))
}

/// Index of the member named `name`. A member in a directory has another name, and is ignored like all others.
fn find_member(zip: &ZipArchive<File>, archive: &Path, name: &str) -> Result<usize, Error> {
    zip.index_for_name(name).ok_or_else(|| {
        let held: Vec<String> = zip
            .file_names()
            .take(3)
            .map(|n| format!("`{}`", n.escape_debug()))
            .collect();
        let more = if zip.len() > held.len() { ", …" } else { "" };
        let reason = format!("it should hold `{name}`, and holds {}{more}", held.join(", "));
        archive_error(archive, &reason)
    })
}

/// Error of the archive for an error of reading a member, such as a checksum that does not match.
fn blame_archive(archive: &Path, error: Error) -> Error {
    match error {
        Error::Io { source, .. } if source.raw_os_error().is_none() => {
            archive_error(archive, &source.to_string())
        }
        other => other,
    }
}

fn zip_error(archive: &Path, error: &ZipError) -> Error {
    match error {
        ZipError::Io(source) if source.raw_os_error().is_some() => {
            archive_error(archive, &format!("cannot read: {source}"))
        }
        other => archive_error(archive, &other.to_string()),
    }
}

fn archive_error(archive: &Path, reason: &str) -> Error {
    Error::Archive {
        path: archive.to_owned(),
        reason: format!("{reason}; delete it to fetch it anew"),
    }
}
