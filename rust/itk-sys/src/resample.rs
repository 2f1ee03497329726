//! Moves images onto other grids.

use crate::error::ItkError;
use crate::floats::Floats;
use crate::header::Header;
use crate::progress::Progress;

/// How numbers between voxels are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// That of the nearest voxel.
    Nearest,
    /// Linear between voxels.
    Linear,
}

/// How labels between voxels are found; neither makes a label that was not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelInterpolation {
    /// That of the nearest voxel.
    Nearest,
    /// The label with the most weight under a Gaussian of one voxel: smoother edges.
    Vote,
}

/// An image on the grid of `target` (its size, spacing, origin and direction); `outside` where the image does not reach.
///
/// # Errors
/// A target that is not 3-D, ITK's own reason, or cancelled.
pub fn resample(
    image: &Floats,
    target: &Header,
    interpolation: Interpolation,
    outside: f32,
    progress: Progress<'_>,
) -> Result<Floats, ItkError> {
    let count = voxels_of(target)?;
    #[cfg(has_itk)]
    {
        use crate::bridge::ffi;
        let mut out = vec![0.0; count];
        crate::progress::Reporter::with(progress, |reporter| {
            ffi::resample(
                &image.header().frame(),
                image.values(),
                &target.frame(),
                u8::from(interpolation == Interpolation::Linear),
                outside,
                ffi::thread_count(),
                reporter,
                &mut out,
            )
        })?;
        Floats::new(target.clone(), out)
    }
    #[cfg(not(has_itk))]
    {
        let _ = (image, interpolation, outside, progress, count);
        Err(ItkError::NotBuilt)
    }
}

/// Labels on the grid of `target`; 0 where the labels do not reach. `frame` says where `labels` are.
///
/// # Errors
/// Frames that are not 3-D or do not fit the labels, ITK's own reason, or cancelled.
pub fn resample_labels(
    frame: &Header,
    labels: &[u16],
    target: &Header,
    interpolation: LabelInterpolation,
    progress: Progress<'_>,
) -> Result<Vec<u16>, ItkError> {
    let count = voxels_of(target)?;
    if voxels_of(frame)? != labels.len() {
        return Err(ItkError::BadArgument(
            "the labels do not have the size of their frame".into(),
        ));
    }
    #[cfg(has_itk)]
    {
        use crate::bridge::ffi;
        let mut out = vec![0; count];
        crate::progress::Reporter::with(progress, |reporter| {
            ffi::resample_labels(
                &frame.frame(),
                labels,
                &target.frame(),
                u8::from(interpolation == LabelInterpolation::Vote),
                ffi::thread_count(),
                reporter,
                &mut out,
            )
        })?;
        Ok(out)
    }
    #[cfg(not(has_itk))]
    {
        let _ = (interpolation, progress, count);
        Err(ItkError::NotBuilt)
    }
}

fn voxels_of(frame: &Header) -> Result<usize, ItkError> {
    frame.check()?;
    match (frame.size.len(), frame.voxel_count()) {
        (3, Some(count)) => Ok(count),
        _ => Err(ItkError::BadArgument("a 3-D grid is needed".into())),
    }
}
