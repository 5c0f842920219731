//! What is said about an archive's file by whoever opened it with the HDF5 library, as a message that another process may
//! have written: nothing in it is believed before it is checked.

use super::{Block, BlockTable, Compression, Placement};

/// The longest message that is read, in bytes: blocks of six million.
pub const MAX_MESSAGE: usize = 256 << 20;
/// The longest text in it, in bytes.
const MAX_TEXT: usize = 4096;
/// First bytes of a message; the digit is the version.
const MAGIC: &[u8; 8] = b"ecgfm-1\n";

/// What opening an archive's file found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// Numbers of the exams, one a row.
    pub exam_ids: Vec<i64>,
    /// Rows, samples, leads.
    pub shape: [usize; 3],
    /// Type of the stored values, in NumPy's words.
    pub dtype: String,
    /// How the rows are read.
    pub stored: Stored,
}

/// How the rows of a dataset are read.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// From the file directly.
    Rows(Placement),
    /// By the HDF5 library, because of this.
    Library(String),
}

/// Why opening a file failed, in the parts that this crate's error has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The content contradicts itself: place, what is wrong, what to do.
    Malformed([String; 3]),
    /// The content is of a kind that is not read: place, what is there, what to do.
    Unsupported([String; 3]),
    /// Something is not there: its name, what is there instead.
    Missing([String; 2]),
    /// The system refused, with an error of this number; nothing is wrong with the file.
    System(i32),
}

/// The message for `found`.
pub fn encode(found: &Result<Described, Refused>) -> Vec<u8> {
    let mut out = Writer(MAGIC.to_vec());
    match found {
        Ok(described) => out.described(described),
        Err(Refused::Malformed(texts)) => out.texts(1, texts),
        Err(Refused::Unsupported(texts)) => out.texts(2, texts),
        Err(Refused::Missing(texts)) => out.texts(3, texts),
        Err(Refused::System(number)) => {
            out.0.push(4);
            out.number(number.cast_unsigned().into());
        }
    }
    out.0
}

/// What a message says. Numbers are as they were sent; [`super::Rows::open`] holds them against the file.
///
/// # Errors
/// What is wrong with the message.
pub fn decode(message: &[u8]) -> Result<Result<Described, Refused>, String> {
    if message.len() > MAX_MESSAGE {
        return Err(format!("{} bytes; at most {MAX_MESSAGE} are read", message.len()));
    }
    let mut from = Reader(message);
    if from.take(MAGIC.len())? != MAGIC {
        return Err("it is none of this version".to_owned());
    }
    let said = match from.byte()? {
        0 => Ok(from.described()?),
        1 => Err(Refused::Malformed([from.text()?, from.text()?, from.text()?])),
        2 => Err(Refused::Unsupported([from.text()?, from.text()?, from.text()?])),
        3 => Err(Refused::Missing([from.text()?, from.text()?])),
        4 => Err(Refused::System(from.small()?.cast_signed())),
        other => return Err(format!("it is of kind {other}")),
    };
    match from.0.len() {
        0 => Ok(said),
        n => Err(format!("{n} bytes follow its end")),
    }
}

struct Writer(Vec<u8>);

impl Writer {
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

    fn described(&mut self, described: &Described) {
        self.0.push(0);
        self.number(described.exam_ids.len() as u64);
        described
            .exam_ids
            .iter()
            .for_each(|id| self.number(id.cast_unsigned()));
        self.numbers(described.shape);
        self.text(&described.dtype);
        match &described.stored {
            Stored::Rows(Placement::Contiguous { offset }) => {
                self.0.push(0);
                self.number(*offset);
            }
            Stored::Rows(Placement::Blocks(table)) => {
                self.0.push(1);
                self.table(table);
            }
            Stored::Library(what) => self.texts(2, std::slice::from_ref(what)),
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
            [block.at, block.size, block.left_out.into()]
                .into_iter()
                .for_each(|n| self.number(n));
        }
    }
}

