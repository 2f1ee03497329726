//! How a host follows a long call and stops it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use thiserror::Error;

/// A call was stopped by its [`CancelFlag`]; it left nothing behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cancelled")]
pub struct Cancelled;

/// A flag that any thread may raise to stop a run. Copies share one flag.
///
/// ```
/// let flag = raterlens_core::control::CancelFlag::default();
/// let other = flag.clone();
/// other.cancel();
/// assert!(flag.is_cancelled() && flag.check().is_err());
/// ```
#[derive(Debug, Clone, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// A flag that is not raised.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop; it does so after the batch, slice, structure or image it is working on.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag was raised.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error when the flag was raised, for use with `?`.
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() {
            Err(Cancelled)
        } else {
            Ok(())
        }
    }
}

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// 0 to 1, never decreasing within one run.
    pub fraction: f32,
    /// What is being done, in a few words for people.
    pub stage: &'static str,
}

/// What a host may hand to a long call. The default listens to nothing and never cancels.
#[derive(Clone, Default)]
pub struct Control<'a> {
    /// Called on the thread that made the long call, at least once per step of the work.
    pub progress: Option<&'a dyn Fn(Progress)>,
    /// Raised to stop the run.
    pub cancel: CancelFlag,
}

impl Control<'_> {
    /// Reports progress, then checks the flag (the report may have raised it).
    ///
    /// # Errors
    /// [`Cancelled`].
    pub fn step(&self, fraction: f32, stage: &'static str) -> Result<(), Cancelled> {
        if let Some(report) = self.progress {
            report(Progress { fraction, stage });
        }
        self.cancel.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_can_stop_the_run_it_reports_on() {
        let cancel = CancelFlag::new();
        let report = |now: Progress| {
            if now.fraction >= 0.5 {
                cancel.cancel();
            }
        };
        let control = Control {
            progress: Some(&report),
            cancel: cancel.clone(),
        };
        assert_eq!(control.step(0.2, "reading"), Ok(()));
        assert_eq!(control.step(0.5, "reading"), Err(Cancelled));
    }
}
