//! Limits and settings.

use std::time::Duration;

use raterlens_core::correction::CorrectionOptions;

/// Limits and settings of a server. The defaults suit a workstation.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// How far corrections reach.
    pub correction: CorrectionOptions,
    /// Most sessions at a time. When they are all in use, the one that has rested longest gives way, if that is longer than
    /// [`ServeOptions::resting`].
    pub sessions: usize,
    /// A session that rests this long is forgotten.
    pub idle: Duration,
    /// A session that rests this long may be forgotten for the sake of another.
    pub resting: Duration,
    /// Memory for images, layers and marks of all sessions, in bytes.
    pub memory_bytes: usize,
    /// Largest request, compressed, in bytes.
    pub body_bytes: usize,
    /// Largest image or drawing, decompressed, in bytes.
    pub image_bytes: usize,
    /// How long a client may take to send the next piece of a request.
    pub stall: Duration,
    /// Uploads that are read and decompressed at the same time; others wait.
    pub uploads: usize,
    /// Answers that are computed at the same time; others wait.
    pub answers: usize,
    /// Refuse requests that name another host than this machine: for servers that only this machine can reach.
    pub only_local_names: bool,
    /// What a client has to know; see [`crate::gate`].
    pub token: Option<String>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            correction: CorrectionOptions::default(),
            sessions: 16,
            idle: Duration::from_secs(2 * 3600),
            resting: Duration::from_secs(15 * 60),
            memory_bytes: 8 << 30,
            body_bytes: 512 << 20,
            image_bytes: 1 << 30,
            stall: Duration::from_secs(60),
            uploads: 2,
            answers: cores.min(8),
            only_local_names: true,
            token: None,
        }
    }
}
