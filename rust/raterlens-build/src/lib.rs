//! Build-script helpers shared by the RaterLens crates whose artefacts link libtorch.
//!
//! A program, test or shared library that uses `tch` must find `libtorch_cpu.so` when it
//! starts, without `LD_LIBRARY_PATH`. A crate that produces such an artefact calls
//! [`link_libtorch_rpath`] from its `build.rs`:
//!
//! ```no_run
//! // build.rs
//! raterlens_build::link_libtorch_rpath();
//! ```
//!
//! The folder named by `LIBTORCH` may hold links instead of the libraries themselves (see
//! `docs/building.md`). The run-time search path therefore names the folder the links lead
//! to: from there libtorch's own relative search path (`$ORIGIN/../../nvidia/...`) works.

use std::env;
use std::path::{Path, PathBuf};

/// Emits the linker flags that let this crate's artefacts find libtorch at run time.
///
/// Reads `LIBTORCH` (or `LIBTORCH_LIB`, which wins as it does in torch-sys). Does nothing on
/// Windows, where the loader searches `PATH` and the program's own folder, and only warns
/// when neither variable is set: torch-sys then stops the build with its own message.
pub fn link_libtorch_rpath() {
    for name in ["LIBTORCH", "LIBTORCH_LIB"] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    let Some(root) = env::var_os("LIBTORCH_LIB").or_else(|| env::var_os("LIBTORCH")) else {
        println!("cargo:warning=LIBTORCH is not set: run `make setup`, or set it to a libtorch");
        return;
    };
    let lib = PathBuf::from(root).join("lib");
    println!("cargo:rerun-if-changed={}", lib.display());
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    for flag in rpath_flags(&os, &lib) {
        println!("cargo:rustc-link-arg={flag}");
    }
}

/// The linker flags for one operating system (`linux`, `macos`, ...) and libtorch `lib` folder.
///
/// Empty for systems without a run-time search path in the file (Windows).
#[must_use]
pub fn rpath_flags(os: &str, lib: &Path) -> Vec<String> {
    match os {
        "windows" => Vec::new(),
        _ => vec![format!("-Wl,-rpath,{}", real_lib_dir(os, lib).display())],
    }
}

/// The folder that really holds libtorch when `lib` may hold links to it.
///
/// Falls back to `lib` itself when it holds no libtorch (torch-sys reports that better).
#[must_use]
pub fn real_lib_dir(os: &str, lib: &Path) -> PathBuf {
    let file = if os == "macos" {
        "libtorch_cpu.dylib"
    } else {
        "libtorch_cpu.so"
    };
    lib.join(file)
        .canonicalize()
        .ok()
        .and_then(|real| real.parent().map(Path::to_path_buf))
        .unwrap_or_else(|| lib.to_path_buf())
}
