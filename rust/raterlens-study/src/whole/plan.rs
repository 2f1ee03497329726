//! What a whole study trains and measures.

use std::path::Path;

use raterlens_core::LabelScheme;
use raterlens_nn::architecture::Size;
use raterlens_raters::study::{read_split, split_study, Shares, StudyFile};
use raterlens_train::{network_of_name, slug, GroundTruth, Plan, Recipe};
use serde::{Deserialize, Serialize};

use super::error::WholeError;
use super::noise::NoisePlan;

/// What a whole study trains and measures: the `[plan]` of a study file.
///
/// ```toml
/// [plan]
/// samples = 10                       # of dropout and of augmentation
/// sample_counts = [2, 5, 10, 20]     # how correlations depend on the number of samples; [] for nothing
/// test_share = 0.2
///
/// [[plan.models]]
/// name = "single-task"               # folder of the runs
/// networks = ["unet", "transunet"]   # the first is what the others are compared with
/// ground_truths = ["majority", "random"]
/// members = 5                        # seeds, together an ensemble
/// size = "small"
/// recipe = "chapter4"
/// set = ["epochs=100"]
/// main = true                        # takes part in the experiments, and is shown
/// ```
///
/// Without a `[plan]` it is [`StudyPlan::usual`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StudyPlan {
    /// Samples of test-time dropout and of test-time augmentation.
    pub samples: u32,
    /// Numbers of samples whose correlations with the raters are compared.
    pub sample_counts: Vec<u32>,
    /// First seed of the runs, and the seed of samples and intervals.
    pub seed: u64,
    /// Share of the subjects that decide when to stop.
    pub validation_share: f64,
    /// Share of the subjects that are looked at at the end.
    pub test_share: f64,
    /// Seed of the split.
    pub split_seed: u64,
    /// The parts from a file instead, relative to the study file.
    pub split: Option<String>,
    /// What is trained.
    pub models: Vec<ModelGroup>,
    /// Images of the study that are shown; 0 for none.
    pub shown: usize,
    /// The experiment with noise and bias fields, on synthetic images.
    pub noise: Option<NoisePlan>,
}

/// Networks that are trained alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelGroup {
    /// Name of the group and of the folder of its runs.
    pub name: String,
    /// The networks; each is compared with the first.
    pub networks: Vec<String>,
    /// Size of the networks.
    pub size: String,
    /// What is right in training.
    pub ground_truths: Vec<String>,
    /// Seeds of each combination; two and more are an ensemble, too.
    pub members: u64,
    /// Name of the recipe.
    pub recipe: String,
    /// Settings that differ from the recipe, for example `epochs=20`.
    pub set: Vec<String>,
    /// Whether its models take part in the experiments (number of samples, noise) and are shown.
    pub main: bool,
}

impl Default for StudyPlan {
    fn default() -> Self {
        let shares = Shares::default();
        Self {
            samples: 10,
            sample_counts: Vec::new(),
            seed: 1,
            validation_share: shares.validation,
            test_share: shares.test,
            split_seed: 1,
            split: None,
            models: Vec::new(),
            shown: 3,
            noise: None,
        }
    }
}

impl Default for ModelGroup {
    fn default() -> Self {
        Self {
            name: "models".into(),
            networks: vec!["unet".into(), "transunet".into()],
            size: Size::Small.name().into(),
            ground_truths: vec!["majority".into()],
            members: 1,
            recipe: "default".into(),
            set: Vec::new(),
            main: true,
        }
    }
}

/// What a study file's plan is read from.
#[derive(Deserialize)]
struct Described {
    plan: Option<StudyPlan>,
}

impl StudyPlan {
    /// The dissertation's plan, with models of `size`: single-task networks on both ground truths as ensembles of five, multi-task
    /// networks, and one each of the attention U-Net, of a blur-pooled and of an evidential TransUNet.
    #[must_use]
    pub fn usual(size: &str) -> Self {
        let group = |name: &str, recipe: &str| ModelGroup {
            main: false,
            name: name.into(),
            recipe: recipe.into(),
            size: size.into(),
            ..ModelGroup::default()
        };
        let single = ModelGroup {
            ground_truths: vec!["majority".into(), "random".into()],
            members: 5,
            main: true,
            ..group("single-task", "chapter4")
        };
        let variants = [
            "attention-unet",
            "transunet+blur-pool",
            "transunet+evidential",
        ];
        let variants = ModelGroup {
            networks: variants.map(str::to_owned).into(),
            ..group("variants", "chapter4")
        };
        Self {
            sample_counts: vec![2, 5, 10, 20, 40],
            models: vec![single, group("multi-task", "chapter3"), variants],
            ..Self::default()
        }
    }

