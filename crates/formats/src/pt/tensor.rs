//! Tensors as views of storages.

use super::TorchDtype;
use std::sync::Arc;

/// Number of dimensions that PyTorch allows at most.
pub(crate) const MAX_DIMENSIONS: usize = 64;

/// Run of numbers in the file, shared by the tensors that view it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// Name of the archive's entry below `data/`.
    pub key: String,
    /// Element type.
    pub dtype: TorchDtype,
    /// Device it was saved from, as in `cpu` or `cuda:0`. Irrelevant to reading.
    pub location: String,
    /// Number of elements.
    pub numel: u64,
}

/// Strided view of a storage: a tensor's description. Its numbers are read by
/// [`Checkpoint::read_f32`](super::Checkpoint::read_f32).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRef {
    /// Storage that the tensor views.
    pub storage: Arc<Storage>,
    /// Elements in each dimension.
    pub shape: Vec<u64>,
    /// Distance between neighbours along each dimension, in elements.
    pub stride: Vec<u64>,
    /// First element, in elements from the storage's start.
    pub offset: u64,
}

/// Reason for which a view does not fit its storage, for a person.
pub(crate) type ViewProblem = String;

impl TensorRef {
    /// Element type.
    pub fn dtype(&self) -> TorchDtype {
        self.storage.dtype
    }

    /// Number of elements; `None` where the product overflows.
    pub fn numel(&self) -> Option<u64> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape
            .iter()
            .try_fold(1u64, |product, &size| product.checked_mul(size))
    }

    /// Returns true if the elements follow each other in row-major order.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1u64;
        for (&size, &stride) in self.shape.iter().zip(&self.stride).rev() {
            if size != 1 && stride != expected {
                return false;
            }
            expected = expected.saturating_mul(size);
        }
        true
    }

    /// Number of storage elements from the first to the last that the view touches, both included; 0 when empty.
    ///
    /// # Errors
    /// When the view reaches beyond the storage.
    pub(crate) fn extent(&self) -> Result<u64, ViewProblem> {
        let numel = self
            .numel()
            .ok_or_else(|| format!("shape {:?} overflows", self.shape))?;
        if numel == 0 {
            return Ok(0);
        }
        let last = self
            .shape
            .iter()
            .zip(&self.stride)
            .try_fold(0u64, |last, (&size, &stride)| {
                (size - 1)
                    .checked_mul(stride)
                    .and_then(|step| last.checked_add(step))
            });
        let end = last
            .and_then(|last| last.checked_add(1))
            .and_then(|extent| extent.checked_add(self.offset));
        match end {
            Some(end) if end <= self.storage.numel => Ok(end - self.offset),
            _ => Err(format!(
                "shape {:?} with strides {:?} from element {} reaches beyond the storage's {} elements",
                self.shape, self.stride, self.offset, self.storage.numel
            )),
        }
    }

    /// Copies the view's elements, in row-major order, out of the span of storage bytes that it touches.
    ///
    /// `span` starts at the view's first element and holds [`extent`](Self::extent) elements.
    pub(crate) fn gather(&self, span: Vec<u8>, numel: usize) -> Vec<u8> {
        if self.is_contiguous() || numel == 0 {
            return span;
        }
        let item = self.dtype().size();
        let mut out = Vec::with_capacity(numel * item);
        let mut index = vec![0u64; self.shape.len()];
        let mut position = 0u64;
        for _ in 0..numel {
            let start = position as usize * item;
            out.extend_from_slice(&span[start..start + item]);
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                // Wrapping arithmetic: a dimension of one element can have any stride, and its step is undone at once.
                position = position.wrapping_add(self.stride[axis]);
                if index[axis] < self.shape[axis] {
                    break;
                }
                position = position.wrapping_sub(self.stride[axis].wrapping_mul(self.shape[axis]));
                index[axis] = 0;
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(shape: &[u64], stride: &[u64], offset: u64, numel: u64) -> TensorRef {
        let storage = Storage {
            key: "0".into(),
            dtype: TorchDtype::UInt8,
            location: "cpu".into(),
            numel,
        };
        TensorRef {
            storage: Arc::new(storage),
            shape: shape.to_vec(),
            stride: stride.to_vec(),
            offset,
        }
    }

    #[test]
    fn a_transposed_view_is_gathered_in_row_major_order() {
        let transposed = view(&[3, 2], &[1, 3], 0, 6);
        assert!(!transposed.is_contiguous());
        assert_eq!(transposed.extent(), Ok(6));
        assert_eq!(transposed.gather(vec![0, 1, 2, 3, 4, 5], 6), [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn an_expanded_view_repeats_its_element() {
        let expanded = view(&[2, 3], &[1, 0], 0, 2);
        assert_eq!(expanded.gather(vec![7, 9], 6), [7, 7, 7, 9, 9, 9]);
    }

    #[test]
    fn a_view_beyond_its_storage_is_refused_without_overflow() {
        assert!(view(&[3], &[1], 4, 6).extent().is_err());
        assert!(view(&[u64::MAX, 2], &[1, 1], 0, 6).extent().is_err());
        assert!(view(&[2], &[u64::MAX], 0, 6).extent().is_err());
        assert!(view(&[1], &[1], u64::MAX, 6).extent().is_err());
        assert_eq!(view(&[0, u64::MAX], &[1, 1], 0, 6).extent(), Ok(0));
    }

    #[test]
    fn the_stride_of_a_single_element_dimension_cannot_overflow() {
        let odd = view(&[1, 2, 2], &[u64::MAX, 1, 2], 0, 4);
        assert_eq!(odd.gather(vec![0, 1, 2, 3], 4), [0, 2, 1, 3]);
    }

    #[test]
    fn strides_of_single_element_dimensions_do_not_matter() {
        assert!(view(&[1, 1, 4], &[4, 99, 1], 0, 4).is_contiguous());
    }
}
