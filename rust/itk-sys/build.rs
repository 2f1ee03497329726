//! Finds an ITK, compiles the C++ half against it, and says where its libraries are.
//!
//! | Variable | Meaning |
//! | --- | --- |
//! | `ITK_SYS_PYTHON_ENV` | a Python environment with the `slicer-core-sdk` wheel (default) |
//! | `ITK_SYS_INCLUDE_DIR`, `ITK_SYS_LIB_DIR` | headers and libraries of any ITK 5; they win |
//! | `ITK_SYS_CXX11_ABI` | `0` or `1`: the string layout that ITK was compiled with, if it is not the default of its kind |
//!
//! Without any ITK the crate compiles all the same: [`available`](../itk_sys/fn.available.html) is then false, and every function
//! says so. Crates that depend on this one get `DEP_ITK_LIB_DIR` and put it into their programs' search path.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Libraries that the C++ half uses, as far as an ITK has them; each brings those it needs.
const LIBRARIES: [&str; 15] = [
    "itkAdaptiveDenoising",
    "ITKIOGDCM",
    "ITKIONIFTI",
    "ITKIONRRD",
    "ITKIOMeta",
    "ITKIOGIPL",
    "ITKIOTIFF",
    "ITKIOPNG",
    "ITKIOImageBase",
    "ITKStatistics",
    "ITKTransform",
    "ITKCommon",
    "itkvnl_algo",
    "itkvnl",
    "itksys",
];

struct Itk {
    include: PathBuf,
    lib: PathBuf,
    /// What follows the names of the libraries, such as `-5.4`.
    suffix: String,
    cxx11_abi: Option<String>,
}

fn main() {
    println!("cargo:rustc-check-cfg=cfg(has_itk)");
    for name in [
        "ITK_SYS_PYTHON_ENV",
        "ITK_SYS_INCLUDE_DIR",
        "ITK_SYS_LIB_DIR",
        "ITK_SYS_CXX11_ABI",
    ] {
        println!("cargo:rerun-if-env-changed={name}");
    }
    for folder in ["src/bridge.rs", "cpp", "include"] {
        println!("cargo:rerun-if-changed={folder}");
    }
    match find_itk() {
        Ok(itk) => compile(&itk),
        Err(reason) => println!(
            "cargo:warning=built without ITK, only NIfTI files can be read: {reason}. `python3 tools/setup.py itk` gets it"
        ),
    }
}

fn find_itk() -> Result<Itk, String> {
    let cxx11_abi = env::var("ITK_SYS_CXX11_ABI").ok();
    let given = (
        env::var_os("ITK_SYS_INCLUDE_DIR"),
        env::var_os("ITK_SYS_LIB_DIR"),
    );
    if let (Some(include), Some(lib)) = given {
        return checked(include.into(), lib.into(), cxx11_abi);
    }
    if env::var_os("CARGO_FEATURE_SYSTEM_ITK").is_some() {
        let include = newest(Path::new("/usr/include"), "ITK-5").ok_or(
            "no ITK-5 folder in /usr/include: set ITK_SYS_INCLUDE_DIR and ITK_SYS_LIB_DIR",
        )?;
        let target = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
        return checked(include, target.into(), cxx11_abi);
    }
    let root = env::var_os("ITK_SYS_PYTHON_ENV").ok_or("ITK_SYS_PYTHON_ENV is not set")?;
    let root = PathBuf::from(root).join("lib");
    // Watched while it is not there, so that a later set-up is noticed.
    println!("cargo:rerun-if-changed={}", root.display());
    let python = newest(&root, "python3.").ok_or("there is no Python environment")?;
    let sdk = python.join("site-packages/slicer_core_sdk/content/third_party");
    println!("cargo:rerun-if-changed={}", sdk.display());
    let include =
        newest(&sdk.join("include"), "ITK-5").ok_or("the slicer-core-sdk wheel is not there")?;
    let abi = cxx11_abi.or_else(|| Some("0".into()));
    checked(include, sdk.join("lib"), abi)
}

fn checked(include: PathBuf, lib: PathBuf, cxx11_abi: Option<String>) -> Result<Itk, String> {
    if !include.join("itkImageIOBase.h").is_file() {
        return Err(format!("{} holds no ITK headers", include.display()));
    }
    let names = names_in(&lib);
    let common = names
        .iter()
        .find_map(|n| n.strip_prefix("libITKCommon")?.strip_suffix(".so"));
    let suffix = common.ok_or_else(|| format!("{} holds no libITKCommon", lib.display()))?;
    Ok(Itk {
        suffix: suffix.to_owned(),
        // The loader wants the folder itself, whichever way led to it.
        lib: lib.canonicalize().unwrap_or(lib),
        include,
        cxx11_abi,
    })
}

/// The last folder whose name begins so.
fn newest(folder: &Path, prefix: &str) -> Option<PathBuf> {
    let mut names = names_in(folder);
    names.retain(|n| n.starts_with(prefix));
    names.sort();
    names.pop().map(|n| folder.join(n))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect()
}

fn compile(itk: &Itk) {
    println!("cargo:rustc-cfg=has_itk");
    let mut build = cxx_build::bridge("src/bridge.rs");
    build
        .files(["cpp/files.cc", "cpp/filters.cc"])
        .include("include")
        .std("c++17")
        .flag("-isystem")
        .flag(itk.include.display().to_string())
        .flag_if_supported("-Wno-deprecated-declarations")
        .warnings(false);
    // Every source that sees ITK's headers, the generated one too: else strings have another size, and it still links.
    if let Some(abi) = &itk.cxx11_abi {
        build.define("_GLIBCXX_USE_CXX11_ABI", abi.as_str());
    }
    build.compile("itk_sys_shim");
    println!("cargo:rustc-link-search=native={}", itk.lib.display());
    for name in LIBRARIES.map(|name| format!("{name}{}", itk.suffix)) {
        if itk.lib.join(format!("lib{name}.so")).exists() {
            println!("cargo:rustc-link-lib=dylib={name}");
        }
    }
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", itk.lib.display());
    println!("cargo:lib_dir={}", itk.lib.display());
}
