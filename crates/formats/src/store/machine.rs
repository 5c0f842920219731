//! Pickle machine of the few opcodes that the dictionary of a store header takes.
//!
//! Opcodes: Python's `pickletools`. There are no globals, no calls and no nesting beyond one tuple in one dictionary,
//! so the work and the memory are bounded by the length of the input.

use std::fmt;

/// Contradiction in a pickle, and the byte at which it is.
#[derive(Debug)]
pub(super) struct PickleDefect {
    pub(super) at: usize,
    pub(super) what: String,
}

/// Key of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderKey {
    Shape,
    NpyDtype,
    Offset,
}

impl HeaderKey {
    fn new(name: &str) -> Option<Self> {
        [Self::Shape, Self::NpyDtype, Self::Offset]
            .into_iter()
            .find(|k| k.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::NpyDtype => "dtype",
            Self::Offset => "offset",
        }
    }
}

/// Value in the dictionary.
#[derive(Debug, Clone)]
pub(super) enum HeaderValue {
    Number(i64),
    Text(String),
    Numbers(Vec<i64>),
}

impl fmt::Display for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "the number {n}"),
            Self::Text(text) => write!(f, "the text {text:?}"),
            Self::Numbers(_) => f.write_str("a tuple"),
        }
    }
}

#[derive(Debug, Clone)]
enum StackItem {
    Mark,
    Dict,
    HeaderValue(HeaderValue),
}

/// Runs the pickle to its end and returns the entries of its dictionary.
pub(super) fn run_pickle(pickle: &[u8]) -> Result<Vec<(HeaderKey, HeaderValue)>, PickleDefect> {
    let mut machine = HeaderMachine {
        pickle,
        at: 0,
        stack: Vec::new(),
        entries: Vec::new(),
    };
    loop {
        let at = machine.at;
        match machine.step() {
            Ok(false) => {}
            Ok(true) if machine.at == pickle.len() => return Ok(machine.entries),
            Ok(true) => {
                return Err(PickleDefect {
                    at: machine.at,
                    what: "bytes after the pickle's end".to_owned(),
                });
            }
            Err(what) => return Err(PickleDefect { at, what }),
        }
    }
}

struct HeaderMachine<'a> {
    pickle: &'a [u8],
    at: usize,
    stack: Vec<StackItem>,
    entries: Vec<(HeaderKey, HeaderValue)>,
}

