//! The cxx bridge from the RaterLens engine to C++: converts, calls, converts back.
//!
//! No algorithm lives here, and C++ hosts do not use it directly: `cpp/` wraps it in types of
//! the C++ standard library (`raterlens::Segmenter`).
//!
//! # Rules of the boundary
//!
//! - **Errors.** Every function that can fail returns `Result`; C++ sees `rust::Error`, which
//!   carries text only. The text starts with the error's kind and U+001F (see [`BridgeError`]).
//! - **Panics.** A panic that reached cxx would end the host program. Each function here is a
//!   thin shell around an inner one that runs under `catch_unwind`; a panic becomes an error of
//!   kind `internal` with the panic's message.
//! - **Ownership.** Slices are borrowed for the call. What is returned is owned by C++. The
//!   voxels are copied once on the way in; layers are moved out without a copy.
//! - **Strings.** No `std::string` crosses, so the two sides may use different layouts of it.
//! - **Threads.** [`Segmenter`] and [`CancelToken`] may be used from several threads at once.
//!   Progress is reported on the thread that called `segment`.
//! - **Symbols.** The library calls C++ only through the function pointer in [`ProgressSink`],
//!   so it links without undefined symbols on Linux, macOS and Windows.

mod cancel;
mod convert;
mod error;
mod guard;
mod progress;
mod segmenter;
mod self_test;

pub use cancel::CancelToken;
pub use error::{BridgeError, ErrorKind};
pub use progress::ProgressSink;
pub use segmenter::Segmenter;

use cancel::new_cancel_token;
use segmenter::load_segmenter;
use self_test::self_test;

/// The interface itself. Documentation of the shared types is in the C++ wrapper's headers.
#[allow(unsafe_code)] // cxx writes the calls into and out of this module.
#[allow(missing_docs, clippy::missing_safety_doc)]
#[cxx::bridge(namespace = "raterlens::bridge")]
pub mod bridge {
    /// Grid of an image: see `raterlens_core::Geometry`.
    #[derive(Debug, Clone)]
    struct GeometryData {
        /// Voxels along i, j, k; i is the fastest.
        dims: [usize; 3],
        /// Voxel spacing along i, j, k.
        spacing_mm: [f64; 3],
        /// Centre of voxel (0, 0, 0).
        origin_lps: [f64; 3],
        /// Row-major 3 x 3; column a is the unit LPS vector of array axis a.
        direction_lps: [f64; 9],
    }

    /// How to run.
    #[derive(Debug, Clone)]
    struct SegmentOptions {
        seed: u64,
        /// 0 = the engine's default.
        batch_size: usize,
    }

    /// One structure of the label scheme; empty terminology strings mean none.
    #[derive(Debug, Clone)]
    struct StructureData {
        id: u16,
        name: String,
        title: String,
        color: [u8; 3],
        terminology_scheme: String,
        terminology_code: String,
        terminology_meaning: String,
    }

    /// What was loaded, and where it runs.
    #[derive(Debug, Clone)]
    struct ModelInfo {
        name: String,
        checksum: String,
        device: String,
        device_reason: String,
        structures: Vec<StructureData>,
    }

    /// One float layer on the input's grid, i fastest.
    #[derive(Debug, Clone)]
    struct LayerData {
        structure: u16,
        voxels: Vec<f32>,
    }

    /// One row of the measures.
    #[derive(Debug, Clone)]
    struct MeasureData {
        structure: u16,
        /// -1 = whole volume.
        slice: i64,
        /// NaN = not given.
        area_mm2: f64,
        volume_ml: f64,
        /// NaN = not given.
        mean_variance: f64,
        voxels: u64,
    }

    /// Everything a run gives.
    #[derive(Debug, Clone)]
    struct ResultData {
        /// i fastest; 0 = background.
        labels: Vec<u16>,
        variance: Vec<LayerData>,
        measures: Vec<MeasureData>,
        device: String,
        device_reason: String,
        model_name: String,
        model_checksum: String,
        warnings: Vec<String>,
        run_json: String,
    }

    /// What [`self_test`](super) shall do.
    #[derive(Debug)]
    enum SelfTest {
        Succeed,
        Fail,
        Panic,
    }

    unsafe extern "C++" {
        include!("raterlens-ffi/include/progress_sink.h");
        type ProgressSink = crate::progress::ProgressSink;
    }

    extern "Rust" {
        type Segmenter;
        type CancelToken;

        /// Version of this library.
        fn version() -> &'static str;

        /// Loads a model package onto a device ("auto", "cpu", "cuda", "cuda:N").
        fn load_segmenter(model_path: &str, device: &str) -> Result<Box<Segmenter>>;
        /// Describes the loaded model.
        fn info(self: &Segmenter) -> Result<ModelInfo>;
        /// Labels one image. `voxels`: i fastest, borrowed for the call.
        ///
        /// # Safety
        /// `progress.report` must be null or callable with `progress.context` on this thread
        /// until the call returns.
        unsafe fn segment(
            self: &Segmenter,
            voxels: &[f32],
            geometry: &GeometryData,
            options: &SegmentOptions,
            progress: ProgressSink,
            cancel: &CancelToken,
        ) -> Result<ResultData>;

        /// A switch that stops a run.
        fn new_cancel_token() -> Result<Box<CancelToken>>;
        /// Stops every run that was given this token. Cannot fail or panic: it raises flags.
        fn cancel(self: &CancelToken);
        /// Whether `cancel` was called. Cannot fail or panic.
        fn is_cancelled(self: &CancelToken) -> bool;

        /// Succeeds, fails or panics on purpose, so that C++ tests can see what arrives.
        #[doc(hidden)]
        fn self_test(outcome: SelfTest, message: &str) -> Result<()>;
    }
}

/// Version of this library, such as "0.1.0".
#[must_use]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
