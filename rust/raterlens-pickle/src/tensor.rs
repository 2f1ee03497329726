//! What a tensor is: its kind of number, its shape, and where its numbers lie.

use half::{bf16, f16};

use crate::error::PickleError;

/// The most dimensions of a tensor: convolutions in three dimensions have five.
pub(crate) const MOST_DIMENSIONS: usize = 8;

/// Kinds of number that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// 64-bit float.
    F64,
    /// 32-bit float.
    F32,
    /// 16-bit float.
    F16,
    /// The upper half of a 32-bit float.
    BF16,
    /// 64-bit whole number.
    I64,
    /// 32-bit whole number.
    I32,
    /// 16-bit whole number.
    I16,
    /// 8-bit whole number.
    I8,
    /// 8-bit whole number without sign.
    U8,
    /// One byte, 0 or 1.
    Bool,
}

impl Dtype {
    /// The kind that a storage type of PyTorch holds, by its exact name.
    pub(crate) fn of_storage(name: &str) -> Option<Self> {
        Some(match name {
            "DoubleStorage" => Self::F64,
            "FloatStorage" => Self::F32,
            "HalfStorage" => Self::F16,
            "BFloat16Storage" => Self::BF16,
            "LongStorage" => Self::I64,
            "IntStorage" => Self::I32,
            "ShortStorage" => Self::I16,
            "CharStorage" => Self::I8,
            "ByteStorage" => Self::U8,
            "BoolStorage" => Self::Bool,
            _ => return None,
        })
    }

    /// Bytes of one number.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::F64 | Self::I64 => 8,
            Self::F32 | Self::I32 => 4,
            Self::F16 | Self::BF16 | Self::I16 => 2,
            Self::I8 | Self::U8 | Self::Bool => 1,
        }
    }

    /// PyTorch's name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "float64",
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::I64 => "int64",
            Self::I32 => "int32",
            Self::I16 => "int16",
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::Bool => "bool",
        }
    }

    /// Appends little-endian numbers as float32, rounded to the nearest. Bytes beyond the last whole number
    /// are left out.
    pub(crate) fn append_f32(self, bytes: &[u8], out: &mut Vec<f32>) {
        match self {
            Self::F64 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f64::from_le_bytes(*b) as f32),
            ),
            Self::F32 => out.extend(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b))),
            Self::F16 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f16::from_le_bytes(*b).to_f32()),
            ),
            Self::BF16 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| bf16::from_le_bytes(*b).to_f32()),
            ),
            Self::I64 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| i64::from_le_bytes(*b) as f32),
            ),
            Self::I32 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| i32::from_le_bytes(*b) as f32),
            ),
            Self::I16 => out.extend(
                bytes
                    .as_chunks()
                    .0
                    .iter()
                    .map(|b| f32::from(i16::from_le_bytes(*b))),
            ),
            Self::I8 => out.extend(bytes.iter().map(|b| f32::from(*b as i8))),
            Self::U8 | Self::Bool => out.extend(bytes.iter().map(|b| f32::from(*b))),
        }
    }
}

/// A named tensor of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the state dict.
    pub name: String,
    /// Kind of number in the file.
    pub dtype: Dtype,
    /// Sizes, outermost first; empty for a single number.
    pub shape: Vec<usize>,
}

impl TensorInfo {
    /// How many numbers it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A record of numbers, which several tensors may share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageRef {
    pub(crate) dtype: Dtype,
    pub(crate) key: String,
    /// How many numbers.
    pub(crate) len: u64,
}

/// A tensor as the pickle describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TensorNode {
    pub(crate) storage: StorageRef,
    /// First number.
    pub(crate) offset: u64,
    pub(crate) shape: Vec<usize>,
    /// Numbers to go forward for one step along each dimension.
    pub(crate) strides: Vec<u64>,
}

