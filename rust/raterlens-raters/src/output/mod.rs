//! Results as files. A result's files appear together or not at all, and replace nothing unless told to.

mod agreement;
mod evaluation;
mod folder;
mod fused;
mod variability;

pub use agreement::{write_agreement, AgreementFiles};
pub use evaluation::{write_evaluation, EVALUATION_FILE};
pub use folder::{Target, Written};
pub use fused::{posterior_file, write_fused, CONSENSUS_FILE, PERFORMANCE_FILE};
pub use variability::{variance_file, write_variability, ENTROPY_FILE, VARIABILITY_FILE};

/// Version of this library, as results carry it.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
