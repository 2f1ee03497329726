//! Numbers of a weight file as float32.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use safetensors::tensor::TensorView;
use safetensors::Dtype;
use tch::{Kind, Tensor};

use super::bad;
use crate::error::NnError;

/// A tensor of the file as float32; refuses values that are not numbers.
pub(crate) fn to_tensor(name: &str, view: &TensorView) -> Result<Tensor, NnError> {
    let shape: Vec<i64> = view.shape().iter().map(|d| *d as i64).collect();
    let mut values = vec![0f32; shape.iter().product::<i64>() as usize];
    convert(name, view, &mut values)?;
    if values.is_empty() {
        return Ok(Tensor::f_zeros(&shape, (Kind::Float, tch::Device::Cpu))?);
    }
    Ok(Tensor::f_from_slice(&values)?.f_reshape(shape)?)
}

/// Writes a tensor's numbers into `out`, which has their count.
pub(super) fn convert(name: &str, view: &TensorView, out: &mut [f32]) -> Result<(), NnError> {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => {
            let (chunks, _) = data.as_chunks();
            for (to, from) in out.iter_mut().zip(chunks) {
                *to = f32::from_le_bytes(*from);
            }
        }
        Dtype::F16 => in_pieces(data, out, |bits, out| {
            let halves = bits.map(f16::from_bits);
            halves.as_slice().convert_to_f32_slice(out);
        }),
        Dtype::BF16 => in_pieces(data, out, |bits, out| {
            let halves = bits.map(bf16::from_bits);
            halves.as_slice().convert_to_f32_slice(out);
        }),
        other => {
            return Err(bad(format!(
                "'{name}' is stored as {other:?}; F32, F16 or BF16 is expected"
            )))
        }
    }
    check_finite(name, out)
}

/// Numbers converted at a time.
const PIECE: usize = 64;

/// Calls `convert` for pieces of 16-bit numbers (the last one filled up with zeros) and their place in `out`.
fn in_pieces(data: &[u8], out: &mut [f32], convert: impl Fn([u16; PIECE], &mut [f32; PIECE])) {
    let (bytes, _) = data.as_chunks::<2>();
    for (from, to) in bytes.chunks(PIECE).zip(out.chunks_mut(PIECE)) {
        let mut bits = [0; PIECE];
        for (bit, byte) in bits.iter_mut().zip(from) {
            *bit = u16::from_le_bytes(*byte);
        }
        let mut single = [0.0; PIECE];
        convert(bits, &mut single);
        for (to, value) in to.iter_mut().zip(single) {
            *to = value;
        }
    }
}

/// Bits of the exponent: all set in infinities and in values that are no numbers.
const EXPONENT: u32 = 0x7f80_0000;

pub(super) fn check_finite(name: &str, values: &[f32]) -> Result<(), NnError> {
    // Every value is looked at, without an early end, so that the loop is done in vectors.
    let bad_one = |v: &f32| v.to_bits() & EXPONENT == EXPONENT;
    match values.iter().fold(false, |found, v| found | bad_one(v)) {
        false => Ok(()),
        true => Err(bad(format!("'{name}' holds values that are not numbers"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(dtype: Dtype, bytes: &[u8]) -> Result<Vec<f32>, NnError> {
        let view = TensorView::new(dtype, vec![2], bytes).unwrap();
        Ok(Vec::try_from(to_tensor("w", &view)?).unwrap())
    }

    fn f16s(values: [f32; 2]) -> Vec<u8> {
        values.map(|v| f16::from_f32(v).to_le_bytes()).concat()
    }

    fn bf16s(values: [f32; 2]) -> Vec<u8> {
        values.map(|v| bf16::from_f32(v).to_le_bytes()).concat()
    }

    #[test]
    fn the_three_precisions_are_read_and_others_refused() {
        let values = [-0.375, 65504.0];
        let f32s = |v: [f32; 2]| v.map(f32::to_le_bytes).concat();
        assert_eq!(one(Dtype::F32, &f32s(values)).unwrap(), values);
        assert_eq!(one(Dtype::F16, &f16s(values)).unwrap(), values);
        let coarse = [-0.375, 65536.0];
        assert_eq!(one(Dtype::BF16, &bf16s(coarse)).unwrap(), coarse);
        let error = one(Dtype::I32, &f32s(values)).unwrap_err();
        assert!(error.to_string().contains("I32"), "{error}");
    }

    #[test]
    fn values_that_are_not_numbers_are_refused_by_the_tensors_name() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let f32s = [1.0, bad].map(f32::to_le_bytes).concat();
            for (dtype, bytes) in [
                (Dtype::F32, f32s),
                (Dtype::F16, f16s([1.0, bad])),
                (Dtype::BF16, bf16s([1.0, bad])),
            ] {
                let error = one(dtype, &bytes).unwrap_err().to_string();
                assert!(error.contains("'w' holds values"), "{error}");
            }
        }
    }
}
