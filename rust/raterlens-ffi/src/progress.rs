//! Progress from Rust to C++ through a plain function pointer.
#![allow(unsafe_code)] // Calls a C++ function pointer; see the SAFETY notes.

use std::ffi::c_void;

use cxx::{type_id, ExternType};

/// `ProgressSink` of `include/progress_sink.h`, field by field.
///
/// C++ fills it in. It borrows the host's callback and is valid until the call that took it
/// returns; whoever hands it over promises so (`segment` is `unsafe`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProgressSink {
    context: *mut c_void,
    report: Option<unsafe extern "C" fn(*mut c_void, f64, *const u8, usize) -> bool>,
}

// SAFETY: the layout is that of the C++ struct named here: two pointers in this order (a null
// function pointer is `None`). It has no destructor and may be copied bit by bit; the generated
// C++ asserts that the C++ type is trivial too.
unsafe impl ExternType for ProgressSink {
    type Id = type_id!("raterlens::bridge::ProgressSink");
    type Kind = cxx::kind::Trivial;
}

impl ProgressSink {
    /// Nobody listens.
    pub const SILENT: Self = Self {
        context: std::ptr::null_mut(),
        report: None,
    };

    /// Tells the host; `false` when the host wants the run to stop.
    ///
    /// # Safety
    /// The host's callback and context must still be alive, and this must be the thread that
    /// called `segment`.
    pub(crate) unsafe fn report(&self, fraction: f64, stage: &str) -> bool {
        match self.report {
            // SAFETY: alive by this function's contract; `stage` is borrowed for the call, and
            // the C++ type is `noexcept`, so nothing unwinds through here.
            Some(report) => unsafe { report(self.context, fraction, stage.as_ptr(), stage.len()) },
            None => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn collect(
        context: *mut c_void,
        fraction: f64,
        stage: *const u8,
        stage_len: usize,
    ) -> bool {
        // SAFETY: the test below passes a live `Vec` and no other reference to it exists; `stage`
        // points to `stage_len` bytes.
        let (seen, stage) = unsafe {
            (
                &mut *context.cast::<Vec<(f64, Vec<u8>)>>(),
                std::slice::from_raw_parts(stage, stage_len),
            )
        };
        seen.push((fraction, stage.to_vec()));
        fraction < 1.0
    }

    #[test]
    fn the_host_sees_fraction_and_stage_and_can_stop() {
        let mut seen: Vec<(f64, Vec<u8>)> = Vec::new();
        let sink = ProgressSink {
            context: (&raw mut seen).cast(),
            report: Some(collect),
        };
        // SAFETY: `seen` outlives the calls.
        let answers = unsafe { [sink.report(0.5, "network"), sink.report(1.0, "")] };
        assert_eq!(answers, [true, false]);
        assert_eq!(seen, [(0.5, b"network".to_vec()), (1.0, Vec::new())]);
    }

    #[test]
    fn silence_never_stops_a_run() {
        // SAFETY: there is no callback.
        assert!(unsafe { ProgressSink::SILENT.report(0.0, "network") });
    }
}
