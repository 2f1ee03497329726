//! Properties of every network: shapes, gradients, dropout sites.

use std::cell::RefCell;
use std::collections::BTreeMap;

use tch::nn::VarStore;
use tch::{Device, Kind, TchError, Tensor};

use super::*;
use crate::architecture::{Size, Tasks};

const CPU: (Kind, Device) = (Kind::Float, Device::Cpu);

/// Every kind of tiny network, with and without the options that change its shape.
fn all() -> Vec<Architecture> {
    let mut list = Vec::new();
    for tasks in [Tasks::Single, Tasks::Multi] {
        for name in Architecture::NAMES {
            list.push(Architecture::from_name(name, Size::Tiny, tasks).unwrap());
        }
        list.push(Architecture::unet(Size::Tiny, tasks).with_blur_pool());
        let gated = Architecture::transunet(Size::Tiny, tasks).with_attention_gates();
        list.push(gated.with_blur_pool().with_evidential_head());
    }
    list
}

fn build(a: &Architecture, channels: usize, size: [usize; 2]) -> (VarStore, Network) {
    tch::manual_seed(1);
    let vs = VarStore::new(Device::Cpu);
    let net = Network::build(&vs.root(), a, channels, size, 4).unwrap();
    initialise(&vs).unwrap();
    (vs, net)
}

/// Applies nothing and notes every site that asks, with its mask's shape.
#[derive(Debug, Default)]
struct Recorder(RefCell<BTreeMap<u32, (String, Vec<i64>)>>);

impl Dropout for Recorder {
    fn apply(&self, x: &Tensor, site: Site, _rate: f64) -> Result<Tensor, TchError> {
        let before = self
            .0
            .borrow_mut()
            .insert(site.number(), (site.name(), x.size()));
        assert_eq!(before, None, "site {} asked twice", site.name());
        Ok(x.shallow_clone())
    }
}

#[test]
fn all_outputs_come_back_at_input_resolution_also_of_other_sizes() {
    for a in all() {
        let (_vs, net) = build(&a, 2, [64, 64]);
        for [h, w] in [[64, 64], [48, 80]] {
            let y = net.forward(&Tensor::rand([2, 2, h, w], CPU), Mode::Evaluation);
            let y = y.unwrap();
            assert_eq!(y.logits.size(), [2, 5, h, w]);
            let variance = y.scaled_variance.map(|v| v.size());
            let expected = a.network.predicts_variance().then(|| vec![2, 4, h, w]);
            assert_eq!(variance, expected, "{a:?}");
        }
    }
}

#[test]
fn gradients_reach_every_weight_of_the_tasks_that_are_in_the_loss_and_no_other() {
    for a in all() {
        let (vs, net) = build(&a, 1, [32, 32]);
        let x = Tensor::randn([2, 1, 32, 32], CPU);
        let y = net.forward(&x, Mode::Training(&Generator)).unwrap();
        y.logits.square().mean(Kind::Float).backward();
        for (name, weight) in vs.variables() {
            if weight.requires_grad() {
                let reached = weight.grad().defined();
                assert_eq!(reached, !name.starts_with("variance"), "{name} of {a:?}");
            }
        }
    }
}

#[test]
fn each_decoder_has_eight_sites_and_only_those_are_sampled() {
    for a in all() {
        let (_vs, net) = build(&a, 1, [32, 32]);
        let x = Tensor::randn([1, 1, 32, 32], CPU);
        let record = Recorder::default();
        net.forward(&x, Mode::Sampling(&record)).unwrap();
        let decoders = if a.network.predicts_variance() { 2 } else { 1 };
        let sampled = record.0.into_inner();
        let numbers: Vec<u32> = sampled.keys().copied().collect();
        assert_eq!(numbers, (0..8 * decoders).collect::<Vec<_>>());
        let [c0, .., c3] = a.decoder.channels;
        assert_eq!(sampled[&0].1, [1, c0, 4, 4]);
        assert_eq!(
            sampled[&7],
            ("segmentation.decoder.7".into(), vec![1, c3, 32, 32])
        );

        let record = Recorder::default();
        net.forward(&x, Mode::Training(&record)).unwrap();
        let embeddings = match &a.transformer {
            Some(t) if t.shared_embedding => 1,
            Some(_) => decoders,
            None => 0,
        };
        let layers = a.transformer.as_ref().map_or(0, |t| t.layers as u32);
        let expected = 8 * decoders + embeddings + 2 * layers * decoders;
        assert_eq!(record.0.into_inner().len() as u32, expected);
    }
}

