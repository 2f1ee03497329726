"""Writes DICOM series with pydicom, the way scanners and archives leave them."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, RLELossless, generate_uid


def write_series(
    folder: Path,
    voxels: np.ndarray,
    *,
    spacing: tuple[float, float, float],
    origin: np.ndarray,
    direction: np.ndarray,
    description: str = "T2 ax",
    uid: str | None = None,
    leave_out: tuple[int, ...] = (),
    shear: np.ndarray | None = None,
    compressed: bool = False,
    prefix: str = "IM",
    echo_time: float = 80.0,
) -> str:
    """Writes ``voxels`` ``[k, j, i]`` (16-bit) as one file per slice with shuffled names; returns the series' UID.

    ``direction`` has the vectors along i, j, k as columns (LPS); ``shear`` moves each slice by so many millimetres.
    """
    folder.mkdir(parents=True, exist_ok=True)
    uid = uid or generate_uid()
    study, frame = generate_uid(), generate_uid()
    numbers = list(range(len(voxels)))
    random.Random(5).shuffle(numbers)
    for k, number in enumerate(numbers):
        if k in leave_out:
            continue
        position = np.asarray(origin) + k * spacing[2] * direction[:, 2]
        if shear is not None:
            position = position + k * shear
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = MRImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        path = folder / f"{prefix}{number:04d}"
        data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
        data.PatientName, data.PatientID = "Nobody^Synthetic", "0"
        data.StudyInstanceUID, data.SeriesInstanceUID, data.FrameOfReferenceUID = study, uid, frame
        data.Modality, data.SeriesDescription = "MR", description
        data.ImageType = ["ORIGINAL", "PRIMARY", "M"]
        data.EchoTime, data.InstanceNumber, data.SeriesNumber = echo_time, number + 1, 1
        data.ImagePositionPatient = [f"{v:.6f}" for v in position]
        data.ImageOrientationPatient = [f"{v:.8f}" for v in (*direction[:, 0], *direction[:, 1])]
        data.PixelSpacing = [spacing[1], spacing[0]]
        data.SliceThickness = spacing[2]
        data.Rows, data.Columns = voxels.shape[1:]
        data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
        data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 0
        data.PixelData = np.ascontiguousarray(voxels[k], dtype="<u2").tobytes()
        if compressed:
            data.compress(RLELossless)
        pydicom.dcmwrite(path, data, enforce_file_format=True)
    return uid
