//! Description of an archive's file by the process that opened it with the HDF5 library, as a message. That process may have been
//! taken over by a hostile file, so nothing in a message is believed before it is checked.

use super::placement::{BlockTable, Compression, RowPlacement, StoredBlock};

/// Length of the longest message that is read, in bytes; it describes six million blocks.
pub const MAX_MESSAGE: usize = 256 << 20;
/// Length of the longest text in a message, in bytes.
const MAX_TEXT: usize = 4096;
/// First bytes of a message; the digit is the version.
const MAGIC: &[u8; 8] = b"ecgfm-2\n";

/// Identifiers of the rows of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowIds {
    /// Numbers, one a row.
    Numbers(Vec<i64>),
    /// Texts, one a row.
    Texts(Vec<String>),
    /// None: rows are known by their position.
    Absent,
}

impl RowIds {
    /// Number of identifiers, where there are any.
    #[must_use]
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::Numbers(numbers) => Some(numbers.len()),
            Self::Texts(texts) => Some(texts.len()),
            Self::Absent => None,
        }
    }
}

/// Identifiers of the rows of an archive's file, and how these are stored.
#[derive(Debug, Clone, PartialEq)]
pub struct DescribedFile {
    /// Identifiers of the rows.
    pub ids: RowIds,
    /// Rows, samples, leads.
    pub shape: [usize; 3],
    /// Type of the stored values, as NumPy names it.
    pub dtype: String,
    /// Way to read the rows.
    pub stored: StoredRows,
}

/// Way to read the rows of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredRows {
    /// From the file directly.
    Direct(RowPlacement),
    /// By the HDF5 library only; the text says how they are stored.
    Library(String),
}

/// Reason for which a file was not opened or a row not read, in the parts that [`crate::Error`] has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadRefusal {
    /// The content contradicts itself: place, what is wrong, what to do.
    Malformed([String; 3]),
    /// The content is of a kind that is not read: place, what is there, what to do.
    Unsupported([String; 3]),
    /// Something is not there: its name, what is there instead.
    Missing([String; 2]),
    /// Number of an error of the system; the file is not at fault.
    System(i32),
}

/// Message for `description`.
pub fn encode_description(description: &Result<DescribedFile, ReadRefusal>) -> Vec<u8> {
    let mut out = MessageWriter(MAGIC.to_vec());
    match description {
        Ok(file) => out.file(file),
        Err(ReadRefusal::Malformed(texts)) => out.texts(1, texts),
        Err(ReadRefusal::Unsupported(texts)) => out.texts(2, texts),
        Err(ReadRefusal::Missing(texts)) => out.texts(3, texts),
        Err(ReadRefusal::System(number)) => {
            out.0.push(4);
            out.number(number.cast_unsigned().into());
        }
    }
    out.0
}

/// Description that a message holds. Numbers are as they were sent; [`super::TracingRows::open`] compares them with the file's size.
///
/// # Errors
/// The message contradicts its format; the text says where.
pub fn decode_description(message: &[u8]) -> Result<Result<DescribedFile, ReadRefusal>, String> {
    if message.len() > MAX_MESSAGE {
        return Err(format!("{} bytes; at most {MAX_MESSAGE} are read", message.len()));
    }
    let mut from = MessageReader(message);
    if from.take(MAGIC.len())? != MAGIC {
        return Err("it is not of this version".to_owned());
    }
    let description = match from.byte()? {
        0 => Ok(from.file()?),
        1 => Err(ReadRefusal::Malformed([from.text()?, from.text()?, from.text()?])),
        2 => Err(ReadRefusal::Unsupported([
            from.text()?,
            from.text()?,
            from.text()?,
        ])),
        3 => Err(ReadRefusal::Missing([from.text()?, from.text()?])),
        4 => Err(ReadRefusal::System(from.number32()?.cast_signed())),
        other => return Err(format!("it is of kind {other}")),
    };
    match from.0.len() {
        0 => Ok(description),
        n => Err(format!("{n} bytes follow its end")),
    }
}

struct MessageWriter(Vec<u8>);

impl MessageWriter {
    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn numbers(&mut self, numbers: [usize; 3]) {
        numbers.into_iter().for_each(|n| self.number(n as u64));
    }

