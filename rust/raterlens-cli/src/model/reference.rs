//! The comparison with a labelled case, as a table.

use std::fmt::Write;

use raterlens_engine::check::{Choice, ReferenceCheck, MARGIN};
use raterlens_engine::Manifest;

/// Below this, no choice fits: the model does not suit the image.
const POOR_DICE: f64 = 0.5;
/// Rows that are shown unless all are asked for: every choice of a model of four structures.
const MOST_ROWS: usize = 192;

/// All choices, the best first, and what follows from them.
pub fn text(check: &ReferenceCheck, m: &Manifest, all: bool) -> String {
    let mut out = String::from(
        "Mean Dice of every choice ('best': the best; 'own': what the package says)\n\n",
    );
    let names: Vec<&str> = m
        .label_scheme
        .structures
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    let width = names.iter().map(|n| n.len()).max().unwrap_or(0).max(8);
    let _ = write!(out, "           Dice   array");
    for class in 1..=names.len() {
        let _ = write!(out, "  {:<width$}", format!("class {class}"));
    }
    out.push('\n');
    let shown = if all { usize::MAX } else { MOST_ROWS };
    for (n, choice) in check.choices.iter().enumerate() {
        if n >= shown && n != check.own {
            continue;
        }
        let mark = match (n == 0, n == check.own) {
            (true, true) => "best own",
            (true, false) => "best",
            (false, true) => "     own",
            _ => "",
        };
        let _ = write!(
            out,
            "{mark:<9} {:>6.4}   {:<5}",
            choice.mean_dice,
            choice.orientation.letters()
        );
        for structure in &choice.order {
            let _ = write!(out, "  {:<width$}", names.get(*structure).unwrap_or(&"?"));
        }
        out.truncate(out.trim_end_matches(' ').len());
        out.push('\n');
    }
    if check.choices.len() > shown {
        let _ = writeln!(
            out,
            "({} choices; --all shows them all)",
            check.choices.len()
        );
    }
    out + "\n" + &verdict(check, m)
}

fn verdict(check: &ReferenceCheck, m: &Manifest) -> String {
    let mut out = String::new();
    for warning in &check.warnings {
        let _ = writeln!(out, "Note: {warning}");
    }
    let (Some(best), Some(own)) = (check.choices.first(), check.choices.get(check.own)) else {
        return out;
    };
    let _ = writeln!(
        out,
        "Compared: {} labelled slices. Dice of each structure as the package has it:",
        check.slices
    );
    for (s, dice) in m.label_scheme.structures.iter().zip(&own.dice) {
        let dice = dice.map_or("not in the reference".into(), |d| format!("{d:.4}"));
        let _ = writeln!(out, "  {:<24} {dice}", s.title);
    }
    if best.mean_dice < POOR_DICE {
        let _ = writeln!(
            out,
            "NOT PROVED: no choice reaches a mean Dice of {POOR_DICE}. The model does not fit this image, or the reference labels mean something else."
        );
    } else if check.supports_the_package() {
        let _ = writeln!(out, "PROVED on this case: no choice is better than the package's own by more than {MARGIN}.");
    } else {
        let _ = writeln!(
            out,
            "THE PACKAGE'S OWN CHOICE IS NOT THE BEST: {:.4} against {:.4}. Import the model again with\n  --input-orientation {} --labels {}",
            own.mean_dice,
            best.mean_dice,
            best.orientation.letters(),
            list(best, m)
        );
    }
    out + "A choice and its mirror image (both sides exchanged in the array and in the labels) put left and right in the same place, and nearly tie.\n"
}

/// The order of a choice as `--labels` takes it.
fn list(choice: &Choice, m: &Manifest) -> String {
    let name = |structure: &usize| {
        m.label_scheme
            .structures
            .get(*structure)
            .map_or("?", |s| s.name.as_str())
    };
    let entries: Vec<String> = choice
        .order
        .iter()
        .enumerate()
        .map(|(n, s)| format!("{}={}", n + 1, name(s)))
        .collect();
    entries.join(",")
}
