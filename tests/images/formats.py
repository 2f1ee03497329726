"""Images of every format through the program, against SimpleITK and against what was written.

Runs in the environment of ``tools/setup.py itksnap``, which has SimpleITK, numpy and pydicom (versions are pinned
in ``tools/requirements/itksnap.txt`` and ``images.txt``); skipped without it. ``RATERLENS_MUTATIONS`` says how many
damaged files per format are tried (default 20).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PYTHON = Path(os.environ.get("RATERLENS_ITKSNAP_PYTHON", "no-python"))
if not PYTHON.exists():
    print(f"skipped: no Python with SimpleITK ({PYTHON}); run `python3 tools/setup.py itksnap`")
    sys.exit(77)
if "RATERLENS_IMAGES_CHILD" not in os.environ:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"RATERLENS_IMAGES_CHILD": "1"}
    os.execve(PYTHON, [str(PYTHON), *sys.argv], environment)

import numpy as np  # noqa: E402
import SimpleITK as sitk  # noqa: E402
from dicom_series import write_series  # noqa: E402

PROGRAM = os.environ["RATERLENS_PROGRAM"]
ITK_PROGRAM = str(Path(PROGRAM).with_name("raterlens-itk"))
MUTATIONS = int(os.environ.get("RATERLENS_MUTATIONS", "20"))
#: Headers of NIfTI and GIPL hold 32-bit floats.
PLACE_MM = 1e-3
FORMATS = ("nii.gz", "nii", "nrrd", "nhdr", "mha", "mhd")
TYPES = (np.uint8, np.int16, np.uint16, np.int32, np.float32, np.float64)


def run(*words: object) -> subprocess.CompletedProcess[str]:
    """Runs ``raterlens`` and waits for it."""
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, check=False)


def read_request(path: Path) -> bytes:
    """What the program asks of ``raterlens-itk`` to read a file."""
    request = json.dumps({"Read": {"path": str(path), "max_bytes": 1 << 30}}).encode()
    return struct.pack("<IQ", 1, len(request)) + request


def converted(source: Path, target: Path, *more: str) -> sitk.Image:
    """``raterlens preprocess``, and what SimpleITK reads of the result."""
    result = run("preprocess", source, "-o", target, "--force", *more)
    assert result.returncode == 0, result.stderr
    return sitk.ReadImage(str(target))


def rotation(seed: int) -> np.ndarray:
    """A random rotation."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def image(voxels: np.ndarray, seed: int = 1, direction: np.ndarray | None = None) -> sitk.Image:
    """An image with random place and direction."""
    rng = np.random.default_rng(seed)
    made = sitk.GetImageFromArray(voxels)
    made.SetSpacing(rng.uniform(0.4, 5.0, 3).tolist())
    made.SetOrigin(rng.uniform(-200, 200, 3).tolist())
    made.SetDirection((rotation(seed) if direction is None else direction).ravel().tolist())
    return made


def corners(of: sitk.Image) -> np.ndarray:
    """Where the corner voxels are."""
    last = [n - 1 for n in of.GetSize()]
    indices = itertools.product(*[(0, n) for n in last])
    return np.array([of.TransformIndexToPhysicalPoint(index) for index in indices])


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="raterlens-images-")
        self.addCleanup(self.temporary.cleanup)
        self.dir = Path(self.temporary.name)

    def assert_same(self, found: sitk.Image, wanted: sitk.Image, about: str = "", by: float = PLACE_MM):
        self.assertEqual(found.GetSize(), wanted.GetSize(), about)
        np.testing.assert_allclose(corners(found), corners(wanted), rtol=0, atol=by, err_msg=about)
        np.testing.assert_array_equal(
            sitk.GetArrayFromImage(found).astype(np.float64),
            sitk.GetArrayFromImage(wanted).astype(np.float32).astype(np.float64),
            err_msg=about,
        )


