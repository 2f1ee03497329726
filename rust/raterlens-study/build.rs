//! Lets this crate's tests find libtorch when they start.
fn main() {
    raterlens_build::link_libtorch_rpath();
}
