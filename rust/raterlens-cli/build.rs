//! Lets this crate's programs and tests find libtorch when they start.
fn main() {
    raterlens_build::link_libtorch_rpath();
    // Only the program with ITK looks for it.
    if let (Some(_), Ok(lib)) = (
        std::env::var_os("CARGO_FEATURE_ITK"),
        std::env::var("DEP_ITK_LIB_DIR"),
    ) {
        println!("cargo:rustc-link-arg-bin=raterlens-itk=-Wl,-rpath,{lib}");
    }
}