impl TensorNode {
    /// A tensor all of whose numbers lie in its storage, and which has no more of them than the storage.
    pub(crate) fn new(
        storage: StorageRef,
        offset: u64,
        shape: &[u64],
        strides: Vec<u64>,
    ) -> Result<Self, PickleError> {
        let wrong = |text: &str| PickleError::damaged(format!("a tensor {text}"));
        if shape.len() != strides.len() || shape.len() > MOST_DIMENSIONS {
            return Err(wrong("has a shape that does not fit its strides"));
        }
        let len = shape.iter().try_fold(1_u64, |n, s| n.checked_mul(*s));
        let len = len.ok_or_else(|| wrong("is too large"))?;
        if len > storage.len {
            return Err(wrong("has more values than the record that holds them"));
        }
        let reach = shape
            .iter()
            .zip(&strides)
            .try_fold(offset, |at, (size, stride)| {
                at.checked_add(size.saturating_sub(1).checked_mul(*stride)?)
            });
        if len > 0 && reach.is_none_or(|last| last >= storage.len) {
            return Err(wrong("reaches beyond the record that holds its values"));
        }
        let shape = shape
            .iter()
            .map(|s| usize::try_from(*s))
            .collect::<Result<_, _>>();
        Ok(Self {
            storage,
            offset,
            shape: shape.map_err(|_| wrong("is too large"))?,
            strides,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether its numbers are those of the whole storage, in their order.
    pub(crate) fn is_whole_storage(&self) -> bool {
        let mut expected = 1;
        for (size, stride) in self.shape.iter().zip(&self.strides).rev() {
            if *size != 1 && *stride != expected {
                return false;
            }
            expected *= *size as u64;
        }
        self.offset == 0 && self.len() as u64 == self.storage.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(offset: u64, shape: &[u64], strides: &[u64]) -> Result<TensorNode, PickleError> {
        let storage = StorageRef {
            dtype: Dtype::F32,
            key: "0".into(),
            len: 6,
        };
        TensorNode::new(storage, offset, shape, strides.to_vec())
    }

    #[test]
    fn what_reaches_beyond_its_record_is_refused() {
        assert!(tensor(0, &[2, 3], &[3, 1]).unwrap().is_whole_storage());
        assert!(tensor(0, &[1, 2, 3], &[77, 3, 1])
            .unwrap()
            .is_whole_storage());
        assert!(!tensor(0, &[3, 2], &[1, 3]).unwrap().is_whole_storage());
        assert!(!tensor(5, &[], &[]).unwrap().is_whole_storage());
        assert!(tensor(9, &[0], &[1]).is_ok());
        for (offset, shape, strides) in [
            (1, vec![2, 3], vec![3, 1]),
            (6, vec![], vec![]),
            (0, vec![7], vec![0]),
            (0, vec![2], vec![u64::MAX]),
            (u64::MAX, vec![2], vec![1]),
            (0, vec![u64::MAX, u64::MAX], vec![1, 1]),
            (0, vec![2, 3], vec![1]),
            (0, vec![1; 9], vec![1; 9]),
        ] {
            assert!(
                tensor(offset, &shape, &strides).is_err(),
                "{offset} {shape:?} {strides:?}"
            );
        }
    }

    #[test]
    fn numbers_become_float32() {
        let read = |dtype: Dtype, bytes: &[u8]| {
            let mut out = Vec::new();
            dtype.append_f32(bytes, &mut out);
            out
        };
        assert_eq!(read(Dtype::F64, &0.1_f64.to_le_bytes()), [0.1_f32]);
        assert_eq!(read(Dtype::I64, &(-3_i64).to_le_bytes()), [-3.0]);
        assert_eq!(read(Dtype::I8, &[0xff]), [-1.0]);
        assert_eq!(read(Dtype::Bool, &[1, 0]), [1.0, 0.0]);
        assert_eq!(read(Dtype::F16, &[0x00, 0x3c]), [1.0]);
        assert_eq!(read(Dtype::BF16, &[0x80, 0x3f]), [1.0]);
        assert!(read(Dtype::F64, &f64::MAX.to_le_bytes())[0].is_infinite());
    }
}
