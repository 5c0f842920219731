//! Rust types that are values of an array.

use super::Dtype;
use half::f16;
use std::io::{self, Write};

/// A Rust type that is a value of a `.npy` array: `f16`, `f32`, `f64`, `i64`, `i32`, `u8`, `bool`.
pub trait Element: Copy + Default + Send + Sync + private::Bytes + 'static {
    /// The array type it stands for.
    const DTYPE: Dtype;
}

/// Writes values as an array's file holds them, after its header ([`super::write_header`]).
///
/// # Errors
/// Those of `out`.
pub fn write_values<T: Element, W: Write + ?Sized>(out: &mut W, values: &[T]) -> io::Result<()> {
    T::write(values, |bytes| out.write_all(bytes))
}

pub(super) mod private {
    use std::io;

    /// How values become bytes and back.
    pub trait Bytes: Sized {
        /// Gives the little-endian bytes of `values` to `write`.
        fn write(values: &[Self], write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>;
        /// Has `read` fill the little-endian bytes of `out`.
        fn read(out: &mut [Self], read: impl FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<()>;
    }
}

macro_rules! plain {
    ($($type:ty => $dtype:ident),*) => {$(
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
        }

        impl private::Bytes for $type {
            fn write(values: &[Self], mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
                write(bytemuck::cast_slice(values))
            }

            fn read(out: &mut [Self], mut read: impl FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<()> {
                read(bytemuck::cast_slice_mut(out))
            }
        }
    )*};
}

plain!(f16 => F16, f32 => F32, f64 => F64, i64 => I64, i32 => I32, u8 => U8);

impl Element for bool {
    const DTYPE: Dtype = Dtype::Bool;
}

impl private::Bytes for bool {
    fn write(values: &[Self], mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        write(bytemuck::cast_slice(values))
    }

    fn read(out: &mut [Self], mut read: impl FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<()> {
        let mut bytes = vec![0; out.len()];
        read(&mut bytes)?;
        out.iter_mut()
            .zip(bytes)
            .for_each(|(value, byte)| *value = byte != 0);
        Ok(())
    }
}
