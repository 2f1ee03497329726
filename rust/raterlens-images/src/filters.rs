//! ITK's filters on volumes, run in the process with ITK.

use std::thread;

use ndarray::Array3;
use raterlens_core::control::Control;
use raterlens_core::{CanonicalAxial, Geometry, Volume};

use crate::error::ImageFileError;
use crate::protocol::Request;
use crate::read::voxels_of;
use crate::voxels::wire_header;
use crate::worker::{ask, find};

/// Slices this much thicker than their pixels are denoised one by one.
const THICK: f64 = 2.0;

/// Whether patches are compared within slices or within the volume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Planes {
    /// Within axial slices when they are at least twice as thick as their pixels are wide.
    #[default]
    Auto,
    /// Within axial slices.
    Slices,
    /// Within the volume.
    Volume,
}

/// Settings of [`denoise`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenoiseSettings {
    /// Where patches are looked for.
    pub planes: Planes,
    /// Noise of magnitude images (Rician) instead of Gaussian noise.
    pub rician: bool,
    /// Patches up to this many voxels away are compared.
    pub search_radius: u32,
    /// Radius of a patch in voxels.
    pub patch_radius: u32,
    /// Strength: factor on the estimated noise.
    pub smoothing_factor: f64,
}

impl Default for DenoiseSettings {
    fn default() -> Self {
        Self {
            planes: Planes::Auto,
            rician: true,
            search_radius: 3,
            patch_radius: 1,
            smoothing_factor: 1.0,
        }
    }
}

/// Settings of [`n4`]; the defaults are ITK's.
#[derive(Debug, Clone, PartialEq)]
pub struct N4Settings {
    /// Most iterations at each level of resolution, coarsest first.
    pub iterations: Vec<u32>,
    /// The field is estimated on every n-th voxel along each axis.
    pub shrink_factor: u32,
}

impl Default for N4Settings {
    fn default() -> Self {
        Self {
            iterations: vec![50; 4],
            shrink_factor: 4,
        }
    }
}

/// Takes noise away by ITK's adaptive non-local means (Manjon, Coupe et al. 2010). The grid stays; whatever the order and
/// directions of the array's axes, the same physical image gives the same result.
///
/// # Errors
/// No ITK, settings that make no sense, ITK's own reason, or cancelled.
///
/// ```no_run
/// use raterlens_core::control::Control;
/// use raterlens_images::{denoise, read_image, DenoiseSettings, ReadOptions};
/// let control = Control::default();
/// let image = read_image("t2.nrrd".as_ref(), &ReadOptions::default(), &control)?;
/// let clean = denoise(&image.volume, &DenoiseSettings::default(), &control)?;
/// # Ok::<(), raterlens_images::ImageFileError>(())
/// ```
pub fn denoise(
    image: &Volume<f32>,
    settings: &DenoiseSettings,
    control: &Control<'_>,
) -> Result<Volume<f32>, ImageFileError> {
    check_program("denoising")?;
    in_canonical_order(image, |canonical| {
        let [i, j, k] = canonical.geometry().spacing_mm;
        let per_slice = match settings.planes {
            Planes::Auto => k >= THICK * i.max(j),
            Planes::Slices => true,
            Planes::Volume => false,
        };
        let request = Request::Denoise {
            header: wire_header(canonical.geometry(), "f32"),
            rician: settings.rician,
            search_radius: settings.search_radius,
            patch_radius: settings.patch_radius,
            smoothing_factor: settings.smoothing_factor,
            per_slice,
            threads: threads(),
        };
        filtered(canonical, &request, None, "denoising", control)
    })
}

/// Takes the slow change of brightness away by N4 (Tustison et al. 2010). `mask`: voxels that are not 0 take part in the estimate;
/// without one, all positive ones do.
///
/// # Errors
/// As [`denoise`], and a mask of another size.
pub fn n4(
    image: &Volume<f32>,
    mask: Option<&Volume<u8>>,
    settings: &N4Settings,
    control: &Control<'_>,
) -> Result<Volume<f32>, ImageFileError> {
    check_program("bias-field correction (N4)")?;
    if mask.is_some_and(|m| m.data().dim() != image.data().dim()) {
        return Err(ImageFileError::Shape(
            "the mask has another size than the image".into(),
        ));
    }
    in_canonical_order(image, |canonical| {
        let axes = CanonicalAxial::for_geometry(image.geometry());
        let mask = mask.map(|mask| {
            let same_place = Volume::new(mask.data().clone(), *image.geometry());
            same_place.and_then(|mask| axes.to_canonical(&mask))
        });
        let mask = mask.transpose().map_err(internal)?;
        let request = Request::N4 {
            header: wire_header(canonical.geometry(), "f32"),
            mask: mask.is_some(),
            iterations: settings.iterations.clone(),
            shrink_factor: settings.shrink_factor,
            threads: threads(),
        };
        filtered(
            canonical,
            &request,
            mask.as_ref(),
            "bias-field correction",
            control,
        )
    })
}