impl<'a> HeaderMachine<'a> {
    /// Runs one opcode; returns true at the pickle's end.
    fn step(&mut self) -> Result<bool, String> {
        match self.bytes(1)?[0] {
            0x80 => self.protocol()?,
            0x95 => drop(self.bytes(8)?), // FRAME: a hint about buffering
            b'}' => self.dict()?,
            b'(' => self.stack.push(StackItem::Mark),
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'K' => self.number(1, false)?,
            b'M' => self.number(2, false)?,
            b'J' => self.number(4, true)?,
            0x8a => self.long()?,
            b')' => self
                .stack
                .push(StackItem::HeaderValue(HeaderValue::Numbers(Vec::new()))),
            count @ 0x85..=0x87 => self.tuple(usize::from(count) - 0x84)?,
            b't' => {
                let above = self.above_mark()?;
                self.push_tuple(above)?;
            }
            b's' => {
                let pair = self.pop(2)?;
                self.set(pair)?;
            }
            b'u' => {
                let pairs = self.above_mark()?;
                self.set(pairs)?;
            }
            // Memoising is ignored: nothing occurs twice in a header, so no value is fetched from the memo.
            0x94 => {}
            b'q' => drop(self.bytes(1)?),
            b'r' => drop(self.bytes(4)?),
            b'.' => {
                return if matches!(self.stack[..], [StackItem::Dict]) {
                    Ok(true)
                } else {
                    Err("not a dict".into())
                };
            }
            other => return Err(format!("opcode {other:#04x}, which a store header does not take")),
        }
        Ok(false)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count).filter(|&end| end <= self.pickle.len());
        let end = end.ok_or_else(|| "the file ends too early".to_owned())?;
        let bytes = &self.pickle[self.at..end];
        self.at = end;
        Ok(bytes)
    }

    fn unsigned(&mut self, width: usize) -> Result<u64, String> {
        let mut word = [0; 8];
        word[..width].copy_from_slice(self.bytes(width)?);
        Ok(u64::from_le_bytes(word))
    }

    fn protocol(&mut self) -> Result<(), String> {
        match self.unsigned(1)? {
            2..=5 => Ok(()),
            other => Err(format!("pickle protocol {other}; known are 2 to 5")),
        }
    }

    fn dict(&mut self) -> Result<(), String> {
        if !self.stack.is_empty() {
            return Err("a dict inside something else".to_owned());
        }
        self.stack.push(StackItem::Dict);
        Ok(())
    }

    fn text(&mut self, width: usize) -> Result<(), String> {
        let length = usize::try_from(self.unsigned(width)?).unwrap_or(usize::MAX);
        let text =
            std::str::from_utf8(self.bytes(length)?).map_err(|_| "text that is not UTF-8".to_owned())?;
        self.stack
            .push(StackItem::HeaderValue(HeaderValue::Text(text.to_owned())));
        Ok(())
    }

    fn number(&mut self, width: usize, signed: bool) -> Result<(), String> {
        let word = self.unsigned(width)?;
        let number = if signed {
            i64::from(word as u32 as i32)
        } else {
            word as i64
        };
        self.stack
            .push(StackItem::HeaderValue(HeaderValue::Number(number)));
        Ok(())
    }

    /// LONG1: little-endian two's complement of any width; eight bytes are enough here.
    fn long(&mut self) -> Result<(), String> {
        let width = self.unsigned(1)? as usize;
        let bytes = self.bytes(width)?;
        if width > 8 {
            return Err(format!("a number of {width} bytes"));
        }
        let fill = if bytes.last().is_some_and(|b| b & 0x80 != 0) {
            0xff
        } else {
            0
        };
        let mut word = [fill; 8];
        word[..width].copy_from_slice(bytes);
        self.stack
            .push(StackItem::HeaderValue(HeaderValue::Number(i64::from_le_bytes(
                word,
            ))));
        Ok(())
    }

    fn pop(&mut self, count: usize) -> Result<Vec<StackItem>, String> {
        let from = self
            .stack
            .len()
            .checked_sub(count)
            .ok_or_else(|| "an empty stack".to_owned())?;
        Ok(self.stack.split_off(from))
    }

    fn above_mark(&mut self) -> Result<Vec<StackItem>, String> {
        let mark = self.stack.iter().rposition(|i| matches!(i, StackItem::Mark));
        let above = self
            .stack
            .split_off(mark.ok_or_else(|| "no mark".to_owned())? + 1);
        self.stack.pop();
        Ok(above)
    }

    fn tuple(&mut self, count: usize) -> Result<(), String> {
        let items = self.pop(count)?;
        self.push_tuple(items)
    }

    fn push_tuple(&mut self, items: Vec<StackItem>) -> Result<(), String> {
        let numbers = items.into_iter().map(|item| match item {
            StackItem::HeaderValue(HeaderValue::Number(n)) => Ok(n),
            _ => Err("a tuple of other things than numbers".to_owned()),
        });
        let numbers = numbers.collect::<Result<_, _>>()?;
        self.stack
            .push(StackItem::HeaderValue(HeaderValue::Numbers(numbers)));
        Ok(())
    }

    /// Puts alternating keys and values into the dictionary, which must be the only other item on the stack.
    fn set(&mut self, pairs: Vec<StackItem>) -> Result<(), String> {
        if !matches!(self.stack[..], [StackItem::Dict]) || !pairs.len().is_multiple_of(2) {
            return Err("entries without a dict".to_owned());
        }
        let mut pairs = pairs.into_iter();
        while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
            let (StackItem::HeaderValue(HeaderValue::Text(name)), StackItem::HeaderValue(value)) =
                (key, value)
            else {
                return Err("an entry that is not a name and a value".to_owned());
            };
            let key = HeaderKey::new(&name).ok_or_else(|| format!("unknown key {name:?}"))?;
            if self.entries.iter().any(|(known, _)| *known == key) {
                return Err(format!("key {name:?} twice"));
            }
            self.entries.push((key, value));
        }
        Ok(())
    }
}
