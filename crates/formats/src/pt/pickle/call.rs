//! Calls that the pickle asks for. The few whose meaning is known become plain values; the others are recorded
//! and never made.

use super::super::value::{DictNode, GlobalName, OpaqueNode, Pairs, ValueId, ValueNode};
use super::input::PickleProblem;
use super::machine::PickleMachine;
use super::opcode as op;

/// Length of the longest name of a class or function that is accepted, in bytes.
const MAX_NAME: usize = 1024;

impl PickleMachine<'_> {
    /// Runs an opcode that names a class or function or would call one.
    pub(super) fn call(&mut self, code: u8) -> Result<(), PickleProblem> {
        let id = match code {
            op::GLOBAL => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.global(module.to_owned(), name.to_owned())?
            }
            op::STACK_GLOBAL => {
                let [module, name] = self.pop_names()?;
                self.global(module, name)?
            }
            op::OBJ => {
                let mut parts = self.pop_to_mark()?.into_iter();
                let callable = parts.next().ok_or("an object without a class")?;
                let arguments = self.tuple(parts.collect())?;
                self.applied(callable, arguments)?
            }
            op::NEWOBJ_EX => {
                let parts = self.pop_many(3)?;
                let all = self.tuple(parts[1..].to_vec())?;
                self.opaque(parts[0], all)?
            }
            _ => {
                let parts = self.pop_many(2)?;
                self.applied(parts[0], parts[1])?
            }
        };
        self.push(id)
    }

    fn pop_names(&mut self) -> Result<[String; 2], PickleProblem> {
        let parts = self.pop_many(2)?;
        let text = |id: ValueId| match self.node(id) {
            ValueNode::Str(text) => Ok(text.to_string()),
            _ => Err("a class or function whose name is not text".to_owned()),
        };
        Ok([text(parts[0])?, text(parts[1])?])
    }

    fn global(&mut self, module: String, name: String) -> Result<ValueId, PickleProblem> {
        let held = module.len() + name.len();
        if held > MAX_NAME {
            return Err(format!("a class or function whose name has {held} bytes"));
        }
        self.new_node(
            ValueNode::Global(Box::new(GlobalName { module, name })),
            size_of::<GlobalName>() + held,
        )
    }

    fn tuple(&mut self, ids: Vec<ValueId>) -> Result<ValueId, PickleProblem> {
        let held = ids.len() * size_of::<ValueId>();
        self.new_node(ValueNode::Tuple(ids), held)
    }

    /// Value of `callable(*arguments)` where this reader knows it, else an opaque value.
    fn applied(&mut self, callable: ValueId, arguments: ValueId) -> Result<ValueId, PickleProblem> {
        match self.call_known(callable, arguments)? {
            Some(id) => Ok(id),
            None => self.opaque(callable, arguments),
        }
    }

    fn opaque(&mut self, callable: ValueId, arguments: ValueId) -> Result<ValueId, PickleProblem> {
        let object = OpaqueNode {
            callable,
            arguments,
            state: None,
            items: Vec::new(),
            pairs: Vec::new(),
        };
        self.new_node(ValueNode::Opaque(Box::new(object)), size_of::<OpaqueNode>())
    }

    fn call_known(
        &mut self,
        callable: ValueId,
        arguments: ValueId,
    ) -> Result<Option<ValueId>, PickleProblem> {
        let (ValueNode::Global(global), ValueNode::Tuple(ids)) = (self.node(callable), self.node(arguments))
        else {
            return Ok(None);
        };
        // At most four arguments matter to any of the callables below.
        let given = [0, 1, 2, 3].map(|index| ids.get(index).copied());
        let count = ids.len();
        match (global.module.as_str(), global.name.as_str()) {
            ("collections", "OrderedDict") | ("builtins" | "__builtin__", "dict") if count <= 1 => {
                self.dict_of(given[0])
            }
            ("collections", "defaultdict") if count <= 1 => self.dict_of(None),
            ("builtins" | "__builtin__", "set" | "frozenset") if count <= 1 => self.set_of(given[0]),
            ("torch", "Size") if count == 1 => {
                Ok(given[0].filter(|&id| matches!(self.node(id), ValueNode::Tuple(_))))
            }
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => {
                let Some(tensor) = self.rebuild_tensor(&given)? else {
                    return Ok(None);
                };
                let held = size_of_val(&tensor) + 16 * tensor.shape.len();
                self.new_node(ValueNode::Tensor(Box::new(tensor)), held).map(Some)
            }
            ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
                Ok(given[0].filter(|&id| matches!(self.node(id), ValueNode::Tensor(_))))
            }
            ("argparse", "Namespace") if count == 0 => self.namespace().map(Some),
            ("copyreg" | "copy_reg", "_reconstructor") => self.reconstructed(given[0]),
            ("_codecs", "encode") if count == 2 => self.encoded(given[0], given[1]),
            _ => Ok(None),
        }
    }

    fn namespace(&mut self) -> Result<ValueId, PickleProblem> {
        let dict = DictNode {
            namespace: true,
            ..DictNode::default()
        };
        self.new_node(ValueNode::Dict(Box::new(dict)), size_of::<DictNode>())
    }

    /// Instance of a class, to be filled by BUILD, as protocol 2 expresses it.
    fn reconstructed(&mut self, class: Option<ValueId>) -> Result<Option<ValueId>, PickleProblem> {
        let Some(class) = class else { return Ok(None) };
        let ValueNode::Global(global) = self.node(class) else {
            return Ok(None);
        };
        if global.module == "argparse" && global.name == "Namespace" {
            return self.namespace().map(Some);
        }
        let nothing = self.tuple(Vec::new())?;
        self.opaque(class, nothing).map(Some)
    }

    /// Bytes, as protocol 2 expresses them: text, each of whose characters is one byte.
    fn encoded(
        &mut self,
        text: Option<ValueId>,
        encoding: Option<ValueId>,
    ) -> Result<Option<ValueId>, PickleProblem> {
        let (Some(text), Some(encoding)) = (text, encoding) else {
            return Ok(None);
        };
        let (ValueNode::Str(text), ValueNode::Str(encoding)) = (self.node(text), self.node(encoding)) else {
            return Ok(None);
        };
        if !matches!(encoding.as_ref(), "latin1" | "latin-1") {
            return Ok(None);
        }
        let length = text.len();
        let Ok(bytes) = text
            .chars()
            .map(|c| u8::try_from(u32::from(c)))
            .collect::<Result<Box<[u8]>, _>>()
        else {
            return Ok(None);
        };
        self.new_node(ValueNode::Bytes(bytes), length).map(Some)
    }

    /// Dict made from nothing, another dict or a list of pairs; `None` where it is made from anything else.
    fn dict_of(&mut self, from: Option<ValueId>) -> Result<Option<ValueId>, PickleProblem> {
        let count = match from.map(|id| self.node(id)) {
            None => 0,
            Some(ValueNode::Dict(dict)) => dict.pairs.len(),
            Some(ValueNode::List(ids) | ValueNode::Tuple(ids)) => ids.len(),
            Some(_) => return Ok(None),
        };
        self.charge(size_of::<DictNode>() + count * size_of::<(ValueId, ValueId)>())?;
        let pairs: Option<Pairs> = match from.map(|id| self.node(id)) {
            Some(ValueNode::Dict(dict)) => Some(dict.pairs.clone()),
            Some(ValueNode::List(ids) | ValueNode::Tuple(ids)) => {
                ids.iter().map(|&id| self.pair(id)).collect()
            }
            _ => Some(Pairs::new()),
        };
        let Some(pairs) = pairs else { return Ok(None) };
        self.new_node(
            ValueNode::Dict(Box::new(DictNode {
                pairs,
                ..DictNode::default()
            })),
            0,
        )
        .map(Some)
    }

    fn pair(&self, id: ValueId) -> Option<(ValueId, ValueId)> {
        match self.node(id) {
            ValueNode::Tuple(ids) | ValueNode::List(ids) => match ids.as_slice() {
                &[key, value] => Some((key, value)),
                _ => None,
            },
            _ => None,
        }
    }

    fn set_of(&mut self, from: Option<ValueId>) -> Result<Option<ValueId>, PickleProblem> {
        let count = match from.map(|id| self.node(id)) {
            None => 0,
            Some(ValueNode::List(ids) | ValueNode::Tuple(ids) | ValueNode::Set(ids)) => ids.len(),
            Some(_) => return Ok(None),
        };
        self.charge(count * size_of::<ValueId>())?;
        let ids = match from.map(|id| self.node(id)) {
            Some(ValueNode::List(ids) | ValueNode::Tuple(ids) | ValueNode::Set(ids)) => ids.clone(),
            _ => Vec::new(),
        };
        self.new_node(ValueNode::Set(ids), 0).map(Some)
    }

    /// `BUILD`: what Python would hand to `__setstate__`, or put into `__dict__`.
    pub(super) fn build(&mut self) -> Result<(), PickleProblem> {
        let state = self.pop()?;
        let target = self.top()?;
        let (is_namespace, is_tensor) = match self.node(target) {
            ValueNode::Dict(dict) => (dict.namespace, false),
            ValueNode::Tensor(_) => (false, true),
            ValueNode::Opaque(_) => (false, false),
            _ => return Err("BUILD on a value that has no state".to_owned()),
        };
        if is_tensor {
            return Ok(());
        }
        if let (true, ValueNode::Dict(attributes)) = (is_namespace, self.node(state)) {
            let added = attributes.pairs.len() * size_of::<(ValueId, ValueId)>();
            self.charge(added)?;
        }
        let attributes = match (is_namespace, self.node(state)) {
            (true, ValueNode::Dict(attributes)) => attributes.pairs.clone(),
            _ => Pairs::new(),
        };
        match self.table.nodes.get_mut(target as usize) {
            Some(ValueNode::Dict(dict)) => {
                dict.pairs.extend(attributes);
                dict.state = Some(state);
            }
            Some(ValueNode::Opaque(object)) => object.state = Some(state),
            _ => {}
        }
        Ok(())
    }
}
