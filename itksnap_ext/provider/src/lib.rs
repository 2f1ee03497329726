//! RaterLens as a provider of ITK-SNAP's Distributed Segmentation Service: it takes tickets from a queue that many machines
//! share, works on them, and sends the result back as a workspace.
//!
//! - [`client`]: the service's interface for providers.
//! - [`services`]: what RaterLens offers, and the descriptions that an administrator registers.
//! - [`error`]: why a ticket, or the provider, comes to a stop.
//! - [`journal`]: what this provider is working on, so that nothing is lost when it is killed.
//! - [`work`]: from a ticket's workspace to its result.
//! - [`transfer`]: a ticket's files, checked on their way.
//! - [`picture`]: the picture in a ticket's log.
//! - `ticket`: one ticket, from its input to its end.
//! - [`provider`]: the loop.

pub mod client;
pub mod error;
pub mod journal;
pub mod picture;
pub mod provider;
pub mod services;
mod ticket;
pub mod transfer;
pub mod work;

pub use client::{Client, DssError};
pub use error::WorkError;
pub use provider::{run, Provider};
pub use services::Service;