class Formats(Case):
    def test_every_format_and_type_keeps_voxels_and_places(self):
        for seed, (ending, of) in enumerate(itertools.product(FORMATS, TYPES)):
            rng = np.random.default_rng(seed)
            low = 0 if np.issubdtype(of, np.unsignedinteger) else -100
            wanted = image(rng.integers(low, 120, (3, 5, 7)).astype(of), seed)
            # A folder for each: where a.nii and a.nii.gz are side by side, ITK takes the voxels of the wrong one.
            folder = self.dir / str(seed)
            folder.mkdir()
            source = folder / f"in.{ending}"
            sitk.WriteImage(wanted, str(source))
            target = folder / f"out.{FORMATS[seed % len(FORMATS)]}"
            self.assert_same(converted(source, target), sitk.ReadImage(str(source)), f"{ending} {of.__name__}")

    def test_labels_survive_every_format_in_all_48_orientations(self):
        voxels = np.random.default_rng(3).integers(0, 5, (4, 5, 6)).astype(np.uint8)
        orientations = [
            (order, signs)
            for order in itertools.permutations(range(3))
            for signs in itertools.product((1, -1), repeat=3)
        ]
        self.assertEqual(len(orientations), 48)
        for n, (order, signs) in enumerate(orientations):
            direction = np.zeros((3, 3))
            for axis, (world, sign) in enumerate(zip(order, signs, strict=True)):
                direction[world, axis] = sign
            # Every other one is oblique, too.
            tilted = rotation(n) @ direction if n % 2 else direction
            folder = self.dir / str(n)
            folder.mkdir()
            source = folder / f"in.{FORMATS[n % 6]}"
            target = folder / f"out.{FORMATS[(n // 6 + n + 1) % 6]}"
            sitk.WriteImage(image(voxels, n, tilted), str(source))
            found = converted(source, target, "--labels")
            self.assert_same(found, sitk.ReadImage(str(source)), f"{order} {signs}")

    def test_segmentations_keep_names_and_labels(self):
        voxels = np.random.default_rng(4).integers(0, 3, (4, 5, 6)).astype(np.uint8)
        source = self.dir / "labels.nii.gz"
        sitk.WriteImage(image(voxels), str(source))
        names = self.dir / "names.json"
        names.write_text(
            '[{"id":1,"name":"psoas_left","title":"Left psoas","color":[10,20,30],"mirror":2,'
            '"terminology":{"scheme":"SCT","code":"71341001","meaning":"Psoas"}},'
            '{"id":2,"name":"psoas_right","title":"Right psoas","color":[255,0,128],"mirror":1}]'
        )
        target = self.dir / "labels.seg.nrrd"
        found = converted(source, target, "--labels", "--label-names", str(names))
        self.assert_same(found, sitk.ReadImage(str(source)))
        self.assertEqual(found.GetMetaData("Segment0_Name"), "Left psoas")
        self.assertIn("SCT^71341001^Psoas", found.GetMetaData("Segment0_Tags"))
        again = converted(target, self.dir / "again.seg.nrrd", "--labels")
        self.assertEqual(again.GetMetaData("Segment1_ID"), "psoas_right")
        self.assertEqual(again.GetMetaData("Segment1_Color"), found.GetMetaData("Segment1_Color"))
        self.assert_same(again, found)

    def test_what_does_not_say_which_side_is_left_is_refused(self):
        source = self.dir / "in.png"
        sitk.WriteImage(sitk.GetImageFromArray(np.arange(64, dtype=np.uint8).reshape(8, 8)), str(source))
        refused = run("preprocess", source, "-o", self.dir / "out.nii.gz")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("do not say which side is left", refused.stderr)
        taken = run("preprocess", source, "-o", self.dir / "out.nii.gz", "--allow-unoriented")
        self.assertEqual(taken.returncode, 0, taken.stderr)
        self.assertIn("check the sides", taken.stderr)

    def test_a_header_that_promises_ten_terabytes_is_refused(self):
        source = self.dir / "huge.nrrd"
        source.write_text(
            "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 20000 20000 25000\nspace: left-posterior-superior\n"
            "space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n\nabc"
        )
        refused = run("preprocess", source, "-o", self.dir / "out.nii.gz")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("promises 10000000000000 bytes", refused.stderr)

    def test_damaged_files_are_errors_and_crash_nothing(self):
        crashes: dict[str, int] = {}
        for ending in ("nrrd", "mha", "gipl", "tif", "png", "dcm"):
            source = self.dir / f"good.{ending}"
            voxels = np.random.default_rng(2).integers(0, 200, (3, 24, 24)).astype(np.uint8)
            if ending == "dcm":
                folder = self.dir / "dicom"
                frame = {"spacing": (1.0, 1.0, 3.0), "origin": np.zeros(3), "direction": np.eye(3)}
                write_series(folder, voxels[:1].astype(np.uint16), **frame)
                source.write_bytes(next(folder.iterdir()).read_bytes())
            elif ending == "png":
                sitk.WriteImage(sitk.GetImageFromArray(voxels[0]), str(source))
            else:
                sitk.WriteImage(image(voxels, 3, np.eye(3)), str(source))
            good = source.read_bytes()
            rng = random.Random(ending)
            for n in range(MUTATIONS):
                bad = bytearray(good)
                for _ in range(rng.choice((1, 2, 8, 64))):
                    bad[rng.randrange(min(len(bad), 1200))] = rng.randrange(256)
                if n % 5 == 4:
                    del bad[rng.randrange(len(bad)) :]
                damaged = self.dir / f"damaged.{ending}"
                damaged.write_bytes(bad)
                answer = subprocess.run([ITK_PROGRAM], input=read_request(damaged), capture_output=True, check=False)
                if answer.returncode == 0:
                    continue
                # ITK crashed in its own process: the program says so and ends as with any error.
                crashes[ending] = crashes.get(ending, 0) + 1
                result = run("preprocess", damaged, "-o", self.dir / "out.nii.gz", "--force", "--allow-unoriented")
                self.assertEqual(result.returncode, 1, f"{ending} {n}: {result.returncode} {result.stderr}")
                self.assertIn("ITK crashed on this file", result.stderr)
        print(f"{MUTATIONS} damaged files per format; crashes of ITK: {crashes or 'none'}")

    @unittest.skipUnless(os.name == "posix", "a shell script stands for the crash")
    def test_a_crash_of_itk_is_an_error(self):
        crashing = self.dir / "crash"
        crashing.write_text("#!/bin/sh\nkill -SEGV $$\n")
        crashing.chmod(0o755)
        source = self.dir / "in.nrrd"
        sitk.WriteImage(image(np.zeros((2, 8, 8), np.uint8)), str(source))
        command = [PROGRAM, "preprocess", str(source), "-o", str(self.dir / "out.nii.gz")]
        environment = os.environ | {"RATERLENS_ITK": str(crashing)}
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn("ITK crashed on this file (signal 11)", result.stderr)
        self.assertFalse((self.dir / "out.nii.gz").exists())
        environment["RATERLENS_ITK"] = str(self.dir / "none")
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        self.assertIn("convert the image to .nii.gz, or install RaterLens with ITK", result.stderr)


