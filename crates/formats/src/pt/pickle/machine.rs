//! Stack machine that interprets a pickle.

use super::super::PickleLimits;
use super::super::value::{DictNode, Pairs, ValueId, ValueNode, ValueTable};
use super::error::PickleError;
use super::input::{LengthWidth, PickleInput, PickleProblem};
use super::opcode as op;
use std::collections::HashMap;

/// Interprets `pickle` and returns its values and the one that it ends with.
pub(super) fn run_pickle(pickle: &[u8], limits: &PickleLimits) -> Result<(ValueTable, ValueId), PickleError> {
    if pickle.len() as u64 > limits.pickle_bytes {
        let message = format!(
            "{} bytes, and {} are the limit",
            pickle.len(),
            limits.pickle_bytes
        );
        return Err(PickleError { offset: 0, message });
    }
    let mut machine = PickleMachine::new(pickle, limits);
    loop {
        let offset = machine.input.position;
        match machine.step() {
            Ok(None) => {}
            Ok(Some(root)) => return Ok((machine.table, root)),
            Err(message) => return Err(PickleError { offset, message }),
        }
    }
}

// Values that cannot change exist once, at the first numbers of the table: `PickleMachine::new` puts them there.
const NONE: ValueId = 0;
const TRUE: ValueId = 1;
const FALSE: ValueId = 2;
const EMPTY_TUPLE: ValueId = 3;

pub(super) struct PickleMachine<'a> {
    pub(super) input: PickleInput<'a>,
    limits: &'a PickleLimits,
    stack: Vec<ValueId>,
    /// Stack heights at which unfinished collections begin.
    marks: Vec<usize>,
    memo: HashMap<u32, ValueId>,
    pub(super) table: ValueTable,
    operations: u64,
    value_bytes: u64,
}

impl<'a> PickleMachine<'a> {
    fn new(pickle: &'a [u8], limits: &'a PickleLimits) -> Self {
        let nodes = vec![
            ValueNode::None,
            ValueNode::Bool(true),
            ValueNode::Bool(false),
            ValueNode::Tuple(Vec::new()),
        ];
        Self {
            input: PickleInput::new(pickle),
            limits,
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
            table: ValueTable { nodes },
            operations: 0,
            value_bytes: 0,
        }
    }

