//! Drawings of several raters to measure with: those of a folder, or made here in the same manner.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a benchmark that cannot run must say so

use std::path::{Path, PathBuf};

use ndarray::{Array3, Array4, Axis};
use raterlens_core::{Geometry, LabelMap, Volume};

/// Raters x planes x rows x columns, unsigned bytes, of a `.npy` file (version 1, C order).
fn read_npy(path: &Path) -> Array4<u8> {
    let bytes = std::fs::read(path).expect("the file of drawings can be read");
    let header_length = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..10 + header_length]).into_owned();
    assert!(
        header.contains("'|u1'") && header.contains("'fortran_order': False"),
        "{header}"
    );
    let shape = header.split_once('(').unwrap().1.split_once(')').unwrap().0;
    let shape: Vec<usize> = shape
        .split(',')
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    let shape: [usize; 4] = shape.try_into().expect("four dimensions");
    Array4::from_shape_vec(shape, bytes[10 + header_length..].to_vec()).unwrap()
}

/// Overlapping ellipsoids with wavy edges: every rater's waves differ.
fn make(raters: usize, [planes, rows, columns]: [usize; 3]) -> Array4<u8> {
    let centres = [
        (0.5, 0.5, 0.34),
        (0.42, 0.45, 0.16),
        (0.62, 0.55, 0.12),
        (0.35, 0.62, 0.07),
    ];
    Array4::from_shape_fn((raters, planes, rows, columns), |(rater, k, j, i)| {
        let at = [
            k as f64 / planes as f64,
            j as f64 / rows as f64,
            i as f64 / columns as f64,
        ];
        let phase = rater as f64;
        let mut label = 0;
        for (n, (y, x, radius)) in centres.into_iter().enumerate() {
            let height = 0.42 * f64::sqrt(radius / 0.34);
            let depth = f64::hypot(
                (at[0] - 0.5) / height,
                f64::hypot((at[1] - y) / radius, (at[2] - x) / radius),
            );
            let waves = (at[1] * 31.0 + phase).sin() * (at[2] * 37.0 - phase).sin()
                + (at[0] * 17.0 + 2.0 * phase).sin() * (at[1] * 71.0).cos();
            if depth + 0.06 * waves < 1.0 {
                label = n as u8 + 1;
            }
        }
        label
    })
}

/// Five raters, four structures, 320 x 320 x 60 voxels of 0.625 x 0.625 x 3 mm: those of `B.npy` in the folder `PEER_DATA` when it
/// names one, so that other programs can be timed on the same drawings.
pub fn five_raters() -> Vec<LabelMap> {
    let drawings = match std::env::var_os("PEER_DATA") {
        Some(folder) => read_npy(&PathBuf::from(folder).join("B.npy")),
        None => make(5, [60, 320, 320]),
    };
    let raters = drawings.axis_iter(Axis(0));
    raters.map(|d| label_map(d.mapv(u16::from))).collect()
}

/// The labels on voxels of 0.625 x 0.625 x 3 mm.
pub fn label_map(labels: Array3<u16>) -> LabelMap {
    let (planes, rows, columns) = labels.dim();
    let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let dims = [columns, rows, planes];
    let grid = Geometry::new(dims, [0.625, 0.625, 3.0], [0.0; 3], identity).unwrap();
    Volume::new(labels, grid).unwrap()
}
