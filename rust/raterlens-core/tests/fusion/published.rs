//! A published STAPLE fusion of five experts (Segebarth et al. 2020, doi:10.7554/eLife.59780), reproduced to the pixel.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::Value;

use raterlens_core::fusion::{staple_structure, RaterSet, StapleOptions};
use raterlens_core::Volume;

use crate::support::{volume_of, voxels};

/// The value of nuclei in the masks.
const NUCLEUS: u16 = 255;

fn data_folder() -> Option<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/cfos_5experts_staple");
    folder.is_dir().then_some(folder)
}

/// An 8-bit grey image as a volume of one slice.
fn read_mask(path: &Path) -> Volume<u8> {
    let mut reader = png::Decoder::new(BufReader::new(File::open(path).unwrap()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(
        (info.color_type, info.bit_depth),
        (png::ColorType::Grayscale, png::BitDepth::Eight)
    );
    let shape = [1, info.height as usize, info.width as usize];
    volume_of(pixels, shape, [1.0; 3])
}

#[test]
fn staple_above_one_half_is_the_published_fusion_on_every_image() {
    let Some(folder) = data_folder() else {
        eprintln!("skipped: the shared data folder cfos_5experts_staple is not there");
        return;
    };
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let cases = manifest["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 10);
    for case in cases {
        let file = |name: &Value| folder.join(name.as_str().unwrap());
        let masks = case["masks"].as_object().unwrap().values();
        let experts: Vec<_> = masks.map(|name| read_mask(&file(name))).collect();
        assert_eq!(experts.len(), 5);
        let set = RaterSet::from_volumes(&experts).unwrap();
        let fused = staple_structure(&set, NUCLEUS, &StapleOptions::default()).unwrap();
        let published = voxels(&read_mask(&file(&case["published_staple"])));
        let above_half = voxels(&fused.posterior_f64(NUCLEUS).unwrap());
        let above_half = above_half.iter().map(|&p| 255 * u8::from(p > 0.5));
        let consensus = voxels(&fused.consensus_in::<u8>().unwrap());
        let differing = |ours: &mut dyn Iterator<Item = u8>| {
            ours.zip(&published).filter(|(a, b)| a != *b).count()
        };
        assert_eq!(
            differing(&mut above_half.into_iter()),
            0,
            "case {}",
            case["case"]
        );
        assert_eq!(
            differing(&mut consensus.into_iter()),
            0,
            "case {}",
            case["case"]
        );
        assert!(published.contains(&255), "case {}", case["case"]);
    }
}
