//! How many threads ITK uses.

use crate::error::ItkError;

/// Sets the number of threads of every filter in this process from now on, at least 1.
///
/// Best called before the first filter: ITK keeps the threads it has once started, and only divides work for fewer.
///
/// # Errors
/// Built without ITK.
pub fn set_threads(count: usize) -> Result<(), ItkError> {
    #[cfg(has_itk)]
    {
        crate::bridge::ffi::set_thread_count(u32::try_from(count.max(1)).unwrap_or(u32::MAX));
        Ok(())
    }
    #[cfg(not(has_itk))]
    {
        let _ = count;
        Err(ItkError::NotBuilt)
    }
}

/// The number of threads that filters use; 0 without ITK.
#[must_use]
pub fn threads() -> usize {
    #[cfg(has_itk)]
    {
        crate::bridge::ffi::thread_count() as usize
    }
    #[cfg(not(has_itk))]
    0
}
