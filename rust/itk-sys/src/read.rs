//! Reads files.

use std::path::Path;

use crate::error::ItkError;
use crate::header::Header;
use crate::voxels::{Image, Voxels};

/// Deflate cannot make data more than 1032 times smaller (zlib's technical notes); other compressions of images stay far below.
const MAX_COMPRESSION: u128 = 1032;

/// What a file may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Most bytes of voxels.
    pub max_bytes: u64,
}

impl Default for ReadLimits {
    /// 64 GiB.
    fn default() -> Self {
        Self {
            max_bytes: 64 << 30,
        }
    }
}

impl ReadLimits {
    /// Whether the voxels of `header` may be asked for, when the file has `file_bytes`.
    ///
    /// # Errors
    /// [`ItkError::Implausible`] or [`ItkError::TooLarge`].
    ///
    /// ```
    /// use itk_sys::{ComponentType, Header, ReadLimits};
    /// let identity = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    /// // Ten terabytes in a file of a thousand bytes.
    /// let header = Header::new([20_000, 20_000, 25_000], [1.0; 3], [0.0; 3], identity, ComponentType::U8)?;
    /// assert!(ReadLimits::default().check(&header, 1000).is_err());
    /// # Ok::<(), itk_sys::ItkError>(())
    /// ```
    pub fn check(&self, header: &Header, file_bytes: u64) -> Result<(), ItkError> {
        let bytes = header.byte_count();
        if bytes > u128::from(file_bytes) * MAX_COMPRESSION {
            return Err(ItkError::Implausible {
                expected: bytes,
                found: file_bytes,
            });
        }
        if bytes > u128::from(self.max_bytes) {
            return Err(ItkError::TooLarge {
                bytes,
                limit: self.max_bytes,
            });
        }
        Ok(())
    }
}

/// Reads a whole file.
///
/// The format is found by content and name: NIfTI-1 and -2, Analyze 7.5, NRRD, MetaImage, one DICOM file, GIPL, PNG, TIFF. Slopes
/// and intercepts are applied by ITK.
///
/// # Errors
/// See [`ImageReader::open`] and [`ImageReader::read`].
///
/// ```no_run
/// let image = itk_sys::read("image.mha".as_ref(), &itk_sys::ReadLimits::default())?;
/// println!("{:?} voxels of {}", image.header.size, image.header.component.name());
/// # Ok::<(), itk_sys::ItkError>(())
/// ```
pub fn read(path: &Path, limits: &ReadLimits) -> Result<Image, ItkError> {
    ImageReader::open(path)?.read(limits)
}

/// A file whose header was read.
pub struct ImageReader {
    header: Header,
    file_bytes: u64,
    #[cfg(has_itk)]
    file: cxx::UniquePtr<crate::bridge::ffi::ImageFile>,
}

impl ImageReader {
    /// Reads the header.
    ///
    /// # Errors
    /// No such file, no format that fits, a damaged header, voxels that are no numbers.
    #[cfg(has_itk)]
    pub fn open(path: &Path) -> Result<Self, ItkError> {
        let data = std::fs::metadata(path).map_err(|e| ItkError::Io(e.to_string()))?;
        if !data.is_file() {
            return Err(ItkError::Io("it is not a file".into()));
        }
        let file = crate::bridge::ffi::open_file(&path_bytes(path)?)?;
        let header = header_of(&file)?;
        Ok(Self {
            header,
            file_bytes: bytes_on_disk(path, data.len()),
            file,
        })
    }

    /// Built without ITK.
    ///
    /// # Errors
    /// Always [`ItkError::NotBuilt`].
    #[cfg(not(has_itk))]
    pub fn open(_path: &Path) -> Result<Self, ItkError> {
        Err(ItkError::NotBuilt)
    }

