"""The slicer-core host: which mirror, which packages, what is changed in VTK's headers."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from raterlens_setup import paths
from raterlens_setup.errors import SetupError
from slicer_host import packages, versions
from slicer_host.mirror import find_mirror
from slicer_host.vtk_sdk import without_tbb

STANZAS = """\
Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
"""


class FolderTest(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        environment = {key: value for key, value in os.environ.items() if key != "RATERLENS_DEBIAN_MIRROR"}
        self.enterContext(mock.patch.dict(os.environ, environment, clear=True))


class MirrorTest(FolderTest):
    """The machine's own mirror of the main archive is found in either format of apt's sources."""

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def test_stanzas(self) -> None:
        self.write("sources.list.d/debian.sources", STANZAS)
        self.assertEqual(find_mirror(self.folder).uri, "http://mirror.example/debian")

    def test_a_disabled_stanza_does_not_count(self) -> None:
        self.write("sources.list.d/debian.sources", STANZAS.replace("# a comment", "Enabled: no"))
        self.assertIsNone(find_mirror(self.folder))

    def test_lines(self) -> None:
        self.write("sources.list", "# deb http://no.example/debian sid main\ndeb http://one.example/d bookworm main\n")
        self.assertEqual(find_mirror(self.folder).uri, "http://one.example/d")

    def test_lines_with_options_and_other_archives(self) -> None:
        self.write(
            "sources.list",
            "deb [signed-by=/nowhere.gpg] https://other.example/apt jammy main\n"
            "deb [arch=amd64 signed-by=/nowhere.gpg] https://two.example/debian trixie main\n",
        )
        self.assertEqual(find_mirror(self.folder).uri, "https://two.example/debian")

    def test_none(self) -> None:
        self.assertIsNone(find_mirror(self.folder))

    def test_the_variable_comes_first(self) -> None:
        self.write("sources.list.d/debian.sources", STANZAS)
        os.environ["RATERLENS_DEBIAN_MIRROR"] = "http://chosen.example/debian"
        self.assertEqual(find_mirror(self.folder).uri, "http://chosen.example/debian")


class PackagesTest(FolderTest):
    """A local folder stands in when the mirror has moved on; an error names every way out."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(mock.patch("builtins.print"))
        moved_on = mock.Mock(side_effect=SetupError("the mirror has VTK 9.7"))
        self.enterContext(mock.patch.object(packages, "_from_mirror", moved_on))

    def test_a_folder_with_the_packages(self) -> None:
        for name in ("libvtk9-dev_9.6.2+x-1_a.deb", "vtk9_9.6.2+x-1_a.deb", "python3-vtk9_9.6.2+x-1_a.deb"):
            (self.folder / name).touch()
        (self.folder / "libvtk9-dev_9.7.0+x-1_a.deb").touch()
        (self.folder / "libc6_2.43-7_amd64.deb").touch()
        (self.folder / "vtk-9.6.2-hierarchy.tar.xz").touch()
        found = packages.find_packages("9.6.2", self.folder, self.folder)
        self.assertEqual(found.headers.name, "libvtk9-dev_9.6.2+x-1_a.deb")
        self.assertEqual(found.hierarchy_tool.name, "vtk9_9.6.2+x-1_a.deb")
        self.assertEqual(found.hierarchies.name, "vtk-9.6.2-hierarchy.tar.xz")

    def test_nothing_anywhere(self) -> None:
        for folder in (None, self.folder):
            with self.assertRaises(SetupError) as caught:
                packages.find_packages("9.6.2", self.folder, folder)
            for word in ("the mirror has VTK 9.7", "RATERLENS_VENDOR_DIR", "RATERLENS_VTK_SDK", "HostVersions.cmake"):
                self.assertIn(word, str(caught.exception))


class VersionsTest(FolderTest):
    """One place states the versions, and the lock file must agree."""

    def test_the_repository_agrees_with_itself(self) -> None:
        pair = versions.HostVersions.read(paths.ROOT)
        self.assertRegex(pair.vtk, r"^\d+\.\d+\.\d+$")

    def test_a_lock_file_of_another_version_is_refused(self) -> None:
        for name in (versions.VERSIONS_FILE, versions.LOCK_FILE):
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text((paths.ROOT / name).read_text())
        versions.HostVersions.read(self.folder)
        lock = self.folder / versions.LOCK_FILE
        lock.write_text(lock.read_text().replace("vtk==9", "vtk==8"))
        with self.assertRaisesRegex(SetupError, "does not pin vtk=="):
            versions.HostVersions.read(self.folder)

    def test_a_wheel_of_another_version_is_named(self) -> None:
        for name in ("slicer_core-5.0", "slicer_core_sdk-5.0", "vtk-9.0.0"):
            (self.folder / f"{name}.dist-info").mkdir()
        versions.check_installed(versions.HostVersions("5.0", "9.0.0"), self.folder)
        with self.assertRaisesRegex(SetupError, "vtk 9.1.0 is needed .* found 9.0.0"):
            versions.check_installed(versions.HostVersions("5.0", "9.1.0"), self.folder)


class HeaderTest(unittest.TestCase):
    """The wheel has no TBB: with it in the header, templates call functions that are not there."""

    def test_tbb_is_off_and_sequential_the_default(self) -> None:
        debian = (
            '#define VTK_SMP_TBB\n#define VTK_SMP_BACKEND "TBB"\n#define VTK_SMP_ENABLE_STDTHREAD 1\n'
            "#define VTK_SMP_ENABLE_TBB 1\n#define VTK_SMP_DEFAULT_IMPLEMENTATION_SEQUENTIAL 0\n"
            "#define VTK_SMP_DEFAULT_IMPLEMENTATION_TBB 1\n"
        )
        wheel = without_tbb(debian)
        self.assertIn("#define VTK_SMP_ENABLE_TBB 0\n", wheel)
        self.assertIn("#define VTK_SMP_DEFAULT_IMPLEMENTATION_SEQUENTIAL 1\n", wheel)
        self.assertIn("#define VTK_SMP_DEFAULT_IMPLEMENTATION_TBB 0\n", wheel)
        self.assertIn("#define VTK_SMP_ENABLE_STDTHREAD 1\n", wheel)
        self.assertIn('#define VTK_SMP_BACKEND "Sequential"\n', wheel)


if __name__ == "__main__":
    unittest.main()
