//! The run-time search path leads to the real libraries, not to the folder of links.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use raterlens_build::{real_lib_dir, rpath_flags};

#[test]
fn links_are_followed_to_the_real_folder() {
    let dir = tempfile::tempdir().unwrap();
    let real = dir.path().join("torch/lib");
    let links = dir.path().join("libtorch/lib");
    fs::create_dir_all(&real).unwrap();
    fs::create_dir_all(&links).unwrap();
    fs::write(real.join("libtorch_cpu.so"), b"elf").unwrap();
    symlink(
        "../../torch/lib/libtorch_cpu.so",
        links.join("libtorch_cpu.so"),
    )
    .unwrap();

    let expected = real.canonicalize().unwrap();
    assert_eq!(real_lib_dir("linux", &links), expected);
    assert_eq!(
        rpath_flags("linux", &links),
        [format!("-Wl,-rpath,{}", expected.display())]
    );
}

#[test]
fn a_plain_libtorch_folder_is_its_own_search_path() {
    let dir = tempfile::tempdir().unwrap();
    let lib = dir.path().canonicalize().unwrap();
    fs::write(lib.join("libtorch_cpu.dylib"), b"macho").unwrap();
    assert_eq!(real_lib_dir("macos", &lib), lib);
}

#[test]
fn windows_gets_no_flag() {
    assert!(rpath_flags("windows", std::path::Path::new("anywhere")).is_empty());
}
