# The one place that says which Slicer libraries this project is compiled against.
#
# Read by CMake and by `tools/setup_slicer_host.py`. The two versions belong together: a slicer-core
# wheel names the exact vtk wheel it was built with. To move on, change both here and the same pins with their
# hashes in `tools/requirements/slicer-host.txt`; the set-up refuses to run while they differ.
set(RATERLENS_SLICER_CORE_VERSION "5.13.31053.0")
set(RATERLENS_VTK_VERSION "9.6.2")
