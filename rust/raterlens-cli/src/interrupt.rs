//! Ctrl-C.

use anyhow::{Context, Result};
use raterlens_engine::CancelFlag;

/// A flag that Ctrl-C (or a polite request of the system to end) raises from now on.
///
/// # Errors
/// The system refuses the handler.
pub fn cancel_on_interrupt() -> Result<CancelFlag> {
    let flag = CancelFlag::new();
    let raised = flag.clone();
    ctrlc::set_handler(move || raised.cancel()).context("cannot listen for Ctrl-C")?;
    Ok(flag)
}
