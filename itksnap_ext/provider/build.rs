//! Lets this crate's programs and tests find libtorch when they start.
fn main() {
    raterlens_build::link_libtorch_rpath();
}
