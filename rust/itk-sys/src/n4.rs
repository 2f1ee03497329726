//! N4 bias-field correction.

use crate::error::ItkError;
use crate::floats::Floats;
use crate::progress::Progress;

/// Settings of N4; the defaults are ITK's, with a shrink factor of 4 as its documentation advises.
#[derive(Debug, Clone, PartialEq)]
pub struct N4Options {
    /// Most iterations at each level of resolution, coarsest first.
    pub iterations: Vec<u32>,
    /// Control points along each axis at the coarsest level, more than the spline's order.
    pub control_points: u32,
    /// Order of the B-spline.
    pub spline_order: u32,
    /// A level ends when the field changes less than this (coefficient of variation).
    pub convergence: f64,
    /// Full width at half maximum of the Gaussian that models the field's histogram.
    pub full_width: f64,
    /// Noise of the Wiener filter.
    pub wiener_noise: f64,
    /// Bins of the histogram.
    pub histogram_bins: u32,
    /// The field is estimated on every n-th voxel along each axis (an axis keeps at least four).
    pub shrink_factor: u32,
}

impl Default for N4Options {
    fn default() -> Self {
        Self {
            iterations: vec![50; 4],
            control_points: 4,
            spline_order: 3,
            convergence: 0.001,
            full_width: 0.15,
            wiener_noise: 0.01,
            histogram_bins: 200,
            shrink_factor: 4,
        }
    }
}

/// What N4 found.
#[derive(Debug, Clone, PartialEq)]
pub struct Corrected {
    /// The image divided by the field.
    pub corrected: Floats,
    /// Logarithm of the field, on the same grid.
    pub log_bias: Vec<f32>,
}

/// Removes the slow change of brightness of an MR image (Tustison et al. 2010, "N4ITK").
///
/// `mask`: voxels that are not 0 take part in the estimate; without one, all do whose value is positive. An image of one slice is
/// corrected in two dimensions. `progress` hears of every iteration. [`crate::set_threads`] says how many threads it takes.
///
/// # Errors
/// A mask of another size or without voxels, settings that make no sense, ITK's own reason, or cancelled.
///
/// ```no_run
/// use itk_sys::{ignore_progress, n4, Floats, N4Options, ReadLimits};
/// let image = Floats::from_image(&itk_sys::read("t2.nii.gz".as_ref(), &ReadLimits::default())?)?;
/// let found = n4(&image, None, &N4Options::default(), &ignore_progress)?;
/// itk_sys::write("t2_n4.nii.gz".as_ref(), &found.corrected.to_image(), true)?;
/// # Ok::<(), itk_sys::ItkError>(())
/// ```
pub fn n4(
    image: &Floats,
    mask: Option<&[u8]>,
    options: &N4Options,
    progress: Progress<'_>,
) -> Result<Corrected, ItkError> {
    check(options)?;
    #[cfg(has_itk)]
    {
        use crate::bridge::ffi;
        image.check_mask(mask)?;
        let settings = ffi::N4Settings {
            iterations: options.iterations.clone(),
            control_points: options.control_points,
            spline_order: options.spline_order,
            convergence: options.convergence,
            full_width: options.full_width,
            wiener_noise: options.wiener_noise,
            histogram_bins: options.histogram_bins,
            shrink_factor: options.shrink_factor,
            threads: ffi::thread_count(),
        };
        let count = image.values().len();
        let (mut corrected, mut log_bias) = (vec![0.0; count], vec![0.0; count]);
        crate::progress::Reporter::with(progress, |reporter| {
            ffi::n4(
                &image.header().frame(),
                image.values(),
                mask.unwrap_or_default(),
                &settings,
                reporter,
                &mut corrected,
                &mut log_bias,
            )
        })?;
        Ok(Corrected {
            corrected: image.with_values(corrected),
            log_bias,
        })
    }
    #[cfg(not(has_itk))]
    {
        let _ = (image, mask, progress);
        Err(ItkError::NotBuilt)
    }
}

fn check(options: &N4Options) -> Result<(), ItkError> {
    let bad = |reason: &str| Err(ItkError::BadArgument(format!("N4: {reason}")));
    if options.iterations.is_empty() || options.iterations.len() > 16 {
        return bad("1 to 16 levels are possible");
    }
    if options.iterations.contains(&0) {
        return bad("every level needs at least one iteration");
    }
    if options.shrink_factor == 0 || options.histogram_bins < 2 || options.spline_order == 0 {
        return bad("shrink factor, bins and spline order must be positive");
    }
    if options.control_points <= options.spline_order || options.control_points > 256 {
        return bad("more control points than the spline's order are needed, at most 256");
    }
    let positive = [options.full_width, options.wiener_noise];
    if !positive.iter().all(|v| v.is_finite() && *v > 0.0) || !options.convergence.is_finite() {
        return bad("width, noise and convergence must be positive numbers");
    }
    Ok(())
}