/// The grid of the same box of space with voxels of another size: counts are rounded, so that the last voxel may reach a little
/// less or more far.
///
/// # Errors
/// A spacing that is no positive number, or voxels without number.
///
/// ```
/// use raterlens_core::Geometry;
/// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// let grid = Geometry::new([10, 10, 5], [1.0, 1.0, 4.0], [0.0; 3], identity)?;
/// let finer = raterlens_images::with_spacing(&grid, [0.5, 0.5, 4.0]).unwrap();
/// assert_eq!((finer.dims, finer.origin_lps), ([20, 20, 5], [-0.25, -0.25, 0.0]));
/// # Ok::<(), raterlens_core::GeometryError>(())
/// ```
pub fn with_spacing(grid: &Geometry, spacing_mm: [f64; 3]) -> Result<Geometry, ImageFileError> {
    // Checked before anything is divided by it.
    let checked = Geometry::new([1; 3], spacing_mm, grid.origin_lps, grid.direction_lps)?;
    let dims: [f64; 3] = std::array::from_fn(|a| {
        (grid.dims[a] as f64 * grid.spacing_mm[a] / spacing_mm[a])
            .round()
            .max(1.0)
    });
    if dims.iter().any(|&n| n > 32767.0) {
        return Err(ImageFileError::Shape(format!(
            "voxels of {spacing_mm:?} mm are too small for this image"
        )));
    }
    // The first voxel's centre, in voxels of the old grid: the borders of the boxes coincide.
    let first = std::array::from_fn(|a| (spacing_mm[a] / grid.spacing_mm[a] - 1.0) / 2.0);
    Ok(Geometry {
        dims: dims.map(|n| n as usize),
        origin_lps: grid.lps_from_ijk().apply(first),
        ..checked
    })
}

/// The image on another grid, linear between voxels; beyond the image its smallest value.
///
/// # Errors
/// As [`denoise`].
pub fn resample(
    image: &Volume<f32>,
    grid: &Geometry,
    control: &Control<'_>,
) -> Result<Volume<f32>, ImageFileError> {
    check_program("resampling")?;
    let request = Request::Resample {
        header: wire_header(image.geometry(), "f32"),
        target: wire_header(grid, "f32"),
        outside: image.data().iter().copied().fold(f32::INFINITY, f32::min),
        threads: threads(),
    };
    let values = image.data().as_standard_layout();
    let blob: &[u8] = bytemuck::cast_slice(values.as_slice().unwrap_or_default());
    let raw = voxels_of(ask(&request, &[blob], "resampling", control)?)?;
    let mut out = Vec::with_capacity(grid.voxel_count());
    raw.for_each(|v| out.push(v as f32))?;
    let data = Array3::from_shape_vec(grid.shape_kji(), out);
    let data = data.map_err(|_| ImageFileError::Protocol("voxels of another size".into()))?;
    Volume::new(data, *grid).map_err(internal)
}

/// Runs `work` on the volume with its axes nearest to left, back and head, and brings the result back.
fn in_canonical_order(
    image: &Volume<f32>,
    work: impl FnOnce(&Volume<f32>) -> Result<Array3<f32>, ImageFileError>,
) -> Result<Volume<f32>, ImageFileError> {
    let axes = CanonicalAxial::for_geometry(image.geometry());
    let canonical = axes.to_canonical(image).map_err(internal)?;
    axes.from_canonical(work(&canonical)?).map_err(internal)
}

fn filtered(
    image: &Volume<f32>,
    request: &Request,
    mask: Option<&Volume<u8>>,
    stage: &'static str,
    control: &Control<'_>,
) -> Result<Array3<f32>, ImageFileError> {
    let values = image.data().as_standard_layout();
    let mask = mask.map(|mask| mask.data().as_standard_layout());
    let mut blobs: Vec<&[u8]> = vec![bytemuck::cast_slice(values.as_slice().unwrap_or_default())];
    if let Some(mask) = &mask {
        blobs.push(mask.as_slice().unwrap_or_default());
    }
    let raw = voxels_of(ask(request, &blobs, stage, control)?)?;
    let mut out = Vec::with_capacity(image.data().len());
    raw.for_each(|v| out.push(v as f32))?;
    if let Some(bad) = out.iter().position(|v| !v.is_finite()) {
        return Err(ImageFileError::Itk(format!(
            "{stage} gave a voxel (number {bad}) that is not finite"
        )));
    }
    Array3::from_shape_vec(image.data().dim(), out)
        .map_err(|_| ImageFileError::Protocol("voxels of another size".into()))
}

fn check_program(what: &'static str) -> Result<(), ImageFileError> {
    find().map_or_else(
        |reason| Err(ImageFileError::NoFilter { what, reason }),
        |_| Ok(()),
    )
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, Into::into)
}

fn internal(error: raterlens_core::VolumeError) -> ImageFileError {
    ImageFileError::Shape(error.to_string())
}
