//! Storages and the tensors that view them.

use super::super::TorchDtype;
use super::super::tensor::{MAX_DIMENSIONS, Storage, TensorRef};
use super::super::value::{ValueId, ValueNode};
use super::input::PickleProblem;
use super::machine::PickleMachine;
use std::sync::Arc;

/// Length of the longest storage key or device name that is accepted, in bytes.
const MAX_NAME: usize = 256;

impl PickleMachine<'_> {
    /// `('storage', storage class, key, location, number of elements)`.
    pub(super) fn persistent_id(&mut self) -> Result<(), PickleProblem> {
        let id = self.pop()?;
        let storage = self
            .storage(id)
            .ok_or("a persistent id that does not describe a storage")?;
        let node = match storage {
            Ok(storage) => ValueNode::Storage(Arc::new(storage)),
            // A type that this reader does not know: its tensors become opaque, and the rest of the file can still be read.
            Err(class) => ValueNode::Global(Box::new(class)),
        };
        let held = size_of::<Storage>() + 2 * MAX_NAME;
        let id = self.new_node(node, held)?;
        self.push(id)
    }

    /// Storage of a persistent id; `None` where the id is not a storage's, the class where its type is unknown.
    fn storage(&self, id: ValueId) -> Option<Result<Storage, super::super::value::GlobalName>> {
        let ValueNode::Tuple(parts) = self.node(id) else {
            return None;
        };
        let &[tag, class, key, location, numel] = parts.as_slice() else {
            return None;
        };
        if self.text_of(tag)? != "storage" {
            return None;
        }
        let ValueNode::Global(class) = self.node(class) else {
            return None;
        };
        let ValueNode::Int(numel) = *self.node(numel) else {
            return None;
        };
        let numel = u64::try_from(numel).ok()?;
        let key = self.text_of(key).filter(|key| key.len() <= MAX_NAME)?.to_owned();
        let location = self
            .text_of(location)
            .filter(|location| location.len() <= MAX_NAME)?
            .to_owned();
        let Some(dtype) = TorchDtype::from_storage_class(&class.name) else {
            return Some(Err(class.as_ref().clone()));
        };
        Some(Ok(Storage {
            key,
            dtype,
            location,
            numel,
        }))
    }

    fn text_of(&self, id: ValueId) -> Option<&str> {
        if let ValueNode::Str(text) = self.node(id) {
            Some(text)
        } else {
            None
        }
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, …)`; `None` where the storage is not understood.
    pub(super) fn rebuild_tensor(
        &self,
        arguments: &[Option<ValueId>; 4],
    ) -> Result<Option<TensorRef>, PickleProblem> {
        let &[Some(storage), Some(offset), Some(shape), Some(stride)] = arguments else {
            return Ok(None);
        };
        let ValueNode::Storage(storage) = self.node(storage) else {
            return Ok(None);
        };
        let ValueNode::Int(offset) = *self.node(offset) else {
            return Ok(None);
        };
        let offset = u64::try_from(offset).map_err(|_| "a tensor with a negative offset")?;
        let (Some(shape), Some(stride)) = (self.sizes(shape)?, self.sizes(stride)?) else {
            return Ok(None);
        };
        if shape.len() != stride.len() {
            return Err(format!(
                "a tensor with {} sizes and {} strides",
                shape.len(),
                stride.len()
            ));
        }
        Ok(Some(TensorRef {
            storage: Arc::clone(storage),
            shape,
            stride,
            offset,
        }))
    }

    fn sizes(&self, id: ValueId) -> Result<Option<Vec<u64>>, PickleProblem> {
        let (ValueNode::Tuple(ids) | ValueNode::List(ids)) = self.node(id) else {
            return Ok(None);
        };
        if ids.len() > MAX_DIMENSIONS {
            return Err(format!(
                "a tensor of {} dimensions; {MAX_DIMENSIONS} are possible",
                ids.len()
            ));
        }
        let size = |&id: &ValueId| match *self.node(id) {
            ValueNode::Int(size) => {
                u64::try_from(size).map_err(|_| format!("a tensor with a size or stride of {size}"))
            }
            _ => Err("a tensor with a size that is not an integer".to_owned()),
        };
        ids.iter().map(size).collect::<Result<_, _>>().map(Some)
    }
}
