//! The functions of the C++ half. No `std::string` crosses: its layout differs between ITK's and our compilation.
#![allow(unsafe_code)] // The bridge; cxx writes and checks the glue, and each C++ function states what it needs.
#![allow(missing_docs)]

use crate::progress::Reporter;

#[cxx::bridge(namespace = "itk_sys")]
pub mod ffi {
    /// Size and place of an image, axes in the order i, j, k.
    #[derive(Debug, Clone, Default)]
    struct Frame {
        size: Vec<u64>,
        spacing: Vec<f64>,
        origin: Vec<f64>,
        /// Row-major; column `a` is the vector along axis `a`.
        direction: Vec<f64>,
    }

    /// What N4 may be told.
    #[derive(Debug, Clone)]
    struct N4Settings {
        iterations: Vec<u32>,
        control_points: u32,
        spline_order: u32,
        convergence: f64,
        full_width: f64,
        wiener_noise: f64,
        histogram_bins: u32,
        shrink_factor: u32,
        threads: u32,
    }

    /// What denoising may be told.
    #[derive(Debug, Clone)]
    struct DenoiseSettings {
        rician: bool,
        search_radius: u32,
        patch_radius: u32,
        smoothing_factor: f64,
        mirror: bool,
    }

    extern "Rust" {
        type Reporter;
        fn report(self: &Reporter, fraction: f32) -> bool;
    }

    unsafe extern "C++" {
        include!("itk_sys_shim.h");

        type ImageFile;

        fn open_file(path: &[u8]) -> Result<UniquePtr<ImageFile>>;
        fn frame(self: &ImageFile) -> Frame;
        fn component_type(self: &ImageFile) -> u8;
        fn components(self: &ImageFile) -> u32;
        fn is_colour(self: &ImageFile) -> bool;
        fn format(self: &ImageFile, out: &mut Vec<u8>);
        fn metadata(self: &ImageFile, out: &mut Vec<u8>);
        fn read(self: Pin<&mut ImageFile>, out: &mut [u8]) -> Result<()>;

        fn write_file(
            path: &[u8],
            frame: &Frame,
            component_type: u8,
            components: u32,
            metadata: &[u8],
            compress: bool,
            voxels: &[u8],
        ) -> Result<()>;

        fn list_series(folder: &[u8], recursive: bool, out: &mut Vec<u8>) -> Result<()>;

        fn set_thread_count(count: u32);
        fn thread_count() -> u32;
        fn version(out: &mut Vec<u8>);

        fn n4(
            frame: &Frame,
            image: &[f32],
            mask: &[u8],
            settings: &N4Settings,
            reporter: &Reporter,
            corrected: &mut [f32],
            log_bias: &mut [f32],
        ) -> Result<()>;
        fn denoise(
            frame: &Frame,
            image: &[f32],
            mask: &[u8],
            settings: &DenoiseSettings,
            reporter: &Reporter,
            out: &mut [f32],
        ) -> Result<()>;
        fn resample(
            frame: &Frame,
            image: &[f32],
            target: &Frame,
            interpolation: u8,
            outside: f32,
            threads: u32,
            reporter: &Reporter,
            out: &mut [f32],
        ) -> Result<()>;
        fn resample_labels(
            frame: &Frame,
            labels: &[u16],
            target: &Frame,
            interpolation: u8,
            threads: u32,
            reporter: &Reporter,
            out: &mut [u16],
        ) -> Result<()>;
    }
}
