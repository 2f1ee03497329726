//! Descriptions of packages that RaterLens itself makes.

use raterlens_core::normalise::Normalisation;
use raterlens_core::resample::ResizeRule;
use raterlens_core::variability::DistanceUnit;
use raterlens_core::LabelScheme;

use super::manifest::{
    InputSpec, Manifest, PackageKind, Provenance, SliceOrientation, VarianceSpec, WeightsSpec,
    SCHEMA_VERSION,
};
use crate::architecture::Architecture;

impl Manifest {
    /// The description of a lumbar paraspinal model that still has to be trained: four structures,
    /// pad-to-square, z-score, variance in pixels with tau 1 and scale 70 (SPEC sections 1 to 6).
    ///
    /// ```
    /// use raterlens_nn::{Architecture, Manifest};
    /// let m = Manifest::lumbar("my-model", Architecture::tiny(), [192, 192]);
    /// assert_eq!(m.label_scheme.len(), 4);
    /// assert_eq!(m.variance.scale, 70.0);
    /// ```
    #[must_use]
    pub fn lumbar(name: &str, architecture: Architecture, size: [usize; 2]) -> Self {
        Self {
            architecture: Some(architecture),
            ..Self::without_network(name, size)
        }
    }

    /// As [`Self::lumbar`], still without any network.
    pub(crate) fn without_network(name: &str, size: [usize; 2]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            name: name.into(),
            version: "1".into(),
            kind: PackageKind::Native,
            description: "Left and right multifidus and erector spinae on axial lumbar MRI, \
                          with predicted inter-rater variance."
                .into(),
            intended_use: "Research and demonstration. Not a medical device; not for clinical use."
                .into(),
            licence: "Apache-2.0".into(),
            architecture: None,
            script: None,
            label_scheme: LabelScheme::lumbar_paraspinal(),
            input: InputSpec {
                size,
                channels: 1,
                orientation: SliceOrientation::AxialLps,
                resize: ResizeRule::PadToSquare,
                normalisation: Normalisation::ZScoreOtsu,
                training_pixel_mm: [0.0, 0.0],
            },
            variance: VarianceSpec {
                unit: DistanceUnit::Pixel,
                tau: 1.0,
                scale: 70.0,
            },
            augmentation: None,
            provenance: Provenance {
                data: "none: untrained".into(),
                synthetic_only: false,
                command: String::new(),
                seed: 0,
                ground_truth: "majority vote".into(),
                steps: 0,
                batch_size: 0,
                software: concat!("RaterLens ", env!("CARGO_PKG_VERSION")).into(),
            },
            unverified: Vec::new(),
            weights: WeightsSpec {
                file: super::WEIGHTS_FILE.into(),
                sha256: String::new(),
            },
        }
    }
}
