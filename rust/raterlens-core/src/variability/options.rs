//! How soft labels and variance maps are made.

use serde::{Deserialize, Serialize};

use super::error::VariabilityError;

/// What distances are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DistanceUnit {
    /// In-plane pixels; every pixel counts as 1 x 1.
    #[default]
    Pixel,
    /// Millimetres.
    Millimetre,
}

/// How variance maps are made; maps are only comparable when these are equal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct VarianceOptions {
    /// Width of the soft edge, in `unit`; default 1.
    pub tau: f64,
    /// Unit of distances and of `tau`; default pixels.
    pub unit: DistanceUnit,
}

impl Default for VarianceOptions {
    fn default() -> Self {
        Self {
            tau: 1.0,
            unit: DistanceUnit::Pixel,
        }
    }
}

impl VarianceOptions {
    /// The spacing that distances are computed with, for pixels of this size.
    pub(super) fn distance_spacing(&self, pixel_mm: [f64; 2]) -> [f64; 2] {
        match self.unit {
            DistanceUnit::Pixel => [1.0, 1.0],
            DistanceUnit::Millimetre => pixel_mm,
        }
    }
}

/// Which voxels a distance may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DistanceExtent {
    /// Those of the same slice of the canonical axial orientation, whichever array axis the slices are stacked along. A
    /// rater's empty slice has soft label 0, a filled one 1.
    #[default]
    InPlane,
    /// Those of the whole volume.
    Volume,
}

/// Largest error of a soft label that is worth less work: half the last digit of a single-precision number near 0.25.
pub const DEFAULT_SATURATION: f64 = 1.0 / (1_u64 << 26) as f64;

/// How soft labels are made from masks; [`VarianceOptions`] with what it leaves to the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SoftLabelOptions {
    /// Width of the soft edge, in `unit`; positive; default 1.
    pub tau: f64,
    /// Unit of distances and of `tau`; default pixels.
    pub unit: DistanceUnit,
    /// Within slices (default) or in the volume.
    pub extent: DistanceExtent,
    /// Soft labels this close to 0 or 1 are set to 0 or 1, so that distances are only computed near the edges; 0 computes
    /// all. Default [`DEFAULT_SATURATION`].
    ///
    /// Bounds on the error, before the result is rounded to single precision: soft and mean label `saturation`,
    /// variance `saturation * (1 + saturation)`.
    pub saturation: f64,
}

impl Default for SoftLabelOptions {
    fn default() -> Self {
        VarianceOptions::default().into()
    }
}

impl From<VarianceOptions> for SoftLabelOptions {
    fn from(options: VarianceOptions) -> Self {
        Self {
            tau: options.tau,
            unit: options.unit,
            extent: DistanceExtent::default(),
            saturation: DEFAULT_SATURATION,
        }
    }
}

impl SoftLabelOptions {
    /// Checks the numbers.
    pub(super) fn check(&self) -> Result<(), VariabilityError> {
        let (tau, saturation) = (self.tau, self.saturation);
        if !(tau.is_finite() && tau > 0.0) {
            return Err(VariabilityError::BadTau { tau });
        }
        if !(0.0..0.5).contains(&saturation) {
            return Err(VariabilityError::BadSaturation { saturation });
        }
        Ok(())
    }

    /// The distance beyond which soft labels are saturated, in `unit`; infinite when none is.
    pub(super) fn reach(&self) -> f64 {
        // 1 / (1 + exp(d / tau)) = saturation, solved for d.
        self.tau * (1.0 / self.saturation - 1.0).ln()
    }

    /// Voxel spacing in `unit` from that in millimetres.
    pub(super) fn spacing<const N: usize>(&self, spacing_mm: [f64; N]) -> [f64; N] {
        match self.unit {
            DistanceUnit::Pixel => [1.0; N],
            DistanceUnit::Millimetre => spacing_mm,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_is_where_the_soft_label_saturates() {
        let options = SoftLabelOptions {
            tau: 2.5,
            saturation: 0.01,
            ..SoftLabelOptions::default()
        };
        let soft = 1.0 / (1.0 + (options.reach() / 2.5).exp());
        assert!((soft - 0.01).abs() < 1e-15);
        let exact = SoftLabelOptions {
            saturation: 0.0,
            ..options
        };
        assert_eq!(exact.reach(), f64::INFINITY);
    }

    #[test]
    fn numbers_that_make_no_edge_are_refused() {
        for tau in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let options = SoftLabelOptions {
                tau,
                ..SoftLabelOptions::default()
            };
            assert!(matches!(
                options.check(),
                Err(VariabilityError::BadTau { .. })
            ));
        }
        let options = SoftLabelOptions {
            saturation: 0.5,
            ..SoftLabelOptions::default()
        };
        assert!(matches!(
            options.check(),
            Err(VariabilityError::BadSaturation { .. })
        ));
        assert_eq!(SoftLabelOptions::default().check(), Ok(()));
    }
}
