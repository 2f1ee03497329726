"""The `slicer-core` host: what its wheels lack for compiling against them."""
