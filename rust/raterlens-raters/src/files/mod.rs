//! Raters' files.

mod label_names;
mod load;
mod maps;
mod names;
mod open;
mod png_file;
mod workspace;

pub use label_names::read_label_names;
pub use load::{load_image, load_maps, load_raters, LoadedRaters};
pub use maps::{load_map, load_probabilities};
pub use names::{rater_files, RaterFile};
pub use open::{open_image, open_labels};
pub use workspace::{is_workspace, raters_of_workspace, WorkspaceRaters};
