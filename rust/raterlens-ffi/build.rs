//! Writes the C++ half of the bridge to a fixed place and sets how the shared library is found.
//!
//! The C++ half is not compiled here: the C++ wrapper compiles it with the compiler and the
//! standard-library string layout of its host. For that, copies of the generated files and of
//! cxx's own two files go to `<cargo target folder>/cxxbridge-stable/`:
//!
//! ```text
//! raterlens-ffi/src/lib.rs.h   raterlens-ffi/src/lib.rs.cc   raterlens-ffi/include/progress_sink.h
//! rust/cxx.h                   rust/cxx.cc
//! ```
//!
//! They are real files (no links), and untouched when nothing changed, so that a second CMake
//! build has nothing to do.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src/lib.rs");
    println!("cargo:rerun-if-changed=include/progress_sink.h");
    raterlens_build::link_libtorch_rpath();
    name_shared_library();

    // Generates only; the returned compiler is dropped unused.
    drop(cxx_build::bridge("src/lib.rs"));
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    let generated = out_dir.join("cxxbridge");
    let cxx_h = PathBuf::from(env::var("DEP_CXXBRIDGE1_HEADER")?);
    let cxx_crate = cxx_h
        .ancestors()
        .nth(2)
        .ok_or("the cxx crate has no root folder")?;

    let stable = target_dir(&out_dir)?.join("cxxbridge-stable");
    let bridge = stable.join("raterlens-ffi");
    let sources = [
        (
            generated.join("include/raterlens-ffi/src/lib.rs.h"),
            bridge.join("src/lib.rs.h"),
        ),
        (
            generated.join("sources/raterlens-ffi/src/lib.rs.cc"),
            bridge.join("src/lib.rs.cc"),
        ),
        (
            PathBuf::from("include/progress_sink.h"),
            bridge.join("include/progress_sink.h"),
        ),
        (cxx_h.clone(), stable.join("rust/cxx.h")),
        (cxx_crate.join("src/cxx.cc"), stable.join("rust/cxx.cc")),
    ];
    for (from, to) in &sources {
        copy_if_changed(from, to)?;
    }
    Ok(())
}

/// Gives the library a name without a path, so that programs find it by their search path.
fn name_shared_library() {
    match env::var("CARGO_CFG_TARGET_OS").unwrap_or_default().as_str() {
        "windows" => {}
        "macos" => {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-install_name,@rpath/libraterlens_ffi.dylib")
        }
        _ => println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libraterlens_ffi.so"),
    }
}

/// `<target>` of `<target>/<profile>/build/<package>/out`.
fn target_dir(out_dir: &Path) -> Result<PathBuf, Box<dyn Error>> {
    out_dir
        .ancestors()
        .nth(4)
        .map(Path::to_path_buf)
        .ok_or_else(|| format!("{} is not in a cargo target folder", out_dir.display()).into())
}

fn copy_if_changed(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    // cxx writes `../include/cxx.h` for a file that lies beside it here.
    let text = fs::read_to_string(from)
        .map_err(|error| format!("cannot read {}: {error}", from.display()))?
        .replace("#include \"../include/cxx.h\"", "#include \"rust/cxx.h\"");
    if fs::read_to_string(to).is_ok_and(|old| old == text) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, text).map_err(|error| format!("cannot write {}: {error}", to.display()).into())
}