class Dicom(Case):
    frame = {
        "spacing": (0.7, 0.9, 4.4),
        "origin": np.array([-80.5, 31.25, -400.0]),
        "direction": rotation(7),
    }

    def voxels(self, slices: int = 6) -> np.ndarray:
        return np.random.default_rng(8).integers(0, 4000, (slices, 12, 10)).astype(np.uint16)

    def wanted(self, voxels: np.ndarray) -> sitk.Image:
        made = sitk.GetImageFromArray(voxels)
        made.SetSpacing(self.frame["spacing"])
        made.SetOrigin(self.frame["origin"].tolist())
        made.SetDirection(self.frame["direction"].ravel().tolist())
        return made

    def test_shuffled_names_and_compression(self):
        for compressed in (False, True):
            folder = self.dir / f"series{compressed}"
            write_series(folder, self.voxels(), **self.frame, compressed=compressed)
            found = converted(folder, self.dir / "out.nrrd")
            self.assert_same(found, self.wanted(self.voxels()), by=2e-3)

    def test_a_missing_slice_is_refused(self):
        write_series(self.dir / "series", self.voxels(), **self.frame, leave_out=(2,))
        result = run("preprocess", self.dir / "series", "-o", self.dir / "out.nrrd")
        self.assertEqual(result.returncode, 1)
        self.assertIn("at least one slice is missing: slices 2 and 3 are 8.80 mm apart", result.stderr)

    def test_several_series_are_listed_and_chosen(self):
        folder = self.dir / "both"
        write_series(folder, self.voxels(), **self.frame, description="T2 ax", prefix="A")
        write_series(folder, self.voxels(4), **self.frame, description="T1 ax", prefix="B")
        result = run("preprocess", folder, "-o", self.dir / "out.nrrd")
        self.assertEqual(result.returncode, 1)
        self.assertIn("2 DICOM series", result.stderr)
        self.assertNotIn("Nobody", result.stderr)
        found = converted(folder, self.dir / "out.nrrd", "--series", "T1 ax")
        self.assertEqual(found.GetSize(), (10, 12, 4))
        listed = run("preprocess", folder, "--list-series")
        self.assertIn("'T2 ax' (MR, 6 files)", listed.stdout)

    def test_stacks_of_other_tilts_in_one_series_are_told_apart(self):
        folder, uid = self.dir / "levels", "1.2.826.0.1.3680043.8.498.1"
        write_series(folder, self.voxels(3), **self.frame, uid=uid, prefix="A")
        tilted = self.frame | {"direction": rotation(9), "origin": np.array([0.0, 0.0, -300.0])}
        write_series(folder, self.voxels(4), **tilted, uid=uid, prefix="B")
        result = run("preprocess", folder, "-o", self.dir / "out.nrrd")
        self.assertEqual(result.returncode, 1)
        self.assertIn("1:1", result.stderr)
        sizes = {converted(folder, self.dir / "out.nrrd", "--series", f"1:{n}").GetSize()[2] for n in (1, 2)}
        self.assertEqual(sizes, {3, 4})

    def test_a_tilted_gantry_is_sheared_not_straightened(self):
        shear = 0.5 * self.frame["direction"][:, 1]
        write_series(self.dir / "series", self.voxels(), **self.frame, shear=shear)
        result = run("preprocess", self.dir / "series", "-o", self.dir / "out.nii.gz")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("gantry tilt of 6.5 degrees", result.stderr)
        # SimpleITK refuses sheared NIfTI; the affine is read by hand: RAS from the last voxel.
        import gzip

        header = gzip.decompress((self.dir / "out.nii.gz").read_bytes())[:348]
        affine = np.frombuffer(header[280:328], "<f4").reshape(3, 4)
        last = affine @ [9, 11, 5, 1] * [-1, -1, 1]
        index = np.array([9, 11, 5]) * self.frame["spacing"]
        wanted = self.frame["origin"] + self.frame["direction"] @ index + 5 * shear
        np.testing.assert_allclose(last, wanted, atol=5e-3)


