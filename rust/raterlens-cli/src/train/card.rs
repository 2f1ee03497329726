//! The model card of a model trained on synthetic images.

use raterlens_nn::ModelPackage;

use super::evaluate::Evaluation;

/// The card as Markdown. Its first line says what the model must not be used for.
pub fn model_card(package: &ModelPackage, evaluation: &Evaluation) -> String {
    let m = package.manifest();
    let p = &m.provenance;
    format!(
        "This model was trained on synthetic images only; it is not for clinical use.

# {name}

{description}

- **Intended use:** {use_}
- **Input:** one channel, axial slices, resized to {rows} x {columns} (padded to a square in millimetres), z-score over voxels above an
  Otsu threshold; trained on pixels of {pixel_low:.2} to {pixel_high:.2} mm.
- **Output:** labels of {count} structures; for each a map of predicted inter-rater variance (distances in pixels, tau {tau}, 0 to 0.25).
- **Network:** {network}; weights stored as float16.
- **Data:** {data}. No image of a person was used. Ground truth: {truth}.
- **Training:** AdamW with cosine decay; the last run made {steps} steps of {batch} slices with seed {seed}. Repeat with
  `{command}`
- **Licence of the weights:** {licence}

## How well it does

On {subjects} synthetic subjects that it has never seen, against the majority vote and the variance maps of their three simulated raters:

{table}
\"Best constant map\": the error of the one constant value that fits these subjects best; a model that has learnt nothing about where raters
disagree cannot beat it. **These figures say nothing about real images.**

## Limits

Real MRI differs from these images in contrast, field of view, coils, pathology and anatomy. Expect wrong or missing labels on other sequences,
on slices outside L3 to S1, after surgery, in scoliosis, in children. The variance it predicts is that of the simulated raters.
",
        name = m.name,
        description = m.description,
        use_ = m.intended_use,
        rows = m.input.size[0],
        columns = m.input.size[1],
        pixel_low = m.input.training_pixel_mm[0],
        pixel_high = m.input.training_pixel_mm[1],
        count = m.label_scheme.len(),
        tau = m.variance.tau,
        network = m.network_summary(),
        data = p.data,
        truth = p.ground_truth,
        steps = p.steps,
        batch = p.batch_size,
        seed = p.seed,
        command = p.command,
        licence = m.licence,
        subjects = evaluation.subjects,
        table = evaluation.table(),
    )
}
