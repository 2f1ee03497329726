//! How much memory all sessions together may take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

/// A count of bytes with an upper limit, shared by all sessions.
#[derive(Debug, Clone)]
pub struct Memory {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// Bytes that are taken until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    used: Arc<AtomicUsize>,
    bytes: usize,
}

impl Memory {
    /// None of `limit` bytes is taken.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Takes `bytes`, or nothing if there is no room for them.
    ///
    /// ```
    /// let memory = raterlens_serve::memory::Memory::new(10);
    /// let first = memory.reserve(6);
    /// assert!(first.is_some() && memory.reserve(5).is_none());
    /// drop(first);
    /// assert!(memory.reserve(5).is_some());
    /// ```
    #[must_use]
    pub fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let grow = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.limit);
        let order = Ordering::Relaxed;
        self.used.fetch_update(order, order, grow).ok()?;
        let used = Arc::clone(&self.used);
        Some(Reservation { used, bytes })
    }

    /// Bytes that are taken now.
    #[must_use]
    pub fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
