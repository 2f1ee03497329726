//! The model card of an imported model.

use raterlens_core::normalise::Normalisation;
use raterlens_core::resample::ResizeRule;

use crate::package::{Manifest, PackageKind};

/// The card as Markdown: what was imported, what was said on import, and what nobody has verified.
pub(super) fn text(m: &Manifest) -> String {
    let [rows, columns] = m.input.size;
    let resize = match m.input.resize {
        ResizeRule::Stretch => "stretched",
        ResizeRule::PadToSquare => "padded to a square in millimetres and scaled",
    };
    let normalisation = match m.input.normalisation {
        Normalisation::MinMax => "each scaled to [0, 1]",
        Normalisation::ZScoreOtsu => "z-score over the pixels above an Otsu threshold",
    };
    let output = if m.predicts_variance() {
        "labels, and for each structure a map of predicted inter-rater variance (0 to 0.25)"
    } else {
        "labels"
    };
    let kind = match m.kind {
        PackageKind::Native => "Weights as float32; nothing of the imported file was run.",
        PackageKind::TorchScript => {
            "**This package is a program.** Whoever uses it runs code of whoever made `model.pt`: use it only if you trust them."
        }
    };
    let classes = m.label_scheme.structures.iter().enumerate();
    let classes: String = classes
        .map(|(n, s)| format!("| {} | {} | {} |\n", n + 1, s.id, s.title))
        .collect();
    let unverified: String = m.unverified.iter().map(|u| format!("- {u}\n")).collect();
    format!(
        "This model was imported, not trained with RaterLens; it is not for clinical use.

# {name}

{description}

- **Intended use:** {use_}
- **Input:** one channel, axial slices, {resize} to {rows} x {columns}, {normalisation}, given to the network as {orientation}.
- **Output:** {output}.
- **Data:** {data}
- **Imported with** {software}: `{command}`
- **Licence:** {licence}

{kind}

| class of the network | label | structure |
| --- | --- | --- |
{classes}
## What nobody has verified

{unverified}",
        name = m.name,
        description = m.description,
        use_ = m.intended_use,
        orientation = m.input.orientation,
        data = m.provenance.data,
        software = m.provenance.software,
        command = m.provenance.command,
        licence = m.licence,
    )
}
