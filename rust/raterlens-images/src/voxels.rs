//! From the program's answer to volumes.

use bytemuck::AnyBitPattern;
use raterlens_core::Geometry;

use crate::error::ImageFileError;
use crate::protocol::WireHeader;

/// Formats that never say which side is left, by ITK's class.
const UNORIENTED: [(&str, &str); 3] = [
    ("GiplImageIO", "GIPL"),
    ("PNGImageIO", "PNG"),
    ("TIFFImageIO", "TIFF"),
];

/// What a file holds.
#[derive(Debug)]
pub(crate) struct Raw {
    pub header: WireHeader,
    pub bytes: Vec<u8>,
    pub warnings: Vec<String>,
}

impl Raw {
    /// Position of the voxels; a 2-D image is one slice of 1 mm.
    pub(crate) fn geometry(&self) -> Result<Geometry, ImageFileError> {
        let header = &self.header;
        let axes = header.size.len();
        if !(2..=4).contains(&axes) || header.size.iter().skip(3).any(|&n| n != 1) {
            return Err(ImageFileError::Shape(format!(
                "the image has {axes} dimensions of {:?} voxels: a 3-D volume is needed, extract the one to use",
                header.size
            )));
        }
        let number = |list: &[f64], at: usize, or: f64| list.get(at).copied().unwrap_or(or);
        let direction = |r: usize, a: usize| match r < axes && a < axes {
            true => number(&header.direction, r * axes + a, 0.0),
            false => f64::from(u8::from(r == a)),
        };
        Ok(Geometry::new(
            std::array::from_fn(|a| header.size.get(a).copied().unwrap_or(1)),
            std::array::from_fn(|a| number(&header.spacing, a, 1.0)),
            std::array::from_fn(|a| number(&header.origin, a, 0.0)),
            std::array::from_fn(|r| std::array::from_fn(|a| direction(r, a))),
        )?)
    }

    /// The format's name where it does not say which side is left.
    pub(crate) fn unoriented_format(&self) -> Option<&'static str> {
        let header = &self.header;
        let text = |key: &str| header.metadata.get(key).map(String::as_str);
        let named = UNORIENTED.iter().find(|(class, _)| *class == header.format);
        match header.format.as_str() {
            "NiftiImageIO" => {
                let unknown = |key| matches!(text(key).map(str::trim), None | Some("" | "0"));
                let is_unknown = unknown("qform_code") && unknown("sform_code");
                is_unknown.then_some("Analyze and such NIfTI")
            }
            "NrrdImageIO" => text("NRRD_space")
                .is_none()
                .then_some("NRRD without a space"),
            _ => named.map(|(_, name)| *name),
        }
    }

    /// Refuses colours and, but for `layers`, several numbers per voxel.
    pub(crate) fn check_plain(&self, layers: bool) -> Result<(), ImageFileError> {
        let header = &self.header;
        if header.colour || (header.components != 1 && !layers) {
            let kind = if header.colour {
                "colours"
            } else {
                "several numbers"
            };
            return Err(ImageFileError::Shape(format!(
                "each voxel holds {kind}: convert the image to one grey value per voxel"
            )));
        }
        Ok(())
    }

    /// Calls `f` with every number, in the order of the file.
    pub(crate) fn for_each(&self, f: impl FnMut(f64)) -> Result<(), ImageFileError> {
        let bytes = &self.bytes;
        match self.header.component.as_str() {
            "u8" => each::<u8>(bytes, f64::from, f),
            "i8" => each::<i8>(bytes, f64::from, f),
            "u16" => each::<u16>(bytes, f64::from, f),
            "i16" => each::<i16>(bytes, f64::from, f),
            "u32" => each::<u32>(bytes, f64::from, f),
            "i32" => each::<i32>(bytes, f64::from, f),
            "u64" => each::<u64>(bytes, |v| v as f64, f),
            "i64" => each::<i64>(bytes, |v| v as f64, f),
            "f32" => each::<f32>(bytes, f64::from, f),
            "f64" => each::<f64>(bytes, |v| v, f),
            other => {
                return Err(ImageFileError::Protocol(format!(
                    "an unknown kind of number: {other}"
                )))
            }
        }
        Ok(())
    }

    /// How many voxels there must be.
    pub(crate) fn voxel_count(&self) -> Result<usize, ImageFileError> {
        let mut sizes = self.header.size.iter();
        let count = sizes.try_fold(1_usize, |n, &s| n.checked_mul(s));
        count.ok_or_else(|| ImageFileError::Protocol("too many voxels".into()))
    }
}

fn each<T: AnyBitPattern>(bytes: &[u8], to_f64: impl Fn(T) -> f64, mut f: impl FnMut(f64)) {
    for number in bytes.chunks_exact(size_of::<T>()) {
        f(to_f64(bytemuck::pod_read_unaligned(number)));
    }
}

/// The header of voxels on a grid.
pub(crate) fn wire_header(geometry: &Geometry, component: &str) -> WireHeader {
    WireHeader {
        size: geometry.dims.to_vec(),
        spacing: geometry.spacing_mm.to_vec(),
        origin: geometry.origin_lps.to_vec(),
        direction: geometry.direction_lps.concat(),
        component: component.to_owned(),
        components: 1,
        colour: false,
        format: String::new(),
        metadata: std::collections::BTreeMap::new(),
    }
}
