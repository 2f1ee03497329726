//! One run: one network trained on one ground truth from one seed, in a folder of its own.
//!
//! | file | what it is |
//! | --- | --- |
//! | `config.json` | everything that decides the result: recipe, network, seed, structures, checksums of the data, split |
//! | `log.jsonl` | one line per epoch |
//! | `last.safetensors` | the whole state after the last epoch: from it an interrupted run goes on |
//! | `best.safetensors` | the weights of the epoch with the smallest validation loss |
//! | `training.html` | curves and sample predictions |
//! | `NAME.rlmodel/` | the model package |
//! | `done.json` | the test figures; written last |

mod config;
mod epoch;
mod finish;
mod fit;
mod folder;
mod history;
mod log;
mod package;
mod test_figures;

pub use config::RunConfig;
pub use fit::{train_run, RunData, RunReport, Watch};
pub use history::{EpochRecord, History, Losses};
pub use test_figures::{test_model, ImageResult, TestFigures};
