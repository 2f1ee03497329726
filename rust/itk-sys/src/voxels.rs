//! Voxels of any type.

use crate::error::ItkError;
use crate::header::Header;

/// An image: header and voxels.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Size, place and everything else that the file says.
    pub header: Header,
    /// The numbers, components fastest, then i, j, k.
    pub voxels: Voxels,
}

macro_rules! voxel_types {
    ($($variant:ident $type:ty, $code:literal, $name:literal;)*) => {
        /// The type of the numbers of a voxel.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum ComponentType { $($variant,)* }

        /// Numbers of one type.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs)]
        pub enum Voxels { $($variant(Vec<$type>),)* }

        impl ComponentType {
            /// All types.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number by which the bridge knows the type.
            #[must_use]
            pub const fn code(self) -> u8 {
                match self { $(Self::$variant => $code,)* }
            }

            /// The type of a number; `None` for an unknown one.
            #[must_use]
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }

            /// Bytes of a number.
            #[must_use]
            pub const fn bytes(self) -> usize {
                match self { $(Self::$variant => size_of::<$type>(),)* }
            }

            /// Name as Rust writes it, such as `u16`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        impl Voxels {
            /// `count` zeros, or an error when there is no memory for them.
            ///
            /// # Errors
            /// [`ItkError::OutOfMemory`].
            pub fn zeros(of: ComponentType, count: usize) -> Result<Self, ItkError> {
                match of { $(ComponentType::$variant => Ok(Self::$variant(zeros(count)?)),)* }
            }

            /// Type of the numbers.
            #[must_use]
            pub const fn component_type(&self) -> ComponentType {
                match self { $(Self::$variant(_) => ComponentType::$variant,)* }
            }

            /// How many numbers.
            #[must_use]
            pub fn len(&self) -> usize {
                match self { $(Self::$variant(v) => v.len(),)* }
            }

            /// The numbers as bytes in this machine's order.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                match self { $(Self::$variant(v) => bytemuck::cast_slice(v),)* }
            }

            /// The numbers as bytes, to be filled.
            pub fn as_bytes_mut(&mut self) -> &mut [u8] {
                match self { $(Self::$variant(v) => bytemuck::cast_slice_mut(v),)* }
            }

            /// Calls `f` with every number as a 64-bit float (exact but for 64-bit integers above 2^53).
            pub fn for_each_f64(&self, mut f: impl FnMut(f64)) {
                match self { $(Self::$variant(v) => v.iter().for_each(|&x| f(x as f64)),)* }
            }
        }
    };
}

voxel_types! {
    U8 u8, 1, "u8";
    I8 i8, 2, "i8";
    U16 u16, 3, "u16";
    I16 i16, 4, "i16";
    U32 u32, 5, "u32";
    I32 i32, 6, "i32";
    U64 u64, 7, "u64";
    I64 i64, 8, "i64";
    F32 f32, 9, "f32";
    F64 f64, 10, "f64";
}

impl Voxels {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All numbers as 64-bit floats.
    #[must_use]
    pub fn to_f64(&self) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.len());
        self.for_each_f64(|v| out.push(v));
        out
    }
}

fn zeros<T: bytemuck::Zeroable + Clone>(count: usize) -> Result<Vec<T>, ItkError> {
    let mut out = Vec::new();
    let bytes = count as u128 * size_of::<T>() as u128;
    out.try_reserve_exact(count)
        .map_err(|_| ItkError::OutOfMemory { bytes })?;
    out.resize(count, T::zeroed());
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_own_code_and_size() {
        for (n, &of) in ComponentType::ALL.iter().enumerate() {
            assert_eq!(ComponentType::from_code(of.code()), Some(of));
            assert_eq!(usize::from(of.code()), n + 1);
            let mut voxels = Voxels::zeros(of, 3).unwrap();
            assert_eq!(voxels.as_bytes_mut().len(), 3 * of.bytes());
            assert_eq!(voxels.component_type(), of);
        }
        assert_eq!(ComponentType::from_code(0), None);
    }

    #[test]
    fn absurd_sizes_are_errors() {
        let error = Voxels::zeros(ComponentType::F64, usize::MAX / 8).unwrap_err();
        assert!(matches!(error, ItkError::OutOfMemory { .. }));
    }
}
