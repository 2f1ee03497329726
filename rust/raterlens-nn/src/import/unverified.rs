//! What nobody has verified about an imported model, in sentences.

use super::Choices;

const PROVE: &str = "'raterlens model check' with '--reference' compares every choice with a case whose labels are known";

/// For the published weights.
pub(super) fn of_published(choices: &Choices) -> Vec<String> {
    let nowhere = "nothing that was published states it";
    vec![
        format!("Which structure each class is: {} (given on import; {nowhere}; {PROVE}).", classes(choices)),
        format!("How slices lay in the arrays of the training: {} (given on import; {nowhere}; {PROVE}).", choices.orientation),
        format!(
            "The scale of the variance: the network's values are divided by {} and limited to 0 to 0.25, the largest variance there is (given on \
             import, or 1; {nowhere}).",
            choices.variance_scale
        ),
        "The unit and softness of the variance maps: distances in pixels of the network's input, tau 1, as the published code suggests.".into(),
        "The pixel sizes of the training images: not known, so images of other pixel sizes are not noticed.".into(),
    ]
}

/// For a program.
pub(super) fn of_script(choices: &Choices, variance: bool) -> Vec<String> {
    let mut out = vec![
        format!("Which structure each class is: {} (given on import; {PROVE}).", classes(choices)),
        format!("How slices lay in the arrays of the training: {} (given on import; {PROVE}).", choices.orientation),
        "Size, resize rule and normalisation of the slices: given on import.".into(),
        "The pixel sizes of the training images: not known, so images of other pixel sizes are not noticed.".into(),
    ];
    if variance {
        out.push(format!(
            "What its variance maps mean: values are divided by {} and limited to 0 to 0.25, the largest variance there is.",
            choices.variance_scale
        ));
    }
    out
}

fn classes(choices: &Choices) -> String {
    let names = choices.label_scheme.structures.iter().enumerate();
    let list: Vec<String> = names
        .map(|(n, s)| format!("{} = {}", n + 1, s.name))
        .collect();
    list.join(", ")
}
