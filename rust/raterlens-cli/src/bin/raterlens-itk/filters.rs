//! Requests for filters.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use itk_sys::{
    denoise, n4, resample, DenoiseOptions, Floats, Header, Interpolation, ItkError, N4Options,
    Voxels,
};
use raterlens_images::protocol::{read_blob, write_progress, Request, WireHeader};

use super::{wire, Reply};

/// Runs a filter on the voxels that follow the request.
pub fn run(
    request: Request,
    input: &mut impl io::Read,
    output: &Mutex<impl Write + Send>,
) -> io::Result<Result<Reply, ItkError>> {
    let report = |fraction: f32| {
        let output = output.lock();
        output.is_ok_and(|mut out| write_progress(&mut *out, fraction).is_ok())
    };
    let result = match request {
        Request::Denoise {
            header,
            rician,
            search_radius,
            patch_radius,
            smoothing_factor,
            per_slice,
            threads,
        } => {
            let options = DenoiseOptions {
                rician,
                search_radius,
                patch_radius,
                smoothing_factor,
                ..DenoiseOptions::default()
            };
            floats(&header, input)?.and_then(|image| match per_slice {
                true => denoise_slices(&image, &options, threads.max(1), &report),
                false => denoise(&image, None, &options, &report),
            })
        }
        Request::N4 {
            header,
            mask,
            iterations,
            shrink_factor,
            threads,
        } => {
            let options = N4Options {
                iterations,
                shrink_factor,
                ..N4Options::default()
            };
            let image = floats(&header, input)?;
            let mask = match (&image, mask) {
                (Ok(image), true) => Some(read_blob(input, image.values().len() as u64)?),
                _ => None,
            };
            image.and_then(|image| {
                itk_sys::set_threads(threads)?;
                Ok(n4(&image, mask.as_deref(), &options, &report)?.corrected)
            })
        }
        Request::Resample {
            header,
            target,
            outside,
            threads,
        } => floats(&header, input)?.and_then(|image| {
            itk_sys::set_threads(threads)?;
            let target = wire::header(&target)?;
            resample(&image, &target, Interpolation::Linear, outside, &report)
        }),
        _ => Err(ItkError::BadArgument("this is no filter".into())),
    };
    Ok(result.map(|image| wire::reply(image.to_image(), Vec::new())))
}

fn floats(header: &WireHeader, input: &mut impl io::Read) -> io::Result<Result<Floats, ItkError>> {
    let header = match wire::header(header) {
        Ok(header) => header,
        Err(error) => return Ok(Err(error)),
    };
    let bytes = read_blob(
        input,
        u64::try_from(header.byte_count()).unwrap_or(u64::MAX),
    )?;
    Ok(match wire::voxels(&header, &bytes) {
        Ok(Voxels::F32(values)) => Floats::new(header, values),
        Ok(_) => Err(ItkError::BadArgument(
            "filters work on 32-bit floats".into(),
        )),
        Err(error) => Err(error),
    })
}

/// Each slice k by itself, several at once: the same result with any number of threads.
fn denoise_slices(
    image: &Floats,
    options: &DenoiseOptions,
    threads: usize,
    report: &(dyn Fn(f32) -> bool + Sync),
) -> Result<Floats, ItkError> {
    // ITK's own filters within each slice need no more.
    itk_sys::set_threads(1)?;
    let header = image.header();
    let pixels = header.size.iter().take(2).product::<usize>().max(1);
    let slices: Vec<&[f32]> = image.values().chunks(pixels).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(slice) = slices.get(n) else {
                return Ok(done);
            };
            done.push((n, one_slice(header, slice, options)?));
            if !report((n + 1) as f32 / slices.len() as f32) {
                return Err(ItkError::Cancelled);
            }
        }
    };
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(slices.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let results = workers.into_iter().map(|worker| worker.join());
        results.collect::<Vec<_>>()
    });
    let mut values = vec![0.0; image.values().len()];
    for part in parts {
        let part = part.map_err(|_| ItkError::Itk("a thread ended early".into()))?;
        for (n, slice) in part? {
            if let Some(place) = values.chunks_mut(pixels).nth(n) {
                place.copy_from_slice(&slice);
            }
        }
    }
    Floats::new(header.clone(), values)
}

fn one_slice(
    header: &Header,
    slice: &[f32],
    options: &DenoiseOptions,
) -> Result<Vec<f32>, ItkError> {
    let mut header = header.clone();
    if let Some(slices) = header.size.get_mut(2) {
        *slices = 1;
    }
    let image = Floats::new(header, slice.to_vec())?;
    Ok(denoise(&image, None, options, &itk_sys::ignore_progress)?.into_values())
}
