//! Why agreement was not computed.

use thiserror::Error;

use crate::metrics::MetricError;

/// Why agreement was not computed.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// Drawings that cannot be compared with each other.
    #[error("{source} (case '{case}')")]
    Metric {
        /// Name of the case.
        case: String,
        /// What is wrong.
        source: MetricError,
    },
    /// Fewer than two drawings of an image.
    #[error(
        "an image needs at least two drawings to compare, this one has {found} (case '{case}')"
    )]
    TooFewDrawings {
        /// Name of the case.
        case: String,
        /// Number of drawings.
        found: usize,
    },
    /// One rater's drawing given twice.
    #[error("rater '{rater}' has two drawings numbered {repeat}: number repeated drawings 0, 1, 2, ... (case '{case}')")]
    RepeatedDrawing {
        /// Name of the case.
        case: String,
        /// The rater.
        rater: String,
        /// The number.
        repeat: u32,
    },
    /// Two cases of one name.
    #[error("two cases are called '{case}': each image needs a name of its own")]
    RepeatedCase {
        /// Name of the case.
        case: String,
    },
    /// Cases that were measured with other structures.
    #[error("case '{case}' was measured with other structures than the study: measure it again")]
    OtherStructures {
        /// Name of the case.
        case: String,
    },
    /// No structure to look at.
    #[error("no structure was given: agreement needs at least one label value")]
    NoStructures,
    /// A structure that cannot be compared.
    #[error("structure {id} cannot be used: give each structure once, and not 0, which is the background")]
    BadStructure {
        /// The label value.
        id: u16,
    },
    /// A tolerance that is no distance.
    #[error(transparent)]
    Options(#[from] MetricError),
    /// Options that make no interval.
    #[error("{replicates} replicates at level {level} make no interval: use at least 100, and a level between 0 and 1")]
    BadBootstrap {
        /// Number of replicates.
        replicates: u32,
        /// Confidence level.
        level: f64,
    },
}
