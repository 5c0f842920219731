//! The stack machine that a pickle is a program for.

use super::super::Limits;
use super::super::value::{DictNode, Id, Node, Pairs, Table};
use super::error::PickleError;
use super::input::{Input, Problem, Width};
use super::opcode as op;
use std::collections::HashMap;

/// Interprets `pickle` and returns its values and the one that it ends with.
pub(super) fn run(pickle: &[u8], limits: &Limits) -> Result<(Table, Id), PickleError> {
    if pickle.len() as u64 > limits.pickle_bytes {
        let message = format!(
            "{} bytes, and {} are the limit",
            pickle.len(),
            limits.pickle_bytes
        );
        return Err(PickleError { offset: 0, message });
    }
    let mut machine = Machine::new(pickle, limits);
    loop {
        let offset = machine.input.position;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok((machine.table, root)),
            Err(message) => return Err(PickleError { offset, message }),
        }
    }
}

/// Identity of the values that cannot change and so need to exist only once.
const NONE: Id = 0;
const TRUE: Id = 1;
const FALSE: Id = 2;
const EMPTY_TUPLE: Id = 3;

pub(super) struct Machine<'a> {
    pub(super) input: Input<'a>,
    limits: &'a Limits,
    stack: Vec<Id>,
    /// Stack heights at which unfinished collections begin.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
    pub(super) table: Table,
    operations: u64,
    value_bytes: u64,
}

impl<'a> Machine<'a> {
    fn new(pickle: &'a [u8], limits: &'a Limits) -> Self {
        let nodes = vec![
            Node::None,
            Node::Bool(true),
            Node::Bool(false),
            Node::Tuple(Vec::new()),
        ];
        Self {
            input: Input::new(pickle),
            limits,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            table: Table { nodes },
            operations: 0,
            value_bytes: 0,
        }
    }

    /// Executes one opcode; the root once the pickle stops.
    fn step(&mut self) -> Result<Option<Id>, Problem> {
        self.operations += 1;
        if self.operations > self.limits.operations {
            return Err(format!(
                "more than {} operations: refusing to go on",
                self.limits.operations
            ));
        }
        let code = self
            .input
            .u8()
            .map_err(|_| "the pickle ends without STOP: it is cut short")?;
        match code {
            op::STOP => return self.pop().map(Some),
            op::PROTO => self.protocol()?,
            op::FRAME => {
                self.input.take(8)?;
            }
            op::MARK => self.mark()?,
            op::POP => self.discard(),
            op::POP_MARK => {
                self.pop_to_mark()?;
            }
            op::DUP => {
                let top = self.top()?;
                self.push(top)?;
            }
            op::BINGET | op::LONG_BINGET | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => self.memory(code)?,
            op::GLOBAL | op::STACK_GLOBAL | op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::OBJ => {
                self.call(code)?
            }
            op::BUILD => self.build()?,
            op::BINPERSID => self.persistent_id()?,
            op::APPEND | op::APPENDS | op::ADDITEMS | op::SETITEM | op::SETITEMS => self.extend(code)?,
            _ => self.literal(code)?,
        }
        Ok(None)
    }

    fn protocol(&mut self) -> Result<(), Problem> {
        match self.input.u8()? {
            2..=5 => Ok(()),
            other => Err(format!("pickle protocol {other}; 2 to 5 are understood")),
        }
    }

