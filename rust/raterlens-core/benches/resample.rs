//! The way back of a real volume: 9 channels (5 classes, 4 variance maps) of 29 slices to 400 x 400.
#![allow(missing_docs, clippy::unwrap_used)] // A benchmark that fails must stop.

use criterion::{criterion_group, criterion_main, Criterion};
use ndarray::Array2;
use raterlens_core::{ResizeRule, SliceFrame};

fn way_back(c: &mut Criterion) {
    let rule = ResizeRule::PadToSquare;
    let frame = SliceFrame::new(rule, [400, 400], [0.7, 0.7], [256, 256]).unwrap();
    let channel = Array2::from_shape_fn((256, 256), |(y, x)| (y ^ x) as f32);
    c.bench_function("29 slices x 9 channels, 256x256 to 400x400", |b| {
        b.iter(|| {
            for _ in 0..29 * 9 {
                std::hint::black_box(frame.to_native(channel.view()).unwrap());
            }
        });
    });
}

criterion_group!(benches, way_back);
criterion_main!(benches);
