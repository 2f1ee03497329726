//! Times a network for `tools/bench/networks.py`, which runs it beside PyTorch.
//!
//! `time_network NETWORK SIZE single|multi FOLDER` makes a package of the network with random float32 weights in FOLDER
//! (unless it is there) and then answers each line of its input with seconds: `open` (reads the description and checks
//! all checksums), `load` (everything up to a network that can predict), `predict` (one slice of 256 x 256), `sample N`
//! (the same with N passes of test-time dropout and their uncertainty maps), `train N` (one step of a batch of N).

use std::io::BufRead;
use std::time::Instant;

use ndarray::{Array4, ArrayView4, Axis};
use raterlens_core::uncertainty::SampleAccumulator;
use raterlens_nn::architecture::{Architecture, Tasks};
use raterlens_nn::{
    open_device, parity, DeviceRequest, DropoutSamples, Manifest, ModelPackage, NnError, Predictor,
};

type Failure = Box<dyn std::error::Error>;

const SIZE: usize = 256;

/// The prediction and the maps of `samples` passes with test-time dropout.
fn sample(predictor: &Predictor, slice: ArrayView4<'_, f32>, samples: u32) -> Result<(), Failure> {
    let how = DropoutSamples {
        seed: 1,
        samples,
        first_slice: 0,
    };
    let mut sums = SampleAccumulator::default();
    predictor.sample_dropout::<NnError>(slice, &how, |found| {
        let sample = found.probabilities.insert_axis(Axis(1));
        sums.push(&sample).map_err(|_| NnError::NotANumber)
    })?;
    sums.finish()?;
    Ok(())
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [network, size, tasks, folder] = &arguments[..] else {
        return Err("usage: time_network NETWORK SIZE single|multi FOLDER".into());
    };
    let tasks = match tasks.as_str() {
        "single" => Tasks::Single,
        _ => Tasks::Multi,
    };
    let a = Architecture::from_name(network, size.parse()?, tasks)?;
    let device = open_device(DeviceRequest::Cpu);
    let path = std::path::Path::new(folder).join(format!("{network}-{size}.rlmodel"));
    if !path.is_dir() {
        parity::write_random_f32(&Manifest::lumbar("bench", a.clone(), [SIZE, SIZE]), &path)?;
    }
    let mut package = ModelPackage::open(&path)?;
    let mut predictor = None;
    let mut trainer = None;
    let slice = Array4::from_shape_fn((1, 1, SIZE, SIZE), |(_, _, y, x)| {
        ((x * 3 + y * 5) % 23) as f32 / 11.0 - 1.0
    });
    println!("ready");
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        // What is made once is not timed with what is asked for.
        if matches!(words.first(), Some(&"predict" | &"sample")) && predictor.is_none() {
            predictor = Some(Predictor::load(&package, &device)?);
        }
        if let ["train", batch] = words[..] {
            if trainer.is_none() {
                trainer = Some(parity::Trainer::new(&a, [SIZE, SIZE], batch.parse()?)?);
            }
        }
        // Giving memory back is not part of loading.
        let mut loaded = None;
        let started = Instant::now();
        match (&words[..], &predictor, &mut trainer) {
            (["open"], ..) => package = ModelPackage::open(&path)?,
            (["load"], ..) => loaded = Some(Predictor::load(&package, &device)?),
            (["predict"], Some(predictor), _) => drop(predictor.predict(slice.view())?),
            (["sample", n], Some(predictor), _) => sample(predictor, slice.view(), n.parse()?)?,
            (["train", _], _, Some(trainer)) => drop(trainer.step()?),
            _ => return Err(format!("'{line}' is not understood").into()),
        }
        println!("{}", started.elapsed().as_secs_f64());
        drop(loaded);
    }
    Ok(())
}
