//! The maps that samples are reduced to.

use ndarray::{Array3, Array4, ArrayView4, Axis};

use super::error::{UncertaintyError, SUM_TOLERANCE};

/// Maps of one image (definitions in the module's page), all in single precision.
#[derive(Debug, Clone, PartialEq)]
pub struct UncertaintyMaps {
    /// Mean probabilities, `[class, k, j, i]`.
    pub mean: Array4<f32>,
    /// Entropy of the mean in nats, `[k, j, i]`.
    pub predictive_entropy: Array3<f32>,
    /// Mean entropy of the samples in nats, `[k, j, i]`.
    pub expected_entropy: Array3<f32>,
    /// Predictive minus expected entropy in nats, at least 0, `[k, j, i]`.
    pub mutual_information: Array3<f32>,
    /// Population variance over the samples, summed over the classes, `[k, j, i]`.
    pub variance: Array3<f32>,
    /// How many samples they were made of.
    pub samples: usize,
}

impl UncertaintyMaps {
    /// The most probable class of the mean, `[k, j, i]`; of equal ones the first.
    #[must_use]
    pub fn labels(&self) -> Array3<u16> {
        let (_, k, j, i) = self.mean.dim();
        let mut best = Array3::<f32>::from_elem((k, j, i), f32::NEG_INFINITY);
        let mut labels = Array3::zeros((k, j, i));
        for (class, plane) in self.mean.axis_iter(Axis(0)).enumerate() {
            ndarray::Zip::from(&mut labels)
                .and(&mut best)
                .and(&plane)
                .for_each(|label, best, &p| {
                    if p > *best {
                        (*label, *best) = (class as u16, p);
                    }
                });
        }
        labels
    }
}

/// Which value of a sample is no probability; `None` when all are.
pub(crate) fn fault(sample: usize, p: &ArrayView4<'_, f32>) -> Option<UncertaintyError> {
    for ((class, k, j, i), &value) in p.indexed_iter() {
        if !(0.0..=1.0 + SUM_TOLERANCE).contains(&value) {
            let index_kji = [k, j, i];
            return Some(UncertaintyError::NoProbability {
                sample,
                class,
                index_kji,
                value,
            });
        }
    }
    let (_, nk, nj, ni) = p.dim();
    ndarray::indices((nk, nj, ni))
        .into_iter()
        .find_map(|(k, j, i)| {
            let sum: f32 = p.slice(ndarray::s![.., k, j, i]).sum();
            let is_one = (sum - 1.0).abs() <= SUM_TOLERANCE;
            let index_kji = [k, j, i];
            (!is_one).then_some(UncertaintyError::NotNormalised {
                sample,
                index_kji,
                sum,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_classes_is_the_label() {
        let mean =
            Array4::from_shape_vec((3, 1, 1, 2), vec![0.4, 0.1, 0.4, 0.2, 0.2, 0.7]).unwrap();
        let empty = Array3::zeros((1, 1, 2));
        let maps = UncertaintyMaps {
            mean,
            predictive_entropy: empty.clone(),
            expected_entropy: empty.clone(),
            mutual_information: empty.clone(),
            variance: empty,
            samples: 1,
        };
        assert_eq!(maps.labels().into_raw_vec_and_offset().0, [0, 2]);
    }
}
