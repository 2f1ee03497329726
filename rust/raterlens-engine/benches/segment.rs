//! What a user waits for: the sample case through the whole engine with the demo model, on the CPU.
#![allow(missing_docs, clippy::unwrap_used)] // A benchmark that fails must stop.

use std::path::Path;

use criterion::{criterion_group, criterion_main, Criterion};
use raterlens_core::nifti_io::read_image;
use raterlens_engine::{Control, DeviceRequest, SegmentRequest, Segmenter};

fn sample_case(c: &mut Criterion) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let model = root.join("models/demo-lumbar.rlmodel");
    let mut group = c.benchmark_group("demo model, CPU");
    group.sample_size(10);
    group.bench_function("load", |b| {
        b.iter(|| Segmenter::load(&model, DeviceRequest::Cpu).unwrap());
    });
    let segmenter = Segmenter::load(&model, DeviceRequest::Cpu).unwrap();
    let image = read_image(&root.join("samples/demo-lumbar/image.nii.gz")).unwrap();
    let request = SegmentRequest::default();
    group.bench_function("8 slices of 256x256", |b| {
        b.iter(|| {
            segmenter
                .segment(&image.volume, &request, &Control::default())
                .unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, sample_case);
criterion_main!(benches);
