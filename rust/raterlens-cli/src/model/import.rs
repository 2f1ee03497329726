//! `raterlens model import`: a model package of weights or a program made elsewhere.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail, Context, Result};
use clap::{Args, ValueEnum};
use raterlens_core::{Normalisation, ResizeRule, SliceOrientation};
use raterlens_nn::architecture::Size;
use raterlens_nn::import::{
    import_published, import_torchscript, Choices, Imported, PublishedNetwork, ScriptInput,
    PUBLISHED_INPUT,
};

use super::{info, labels};

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Source {
    /// The state dict that the authors published (HealthX-Lab/ParaspinalMuscleSeg)
    ParaspinalMuscleSeg,
    /// A file of torch.jit.save: a program, to be imported only from people you trust
    Torchscript,
}

/// How intensities are scaled, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Intensities {
    /// Each slice to [0, 1]
    Minmax,
    /// Each slice by mean and deviation above its Otsu threshold
    ZscoreOtsu,
}

/// How a slice becomes the network's size, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Resize {
    /// Rows and columns scaled independently
    Stretch,
    /// First padded to a square in millimetres
    PadToSquare,
}

/// Options of `raterlens model import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What FILE is
    #[arg(long, value_name = "SOURCE")]
    from: Source,
    /// The state dict (.pth) or TorchScript file (.pt)
    file: PathBuf,
    /// Folder of the new package
    #[arg(short, long, value_name = "NAME.rlmodel")]
    out: PathBuf,
    /// Which structure each class is, for example
    /// 1=multifidus_right,2=multifidus_left,3=erector_spinae_right,4=erector_spinae_left;
    /// or a JSON file with structures in the order of classes, as in 'label_scheme' of a model.json.
    /// Left and right are the patient's
    #[arg(long, value_name = "LIST")]
    labels: String,
    /// How slices lay in the arrays of the training, two letters: where the column index runs to, and where the row
    /// index runs to (L left, R right, A front, P back; the patient's). LP is the radiologist's view
    #[arg(long, value_name = "LP|LA|RP|RA|PL|PR|AL|AR")]
    input_orientation: SliceOrientation,
    /// What the network's variance was multiplied by in training
    #[arg(long, default_value_t = 1.0, value_name = "S")]
    variance_scale: f64,
    /// TorchScript: rows and columns of a slice, as 256 or 256x192
    #[arg(long, value_name = "ROWSxCOLUMNS", value_parser = size)]
    size: Option<[usize; 2]>,
    /// TorchScript: how intensities are scaled
    #[arg(long)]
    normalisation: Option<Intensities>,
    /// TorchScript: how a slice becomes that size [default: pad-to-square]
    #[arg(long)]
    resize: Option<Resize>,
    /// TorchScript: image channels; only 1 is supported
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=1))]
    channels: u8,
    /// TorchScript: licence of the model, an SPDX identifier such as Apache-2.0 [default: not stated]
    #[arg(long)]
    licence: Option<String>,
    /// State dict: size of the network, for weights of the authors' layout but not of their size
    #[arg(long, default_value = "base", value_name = "tiny|small|base", value_parser = network_size)]
    network_size: Size,
}

fn network_size(text: &str) -> Result<Size, String> {
    text.parse()
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let (rows, columns) = text.split_once('x').unwrap_or((text, text));
    match (rows.parse(), columns.parse()) {
        (Ok(rows), Ok(columns)) => Ok([rows, columns]),
        _ => Err("give rows and columns as 256 or 256x192".into()),
    }
}

/// Runs the command.
///
/// # Errors
/// A file, a choice or a place that cannot be used; nothing is written then.
pub fn run(args: &ImportArgs) -> Result<()> {
    let choices = Choices {
        name: name(&args.out)?,
        label_scheme: labels::classes(&args.labels)?,
        orientation: args.input_orientation,
        variance_scale: args.variance_scale,
        command: command(args),
    };
    let imported = match args.from {
        Source::ParaspinalMuscleSeg => published(args, &choices),
        Source::Torchscript => torchscript(args, &choices),
    };
    let imported =
        imported.with_context(|| format!("nothing was imported from {}", args.file.display()))?;
    print!("{}", report(&imported, &args.out));
    Ok(())
}

fn published(args: &ImportArgs, choices: &Choices) -> Result<Imported> {
    if args.normalisation.is_some() || args.resize.is_some() || args.licence.is_some() {
        bail!("--normalisation, --resize and --licence are for --from torchscript: those of the published weights are known");
    }
    let network = PublishedNetwork {
        size: args.network_size,
        input: args.size.unwrap_or(PUBLISHED_INPUT),
    };
    Ok(import_published(&args.file, network, choices, &args.out)?)
}

fn torchscript(args: &ImportArgs, choices: &Choices) -> Result<Imported> {
    let missing = |option: &str| anyhow!("{option} is needed: a TorchScript file does not say it");
    let input = ScriptInput {
        size: args.size.ok_or_else(|| missing("--size"))?,
        normalisation: match args
            .normalisation
            .ok_or_else(|| missing("--normalisation"))?
        {
            Intensities::Minmax => Normalisation::MinMax,
            Intensities::ZscoreOtsu => Normalisation::ZScoreOtsu,
        },
        resize: match args.resize {
            Some(Resize::Stretch) => ResizeRule::Stretch,
            Some(Resize::PadToSquare) | None => ResizeRule::PadToSquare,
        },
        licence: args.licence.clone().unwrap_or_else(|| "not stated".into()),
    };
    eprintln!("A TorchScript file is a program, and this command runs it: go on only if you trust whoever made it.");
    Ok(import_torchscript(&args.file, &input, choices, &args.out)?)
}

fn report(imported: &Imported, out: &Path) -> String {
    let mut text = info::text(&imported.package);
    if imported.left_out > 0 {
        text += &format!(
            "Left out    {} counters of training batches, which a prediction does not need\n",
            imported.left_out
        );
    }
    text + &format!(
        "Written to  {out}\nProve it    raterlens model check {out} --reference IMAGE LABELS\n",
        out = out.display()
    )
}

fn name(out: &Path) -> Result<String> {
    let fits = out.extension().is_some_and(|e| e == "rlmodel");
    let stem = out.file_stem().and_then(|n| n.to_str()).filter(|_| fits);
    stem.map(str::to_owned)
        .ok_or_else(|| anyhow!("--out must name a folder such as my-model.rlmodel"))
}

/// The command that repeats this import, without paths of this machine.
fn command(args: &ImportArgs) -> String {
    let mut words = vec![
        "raterlens model import --from".to_owned(),
        word(args.from),
        file_name(&args.file),
    ];
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
    option("-o", file_name(&args.out));
    option("--labels", file_name(Path::new(&args.labels)));
    option(
        "--input-orientation",
        args.input_orientation.letters().into(),
    );
    option("--variance-scale", args.variance_scale.to_string());
    if let Some([rows, columns]) = args.size {
        option("--size", format!("{rows}x{columns}"));
    }
    if let Some(normalisation) = args.normalisation {
        option("--normalisation", word(normalisation));
    }
    if let Some(resize) = args.resize {
        option("--resize", word(resize));
    }
    if args.network_size != Size::Base {
        option("--network-size", args.network_size.name().into());
    }
    words.join(" ")
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

fn word(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map_or_else(String::new, |v| v.get_name().to_owned())
}
