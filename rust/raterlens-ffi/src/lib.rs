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
//! - **Ownership.** Slices are borrowed for the call. What is returned is owned by C++. Voxels
//!   and raters' labels are copied once on the way in; layers are moved out without a copy.
//! - **Strings.** No `std::string` crosses, so the two sides may use different layouts of it.
//! - **Threads.** [`Segmenter`] and [`CancelToken`] may be used from several threads at once.
//!   Progress is reported on the thread that made the call.
//! - **Symbols.** The library calls C++ only through the function pointer in [`ProgressSink`],
//!   so it links without undefined symbols on Linux, macOS and Windows.

mod cancel;
mod control;
mod convert;
mod error;
mod guard;
mod progress;
mod raters;
mod raters_convert;
mod segmenter;
mod self_test;

pub use cancel::CancelToken;
pub use error::{BridgeError, ErrorKind};
pub use progress::ProgressSink;
pub use segmenter::Segmenter;

use cancel::new_cancel_token;
use raters::{compare_raters, fuse_raters, regrid_labels};
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
        /// "none", "dropout" or "ensemble".
        epistemic: String,
        /// "none" or "augment".
        aleatoric: String,
        samples: u32,
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
    struct MapData {
        name: String,
        title: String,
        /// Largest value of the colours, which begin at 0.
        window_max: f64,
        voxels: Vec<f32>,
    }

    /// One map of one structure.
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
        uncertainty: Vec<MapData>,
        measures: Vec<MeasureData>,
        device: String,
        device_reason: String,
        model_name: String,
        model_checksum: String,
        warnings: Vec<String>,
        run_json: String,
    }

    /// One rater; everything is borrowed for the call.
    #[derive(Debug, Clone)]
    struct RaterData<'a> {
        name: &'a str,
        /// False: this rater did not rate the image, and `labels` is not looked at.
        drawn: bool,
        /// On the common grid, i fastest; 0 = background.
        labels: &'a [u16],
    }

    /// How soft labels are made.
    #[derive(Debug, Clone)]
    struct SoftLabelData {
        tau: f64,
        /// Distances in millimetres instead of pixels.
        millimetres: bool,
        /// Distances through slices too.
        whole_volume: bool,
    }

    /// How STAPLE is run.
    #[derive(Debug, Clone)]
    struct StapleData {
        per_structure: bool,
        estimate_prior: bool,
        disagreement_only: bool,
        /// Every rater's probability of a right label at the start; 0 = start from the mean label.
        start_performance: f64,
        tolerance: f64,
        max_iterations: usize,
    }

    /// How raters are fused.
    #[derive(Debug, Clone)]
    struct FuseData {
        /// "majority", "staple", "mean" or "soft-distance".
        method: String,
        /// "background", "lowest-label", "first-rater", "undecided:LABEL", "staple" or "random:SEED".
        ties: String,
        staple: StapleData,
        soft: SoftLabelData,
        /// Labels of no structure count as background instead of being refused.
        ignore_unnamed: bool,
        /// Whether posteriors are wanted.
        posteriors: bool,
        /// Whether variance and entropy are wanted.
        variability: bool,
    }

    /// How raters are compared.
    #[derive(Debug, Clone)]
    struct CompareData {
        soft: SoftLabelData,
        /// Surfaces this close count as equal in surface Dice.
        surface_tolerance_mm: f64,
    }

    /// One column of a table; either `words` or `numbers` is filled.
    #[derive(Debug, Clone)]
    struct ColumnData {
        name: String,
        is_text: bool,
        words: Vec<String>,
        /// NaN = undefined.
        numbers: Vec<f64>,
    }

    /// One table: see `raterlens_raters::tables`.
    #[derive(Debug, Clone)]
    struct TableData {
        name: String,
        title: String,
        columns: Vec<ColumnData>,
    }

    /// What a fusion gives; layers on the raters' grid, i fastest, in the order of the structures.
    #[derive(Debug, Clone)]
    struct FusionData {
        consensus: Vec<u16>,
        /// Empty unless asked for.
        posteriors: Vec<LayerData>,
        /// Empty unless asked for.
        variance: Vec<LayerData>,
        /// Nats; empty unless asked for.
        entropy: Vec<f32>,
        tables: Vec<TableData>,
        notes: Vec<String>,
    }

    /// What a comparison gives.
    #[derive(Debug, Clone)]
    struct ComparisonData {
        tables: Vec<TableData>,
        notes: Vec<String>,
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

        /// Loads a model package, or several as an ensemble, onto a device ("auto", "cpu", "cuda", "cuda:N").
        fn load_segmenter(model_paths: &[String], device: &str) -> Result<Box<Segmenter>>;
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

        /// Fuses raters of one image over `structures`, and maps where they differ.
        ///
        /// # Safety
        /// As `segment`.
        unsafe fn fuse_raters(
            geometry: &GeometryData,
            raters: &[RaterData],
            structures: &[StructureData],
            options: &FuseData,
            progress: ProgressSink,
            cancel: &CancelToken,
        ) -> Result<FusionData>;
        /// Compares raters of one image, structure by structure and pair by pair.
        ///
        /// # Safety
        /// As `segment`.
        unsafe fn compare_raters(
            geometry: &GeometryData,
            raters: &[RaterData],
            structures: &[StructureData],
            options: &CompareData,
            progress: ProgressSink,
            cancel: &CancelToken,
        ) -> Result<ComparisonData>;
        /// Labels on another grid by the nearest voxel centre; background outside.
        fn regrid_labels(
            labels: &[u16],
            from: &GeometryData,
            to: &GeometryData,
        ) -> Result<Vec<u16>>;

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