    fn literal(&mut self, code: u8) -> Result<(), Problem> {
        let id = match code {
            op::NONE => NONE,
            op::NEWTRUE => TRUE,
            op::NEWFALSE => FALSE,
            op::EMPTY_TUPLE => EMPTY_TUPLE,
            op::BININT => self.integer(|input| input.i32().map(i64::from))?,
            op::BININT1 => self.integer(|input| input.u8().map(i64::from))?,
            op::BININT2 => self.integer(|input| input.u16().map(i64::from))?,
            op::LONG1 => self.long(Width::One)?,
            op::LONG4 => self.long(Width::Four)?,
            op::BINFLOAT => {
                let value = self.input.f64_big_endian()?;
                self.new_node(Node::Float(value), 0)?
            }
            op::SHORT_BINUNICODE | op::SHORT_BINSTRING => self.text(Width::One)?,
            op::BINUNICODE | op::BINSTRING => self.text(Width::Four)?,
            op::BINUNICODE8 => self.text(Width::Eight)?,
            op::SHORT_BINBYTES => self.bytes(Width::One)?,
            op::BINBYTES => self.bytes(Width::Four)?,
            op::BINBYTES8 | op::BYTEARRAY8 => self.bytes(Width::Eight)?,
            _ => self.collection(code)?,
        };
        self.push(id)
    }

    fn collection(&mut self, code: u8) -> Result<Id, Problem> {
        let node = match code {
            op::EMPTY_LIST => Node::List(Vec::new()),
            op::EMPTY_DICT => Node::Dict(Box::default()),
            op::EMPTY_SET => Node::Set(Vec::new()),
            op::TUPLE1 => Node::Tuple(self.pop_many(1)?),
            op::TUPLE2 => Node::Tuple(self.pop_many(2)?),
            op::TUPLE3 => Node::Tuple(self.pop_many(3)?),
            op::TUPLE => Node::Tuple(self.pop_to_mark()?),
            op::LIST => Node::List(self.pop_to_mark()?),
            op::FROZENSET => Node::Set(self.pop_to_mark()?),
            op::DICT => {
                let pairs = pairs_of(self.pop_to_mark()?)?;
                Node::Dict(Box::new(DictNode {
                    pairs,
                    ..DictNode::default()
                }))
            }
            _ => {
                return Err(format!(
                    "opcode {code:#04x} ({}) is not supported",
                    op::name(code)
                ));
            }
        };
        let held = match &node {
            Node::Tuple(ids) | Node::List(ids) | Node::Set(ids) => ids.len() * size_of::<Id>(),
            Node::Dict(dict) => size_of::<DictNode>() + dict.pairs.len() * size_of::<(Id, Id)>(),
            _ => 0,
        };
        self.new_node(node, held)
    }

