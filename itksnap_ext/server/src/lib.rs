//! RaterLens as a deep-learning segmentation server of ITK-SNAP (4.4 and later): a click returns the mask of the structure
//! under it, further clicks, scribbles and lassos correct it.
//!
//! ITK-SNAP's client is the measure of what is right here: success is exactly 200, errors are 4xx and 5xx with one plain
//! sentence (the client shows it to the user), and a mask always has exactly one byte for each voxel.
//!
//! - [`models`]: what the server offers, under ids that the client accepts.
//! - [`upload`]: an image or a drawing, as the client sends it.
//! - [`session`]: what the server remembers of one client.
//! - [`memory`]: how much memory all sessions together may take.
//! - [`interaction`]: which structure a mark means, and the mask that answers it.
//! - [`routes`]: the paths. [`gate`]: who may call them. [`serve`]: the server as a whole.

pub mod answer;
pub mod error;
pub mod gate;
pub mod image;
pub mod interaction;
pub mod memory;
pub mod models;
pub mod options;
pub mod routes;
pub mod serve;
pub mod session;
pub mod upload;

pub use error::ServeError;
pub use models::Catalogue;
pub use options::ServeOptions;
pub use routes::app;
pub use serve::{listen, serve};
