//! Slices of the validation part with what the model says about them.

use half::f16;
use ndarray::{Array2, Array3, ArrayView3, Axis};
use raterlens_nn::train::Trainer;
use raterlens_report::plots::{Figure, MapPanel, Panels};

use crate::data::{argmax, Dataset, PreparedSlice};
use crate::error::TrainError;
use crate::run::RunConfig;

/// Slices shown.
const SHOWN: usize = 6;
/// With more structures than this, only their union is outlined.
const OUTLINED: usize = 4;

/// The slices with the most of the structures, one of each image.
pub(super) fn samples(
    config: &RunConfig,
    validation: &Dataset,
    trainer: &Trainer,
) -> Result<Vec<Figure>, TrainError> {
    let mut figures = Vec::new();
    for slice in telling(&validation.slices) {
        let batch = slice
            .image
            .clone()
            .insert_axis(Axis(0))
            .insert_axis(Axis(0));
        let prediction = trainer.predict(&batch)?;
        let predicted = argmax(prediction.probabilities.index_axis(Axis(0), 0));
        let mut maps = Vec::new();
        let variance = prediction.variance.index_axis(Axis(0), 0);
        if variance.len_of(Axis(0)) > 0 {
            maps.push(MapPanel::variance("Predicted variance", highest(variance)));
            let reference: Array3<f32> = slice.variance.mapv(f16::to_f32);
            let title = "Variance of the raters";
            maps.push(MapPanel::variance(title, highest(reference.view())));
        }
        let panels = Panels {
            title: format!("{}, slice {}", slice.case, slice.slice),
            image: slice.image.clone(),
            outlines: outlines(config, &slice.majority, &predicted),
            maps,
        };
        figures.push(Figure {
            plot: panels.draw()?,
            note: format!(
                "{}, slice {} from the feet. Variance from 0 (dark) to 0.25 (bright), the largest of all structures.",
                slice.case, slice.slice
            ),
        });
    }
    Ok(figures)
}

fn telling(slices: &[PreparedSlice]) -> Vec<&PreparedSlice> {
    let drawn = |s: &PreparedSlice| s.majority.iter().filter(|c| **c > 0).count();
    let mut best: Vec<&PreparedSlice> = Vec::new();
    for slice in slices {
        match best.iter_mut().find(|b| b.case == slice.case) {
            Some(other) if drawn(slice) > drawn(other) => *other = slice,
            Some(_) => {}
            None => best.push(slice),
        }
    }
    best.truncate(SHOWN);
    best
}

fn outlines(
    config: &RunConfig,
    majority: &Array2<u16>,
    predicted: &Array2<u16>,
) -> Vec<(String, Vec<Array2<bool>>)> {
    let structures = &config.scheme.structures;
    let mut all = Vec::new();
    if structures.len() > OUTLINED {
        all.push(("majority vote".to_owned(), vec![majority.mapv(|c| c > 0)]));
        all.push(("prediction".to_owned(), vec![predicted.mapv(|c| c > 0)]));
        return all;
    }
    for (n, s) in structures.iter().enumerate() {
        let class = n as u16 + 1;
        all.push((
            format!("{}: majority vote", s.title),
            vec![majority.mapv(|c| c == class)],
        ));
        all.push((
            format!("{}: prediction", s.title),
            vec![predicted.mapv(|c| c == class)],
        ));
    }
    all
}

fn highest(maps: ArrayView3<'_, f32>) -> Array2<f32> {
    maps.fold_axis(Axis(0), 0.0, |a, b| a.max(*b))
}
