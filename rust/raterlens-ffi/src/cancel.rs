//! The switch that stops runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use raterlens_engine::CancelFlag;

use crate::error::BridgeError;
use crate::guard::guard;

/// Stops every run that was given it; may be used from any thread.
///
/// Each run has a flag of its own that follows the token, so that one run can be stopped alone
/// (its progress callback said so) while others with the same token go on.
#[derive(Default)]
pub struct CancelToken {
    cancelled: AtomicBool,
    runs: Mutex<Vec<Weak<CancelFlag>>>,
}

impl CancelToken {
    /// Asks the runs to stop, those that start later included.
    pub fn cancel(&self) {
        // Before the list is locked: a run that starts now either sees this or is in the list.
        self.cancelled.store(true, Ordering::SeqCst);
        for run in self.lock().iter().filter_map(Weak::upgrade) {
            run.cancel();
        }
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::SeqCst)
    }

    /// The flag of a new run; it leaves the list when the run drops it.
    pub(crate) fn start_run(&self) -> Arc<CancelFlag> {
        let run = Arc::new(CancelFlag::default());
        let mut runs = self.lock();
        runs.retain(|run| run.strong_count() > 0);
        runs.push(Arc::downgrade(&run));
        if self.is_cancelled() {
            run.cancel();
        }
        run
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<CancelFlag>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new switch, not cancelled.
///
/// # Errors
/// Only when a panic was caught.
pub fn new_cancel_token() -> Result<Box<CancelToken>, BridgeError> {
    guard(|| Ok(Box::default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_follows_its_token_but_not_the_other_way_round() {
        let token = new_cancel_token().unwrap();
        let (first, second) = (token.start_run(), token.start_run());
        first.cancel();
        assert!(first.is_cancelled() && !second.is_cancelled() && !token.is_cancelled());
        token.cancel();
        assert!(second.is_cancelled() && token.is_cancelled());
        assert!(token.start_run().is_cancelled());
    }

    #[test]
    fn runs_that_ended_are_forgotten() {
        let token = new_cancel_token().unwrap();
        for _ in 0..100 {
            drop(token.start_run());
        }
        assert_eq!(token.lock().len(), 1);
    }
}