    /// The plan of a study file, or the usual one with models of `size`.
    ///
    /// # Errors
    /// A file that cannot be read, or a plan that is not understood.
    pub fn of_study(path: &Path, size: &str) -> Result<Self, WholeError> {
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("csv"))
        {
            return Ok(Self::usual(size));
        }
        let text = std::fs::read_to_string(path).map_err(|source| WholeError::Input {
            source,
            path: path.to_path_buf(),
        })?;
        let found: Described = toml::from_str(&text).map_err(|e| {
            let words = e.to_string().trim().replace('\n', "; ");
            WholeError::Plan(format!("the plan of the study is not understood: {words}"))
        })?;
        let plan = found.plan.unwrap_or_else(|| Self::usual(size));
        plan.check()?;
        Ok(plan)
    }

    /// Checks what training does not check itself.
    ///
    /// # Errors
    /// [`WholeError::Plan`] names the setting.
    pub fn check(&self) -> Result<(), WholeError> {
        let refuse = |text: String| Err(WholeError::Plan(text));
        if self.models.is_empty() {
            return refuse("the plan has no [[plan.models]]".into());
        }
        let names: Vec<String> = self.models.iter().map(|g| slug(&g.name)).collect();
        for (n, name) in names.iter().enumerate() {
            if names.iter().take(n).any(|other| other == name) {
                return refuse(format!("two groups of models are called '{name}'"));
            }
        }
        for count in self.sample_counts.iter().chain([&self.samples]) {
            if !(2..=1000).contains(count) {
                return refuse(format!("{count} samples: use 2 to 1000"));
            }
        }
        for group in &self.models {
            if group.networks.is_empty() || group.ground_truths.is_empty() {
                return refuse(format!(
                    "the group '{}' has no networks or no ground truths",
                    group.name
                ));
            }
            if !(1..=1000).contains(&group.members) {
                return refuse(format!(
                    "the group '{}' has {} members: use 1 to 1000",
                    group.name, group.members
                ));
            }
        }
        self.noise.as_ref().map_or(Ok(()), NoisePlan::check)
    }

    /// The training of each group, with its name, in order.
    ///
    /// # Errors
    /// Networks, recipes or ground truths that are not known; parts that cannot be made.
    pub fn trainings(
        &self,
        study: &StudyFile,
        study_path: &Path,
        scheme: &LabelScheme,
        command: &str,
    ) -> Result<Vec<(String, Plan)>, WholeError> {
        let split = match &self.split {
            Some(file) => {
                let folder = study_path.parent().unwrap_or_else(|| Path::new(""));
                read_split(&folder.join(file), study)?
            }
            None => {
                let shares = Shares {
                    validation: self.validation_share,
                    test: self.test_share,
                };
                split_study(study, shares, self.split_seed)?
            }
        };
        let one = |group: &ModelGroup| {
            let size: Size = group.size.parse().map_err(WholeError::Plan)?;
            let mut recipe = Recipe::named(&group.recipe)?;
            for change in &group.set {
                recipe = recipe.with(change)?;
            }
            let tasks = recipe.tasks();
            let networks = group
                .networks
                .iter()
                .map(|n| network_of_name(n, size, tasks));
            let truths = group.ground_truths.iter().map(|t| t.parse());
            let plan = Plan {
                study: study.clone(),
                scheme: scheme.clone(),
                split: split.clone(),
                recipe,
                networks: networks.collect::<Result<_, _>>()?,
                ground_truths: truths.collect::<Result<Vec<GroundTruth>, _>>()?,
                members: group.members,
                seed: self.seed,
                start: None,
                name: slug(&study.name),
                command: command.to_owned(),
            };
            Ok((slug(&group.name), plan))
        };
        self.models.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_are_read_and_faults_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("study.toml");
        let read = |plan: &str| {
            let text = format!("name = \"A\"\ntable = \"cases.csv\"\n{plan}");
            std::fs::write(&path, text).unwrap();
            StudyPlan::of_study(&path, "tiny")
        };
        let usual = read("").unwrap();
        assert_eq!(usual, StudyPlan::usual("tiny"));
        assert_eq!(usual.models[0].members, 5);
        let own = read("[plan]\nsamples = 4\n[[plan.models]]\nmembers = 2\n").unwrap();
        assert_eq!((own.samples, own.models[0].members), (4, 2));
        let says = |plan: &str| read(plan).unwrap_err().to_string();
        assert!(says("[plan]\nsample = 4\n").contains("sample"));
        assert!(says("[plan]\nsamples = 4\n").contains("no [[plan.models]]"));
        assert!(says("[plan]\nsamples = 1\n[[plan.models]]\n").contains("use 2 to 1000"));
        assert!(says("[[plan.models]]\n[[plan.models]]\n").contains("two groups"));
    }
}
