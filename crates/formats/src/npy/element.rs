//! Rust types of an array's values.

use super::NpyDtype;
use half::f16;
use std::io::{self, Write};

/// Rust type of a `.npy` array's values: `f16`, `f32`, `f64`, `i64`, `i32`, `u8`, `bool`.
pub trait NpyElement: Copy + Default + Send + Sync + private::ByteCodec + 'static {
    /// Type of an array of such values.
    const DTYPE: NpyDtype;
}

/// Writes values in the form in which a file holds them after its header ([`super::write_header`]).
///
/// # Errors
/// Errors of `out`.
pub fn write_values<T: NpyElement, W: Write + ?Sized>(out: &mut W, values: &[T]) -> io::Result<()> {
    T::write(values, |bytes| out.write_all(bytes))
}

pub(super) mod private {
    use std::io;

    /// Conversion of values to bytes and back.
    pub trait ByteCodec: Sized {
        /// Calls `write` with the little-endian bytes of `values`.
        fn write(values: &[Self], write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>;
        /// Calls `read` to fill the little-endian bytes of `out`.
        fn read(out: &mut [Self], read: impl FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<()>;
    }
}

macro_rules! plain {
    ($($type:ty => $dtype:ident),*) => {$(
        impl NpyElement for $type {
            const DTYPE: NpyDtype = NpyDtype::$dtype;
        }

        impl private::ByteCodec for $type {
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

impl NpyElement for bool {
    const DTYPE: NpyDtype = NpyDtype::Bool;
}

impl private::ByteCodec for bool {
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
