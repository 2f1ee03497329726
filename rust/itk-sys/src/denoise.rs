//! Adaptive non-local means.

use crate::error::ItkError;
use crate::floats::Floats;
use crate::progress::Progress;

/// Settings of denoising; the defaults are ITK's, and a mirrored border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DenoiseOptions {
    /// Noise of magnitude images (Rician) instead of Gaussian noise.
    pub rician: bool,
    /// Patches up to this many voxels away are compared.
    pub search_radius: u32,
    /// Radius of a patch in voxels.
    pub patch_radius: u32,
    /// Strength: factor on the estimated noise.
    pub smoothing_factor: f64,
    /// Continue the image beyond its border as in a mirror. Without it, ITK's filter (5.4.5) darkens what is near a border: by
    /// 10 percent and more in all of a volume of few slices.
    pub mirror: bool,
}

impl Default for DenoiseOptions {
    fn default() -> Self {
        Self {
            rician: true,
            search_radius: 3,
            patch_radius: 1,
            smoothing_factor: 1.0,
            mirror: true,
        }
    }
}

/// Takes noise away whose strength may differ from place to place (Manjon, Coupe et al. 2010).
///
/// `mask`: only voxels that are not 0 are changed. An image of one slice is filtered in two dimensions. Voxels should not be
/// negative: those are left as they are.
///
/// Works on one thread: ITK's filter adds overlapping patches without a lock, so that with several the result would change from run
/// to run. To use more, denoise several images at once.
///
/// # Errors
/// A mask of another size or without voxels, settings that make no sense, ITK's own reason, or cancelled.
///
/// ```no_run
/// use itk_sys::{denoise, ignore_progress, DenoiseOptions, Floats, ReadLimits};
/// let image = Floats::from_image(&itk_sys::read("t2.nii.gz".as_ref(), &ReadLimits::default())?)?;
/// let clean = denoise(&image, None, &DenoiseOptions::default(), &ignore_progress)?;
/// # Ok::<(), itk_sys::ItkError>(())
/// ```
pub fn denoise(
    image: &Floats,
    mask: Option<&[u8]>,
    options: &DenoiseOptions,
    progress: Progress<'_>,
) -> Result<Floats, ItkError> {
    let bad = |reason: &str| Err(ItkError::BadArgument(format!("denoising: {reason}")));
    if !(1..=16).contains(&options.search_radius) || options.patch_radius > 8 {
        return bad("the search radius is 1 to 16 voxels, the patch radius at most 8");
    }
    if !(options.smoothing_factor.is_finite() && options.smoothing_factor > 0.0) {
        return bad("the smoothing factor must be a positive number");
    }
    #[cfg(has_itk)]
    {
        use crate::bridge::ffi;
        image.check_mask(mask)?;
        let settings = ffi::DenoiseSettings {
            rician: options.rician,
            search_radius: options.search_radius,
            patch_radius: options.patch_radius,
            smoothing_factor: options.smoothing_factor,
            mirror: options.mirror,
        };
        let mut out = vec![0.0; image.values().len()];
        crate::progress::Reporter::with(progress, |reporter| {
            ffi::denoise(
                &image.header().frame(),
                image.values(),
                mask.unwrap_or_default(),
                &settings,
                reporter,
                &mut out,
            )
        })?;
        Ok(image.with_values(out))
    }
    #[cfg(not(has_itk))]
    {
        let _ = (image, mask, progress);
        Err(ItkError::NotBuilt)
    }
}
