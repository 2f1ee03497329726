//! How a caller follows a filter and stops it.

use std::panic::{catch_unwind, AssertUnwindSafe};

/// Called with how far the work is, 0 to 1; `false` stops it. ITK may call it from a thread of its own.
pub type Progress<'a> = &'a (dyn Fn(f32) -> bool + Sync);

/// Hears everything, stops nothing.
pub fn ignore_progress(_fraction: f32) -> bool {
    true
}

/// What the C++ half calls.
pub struct Reporter {
    report: *const (dyn Fn(f32) -> bool + Sync),
}

#[cfg_attr(not(has_itk), allow(dead_code))]
impl Reporter {
    /// Runs `work` with a reporter that calls `report` and cannot outlive it.
    pub(crate) fn with<R>(report: Progress<'_>, work: impl FnOnce(&Self) -> R) -> R {
        // A bridge type has no lifetime; the reporter is dropped before this function returns, and cannot be cloned or sent away.
        let report: *const (dyn Fn(f32) -> bool + Sync + '_) = report;
        let report = erase(report);
        work(&Self { report })
    }

    /// A panic must not cross into C++: it stops the work instead.
    pub fn report(&self, fraction: f32) -> bool {
        #[allow(unsafe_code)]
        // SAFETY: `with` made the pointer from a reference that outlives this `Reporter`, and the function is `Sync`, so any
        // thread of a filter that runs within `with` may call it.
        let report = unsafe { &*self.report };
        catch_unwind(AssertUnwindSafe(|| report(fraction))).unwrap_or(false)
    }
}

/// The same pointer without the lifetime.
fn erase<'a>(
    report: *const (dyn Fn(f32) -> bool + Sync + 'a),
) -> *const (dyn Fn(f32) -> bool + Sync + 'static) {
    #[allow(unsafe_code)]
    // SAFETY: both are pointers to the same trait object type but for the lifetime; `with` keeps them from outliving it.
    unsafe {
        std::mem::transmute(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_a_report_stops_the_work() {
        let fails = |_: f32| -> bool { panic!("expected in this test") };
        assert!(!Reporter::with(&fails, |r| r.report(0.5)));
        assert!(Reporter::with(&ignore_progress, |r| r.report(0.5)));
    }
}
