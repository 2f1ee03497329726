//! Which device runs the network, and why.
//!
//! CUDA is optional at run time: its half of libtorch is opened with the system's loader before the
//! first CUDA query (a query made earlier would answer "no CUDA" for the life of the process). A
//! GPU counts as usable when it has run one small kernel, not when a query says so.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::error::{first_line, NnError};

/// What the user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceRequest {
    /// A GPU when one works, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU: this one, or the first.
    Cuda(Option<usize>),
}

impl FromStr for DeviceRequest {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(None)),
            _ => text
                .strip_prefix("cuda:")
                .and_then(|n| n.parse().ok())
                .map(|n| Self::Cuda(Some(n)))
                .ok_or_else(|| format!("device '{text}' is not one of auto, cpu, cuda, cuda:N")),
        }
    }
}

/// Which device runs, in words for the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// `cpu` or `cuda:N`.
    pub name: String,
    /// Why this one.
    pub reason: String,
    /// Whether a GPU was asked for by name and the CPU runs instead.
    pub fell_back: bool,
}

/// A device that was found to work.
#[derive(Debug, Clone)]
pub struct Device {
    tch: tch::Device,
    report: DeviceReport,
}

impl Device {
    /// Which device this is, and why.
    #[must_use]
    pub fn report(&self) -> &DeviceReport {
        &self.report
    }

    pub(crate) fn tch(&self) -> tch::Device {
        self.tch
    }

    fn cpu(reason: impl Into<String>, fell_back: bool) -> Self {
        let report = DeviceReport {
            name: "cpu".into(),
            reason: reason.into(),
            fell_back,
        };
        Self {
            tch: tch::Device::Cpu,
            report,
        }
    }
}

impl fmt::Display for DeviceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.reason)
    }
}

/// Finds the device for a request. A GPU that cannot be used is no error: the CPU runs, and the
/// report says so and why.
///
/// ```
/// use raterlens_nn::{open_device, DeviceRequest};
/// let device = open_device(DeviceRequest::Cpu);
/// assert_eq!(device.report().name, "cpu");
/// assert_eq!(device.report().reason, "the CPU was asked for");
/// ```
#[must_use]
pub fn open_device(request: DeviceRequest) -> Device {
    let (index, asked) = match request {
        DeviceRequest::Cpu => return Device::cpu("the CPU was asked for", false),
        DeviceRequest::Auto => (0, false),
        DeviceRequest::Cuda(n) => (n.unwrap_or(0), true),
    };
    match try_gpu(index) {
        Ok(()) => Device {
            tch: tch::Device::Cuda(index),
            report: DeviceReport {
                name: format!("cuda:{index}"),
                reason: "the GPU ran a test kernel".into(),
                fell_back: false,
            },
        },
        Err(reason) if asked => Device::cpu(
            format!("cuda:{index} was asked for but cannot be used: {reason}"),
            true,
        ),
        Err(reason) => Device::cpu(format!("no usable GPU: {reason}"), false),
    }
}

/// Runs one small kernel on a GPU.
fn try_gpu(index: usize) -> Result<(), String> {
    cuda_library()?;
    if !tch::Cuda::is_available() {
        return Err("no NVIDIA driver answers, or it is too old for CUDA 13".into());
    }
    let count = usize::try_from(tch::Cuda::device_count()).unwrap_or(0);
    if index >= count {
        return Err(format!("this machine has {count} GPU(s), numbered from 0"));
    }
    test_kernel(index).map_err(|e| match e {
        NnError::Torch(text) if text.contains("no kernel image") => {
            "the card is too old for CUDA 13 (compute capability below 7.5)".into()
        }
        other => other.to_string(),
    })
}

fn test_kernel(index: usize) -> Result<(), NnError> {
    let two = Tensor::f_ones([64], (Kind::Float, tch::Device::Cuda(index)))?.f_add_scalar(1.0)?;
    let sum = two.f_sum(Kind::Float)?.f_double_value(&[])?;
    if sum == 128.0 {
        Ok(())
    } else {
        Err(NnError::Torch(format!(
            "a test kernel gave {sum} instead of 128"
        )))
    }
}

/// Opens libtorch's CUDA half once; later calls repeat the first answer.
fn cuda_library() -> Result<(), String> {
    static OPENED: OnceLock<Result<(), String>> = OnceLock::new();
    OPENED.get_or_init(cuda_loader::open).clone()
}

/// The one place that talks to the system's loader.
mod cuda_loader {
    use super::first_line;

    #[cfg(unix)]
    #[allow(unsafe_code)]
    pub(super) fn open() -> Result<(), String> {
        use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
        // Safety: libtorch_cuda is the companion of the libtorch already in this process; its
        // initialisers only register kernels. It is leaked, so no code of it is ever unmapped.
        let library = unsafe { Library::open(Some("libtorch_cuda.so"), RTLD_NOW | RTLD_GLOBAL) };
        library.map(std::mem::forget).map_err(explain)
    }

    #[cfg(windows)]
    #[allow(unsafe_code)]
    pub(super) fn open() -> Result<(), String> {
        use libloading::os::windows::Library;
        // Safety: as on Unix; loading torch_cuda.dll only registers kernels, and it is leaked.
        let library = unsafe { Library::new("torch_cuda.dll") };
        library.map(std::mem::forget).map_err(explain)
    }

    fn explain(error: libloading::Error) -> String {
        let reason = first_line(&error.to_string());
        format!("the CUDA libraries are not installed ({reason})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_parsed() {
        assert_eq!("auto".parse(), Ok(DeviceRequest::Auto));
        assert_eq!("cpu".parse(), Ok(DeviceRequest::Cpu));
        assert_eq!("cuda".parse(), Ok(DeviceRequest::Cuda(None)));
        assert_eq!("cuda:3".parse(), Ok(DeviceRequest::Cuda(Some(3))));
        for wrong in ["", "gpu", "cuda:", "cuda:x", "cuda:-1"] {
            assert!(wrong.parse::<DeviceRequest>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_gpu_that_does_not_exist_is_reported_and_the_cpu_runs() {
        let device = open_device(DeviceRequest::Cuda(Some(99)));
        let report = device.report();
        assert_eq!(report.name, "cpu");
        assert!(report.fell_back);
        assert!(report.reason.contains("cuda:99 was asked for"), "{report}");
    }

    #[test]
    fn auto_works_on_every_machine() {
        let report = open_device(DeviceRequest::Auto).report().clone();
        assert!(report.name == "cpu" || report.name == "cuda:0");
        assert!(!report.fell_back && !report.reason.is_empty());
    }
}