    fn integer(&mut self, read: impl FnOnce(&mut Input<'a>) -> Result<i64, Problem>) -> Result<Id, Problem> {
        let value = read(&mut self.input)?;
        self.new_node(Node::Int(value), 0)
    }

    fn long(&mut self, width: Width) -> Result<Id, Problem> {
        let bytes = self.input.counted(width)?;
        if bytes.len() > 8 {
            return self.new_node(Node::BigInt(bytes.into()), bytes.len());
        }
        let negative = bytes.last().is_some_and(|&top| top & 0x80 != 0);
        let mut filled = [if negative { 0xff } else { 0 }; 8];
        filled[..bytes.len()].copy_from_slice(bytes);
        self.new_node(Node::Int(i64::from_le_bytes(filled)), 0)
    }

    /// Text, or bytes where it is not UTF-8 (Python lets lone surrogates through).
    fn text(&mut self, width: Width) -> Result<Id, Problem> {
        let bytes = self.input.counted(width)?;
        self.charge(bytes.len())?;
        let node = match std::str::from_utf8(bytes) {
            Ok(text) => Node::Str(text.into()),
            Err(_) => Node::Bytes(bytes.into()),
        };
        self.new_node(node, 0)
    }

    fn bytes(&mut self, width: Width) -> Result<Id, Problem> {
        let bytes = self.input.counted(width)?;
        self.charge(bytes.len())?;
        self.new_node(Node::Bytes(bytes.into()), 0)
    }

    fn memory(&mut self, code: u8) -> Result<(), Problem> {
        let key = match code {
            op::BINGET | op::BINPUT => u32::from(self.input.u8()?),
            op::MEMOIZE => u32::try_from(self.memo.len()).map_err(|_| "too many memoised values")?,
            _ => self.input.u32()?,
        };
        if matches!(code, op::BINGET | op::LONG_BINGET) {
            let id = *self
                .memo
                .get(&key)
                .ok_or_else(|| format!("value {key} is used before it is memoised"))?;
            return self.push(id);
        }
        let id = self.top()?;
        if self.memo.insert(key, id).is_none() {
            self.charge(size_of::<(u32, Id)>() * 2)?;
        }
        Ok(())
    }

    fn extend(&mut self, code: u8) -> Result<(), Problem> {
        let added = match code {
            op::APPEND => self.pop_many(1)?,
            op::SETITEM => self.pop_many(2)?,
            _ => self.pop_to_mark()?,
        };
        self.charge(added.len() * size_of::<Id>() * 2)?;
        let target = self.top()?;
        let pairs = matches!(code, op::SETITEM | op::SETITEMS);
        match self.table.nodes.get_mut(target as usize) {
            Some(Node::List(ids) | Node::Set(ids)) if !pairs => ids.extend(added),
            Some(Node::Dict(dict)) if pairs => dict.pairs.extend(pairs_of(added)?),
            Some(Node::Opaque(object)) if pairs => object.pairs.extend(pairs_of(added)?),
            Some(Node::Opaque(object)) => object.items.extend(added),
            _ => return Err(format!("{} into a value that cannot hold items", op::name(code))),
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), Problem> {
        if self.marks.len() >= self.limits.nesting {
            return Err(format!(
                "more than {} nested collections: refusing to go on",
                self.limits.nesting
            ));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    pub(super) fn push(&mut self, id: Id) -> Result<(), Problem> {
        if self.stack.len() >= self.limits.stack {
            return Err(format!(
                "more than {} values on the stack: refusing to go on",
                self.limits.stack
            ));
        }
        self.stack.push(id);
        Ok(())
    }

    /// Height below which the values belong to an enclosing unfinished collection.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn pop(&mut self) -> Result<Id, Problem> {
        let popped = if self.stack.len() > self.floor() {
            self.stack.pop()
        } else {
            None
        };
        popped.ok_or_else(|| "takes a value from an empty stack".to_owned())
    }

    pub(super) fn pop_many(&mut self, n: usize) -> Result<Vec<Id>, Problem> {
        if self.stack.len() - self.floor() < n {
            return Err(format!(
                "takes {n} values from a stack of {}",
                self.stack.len() - self.floor()
            ));
        }
        Ok(self.stack.split_off(self.stack.len() - n))
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<Id>, Problem> {
        let mark = self.marks.pop().ok_or("ends a collection that was not begun")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// `POP` takes the mark where it is on top.
    fn discard(&mut self) {
        if self.stack.len() > self.floor() {
            self.stack.pop();
        } else {
            self.marks.pop();
        }
    }

    pub(super) fn top(&self) -> Result<Id, Problem> {
        let top = if self.stack.len() > self.floor() {
            self.stack.last()
        } else {
            None
        };
        top.copied()
            .ok_or_else(|| "uses the top of an empty stack".to_owned())
    }

    pub(super) fn node(&self, id: Id) -> &Node {
        self.table.node(id)
    }

    /// Accounts for memory before it is used.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Problem> {
        self.value_bytes = self.value_bytes.saturating_add(bytes as u64);
        if self.value_bytes > self.limits.value_bytes {
            return Err(format!(
                "its values take more than {} bytes: refusing to go on",
                self.limits.value_bytes
            ));
        }
        Ok(())
    }

    pub(super) fn new_node(&mut self, node: Node, held: usize) -> Result<Id, Problem> {
        self.charge(size_of::<Node>() + held)?;
        let id = Id::try_from(self.table.nodes.len()).map_err(|_| "too many values")?;
        self.table.nodes.push(node);
        Ok(id)
    }
}

/// Keys and values in turn, as pairs.
fn pairs_of(flat: Vec<Id>) -> Result<Pairs, Problem> {
    let (pairs, odd) = flat.as_chunks::<2>();
    if !odd.is_empty() {
        return Err("a key without a value".to_owned());
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}
