//! What to compare and how.

use serde::{Deserialize, Serialize};

use super::error::AgreementError;
use crate::metrics::{check_tolerance, CompareOptions};

/// Fewest replicates of which a percentile interval is made.
const MIN_REPLICATES: u32 = 100;

/// What to compare and how; reports carry it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgreementOptions {
    /// Label values of the structures; any other label counts as background, and the report names it.
    pub structures: Vec<u16>,
    /// How surfaces are compared.
    #[serde(default)]
    pub compare: CompareOptions,
    /// How intervals are made.
    #[serde(default)]
    pub bootstrap: BootstrapOptions,
}

impl AgreementOptions {
    /// Default options for these structures.
    #[must_use]
    pub fn new(structures: Vec<u16>) -> Self {
        Self {
            structures,
            compare: CompareOptions::default(),
            bootstrap: BootstrapOptions::default(),
        }
    }

    pub(super) fn check(&self) -> Result<(), AgreementError> {
        if self.structures.is_empty() {
            return Err(AgreementError::NoStructures);
        }
        for (n, &id) in self.structures.iter().enumerate() {
            if id == 0 || self.structures.iter().take(n).any(|&earlier| earlier == id) {
                return Err(AgreementError::BadStructure { id });
            }
        }
        check_tolerance(self.compare.tolerance_mm)?;
        self.bootstrap.check()
    }
}

/// Percentile bootstrap over images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct BootstrapOptions {
    /// Number of resampled studies; default 2000, at least 100.
    pub replicates: u32,
    /// Confidence level; default 0.95.
    pub level: f64,
    /// Seed: equal seeds give equal intervals, on any machine and number of threads; default 0.
    pub seed: u64,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self {
            replicates: 2000,
            level: 0.95,
            seed: 0,
        }
    }
}

impl BootstrapOptions {
    fn check(&self) -> Result<(), AgreementError> {
        let &Self {
            replicates, level, ..
        } = self;
        if replicates < MIN_REPLICATES || !(level > 0.0 && level < 1.0) {
            return Err(AgreementError::BadBootstrap { replicates, level });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_make_no_interval_are_refused() {
        let with = |replicates, level| {
            let mut options = AgreementOptions::new(vec![1]);
            options.bootstrap.replicates = replicates;
            options.bootstrap.level = level;
            options.check()
        };
        assert!(with(100, 0.95).is_ok());
        for (replicates, level) in [(99, 0.95), (2000, 0.0), (2000, 1.0), (2000, f64::NAN)] {
            let refused = with(replicates, level);
            assert!(matches!(refused, Err(AgreementError::BadBootstrap { .. })));
        }
        for ids in [vec![1, 0], vec![3, 1, 3]] {
            let refused = AgreementOptions::new(ids).check();
            assert!(matches!(refused, Err(AgreementError::BadStructure { .. })));
        }
        let none = AgreementOptions::new(Vec::new()).check();
        assert_eq!(none, Err(AgreementError::NoStructures));
    }
}
