//! Places that a workspace points at.

use crate::label_file::one_line;
use crate::registry::Registry;

/// A named place, shown as an arrow with text; choosing it in ITK-SNAP's list of annotations moves the cursor there.
///
/// A workspace has no cursor position of its own: this is how it says where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Landmark {
    /// The voxel (i, j, k).
    pub voxel: [usize; 3],
    /// The text beside the arrow.
    pub text: String,
}

/// Appends landmarks to the annotations of a workspace; those that are there stay.
pub(crate) fn append(root: &mut Registry, landmarks: &[Landmark]) {
    if landmarks.is_empty() {
        return;
    }
    let outer = root.folder_mut("Annotations");
    outer.set("Format", "ITK-SNAP Annotation File");
    outer.set("FormatDate", "20150624");
    let list = outer.folder_mut("Annotations");
    let count = list.get("ArraySize").and_then(|n| n.parse().ok());
    let mut count: usize = count.unwrap_or(0);
    for landmark in landmarks {
        let out = list.folder_mut(&format!("Element[{count}]"));
        // Positions count from the corner of the image: a voxel's centre is half a voxel further.
        let centre = landmark.voxel.map(|v| format!("{}", v as f64 + 0.5));
        out.set("Type", "LandmarkAnnotation");
        out.set("Pos", centre.join(" "));
        out.set("Offset", "10 10");
        out.set("Text", one_line(&landmark.text));
        out.set("Color", "1 1 0");
        out.set("Plane", "2");
        out.set("Selected", "0");
        out.set("VisibleInAllPlanes", "1");
        out.set("VisibleInAllSlices", "0");
        count += 1;
    }
    list.set("ArraySize", count.to_string());
}
