//! The shapes of a lumbar slice, drawn as control points of the left half in a standard body: x mm to the patient's left,
//! y mm to the back, origin in the middle of the spinal canal.

pub(crate) mod abdomen;
pub(crate) mod muscles;
pub(crate) mod neighbours;
pub(crate) mod paraspinal;
pub(crate) mod sacrum;
pub(crate) mod spine;
