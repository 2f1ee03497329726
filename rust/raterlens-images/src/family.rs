//! Which format a file name means.

use std::path::Path;

/// The endings that can be written.
pub(crate) const ENDINGS: &str =
    ".nii.gz, .nii, .nrrd, .seg.nrrd, .mha, .mhd, .nhdr, .hdr, .gipl, .tif or .png";

/// Formats whose results belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// NIfTI (and Analyze, which has no family of its own).
    Nifti,
    /// NRRD; segmentations are `.seg.nrrd`.
    Nrrd,
    /// MetaImage.
    MetaImage,
    /// DICOM; results are NRRD, as Slicer does.
    Dicom,
    /// GIPL, PNG, TIFF.
    Other,
}

const KNOWN: [(&str, Family); 13] = [
    (".nii.gz", Family::Nifti),
    (".nii", Family::Nifti),
    (".hdr", Family::Nifti),
    (".img", Family::Nifti),
    (".nrrd", Family::Nrrd),
    (".nhdr", Family::Nrrd),
    (".mha", Family::MetaImage),
    (".mhd", Family::MetaImage),
    (".dcm", Family::Dicom),
    (".gipl", Family::Other),
    (".tif", Family::Other),
    (".tiff", Family::Other),
    (".png", Family::Other),
];

impl Family {
    /// By the ending of a name; a folder is DICOM.
    ///
    /// ```
    /// use raterlens_images::Family;
    /// assert_eq!(Family::of("a/b.SEG.nrrd".as_ref()), Some(Family::Nrrd));
    /// assert_eq!(Family::of("notes.txt".as_ref()), None);
    /// ```
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        if path.is_dir() {
            return Some(Self::Dicom);
        }
        let name = lower_name(path);
        let found = KNOWN.iter().find(|(ending, _)| name.ends_with(ending));
        found.map(|(_, family)| *family)
    }

    /// The file of a segmentation that belongs to an image of this family, beside the NIfTI one; `None` where that is enough.
    #[must_use]
    pub fn segmentation_file(self) -> Option<&'static str> {
        match self {
            Self::Nifti | Self::Other => None,
            Self::Nrrd | Self::Dicom => Some("labels.seg.nrrd"),
            Self::MetaImage => Some("labels.mha"),
        }
    }
}

/// Whether a name is that of a segmentation with names and colours.
#[must_use]
pub fn is_seg_nrrd(path: &Path) -> bool {
    lower_name(path).ends_with(".seg.nrrd")
}

/// A file's name without the ending of its format.
///
/// ```
/// assert_eq!(raterlens_images::stem("a/ann.seg.nrrd".as_ref()), "ann");
/// assert_eq!(raterlens_images::stem("t2.NII.GZ".as_ref()), "t2");
/// assert_eq!(raterlens_images::stem("IM_0001".as_ref()), "IM_0001");
/// ```
#[must_use]
pub fn stem(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let endings = [".seg.nrrd", ".img.gz", ".hdr.gz"].into_iter();
    let endings = endings.chain(KNOWN.iter().map(|(ending, _)| *ending));
    let cut = endings.filter(|e| lower.ends_with(e)).map(str::len).next();
    let end = name.len() - cut.unwrap_or(0);
    name.get(..end).unwrap_or(&name).to_owned()
}

pub(crate) fn lower_name(path: &Path) -> String {
    let name = path.file_name().map(|n| n.to_string_lossy());
    name.unwrap_or_default().to_ascii_lowercase()
}
