// Fuses and compares three raters: the shortest program that does so from C++.
#include <raterlens/raterlens.hpp>

#include <iostream>
#include <vector>

int main() {
  raterlens::RatersView image;
  image.geometry.dims = {4, 1, 1}; // i, j, k; i is the fastest in memory
  image.geometry.spacing_mm = {0.5, 0.5, 4.0};
  const std::vector<std::uint16_t> ann{1, 1, 1, 0}, ben{1, 1, 0, 0}, cem{1, 1, 1, 1}; // your labels go here
  image.raters = {{"Ann", ann.data(), 4}, {"Ben", ben.data(), 4}, {"Cem", cem.data(), 4}};
  image.structures = {{1, "multifidus_left", "Left multifidus", {230, 159, 0}, "", "", ""}};
  try {
    raterlens::FuseOptions options;
    options.method = "majority";
    options.ties = "background";
    const raterlens::Fusion fusion = raterlens::fuseRaters(image, options);
    for (std::size_t voxel = 0; voxel < fusion.consensus.size(); ++voxel) {
      std::cout << "voxel " << voxel << ": label " << fusion.consensus[voxel] << ", variance "
                << fusion.variance[0].voxels[voxel] << "\n";
    }
    for (const raterlens::Table &table : raterlens::compareRaters(image).tables) {
      std::cout << table.name << ": " << table.columns.size() << " columns\n";
    }
  } catch (const raterlens::Error &error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
