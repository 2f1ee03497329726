//! Optimisers whose whole state can be written down, so that an interrupted run goes on exactly.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use tch::nn::VarStore;
use tch::{Kind, Tensor};

use crate::error::NnError;

type Result<T> = std::result::Result<T, NnError>;

/// Which optimiser, with its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum OptimiserKind {
    /// Stochastic gradient descent; weight decay is added to the gradient (as in PyTorch's `SGD`).
    Sgd {
        /// Momentum, 0 for none.
        #[serde(default)]
        momentum: f64,
        /// Weight decay.
        #[serde(default)]
        weight_decay: f64,
    },
    /// AdamW (Loshchilov 2019) with betas 0.9 and 0.999, epsilon 1e-8.
    AdamW {
        /// Decoupled weight decay.
        #[serde(default)]
        weight_decay: f64,
    },
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl OptimiserKind {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`NnError::TrainingOptions`] names the setting.
    pub fn check(&self) -> Result<()> {
        let (momentum, decay) = match *self {
            Self::Sgd {
                momentum,
                weight_decay,
            } => (momentum, weight_decay),
            Self::AdamW { weight_decay } => (0.0, weight_decay),
        };
        let fail = |text: String| Err(NnError::TrainingOptions(text));
        if !(0.0..1.0).contains(&momentum) {
            return fail(format!("momentum is {momentum}, use 0 to below 1"));
        }
        if !(decay.is_finite() && decay >= 0.0) {
            return fail(format!(
                "weight_decay is {decay}, it must be zero or positive"
            ));
        }
        Ok(())
    }

    /// Names of the tensors kept for each weight.
    fn slots(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd { momentum, .. } if *momentum > 0.0 => &["momentum"],
            Self::Sgd { .. } => &[],
            Self::AdamW { .. } => &["mean", "square"],
        }
    }
}

/// One weight with what the optimiser keeps for it.
#[derive(Debug)]
struct Slot {
    name: String,
    weight: Tensor,
    kept: Vec<Tensor>,
}

/// An optimiser at work on the trainable weights of a store.
#[derive(Debug)]
pub(super) struct Optimiser {
    kind: OptimiserKind,
    slots: Vec<Slot>,
}

impl Optimiser {
    /// For the trainable weights of `store`, with nothing remembered.
    pub(super) fn new(kind: OptimiserKind, store: &VarStore) -> Result<Self> {
        let mut slots = Vec::new();
        for (name, weight) in store.variables() {
            if !weight.requires_grad() {
                continue;
            }
            let kept = kind.slots().iter().map(|_| weight.f_zeros_like());
            let kept = kept.collect::<std::result::Result<Vec<_>, _>>()?;
            let kept = kept.into_iter().map(|t| t.detach()).collect();
            slots.push(Slot { name, weight, kept });
        }
        slots.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { kind, slots })
    }

    /// Forgets all gradients.
    pub(super) fn zero_gradients(&mut self) -> Result<()> {
        for slot in &mut self.slots {
            let mut gradient = slot.weight.f_grad()?;
            if gradient.defined() {
                let _ = gradient.f_detach_()?;
                let _ = gradient.f_zero_()?;
            }
        }
        Ok(())
    }

    /// Length of all gradients together; not a number when any of them holds one that is none.
    pub(super) fn gradient_norm(&self) -> Result<f64> {
        let mut squares = Vec::new();
        for gradient in self.gradients()? {
            squares.push(gradient.f_square()?.f_sum(Kind::Double)?);
        }
        if squares.is_empty() {
            return Ok(0.0);
        }
        let sum = Tensor::f_stack(&squares, 0)?.f_sum(Kind::Double)?;
        Ok(sum.f_double_value(&[])?.sqrt())
    }

    /// Multiplies all gradients.
    pub(super) fn scale_gradients(&mut self, factor: f64) -> Result<()> {
        for mut gradient in self.gradients()? {
            let _ = gradient.f_mul_scalar_(factor)?;
        }
        Ok(())
    }

    fn gradients(&self) -> Result<Vec<Tensor>> {
        let all = self.slots.iter().map(|s| s.weight.f_grad());
        let all = all.collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(all.into_iter().filter(Tensor::defined).collect())
    }

    /// Changes every weight that has a gradient; `step` counts from 0.
    pub(super) fn step(&mut self, learning_rate: f64, step: u64) -> Result<()> {
        let kind = self.kind;
        tch::no_grad(|| {
            for slot in &mut self.slots {
                let gradient = slot.weight.f_grad()?;
                if gradient.defined() {
                    slot.update(&kind, &gradient, learning_rate, step)?;
                }
            }
            Ok(())
        })
    }

    /// What is remembered, by name.
    pub(super) fn state(&self) -> Vec<(String, Tensor)> {
        let mut all = Vec::new();
        for slot in &self.slots {
            for (kind, tensor) in self.kind.slots().iter().zip(&slot.kept) {
                all.push((format!("{}.{kind}", slot.name), tensor.shallow_clone()));
            }
        }
        all
    }

    /// Takes up what [`state`](Self::state) gave.
    pub(super) fn restore(&mut self, state: &HashMap<String, Tensor>) -> Result<()> {
        for slot in &mut self.slots {
            for (kind, tensor) in self.kind.slots().iter().zip(&mut slot.kept) {
                let name = format!("{}.{kind}", slot.name);
                let source = state.get(&name).filter(|s| s.size() == tensor.size());
                let source = source.ok_or_else(|| {
                    NnError::Checkpoint(format!("'{name}' is missing or of another shape"))
                })?;
                tch::no_grad(|| tensor.f_copy_(source))?;
            }
        }
        Ok(())
    }
}

