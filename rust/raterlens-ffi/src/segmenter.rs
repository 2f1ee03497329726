//! Loading a model and running it, in the bridge's types.

use std::path::Path;

use raterlens_engine as engine;
use raterlens_engine::NnError;

use crate::bridge::{GeometryData, ModelInfo, ResultData, SegmentOptions};
use crate::cancel::CancelToken;
use crate::control::controlled;
use crate::convert;
use crate::error::{BridgeError, ErrorKind};
use crate::guard::guard;
use crate::progress::ProgressSink;

/// A loaded model. C++ holds it in a box and may call it from several threads.
pub struct Segmenter {
    inner: engine::Segmenter,
}

// C++ cannot see Rust's `Sync`; this line is what allows it to share a `Segmenter`.
const _: () = {
    const fn shareable<T: Send + Sync>() {}
    shareable::<Segmenter>();
    shareable::<CancelToken>();
};

/// Loads a model package, or several as an ensemble, onto a device.
///
/// # Errors
/// Kind `Device` for an unknown device name (a GPU that cannot be used is no error: the CPU runs),
/// `Model` for a package that cannot be used.
pub fn load_segmenter(model_paths: &[String], device: &str) -> Result<Box<Segmenter>, BridgeError> {
    guard(|| {
        let device = device
            .parse()
            .map_err(|error| BridgeError::new(ErrorKind::Device, error))?;
        let paths: Vec<&Path> = model_paths.iter().map(Path::new).collect();
        let inner = engine::Segmenter::load_ensemble(&paths, device)?;
        Ok(Box::new(Segmenter { inner }))
    })
}

impl Segmenter {
    /// Describes the loaded model.
    ///
    /// # Errors
    /// Only when a panic was caught.
    pub fn info(&self) -> Result<ModelInfo, BridgeError> {
        guard(|| Ok(convert::model_info(&self.inner)))
    }

    /// Labels one image.
    ///
    /// # Errors
    /// Kind `Cancelled` when `cancel` was raised or the progress callback said stop;
    /// `InvalidImage` when voxels and geometry do not fit or the image cannot be used.
    ///
    /// # Safety
    /// `progress` must be [`ProgressSink::SILENT`], or its callback and context must stay valid
    /// until this returns.
    #[allow(unsafe_code)]
    pub unsafe fn segment(
        &self,
        voxels: &[f32],
        geometry: &GeometryData,
        options: &SegmentOptions,
        progress: ProgressSink,
        cancel: &CancelToken,
    ) -> Result<ResultData, BridgeError> {
        guard(|| {
            let work = |control: &engine::Control<'_>| {
                let image = convert::volume(voxels, geometry)?;
                let request = convert::request(options)?;
                let result = self.inner.segment(&image, &request, control)?;
                Ok(convert::result(result, self.inner.scheme()))
            };
            // SAFETY: the caller keeps the callback alive until this returns, and the engine reports on this thread.
            unsafe { controlled(progress, cancel, work) }
        })
    }
}

impl From<engine::EngineError> for BridgeError {
    fn from(error: engine::EngineError) -> Self {
        use engine::EngineError as E;
        let kind = match &error {
            E::Cancelled => ErrorKind::Cancelled,
            E::Image(..) => ErrorKind::InvalidImage,
            E::Model(..) => ErrorKind::Model,
            E::Device(..) => ErrorKind::Device,
            E::Request(..) | E::Network(NnError::NoDropout) => ErrorKind::Request,
            _ => ErrorKind::Internal,
        };
        Self::new(kind, error)
    }
}