#[test]
fn a_pass_may_be_cut_before_the_first_random_site() {
    for a in all() {
        let (_vs, net) = build(&a, 1, [32, 32]);
        let x = Tensor::randn([1, 1, 32, 32], CPU);
        let whole = net.forward(&x, Mode::Evaluation).unwrap();
        // What lies before the cut must not depend on the masks.
        let entered = net.enter(&x, Mode::Sampling(&Generator)).unwrap();
        let parts = net.leave(&entered, Mode::Evaluation).unwrap();
        assert_eq!(whole.logits, parts.logits);
        let run = || net.leave(&entered, Mode::Sampling(&Generator)).unwrap();
        assert_ne!(run().logits, run().logits);
    }
}

#[test]
fn evaluation_repeats_itself_and_training_does_not() {
    let (_vs, net) = build(&Architecture::tiny(), 1, [32, 32]);
    let x = Tensor::randn([1, 1, 32, 32], CPU);
    let run = |mode| net.forward(&x, mode).unwrap().logits;
    assert_eq!(run(Mode::Evaluation), run(Mode::Evaluation));
    assert_ne!(
        run(Mode::Training(&Generator)),
        run(Mode::Training(&Generator))
    );
}

#[test]
fn given_masks_take_the_place_of_random_ones_and_a_missing_one_is_named() {
    let a = Architecture::unet(Size::Tiny, Tasks::Single);
    let (_vs, net) = build(&a, 1, [32, 32]);
    let x = Tensor::randn([1, 1, 32, 32], CPU);
    let record = Recorder::default();
    net.forward(&x, Mode::Sampling(&record)).unwrap();
    let mut masks = GivenMasks::default();
    for (name, shape) in record.0.into_inner().into_values() {
        masks.0.insert(name, Tensor::ones(shape, CPU));
    }
    let run = |masks: &GivenMasks| net.forward(&x, Mode::Sampling(masks));
    let plain = net.forward(&x, Mode::Evaluation).unwrap().logits;
    assert_eq!(run(&masks).unwrap().logits, plain);
    masks.0.remove("segmentation.decoder.5");
    let error = run(&masks).unwrap_err().to_string();
    assert!(error.contains("segmentation.decoder.5"), "{error}");
}

#[test]
fn the_published_networks_have_as_many_weights_as_the_authors() {
    // Counted in the authors' own modules; tests/parity/README.md says which.
    for (tasks, expected) in [(Tasks::Multi, 197_766_361), (Tasks::Single, 105_322_581)] {
        let vs = VarStore::new(Device::Cpu);
        let a = Architecture::transunet_r50(Size::Base, tasks);
        Network::build(&vs.root(), &a, 1, [256, 256], 4).unwrap();
        let count: usize = vs.trainable_variables().iter().map(Tensor::numel).sum();
        assert_eq!(count, expected);
    }
}

#[test]
fn preparing_changes_evaluation_by_rounding_alone_and_training_not_at_all() {
    for a in all() {
        let (vs, mut net) = build(&a, 1, [32, 32]);
        for (name, mut value) in vs.variables() {
            // Norms that do something.
            if name.contains("norm.") {
                let _ = tch::no_grad(|| value.uniform_(0.5, 1.5));
            }
        }
        let x = Tensor::randn([2, 1, 32, 32], CPU);
        let evaluate = |net: &Network| net.forward(&x, Mode::Evaluation).unwrap().logits;
        let train = |net: &Network| {
            // Batch statistics move the running ones, which evaluation must not see here.
            let kept: Vec<_> = vs.variables().into_iter().collect();
            let copies: Vec<_> = kept.iter().map(|(_, v)| v.detach().copy()).collect();
            let y = net.forward(&x, Mode::Training(&Recorder::default()));
            for ((_, mut v), copy) in kept.into_iter().zip(copies) {
                tch::no_grad(|| v.copy_(&copy));
            }
            y.unwrap().logits
        };
        let (before, trained) = (evaluate(&net), train(&net));
        net.prepare().unwrap();
        let after = evaluate(&net);
        let scale = f64::try_from(before.abs().max()).unwrap().max(1.0);
        assert!(after.allclose(&before, 0.0, 1e-5 * scale, false), "{a:?}");
        assert_eq!(train(&net), trained, "{a:?}");
    }
}