/// What is left of a message.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(n).ok_or("it ends too early")?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, String> {
        Ok(self.take(1)?[0])
    }

    fn flag(&mut self) -> Result<bool, String> {
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

    fn small(&mut self) -> Result<u32, String> {
        u32::try_from(self.number()?).map_err(|e| e.to_string())
    }

    /// How many things of `bytes` each follow: no more than there is room for.
    fn count(&mut self, bytes: usize) -> Result<usize, String> {
        let n = self.size()?;
        match n.checked_mul(bytes) {
            Some(needed) if needed <= self.0.len() => Ok(n),
            _ => Err(format!(
                "{n} things of {bytes} bytes where {} are left",
                self.0.len()
            )),
        }
    }

    /// Text for a person: control characters, which a terminal might obey, are shown as escapes.
    fn text(&mut self) -> Result<String, String> {
        let length = self.count(1)?;
        if length > MAX_TEXT {
            return Err(format!("a text of {length} bytes"));
        }
        let text = std::str::from_utf8(self.take(length)?).map_err(|e| e.to_string())?;
        Ok(plain(text))
    }

    fn described(&mut self) -> Result<Described, String> {
        let rows = self.count(8)?;
        let exam_ids: Vec<i64> = (0..rows)
            .map(|_| self.number().map(u64::cast_signed))
            .collect::<Result<_, _>>()?;
        let (shape, dtype) = (self.sizes()?, self.text()?);
        if shape[0] != rows {
            return Err(format!("{} rows and {rows} exams", shape[0]));
        }
        let stored = match self.byte()? {
            0 => Stored::Rows(Placement::Contiguous {
                offset: self.number()?,
            }),
            1 => Stored::Rows(Placement::Blocks(self.table()?)),
            2 => Stored::Library(self.text()?),
            other => return Err(format!("rows that are stored in way {other}")),
        };
        Ok(Described {
            exam_ids,
            shape,
            dtype,
            stored,
        })
    }

    fn table(&mut self) -> Result<BlockTable, String> {
        let (shape, shuffled, compression) = (self.sizes()?, self.flag()?, self.compression()?);
        let fill = f32::from_bits(self.small()?);
        let count = self.count(48)?;
        let block = |from: &mut Self| {
            let (place, at, size) = (from.sizes()?, from.number()?, from.number()?);
            Ok(Block {
                place,
                at,
                size,
                left_out: from.small()?,
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
            other => Err(format!("{other} is no compression")),
        }
    }
}

/// The text with control characters as escapes.
fn plain(text: &str) -> String {
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn described(ids: Vec<i64>, stored: Stored) -> Described {
        Described {
            shape: [ids.len(), 4, 2],
            exam_ids: ids,
            dtype: "float32".into(),
            stored,
        }
    }

    fn stored() -> impl Strategy<Value = Stored> {
        let block = (any::<[u32; 3]>(), any::<u64>(), any::<u64>(), any::<u32>()).prop_map(
            |(place, at, size, left_out)| Block {
                place: place.map(|n| n as usize),
                at,
                size,
                left_out,
            },
        );
        let table = (
            any::<bool>(),
            prop::sample::select(vec![Compression::None, Compression::Deflate, Compression::Lzf]),
            -1e3f32..1e3,
            prop::collection::vec(block, 0..5),
        );
        prop_oneof![
            any::<u64>().prop_map(|offset| Stored::Rows(Placement::Contiguous { offset })),
            table.prop_map(|(shuffled, compression, fill, blocks)| {
                Stored::Rows(Placement::Blocks(BlockTable {
                    shape: [2, 4, 2],
                    shuffled,
                    compression,
                    fill,
                    blocks,
                }))
            }),
            "[a-zé ]{0,20}".prop_map(Stored::Library),
        ]
    }

    proptest! {
        #[test]
        fn what_is_sent_arrives(ids in prop::collection::vec(any::<i64>(), 0..6), stored in stored()) {
            let said = Ok(described(ids, stored));
            prop_assert_eq!(decode(&encode(&said)), Ok(said));
        }

        #[test]
        fn a_changed_byte_is_another_message_or_an_error(stored in stored(), at: prop::sample::Index, bit in 0u8..8) {
            let mut message = encode(&Ok(described(vec![1, 2], stored)));
            let at = at.index(message.len());
            message[at] ^= 1 << bit;
            if let Ok(said) = decode(&message) {
                let again = encode(&said);
                prop_assert_eq!(encode(&decode(&again).unwrap()), again);
            }
            prop_assert!(decode(&message[..at]).is_err());
        }
    }

    #[test]
    fn errors_arrive_in_their_parts_without_control_characters() {
        let said = Err(Refused::Missing(["tracings".into(), "a\x1b[2Jb".into()]));
        let told = Err(Refused::Missing(["tracings".into(), "a\\u{1b}[2Jb".into()]));
        assert_eq!(decode(&encode(&said)), Ok(told));
        let system = Err(Refused::System(24));
        assert_eq!(decode(&encode(&system)), Ok(system));
        let long = Err(Refused::Malformed(["é".repeat(MAX_TEXT), "b".into(), "c".into()]));
        assert!(decode(&encode(&long)).unwrap().is_err());
    }

    #[test]
    fn claims_beyond_the_message_are_refused_before_anything_is_allocated() {
        let mut message = encode(&Ok(described(vec![], Stored::Library("x".into()))));
        message[MAGIC.len() + 1..][..8].copy_from_slice(&(u64::MAX / 8).to_le_bytes());
        assert!(decode(&message).unwrap_err().contains("are left"));
        let rows = described(vec![1], Stored::Library("x".into()));
        let lying = Described {
            shape: [7, 1, 1],
            ..rows
        };
        assert!(
            decode(&encode(&Ok(lying)))
                .unwrap_err()
                .contains("7 rows and 1 exams")
        );
    }
}