class Filters(Case):
    def test_n4_is_that_of_simpleitk(self):
        k, j, i = np.meshgrid(np.arange(12), np.arange(48), np.arange(52), indexing="ij")
        rng = np.random.default_rng(0)
        tissue = np.where((i // 12 + j // 12) % 2 == 0, 100.0, 200.0)
        bias = np.exp(0.5 * i / 52 - 0.3 * j / 48 + 0.1 * k / 12)
        source = sitk.GetImageFromArray((tissue * bias * rng.uniform(0.95, 1.05, i.shape)).astype(np.float32))
        source.SetSpacing((1.0, 1.0, 3.0))
        path = self.dir / "in.nrrd"
        sitk.WriteImage(source, str(path))
        found = converted(path, self.dir / "out.nrrd", "--n4")
        threads = os.cpu_count() or 1
        sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(threads)
        n4 = sitk.N4BiasFieldCorrectionImageFilter()
        n4.SetNumberOfWorkUnits(threads)
        n4.Execute(sitk.Shrink(source, (4, 4, 3)))
        wanted = source / sitk.Exp(sitk.Cast(n4.GetLogBiasFieldAsImage(source), sitk.sitkFloat32))
        a, b = sitk.GetArrayFromImage(found), sitk.GetArrayFromImage(wanted)
        worst = np.max(np.abs(a - b) / np.abs(b))
        print(f"N4: largest relative difference {worst:.2e}")
        self.assertLess(worst, 1e-6)

    def test_denoising_does_not_depend_on_the_order_of_axes(self):
        rng = np.random.default_rng(1)
        tissue = np.where(np.arange(40) < 20, 100.0, 200.0)[None, None, :] * np.ones((4, 36, 40))
        noisy = sitk.GetImageFromArray((tissue + rng.normal(0, 6, tissue.shape)).astype(np.float32))
        noisy.SetSpacing((1.0, 1.0, 4.0))
        sitk.WriteImage(noisy, str(self.dir / "a.nrrd"))
        turned = sitk.Flip(sitk.PermuteAxes(noisy, (2, 0, 1)), (True, False, True))
        sitk.WriteImage(turned, str(self.dir / "b.nrrd"))
        a = converted(self.dir / "a.nrrd", self.dir / "a.mha", "--denoise")
        b = converted(self.dir / "b.nrrd", self.dir / "b.mha", "--denoise")
        back = sitk.PermuteAxes(sitk.Flip(b, (True, False, True)), (1, 2, 0))
        a, back = sitk.GetArrayFromImage(a), sitk.GetArrayFromImage(back)
        np.testing.assert_array_equal(a, back)
        before = np.sqrt(np.mean((sitk.GetArrayFromImage(noisy) - tissue) ** 2))
        after = np.sqrt(np.mean((a - tissue) ** 2))
        print(f"denoising: error {before:.2f} to {after:.2f}")
        self.assertLess(after, 0.7 * before)

    def test_resampling_keeps_the_box(self):
        source = image(np.ones((4, 5, 6), np.float32), 2)
        source.SetSpacing((1.0, 2.0, 4.0))
        sitk.WriteImage(source, str(self.dir / "a.nrrd"))
        found = converted(self.dir / "a.nrrd", self.dir / "b.nrrd", "--spacing", "0.5,1,4")
        self.assertEqual(found.GetSize(), (12, 10, 4))
        corner = [of.TransformContinuousIndexToPhysicalPoint((-0.5, -0.5, -0.5)) for of in (source, found)]
        np.testing.assert_allclose(corner[0], corner[1], atol=1e-6)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    sys.exit(not program.result.wasSuccessful())
