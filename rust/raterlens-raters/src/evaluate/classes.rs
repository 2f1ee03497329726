//! Between labels and the classes of probabilities: class 0 is background, class n the n-th structure of the scheme.

use ndarray::{Array3, Array4, Axis, Zip};
use raterlens_core::{Geometry, LabelMap, LabelScheme};

use crate::error::RatersError;

/// Checks that probabilities have the scheme's classes and the labels' grid.
pub(super) fn check(
    p: &Array4<f32>,
    scheme: &LabelScheme,
    grid: &Geometry,
) -> Result<(), RatersError> {
    let (expected, found) = (scheme.structures.len() + 1, p.len_of(Axis(0)));
    if expected != found {
        return Err(RatersError::Request(format!(
            "the probabilities have {found} classes, but {expected} are looked at (background and {} structures): name the structures of their volumes 1, 2, ... in that order with --structures",
            scheme.structures.len()
        )));
    }
    if p.shape().get(1..) != Some(&grid.shape_kji()[..]) {
        return Err(RatersError::Internal(
            "probabilities and labels have different shapes".to_owned(),
        ));
    }
    Ok(())
}

/// The class of each voxel's label; labels that the scheme does not name are background.
pub(super) fn class_map(labels: &LabelMap, scheme: &LabelScheme) -> Array3<u16> {
    let mut table = vec![0_u16; usize::from(u16::MAX) + 1];
    for (n, structure) in scheme.structures.iter().enumerate() {
        if let Some(class) = table.get_mut(usize::from(structure.id)) {
            *class = n as u16 + 1;
        }
    }
    labels
        .data()
        .mapv(|l| table.get(usize::from(l)).copied().unwrap_or(0))
}

/// The label of each voxel's class.
pub(super) fn labels_of(classes: &Array3<u16>, scheme: &LabelScheme) -> Array3<u16> {
    let label = |class: u16| {
        let structure = usize::from(class)
            .checked_sub(1)
            .and_then(|n| scheme.structures.get(n));
        structure.map_or(0, |s| s.id)
    };
    classes.mapv(label)
}

/// The most probable class; of equal ones the first.
pub(super) fn argmax(p: &Array4<f32>) -> Array3<u16> {
    let mut best = p.index_axis(Axis(0), 0).to_owned();
    let mut classes = Array3::zeros(best.dim());
    for (n, plane) in p.axis_iter(Axis(0)).enumerate().skip(1) {
        Zip::from(&mut classes)
            .and(&mut best)
            .and(&plane)
            .for_each(|class, best, &p| {
                if p > *best {
                    (*class, *best) = (n as u16, p);
                }
            });
    }
    classes
}

/// Entropy of the probabilities, in nats.
pub(super) fn entropy(p: &Array4<f32>) -> Array3<f32> {
    p.map_axis(Axis(0), |p| {
        let term = |p: &f32| {
            let p = f64::from(*p);
            if p > 0.0 {
                -p * p.ln()
            } else {
                0.0
            }
        };
        p.iter().map(term).sum::<f64>() as f32
    })
}