    /// Executes one opcode; returns the root at STOP.
    fn step(&mut self) -> Result<Option<ValueId>, PickleProblem> {
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

    fn protocol(&mut self) -> Result<(), PickleProblem> {
        match self.input.u8()? {
            2..=5 => Ok(()),
            other => Err(format!("pickle protocol {other}; 2 to 5 are understood")),
        }
    }

    fn literal(&mut self, code: u8) -> Result<(), PickleProblem> {
        let id = match code {
            op::NONE => NONE,
            op::NEWTRUE => TRUE,
            op::NEWFALSE => FALSE,
            op::EMPTY_TUPLE => EMPTY_TUPLE,
            op::BININT => self.integer(|input| input.i32().map(i64::from))?,
            op::BININT1 => self.integer(|input| input.u8().map(i64::from))?,
            op::BININT2 => self.integer(|input| input.u16().map(i64::from))?,
            op::LONG1 => self.long(LengthWidth::One)?,
            op::LONG4 => self.long(LengthWidth::Four)?,
            op::BINFLOAT => {
                let value = self.input.f64_big_endian()?;
                self.new_node(ValueNode::Float(value), 0)?
            }
            op::SHORT_BINUNICODE | op::SHORT_BINSTRING => self.text(LengthWidth::One)?,
            op::BINUNICODE | op::BINSTRING => self.text(LengthWidth::Four)?,
            op::BINUNICODE8 => self.text(LengthWidth::Eight)?,
            op::SHORT_BINBYTES => self.bytes(LengthWidth::One)?,
            op::BINBYTES => self.bytes(LengthWidth::Four)?,
            op::BINBYTES8 | op::BYTEARRAY8 => self.bytes(LengthWidth::Eight)?,
            _ => self.collection(code)?,
        };
        self.push(id)
    }

    fn collection(&mut self, code: u8) -> Result<ValueId, PickleProblem> {
        let node = match code {
            op::EMPTY_LIST => ValueNode::List(Vec::new()),
            op::EMPTY_DICT => ValueNode::Dict(Box::default()),
            op::EMPTY_SET => ValueNode::Set(Vec::new()),
            op::TUPLE1 => ValueNode::Tuple(self.pop_many(1)?),
            op::TUPLE2 => ValueNode::Tuple(self.pop_many(2)?),
            op::TUPLE3 => ValueNode::Tuple(self.pop_many(3)?),
            op::TUPLE => ValueNode::Tuple(self.pop_to_mark()?),
            op::LIST => ValueNode::List(self.pop_to_mark()?),
            op::FROZENSET => ValueNode::Set(self.pop_to_mark()?),
            op::DICT => {
                let pairs = pairs_of(self.pop_to_mark()?)?;
                ValueNode::Dict(Box::new(DictNode {
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
            ValueNode::Tuple(ids) | ValueNode::List(ids) | ValueNode::Set(ids) => {
                ids.len() * size_of::<ValueId>()
            }
            ValueNode::Dict(dict) => {
                size_of::<DictNode>() + dict.pairs.len() * size_of::<(ValueId, ValueId)>()
            }
            _ => 0,
        };
        self.new_node(node, held)
    }

    fn integer(
        &mut self,
        read: impl FnOnce(&mut PickleInput<'a>) -> Result<i64, PickleProblem>,
    ) -> Result<ValueId, PickleProblem> {
        let value = read(&mut self.input)?;
        self.new_node(ValueNode::Int(value), 0)
    }

    fn long(&mut self, width: LengthWidth) -> Result<ValueId, PickleProblem> {
        let bytes = self.input.counted(width)?;
        if bytes.len() > 8 {
            return self.new_node(ValueNode::BigInt(bytes.into()), bytes.len());
        }
        let negative = bytes.last().is_some_and(|&top| top & 0x80 != 0);
        let mut filled = [if negative { 0xff } else { 0 }; 8];
        filled[..bytes.len()].copy_from_slice(bytes);
        self.new_node(ValueNode::Int(i64::from_le_bytes(filled)), 0)
    }

    /// Text, or bytes where it is not UTF-8 (Python lets lone surrogates through).
    fn text(&mut self, width: LengthWidth) -> Result<ValueId, PickleProblem> {
        let bytes = self.input.counted(width)?;
        self.charge(bytes.len())?;
        let node = match std::str::from_utf8(bytes) {
            Ok(text) => ValueNode::Str(text.into()),
            Err(_) => ValueNode::Bytes(bytes.into()),
        };
        self.new_node(node, 0)
    }

    fn bytes(&mut self, width: LengthWidth) -> Result<ValueId, PickleProblem> {
        let bytes = self.input.counted(width)?;
        self.charge(bytes.len())?;
        self.new_node(ValueNode::Bytes(bytes.into()), 0)
    }

    fn memory(&mut self, code: u8) -> Result<(), PickleProblem> {
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
            self.charge(size_of::<(u32, ValueId)>() * 2)?;
        }
        Ok(())
    }

    fn extend(&mut self, code: u8) -> Result<(), PickleProblem> {
        let added = match code {
            op::APPEND => self.pop_many(1)?,
            op::SETITEM => self.pop_many(2)?,
            _ => self.pop_to_mark()?,
        };
        self.charge(added.len() * size_of::<ValueId>() * 2)?;
        let target = self.top()?;
        let pairs = matches!(code, op::SETITEM | op::SETITEMS);
        match self.table.nodes.get_mut(target as usize) {
            Some(ValueNode::List(ids) | ValueNode::Set(ids)) if !pairs => ids.extend(added),
            Some(ValueNode::Dict(dict)) if pairs => dict.pairs.extend(pairs_of(added)?),
            Some(ValueNode::Opaque(object)) if pairs => object.pairs.extend(pairs_of(added)?),
            Some(ValueNode::Opaque(object)) => object.items.extend(added),
            _ => return Err(format!("{} into a value that cannot hold items", op::name(code))),
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), PickleProblem> {
        if self.marks.len() >= self.limits.nesting {
            return Err(format!(
                "more than {} nested collections: refusing to go on",
                self.limits.nesting
            ));
        }
        self.marks.push(self.stack.len());
        Ok(())
    }

    pub(super) fn push(&mut self, id: ValueId) -> Result<(), PickleProblem> {
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

    pub(super) fn pop(&mut self) -> Result<ValueId, PickleProblem> {
        let popped = if self.stack.len() > self.floor() {
            self.stack.pop()
        } else {
            None
        };
        popped.ok_or_else(|| "takes a value from an empty stack".to_owned())
    }

    pub(super) fn pop_many(&mut self, n: usize) -> Result<Vec<ValueId>, PickleProblem> {
        if self.stack.len() - self.floor() < n {
            return Err(format!(
                "takes {n} values from a stack of {}",
                self.stack.len() - self.floor()
            ));
        }
        Ok(self.stack.split_off(self.stack.len() - n))
    }

    pub(super) fn pop_to_mark(&mut self) -> Result<Vec<ValueId>, PickleProblem> {
        let mark = self.marks.pop().ok_or("ends a collection that was not begun")?;
        Ok(self.stack.split_off(mark.min(self.stack.len())))
    }

    /// Removes the top of the stack, or the mark where that is on top (`POP`).
    fn discard(&mut self) {
        if self.stack.len() > self.floor() {
            self.stack.pop();
        } else {
            self.marks.pop();
        }
    }

    pub(super) fn top(&self) -> Result<ValueId, PickleProblem> {
        let top = if self.stack.len() > self.floor() {
            self.stack.last()
        } else {
            None
        };
        top.copied()
            .ok_or_else(|| "uses the top of an empty stack".to_owned())
    }

    pub(super) fn node(&self, id: ValueId) -> &ValueNode {
        self.table.node(id)
    }

    /// Counts memory before it is used, and refuses more than the limit.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), PickleProblem> {
        self.value_bytes = self.value_bytes.saturating_add(bytes as u64);
        if self.value_bytes > self.limits.value_bytes {
            return Err(format!(
                "its values take more than {} bytes: refusing to go on",
                self.limits.value_bytes
            ));
        }
        Ok(())
    }

    pub(super) fn new_node(&mut self, node: ValueNode, held: usize) -> Result<ValueId, PickleProblem> {
        self.charge(size_of::<ValueNode>() + held)?;
        let id = ValueId::try_from(self.table.nodes.len()).map_err(|_| "too many values")?;
        self.table.nodes.push(node);
        Ok(id)
    }
}

/// Pairs of alternating keys and values.
fn pairs_of(flat: Vec<ValueId>) -> Result<Pairs, PickleProblem> {
    let (pairs, odd) = flat.as_chunks::<2>();
    if !odd.is_empty() {
        return Err("a key without a value".to_owned());
    }
    Ok(pairs.iter().map(|&[key, value]| (key, value)).collect())
}
