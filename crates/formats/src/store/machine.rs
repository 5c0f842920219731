//! As much of the pickle machine as the dictionary of a store header takes.
//!
//! Opcodes: Python's `pickletools`. There are no globals, no calls and no nesting beyond one tuple in one dictionary,
//! so the work and the memory are bounded by the length of the input.

use std::fmt;

/// Where the pickle goes wrong, and how.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) what: String,
}

/// A key of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Shape,
    Dtype,
    Offset,
}

impl Key {
    fn new(name: &str) -> Option<Self> {
        [Self::Shape, Self::Dtype, Self::Offset]
            .into_iter()
            .find(|k| k.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Dtype => "dtype",
            Self::Offset => "offset",
        }
    }
}

/// A value in the dictionary.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Number(i64),
    Text(String),
    Numbers(Vec<i64>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "the number {n}"),
            Self::Text(text) => write!(f, "the text {text:?}"),
            Self::Numbers(_) => f.write_str("a tuple"),
        }
    }
}

#[derive(Debug, Clone)]
enum Item {
    Mark,
    Dict,
    Value(Value),
}

/// Runs the pickle to its end and returns the entries of its dictionary.
pub(super) fn run(pickle: &[u8]) -> Result<Vec<(Key, Value)>, Problem> {
    let mut machine = Machine {
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
                return Err(Problem {
                    at: machine.at,
                    what: "bytes after the pickle's end".to_owned(),
                });
            }
            Err(what) => return Err(Problem { at, what }),
        }
    }
}

struct Machine<'a> {
    pickle: &'a [u8],
    at: usize,
    stack: Vec<Item>,
    entries: Vec<(Key, Value)>,
}

impl<'a> Machine<'a> {
    /// One opcode; true at the pickle's end.
    fn step(&mut self) -> Result<bool, String> {
        match self.bytes(1)?[0] {
            0x80 => self.protocol()?,
            0x95 => drop(self.bytes(8)?), // FRAME: a hint about buffering
            b'}' => self.dict()?,
            b'(' => self.stack.push(Item::Mark),
            b'X' => self.text(4)?,
            0x8c => self.text(1)?,
            0x8d => self.text(8)?,
            b'K' => self.number(1, false)?,
            b'M' => self.number(2, false)?,
            b'J' => self.number(4, true)?,
            0x8a => self.long()?,
            b')' => self.stack.push(Item::Value(Value::Numbers(Vec::new()))),
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
            // What is remembered is never asked for: nothing in a header is there twice.
            0x94 => {}
            b'q' => drop(self.bytes(1)?),
            b'r' => drop(self.bytes(4)?),
            b'.' => {
                return if matches!(self.stack[..], [Item::Dict]) {
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
        self.stack.push(Item::Dict);
        Ok(())
    }

    fn text(&mut self, width: usize) -> Result<(), String> {
        let length = usize::try_from(self.unsigned(width)?).unwrap_or(usize::MAX);
        let text =
            std::str::from_utf8(self.bytes(length)?).map_err(|_| "text that is not UTF-8".to_owned())?;
        self.stack.push(Item::Value(Value::Text(text.to_owned())));
        Ok(())
    }

    fn number(&mut self, width: usize, signed: bool) -> Result<(), String> {
        let word = self.unsigned(width)?;
        let number = if signed {
            i64::from(word as u32 as i32)
        } else {
            word as i64
        };
        self.stack.push(Item::Value(Value::Number(number)));
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
            .push(Item::Value(Value::Number(i64::from_le_bytes(word))));
        Ok(())
    }

    fn pop(&mut self, count: usize) -> Result<Vec<Item>, String> {
        let from = self
            .stack
            .len()
            .checked_sub(count)
            .ok_or_else(|| "an empty stack".to_owned())?;
        Ok(self.stack.split_off(from))
    }

    fn above_mark(&mut self) -> Result<Vec<Item>, String> {
        let mark = self.stack.iter().rposition(|i| matches!(i, Item::Mark));
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

    fn push_tuple(&mut self, items: Vec<Item>) -> Result<(), String> {
        let numbers = items.into_iter().map(|item| match item {
            Item::Value(Value::Number(n)) => Ok(n),
            _ => Err("a tuple of other things than numbers".to_owned()),
        });
        let numbers = numbers.collect::<Result<_, _>>()?;
        self.stack.push(Item::Value(Value::Numbers(numbers)));
        Ok(())
    }

    /// Puts alternating keys and values into the dictionary, which must be what is left on the stack.
    fn set(&mut self, pairs: Vec<Item>) -> Result<(), String> {
        if !matches!(self.stack[..], [Item::Dict]) || !pairs.len().is_multiple_of(2) {
            return Err("entries without a dict".to_owned());
        }
        let mut pairs = pairs.into_iter();
        while let (Some(key), Some(value)) = (pairs.next(), pairs.next()) {
            let (Item::Value(Value::Text(name)), Item::Value(value)) = (key, value) else {
                return Err("an entry that is not a name and a value".to_owned());
            };
            let key = Key::new(&name).ok_or_else(|| format!("unknown key {name:?}"))?;
            if self.entries.iter().any(|(known, _)| *known == key) {
                return Err(format!("key {name:?} twice"));
            }
            self.entries.push((key, value));
        }
        Ok(())
    }
}
