//! Storages and the tensors that view them.

use super::super::DType;
use super::super::tensor::{MAX_DIMENSIONS, Storage, TensorRef};
use super::super::value::{Id, Node};
use super::input::Problem;
use super::machine::Machine;
use std::sync::Arc;

/// Longest storage key and device name that make sense.
const MAX_NAME: usize = 256;

impl Machine<'_> {
    /// `('storage', storage class, key, location, number of elements)`.
    pub(super) fn persistent_id(&mut self) -> Result<(), Problem> {
        let id = self.pop()?;
        let storage = self
            .storage(id)
            .ok_or("a persistent id that does not describe a storage")?;
        let node = match storage {
            Ok(storage) => Node::Storage(Arc::new(storage)),
            // A type this reader does not know: its tensors become opaque, the rest of the file stays readable.
            Err(class) => Node::Global(Box::new(class)),
        };
        let held = size_of::<Storage>() + 2 * MAX_NAME;
        let id = self.new_node(node, held)?;
        self.push(id)
    }

    /// `None` where the shape is not that of a storage's id; the class where its type is unknown.
    fn storage(&self, id: Id) -> Option<Result<Storage, super::super::value::GlobalName>> {
        let Node::Tuple(parts) = self.node(id) else {
            return None;
        };
        let &[tag, class, key, location, numel] = parts.as_slice() else {
            return None;
        };
        if self.text_of(tag)? != "storage" {
            return None;
        }
        let Node::Global(class) = self.node(class) else {
            return None;
        };
        let Node::Int(numel) = *self.node(numel) else {
            return None;
        };
        let numel = u64::try_from(numel).ok()?;
        let key = self.text_of(key).filter(|key| key.len() <= MAX_NAME)?.to_owned();
        let location = self
            .text_of(location)
            .filter(|location| location.len() <= MAX_NAME)?
            .to_owned();
        let Some(dtype) = DType::from_storage_class(&class.name) else {
            return Some(Err(class.as_ref().clone()));
        };
        Some(Ok(Storage {
            key,
            dtype,
            location,
            numel,
        }))
    }

    fn text_of(&self, id: Id) -> Option<&str> {
        if let Node::Str(text) = self.node(id) {
            Some(text)
        } else {
            None
        }
    }

    /// `_rebuild_tensor_v2(storage, offset, size, stride, …)`; `None` where the storage is not understood.
    pub(super) fn rebuild_tensor(&self, arguments: &[Option<Id>; 4]) -> Result<Option<TensorRef>, Problem> {
        let &[Some(storage), Some(offset), Some(shape), Some(stride)] = arguments else {
            return Ok(None);
        };
        let Node::Storage(storage) = self.node(storage) else {
            return Ok(None);
        };
        let Node::Int(offset) = *self.node(offset) else {
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

    fn sizes(&self, id: Id) -> Result<Option<Vec<u64>>, Problem> {
        let (Node::Tuple(ids) | Node::List(ids)) = self.node(id) else {
            return Ok(None);
        };
        if ids.len() > MAX_DIMENSIONS {
            return Err(format!(
                "a tensor of {} dimensions; {MAX_DIMENSIONS} are possible",
                ids.len()
            ));
        }
        let size = |&id: &Id| match *self.node(id) {
            Node::Int(size) => {
                u64::try_from(size).map_err(|_| format!("a tensor with a size or stride of {size}"))
            }
            _ => Err("a tensor with a size that is not an integer".to_owned()),
        };
        ids.iter().map(size).collect::<Result<_, _>>().map(Some)
    }
}
