//! A long call's progress and cancel flag, from what C++ hands over.
#![allow(unsafe_code)] // Passes on a C++ callback; see the SAFETY notes.

use raterlens_core::control::{CancelFlag, Control, Progress};

use crate::cancel::CancelToken;
use crate::error::BridgeError;
use crate::progress::ProgressSink;

/// Runs `work` with a control that reports to `progress` and follows `cancel`. A callback that says stop ends this run only,
/// not others with the same token.
///
/// # Safety
/// `progress` must be [`ProgressSink::SILENT`], or its callback and context must stay valid until this returns; `work` must
/// report on the calling thread.
pub(crate) unsafe fn controlled<T>(
    progress: ProgressSink,
    cancel: &CancelToken,
    work: impl FnOnce(&Control<'_>) -> Result<T, BridgeError>,
) -> Result<T, BridgeError> {
    let run = cancel.start_run();
    let report = |now: Progress| {
        // SAFETY: alive and on the right thread by this function's contract.
        if !unsafe { progress.report(f64::from(now.fraction), now.stage) } {
            run.cancel();
        }
    };
    work(&Control {
        progress: Some(&report),
        cancel: CancelFlag::clone(&run),
    })
}

/// Runs `work` as the part from `from` to `to` of a longer call.
pub(crate) fn part<T>(
    control: &Control<'_>,
    from: f32,
    to: f32,
    work: impl FnOnce(&Control<'_>) -> T,
) -> T {
    let report = |now: Progress| {
        if let Some(report) = control.progress {
            report(Progress {
                fraction: from + (to - from) * now.fraction.clamp(0.0, 1.0),
                stage: now.stage,
            });
        }
    };
    work(&Control {
        progress: Some(&report),
        cancel: control.cancel.clone(),
    })
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_part_reports_its_share_and_stops_with_the_whole() {
        let seen = RefCell::new(Vec::new());
        let report = |now: Progress| seen.borrow_mut().push(now.fraction);
        let whole = Control {
            progress: Some(&report),
            cancel: CancelFlag::new(),
        };
        let stopped = part(&whole, 0.5, 0.75, |control| {
            control.step(0.0, "a").unwrap();
            whole.cancel.cancel();
            control.step(1.0, "b")
        });
        assert!(stopped.is_err());
        assert_eq!(*seen.borrow(), [0.5, 0.75]);
    }
}