impl Slot {
    fn update(
        &mut self,
        kind: &OptimiserKind,
        gradient: &Tensor,
        learning_rate: f64,
        step: u64,
    ) -> Result<()> {
        match (*kind, self.kept.as_mut_slice()) {
            (
                OptimiserKind::Sgd {
                    momentum,
                    weight_decay,
                },
                kept,
            ) => {
                let mut direction = gradient.shallow_clone();
                if weight_decay > 0.0 {
                    direction = direction.f_add(&self.weight.f_mul_scalar(weight_decay)?)?;
                }
                if let [remembered] = kept {
                    // With a memory of zeros this is PyTorch's first step, too.
                    let _ = remembered.f_mul_scalar_(momentum)?.f_add_(&direction)?;
                    direction = remembered.shallow_clone();
                }
                let _ = self
                    .weight
                    .f_sub_(&direction.f_mul_scalar(learning_rate)?)?;
            }
            (OptimiserKind::AdamW { weight_decay }, [mean, square]) => {
                let n = (step + 1) as f64;
                let (bias1, bias2) = (1.0 - BETA1.powf(n), 1.0 - BETA2.powf(n));
                let _ = self
                    .weight
                    .f_mul_scalar_(1.0 - learning_rate * weight_decay)?;
                let _ = mean.f_lerp_(gradient, 1.0 - BETA1)?;
                let _ = square.f_mul_scalar_(BETA2)?;
                let _ = square.f_addcmul_(&gradient.f_mul_scalar(1.0 - BETA2)?, gradient)?;
                let root = square
                    .f_sqrt()?
                    .f_div_scalar(bias2.sqrt())?
                    .f_add_scalar(EPSILON)?;
                let move_by = mean.f_mul_scalar(learning_rate / bias1)?.f_div(&root)?;
                let _ = self.weight.f_sub_(&move_by)?;
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::nn::OptimizerConfig;
    use tch::Device;

    /// Minimises a small function with ours and with libtorch's own optimiser; both must go the same way.
    fn both_ways(kind: OptimiserKind, theirs: impl OptimizerConfig + Copy) {
        let run = |ours: bool| {
            let store = VarStore::new(Device::Cpu);
            let start = Tensor::from_slice(&[1.0f32, -2.0, 3.0, 0.5]);
            let w = store.root().var_copy("w", &start);
            let mut own = Optimiser::new(kind, &store).unwrap();
            let mut library = theirs.build(&store, 0.05).unwrap();
            for step in 0..25 {
                let loss = ((&w * &w) * Tensor::from_slice(&[1.0f32, 0.1, 2.0, 3.0]))
                    .sum(Kind::Float)
                    + w.sin().sum(Kind::Float);
                if ours {
                    own.zero_gradients().unwrap();
                    loss.backward();
                    own.step(0.05, step).unwrap();
                } else {
                    library.backward_step(&loss);
                }
            }
            Vec::<f32>::try_from(&w).unwrap()
        };
        for (a, b) in run(true).iter().zip(run(false)) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn sgd_goes_the_way_of_libtorch() {
        let kind = OptimiserKind::Sgd {
            momentum: 0.9,
            weight_decay: 0.01,
        };
        let theirs = tch::nn::Sgd {
            momentum: 0.9,
            wd: 0.01,
            ..Default::default()
        };
        both_ways(kind, theirs);
        let plain = OptimiserKind::Sgd {
            momentum: 0.0,
            weight_decay: 0.0,
        };
        both_ways(plain, tch::nn::Sgd::default());
    }

    #[test]
    fn adamw_goes_the_way_of_libtorch() {
        let theirs = tch::nn::AdamW {
            wd: 0.1,
            ..Default::default()
        };
        both_ways(OptimiserKind::AdamW { weight_decay: 0.1 }, theirs);
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let bad = OptimiserKind::Sgd {
            momentum: 1.0,
            weight_decay: 0.0,
        };
        assert!(bad.check().is_err());
        assert!(OptimiserKind::AdamW { weight_decay: -1.0 }.check().is_err());
    }
}
