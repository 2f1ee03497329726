//! Keeps panics and C++ backtraces on this side of the bridge.

use std::any::Any;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::error::{BridgeError, ErrorKind};

/// Runs the inner function of an exported one; a panic becomes an error of kind `Internal`.
///
/// Unwind safety is asserted, not checked: what the inner functions borrow is read-only (a loaded
/// model, voxels) or a single atomic, so a panic cannot leave it half changed.
pub(crate) fn guard<T>(inner: impl FnOnce() -> Result<T, BridgeError>) -> Result<T, BridgeError> {
    match catch_unwind(AssertUnwindSafe(inner)) {
        Ok(result) => result,
        Err(payload) => {
            let text = format!(
                "RaterLens met a defect and stopped this run: {}. Please report it.",
                trim_backtrace(panic_text(payload.as_ref()))
            );
            // A payload's own destructor may panic too; that one must not escape either.
            if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(second);
            }
            Err(BridgeError::new(ErrorKind::Internal, text))
        }
    }
}

/// What `panic!` was given.
fn panic_text(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// Cuts libtorch's C++ backtrace off a message: file names and frames that help no user.
pub(crate) fn trim_backtrace(message: &str) -> &str {
    const MARKS: [&str; 3] = [
        "\nException raised from",
        "\nC++ CapturedTraceback",
        "\nframe #",
    ];
    let end = MARKS.iter().filter_map(|mark| message.find(mark)).min();
    message
        .get(..end.unwrap_or(message.len()))
        .unwrap_or(message)
        .trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_pass_unchanged() {
        assert_eq!(guard(|| Ok(7)), Ok(7));
        let error = BridgeError::new(ErrorKind::Model, "text");
        assert_eq!(guard::<()>(|| Err(error.clone())), Err(error));
    }

    #[test]
    fn a_panic_becomes_an_error_with_its_message() {
        let number = 3;
        for error in [
            guard::<()>(|| panic!("plain text")).unwrap_err(),
            guard::<()>(|| panic!("plain {}", ["text"][number - 3])).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Internal);
            assert!(error.message().contains(": plain text."), "{error}");
        }
    }

    #[test]
    fn a_panic_while_a_panic_is_dropped_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("second");
            }
        }
        let error = guard::<()>(|| std::panic::panic_any(Bomb)).unwrap_err();
        assert!(error.message().contains("without a message"), "{error}");
    }

    #[test]
    fn text_without_a_backtrace_is_kept() {
        assert_eq!(trim_backtrace("line one\nline two"), "line one\nline two");
        assert_eq!(trim_backtrace("bad\nframe #0: x"), "bad");
    }
}
