//! Figures over images.

use raterlens_core::LabelScheme;
use serde::{Deserialize, Serialize};

use super::tally::ImageTally;

/// Figures of one structure over images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StructureFigures {
    /// Name of the structure.
    pub name: String,
    /// Mean Dice against the majority vote.
    pub dice: f64,
    /// Standard deviation of the Dice over images.
    pub dice_sd: f64,
    /// Images in which neither prediction nor majority vote has the structure: their Dice is 1.
    pub empty_images: usize,
    /// Mean squared error of the variance map; none from a network without.
    pub variance_mse: Option<f64>,
    /// Mean Brier score against the raters' mean.
    pub brier: f64,
}

/// Figures over images: each image counts equally.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Number of images.
    pub images: usize,
    /// Per structure.
    pub structures: Vec<StructureFigures>,
    /// Mean over structures of the mean Dice.
    pub dice: f64,
    /// Mean over structures of the variance error.
    pub variance_mse: Option<f64>,
    /// Mean over structures of the Brier score.
    pub brier: f64,
    /// Expected calibration error, 10 bins of confidence per image.
    pub ece: f64,
}

impl Figures {
    /// The figures of these images for the structures of `scheme`.
    #[must_use]
    pub fn of(images: &[ImageTally], scheme: &LabelScheme, with_variance: bool) -> Self {
        let one = |(n, name): (usize, &str)| {
            let (dice, dice_sd) = mean_sd(images.iter().map(|t| t.dice(n)));
            StructureFigures {
                name: name.to_owned(),
                dice,
                dice_sd,
                empty_images: images.iter().filter(|t| t.is_empty(n)).count(),
                variance_mse: with_variance
                    .then(|| mean_sd(images.iter().map(|t| t.variance_mse(n))).0),
                brier: mean_sd(images.iter().map(|t| t.brier(n))).0,
            }
        };
        let names = scheme.structures.iter().map(|s| s.name.as_str());
        let structures: Vec<_> = names.enumerate().map(one).collect();
        let over = |f: fn(&StructureFigures) -> Option<f64>| {
            let all: Option<Vec<f64>> = structures.iter().map(f).collect();
            all.map(|all| mean_sd(all.into_iter()).0)
        };
        Self {
            images: images.len(),
            dice: over(|s| Some(s.dice)).unwrap_or(f64::NAN),
            variance_mse: over(|s| s.variance_mse),
            brier: over(|s| Some(s.brier)).unwrap_or(f64::NAN),
            ece: mean_sd(images.iter().map(ImageTally::ece)).0,
            structures,
        }
    }
}

/// Mean and sample standard deviation; the latter is 0 for one value.
pub(crate) fn mean_sd(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|v| (v - mean).powi(2)).sum();
    let sd = match count > 1.0 {
        true => (squares / (count - 1.0)).sqrt(),
        false => 0.0,
    };
    (mean, sd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_by_hand() {
        assert_eq!(mean_sd([1.0, 3.0].into_iter()), (2.0, 2f64.sqrt()));
        assert_eq!(mean_sd([5.0].into_iter()), (5.0, 0.0));
    }
}
