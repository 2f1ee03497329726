// Labels one image: the shortest program that uses RaterLens from C++.
#include <raterlens/raterlens.hpp>

#include <iostream>
#include <vector>

int main(int argc, char **argv) {
  if (argc != 2) {
    std::cerr << "usage: segment MODEL.rlmodel\n";
    return 2;
  }
  raterlens::Geometry grid;
  grid.dims = {128, 128, 4}; // i, j, k; i is the fastest in memory
  grid.spacing_mm = {1.5, 1.5, 5.0};
  std::vector<float> voxels(128 * 128 * 4); // your image goes here
  for (std::size_t n = 0; n < voxels.size(); ++n) {
    voxels[n] = static_cast<float>((n / 128) % 128);
  }
  try {
    const raterlens::Segmenter model(argv[1], "auto");
    const auto result = model.segment({voxels.data(), grid}, {}, [](double fraction, const std::string &) {
      std::cerr << static_cast<int>(100 * fraction) << " %\n";
    });
    for (const auto &row : result.measures) {
      if (row.slice < 0) { // whole volume
        std::cout << "structure " << row.structure << ": " << row.volume_ml << " ml\n";
      }
    }
  } catch (const raterlens::Error &error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