    fn text(&mut self, text: &str) {
        let end = (0..=text.len().min(MAX_TEXT))
            .rev()
            .find(|&i| text.is_char_boundary(i));
        let text = &text[..end.unwrap_or(0)];
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn texts(&mut self, kind: u8, texts: &[String]) {
        self.0.push(kind);
        texts.iter().for_each(|text| self.text(text));
    }

    fn file(&mut self, file: &DescribedFile) {
        self.0.push(0);
        self.ids(&file.ids);
        self.numbers(file.shape);
        self.text(&file.dtype);
        match &file.stored {
            StoredRows::Direct(RowPlacement::Contiguous { offset }) => {
                self.0.push(0);
                self.number(*offset);
            }
            StoredRows::Direct(RowPlacement::Blocks(table)) => {
                self.0.push(1);
                self.table(table);
            }
            StoredRows::Library(what) => self.texts(2, std::slice::from_ref(what)),
        }
    }

    fn ids(&mut self, ids: &RowIds) {
        match ids {
            RowIds::Numbers(numbers) => {
                self.0.push(0);
                self.number(numbers.len() as u64);
                numbers.iter().for_each(|id| self.number(id.cast_unsigned()));
            }
            RowIds::Texts(texts) => {
                self.0.push(1);
                self.number(texts.len() as u64);
                texts.iter().for_each(|text| self.text(text));
            }
            RowIds::Absent => self.0.push(2),
        }
    }

    fn table(&mut self, table: &BlockTable) {
        self.numbers(table.shape);
        let compression = match table.compression {
            Compression::None => 0,
            Compression::Deflate => 1,
            Compression::Lzf => 2,
        };
        self.0.extend([u8::from(table.shuffled), compression]);
        self.number(table.fill.to_bits().into());
        self.number(table.blocks.len() as u64);
        for block in &table.blocks {
            self.numbers(block.place);
            [block.at, block.size, block.skipped_filters.into()]
                .into_iter()
                .for_each(|n| self.number(n));
        }
    }
}

/// Rest of a message that is not read yet.
struct MessageReader<'a>(&'a [u8]);

impl<'a> MessageReader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn boolean(&mut self) -> Result<bool, String> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(format!("{other} is neither yes nor no")),
        }
    }

    fn number(&mut self) -> Result<u64, String> {
        let bytes = self.take(8)?.first_chunk().ok_or("it ends too early")?;
        Ok(u64::from_le_bytes(*bytes))
    }

    fn size(&mut self) -> Result<usize, String> {
        usize::try_from(self.number()?).map_err(|e| e.to_string())
    }

    fn sizes(&mut self) -> Result<[usize; 3], String> {
        Ok([self.size()?, self.size()?, self.size()?])
    }

    fn number32(&mut self) -> Result<u32, String> {
        u32::try_from(self.number()?).map_err(|e| e.to_string())
    }

    /// Number of items that follow, of `bytes` each; refused where the message cannot hold them.
    fn count(&mut self, bytes: usize) -> Result<usize, String> {
        let n = self.size()?;
        match n.checked_mul(bytes) {
            Some(needed) if needed <= self.0.len() => Ok(n),
            _ => Err(format!(
                "{n} items of {bytes} bytes where {} are left",
                self.0.len()
            )),
        }
    }

    /// Text for a person. Control characters become escapes, so that a terminal does not obey them.
    fn text(&mut self) -> Result<String, String> {
        let length = self.count(1)?;
        if length > MAX_TEXT {
            return Err(format!("a text of {length} bytes"));
        }
        let text = std::str::from_utf8(self.take(length)?).map_err(|e| e.to_string())?;
        Ok(escape_control_characters(text))
    }

    fn file(&mut self) -> Result<DescribedFile, String> {
        let ids = self.ids()?;
        let (shape, dtype) = (self.sizes()?, self.text()?);
        if let Some(count) = ids.count().filter(|count| *count != shape[0]) {
            return Err(format!("{} rows and {count} exams", shape[0]));
        }
        let stored = match self.byte()? {
            0 => StoredRows::Direct(RowPlacement::Contiguous {
                offset: self.number()?,
            }),
            1 => StoredRows::Direct(RowPlacement::Blocks(self.table()?)),
            2 => StoredRows::Library(self.text()?),
            other => return Err(format!("rows that are stored in way {other}")),
        };
        Ok(DescribedFile {
            ids,
            shape,
            dtype,
            stored,
        })
    }

    fn ids(&mut self) -> Result<RowIds, String> {
        // A text takes at least the 8 bytes of its length.
        Ok(match self.byte()? {
            0 => {
                let count = self.count(8)?;
                let numbers = (0..count).map(|_| self.number().map(u64::cast_signed));
                RowIds::Numbers(numbers.collect::<Result<_, _>>()?)
            }
            1 => {
                let count = self.count(8)?;
                RowIds::Texts((0..count).map(|_| self.text()).collect::<Result<_, _>>()?)
            }
            2 => RowIds::Absent,
            other => return Err(format!("identifiers of kind {other}")),
        })
    }

    fn table(&mut self) -> Result<BlockTable, String> {
        let (shape, shuffled, compression) = (self.sizes()?, self.boolean()?, self.compression()?);
        let fill = f32::from_bits(self.number32()?);
        let count = self.count(48)?;
        let block = |from: &mut Self| {
            let (place, at, size) = (from.sizes()?, from.number()?, from.number()?);
            Ok(StoredBlock {
                place,
                at,
                size,
                skipped_filters: from.number32()?,
            })
        };
        let blocks = (0..count).map(|_| block(self)).collect::<Result<_, String>>()?;
        Ok(BlockTable {
            shape,
            shuffled,
            compression,
            fill,
            blocks,
        })
    }

    fn compression(&mut self) -> Result<Compression, String> {
        match self.byte()? {
            0 => Ok(Compression::None),
            1 => Ok(Compression::Deflate),
            2 => Ok(Compression::Lzf),
            other => Err(format!("{other} is not a compression")),
        }
    }
}

/// Text with control characters as escapes.
fn escape_control_characters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests;
