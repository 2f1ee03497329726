//! Probabilities and scores to measure with: `D.npy`, `G_scores.npy` and `G_positive.npy` of the folder that `RATERLENS_BENCH_DATA` names
//! (`tools/bench/evaluation_inputs.py` makes them as the other programs' scripts do), or numbers made here.

use std::path::PathBuf;

use ndarray::{Array5, Axis};

/// Samples, classes and voxels along k, j, i.
pub const SHAPE: [usize; 5] = [10, 5, 16, 256, 256];
/// Scores: the voxels of 64 slices.
pub const SCORES: usize = 64 * 256 * 256;

/// The bytes of a NumPy file of this type and number of items.
fn read(name: &str, dtype: &str, bytes: usize) -> Option<Vec<u8>> {
    let folder = PathBuf::from(std::env::var_os("RATERLENS_BENCH_DATA")?);
    let all = std::fs::read(folder.join(name)).ok()?;
    let begin = 10 + usize::from(u16::from_le_bytes([all[8], all[9]]));
    let header = String::from_utf8_lossy(&all[10..begin]);
    assert!(
        header.contains(dtype) && header.contains("'fortran_order': False"),
        "{name}: {header}"
    );
    assert_eq!(all.len() - begin, bytes, "{name}");
    Some(all[begin..].to_vec())
}

fn singles(bytes: &[u8]) -> Vec<f32> {
    let mut values = vec![0.0; bytes.len() / 4];
    raterlens_os::prefer_huge_pages(&mut values);
    for (value, bytes) in values.iter_mut().zip(bytes.chunks_exact(4)) {
        *value = f32::from_le_bytes(bytes.try_into().unwrap());
    }
    values
}

/// A number between 0 and 1 for each position.
fn noise(n: usize) -> f32 {
    let mixed = (n as u64 ^ 0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 40) as f32 / (1 << 24) as f32
}

/// Normalised samples, `[sample, class, k, j, i]`.
pub fn samples() -> Array5<f32> {
    let length: usize = SHAPE.iter().product();
    if let Some(bytes) = read("D.npy", "'<f4'", 4 * length) {
        return Array5::from_shape_vec(SHAPE, singles(&bytes)).unwrap();
    }
    let values = (0..length).map(|n| noise(n) + 0.01).collect();
    let mut samples = Array5::from_shape_vec(SHAPE, values).unwrap();
    let sums = samples.sum_axis(Axis(1)).insert_axis(Axis(1));
    samples /= &sums;
    samples
}

/// Scores between 0 and 1, a tenth of them of positives, which score higher.
pub fn scores() -> (Vec<f32>, Vec<bool>) {
    let found =
        read("G_scores.npy", "'<f4'", 4 * SCORES).zip(read("G_positive.npy", "'|b1'", SCORES));
    if let Some((scores, positive)) = found {
        return (
            singles(&scores),
            positive.into_iter().map(|b| b != 0).collect(),
        );
    }
    let positive: Vec<bool> = (0..SCORES).map(|n| noise(n + SCORES) < 0.1).collect();
    let score = |(n, &positive): (usize, &bool)| {
        let bell: f32 = (0..4).map(|k| noise(4 * n + k) - 0.5).sum::<f32>() * 1.7;
        1.0 / (1.0 + (2.0 - bell - 2.2 * f32::from(u8::from(positive))).exp())
    };
    (positive.iter().enumerate().map(score).collect(), positive)
}