    /// What the file says.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the voxels.
    ///
    /// # Errors
    /// More than the limits allow or the file can hold, no memory, or ITK's own reason.
    #[cfg(has_itk)]
    pub fn read(mut self, limits: &ReadLimits) -> Result<Image, ItkError> {
        limits.check(&self.header, self.file_bytes)?;
        let bytes = self.header.byte_count();
        let count = self.header.voxel_count();
        let count = count.and_then(|n| n.checked_mul(self.header.components));
        let count = count.ok_or(ItkError::OutOfMemory { bytes })?;
        let mut voxels = Voxels::zeros(self.header.component, count)?;
        self.file.pin_mut().read(voxels.as_bytes_mut())?;
        Ok(Image {
            header: self.header,
            voxels,
        })
    }

    /// Built without ITK.
    ///
    /// # Errors
    /// Always [`ItkError::NotBuilt`].
    #[cfg(not(has_itk))]
    pub fn read(self, limits: &ReadLimits) -> Result<Image, ItkError> {
        limits.check(&self.header, self.file_bytes)?;
        Voxels::zeros(self.header.component, 0)?;
        Err(ItkError::NotBuilt)
    }
}

#[cfg(has_itk)]
fn header_of(file: &crate::bridge::ffi::ImageFile) -> Result<Header, ItkError> {
    use crate::header::PixelKind;
    use crate::voxels::ComponentType;

    let frame = file.frame();
    let component = ComponentType::from_code(file.component_type()).ok_or_else(|| {
        ItkError::UnsupportedVoxels("their numbers are neither integers nor floats".into())
    })?;
    let mut texts = Vec::new();
    file.metadata(&mut texts);
    let mut texts = split(&texts).into_iter();
    let mut metadata = std::collections::BTreeMap::new();
    while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
        metadata.insert(key, value);
    }
    let mut format = Vec::new();
    file.format(&mut format);
    let size = frame.size.iter().map(|&s| usize::try_from(s));
    let header = Header {
        size: size
            .collect::<Result<_, _>>()
            .map_err(|_| ItkError::BadHeader("an axis is too long".into()))?,
        spacing: frame.spacing,
        origin: frame.origin,
        direction: frame.direction,
        component,
        components: file.components() as usize,
        kind: match file.is_colour() {
            true => PixelKind::Colour,
            false => PixelKind::Numbers,
        },
        format: split(&format).into_iter().next().unwrap_or_default(),
        metadata,
    };
    header.check()?;
    Ok(header)
}

/// Texts that each end with a zero byte.
#[cfg(has_itk)]
pub(crate) fn split(bytes: &[u8]) -> Vec<String> {
    let mut parts: Vec<_> = bytes
        .split(|&b| b == 0)
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    parts.pop();
    parts
}

/// The path as ITK takes it: bytes on Unix, UTF-8 elsewhere.
#[cfg(has_itk)]
pub(crate) fn path_bytes(path: &Path) -> Result<Vec<u8>, ItkError> {
    let bytes = path.as_os_str().as_encoded_bytes().to_vec();
    match bytes.is_empty() || bytes.contains(&0) {
        true => Err(ItkError::BadArgument(
            "the path is empty or has a zero byte".into(),
        )),
        false => Ok(bytes),
    }
}

/// Bytes that may belong to the image: the file's, and those of the files beside it where a format keeps voxels there.
#[cfg(has_itk)]
fn bytes_on_disk(path: &Path, own: u64) -> u64 {
    let name = path.to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let is_header = [".mhd", ".nhdr", ".hdr", ".img"]
        .iter()
        .any(|e| name.ends_with(e));
    if !is_header {
        return own;
    }
    let folder = path.parent().map(|p| match p.as_os_str().is_empty() {
        true => Path::new("."),
        false => p,
    });
    let entries = folder.and_then(|f| std::fs::read_dir(f).ok());
    let files = entries.into_iter().flatten().flatten();
    let sizes = files
        .filter_map(|e| e.metadata().ok())
        .filter(|m| m.is_file());
    sizes.map(|m| m.len()).fold(0, u64::saturating_add).max(own)
}
