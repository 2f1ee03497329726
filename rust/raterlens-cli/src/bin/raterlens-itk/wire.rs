//! Between ITK's headers and those of the protocol.

use itk_sys::{ComponentType, Header, Image, ItkError, PixelKind, Voxels};
use raterlens_images::protocol::{Answer, WireHeader};

use super::Reply;

/// Texts of a file that leave this process; all others may name a patient.
const KEPT: [&str; 3] = ["qform_code", "sform_code", "NRRD_space"];

/// Whether a text may be told.
fn is_kept(key: &str) -> bool {
    let segment = key.strip_prefix("Segment");
    KEPT.contains(&key)
        || segment.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || c == 'a'))
}

/// The answer with an image.
pub fn reply(image: Image, warnings: Vec<String>) -> Reply {
    let bytes = image.voxels.as_bytes().to_vec();
    let mut metadata = image.header.metadata;
    metadata.retain(|key, _| is_kept(key));
    let header = WireHeader {
        size: image.header.size,
        spacing: image.header.spacing,
        origin: image.header.origin,
        direction: image.header.direction,
        component: image.header.component.name().to_owned(),
        components: image.header.components,
        colour: image.header.kind == PixelKind::Colour,
        format: image.header.format,
        metadata,
    };
    (Answer::Voxels { header, warnings }, bytes)
}

/// The header that was sent.
pub fn header(wire: &WireHeader) -> Result<Header, ItkError> {
    let mut types = ComponentType::ALL.iter();
    let component = types.find(|of| of.name() == wire.component);
    let header = Header {
        size: wire.size.clone(),
        spacing: wire.spacing.clone(),
        origin: wire.origin.clone(),
        direction: wire.direction.clone(),
        component: *component.ok_or_else(|| ItkError::UnsupportedVoxels(wire.component.clone()))?,
        components: wire.components,
        kind: PixelKind::Numbers,
        format: String::new(),
        metadata: wire.metadata.clone(),
    };
    header.check()?;
    Ok(header)
}

/// Numbers from bytes.
pub fn voxels(header: &Header, bytes: &[u8]) -> Result<Voxels, ItkError> {
    let mut voxels = Voxels::zeros(header.component, bytes.len() / header.component.bytes())?;
    if header.byte_count() != bytes.len() as u128 {
        return Err(ItkError::BadArgument(
            "the voxels have another size than the image".into(),
        ));
    }
    voxels.as_bytes_mut().copy_from_slice(bytes);
    Ok(voxels)
}
