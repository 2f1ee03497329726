//! The server over real sockets, with a real network.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod life;
mod load;
mod mutations;
mod recordings;
mod refusals;
