// Test tool: labels raw float32 voxels and writes raw uint16 labels.
//
// label_raw MODEL VOXELS LABELS  ni nj nk  si sj sk  ox oy oz  d00 d01 .. d22
// (dimensions, spacing in mm, origin in LPS, direction row by row; i is the fastest axis)
#include <raterlens/raterlens.hpp>

#include <fstream>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace {

raterlens::Geometry parse_geometry(char **arguments) {
  raterlens::Geometry grid;
  for (auto &dim : grid.dims) {
    dim = std::stoul(*arguments++);
  }
  for (auto &spacing : grid.spacing_mm) {
    spacing = std::stod(*arguments++);
  }
  for (auto &coordinate : grid.origin_lps) {
    coordinate = std::stod(*arguments++);
  }
  for (auto &element : grid.direction_lps) {
    element = std::stod(*arguments++);
  }
  return grid;
}

std::vector<float> read_voxels(const char *path, std::size_t count) {
  std::vector<float> voxels(count);
  const auto bytes = static_cast<std::streamsize>(count * sizeof(float));
  std::ifstream file(path, std::ios::binary);
  if (!file.read(reinterpret_cast<char *>(voxels.data()), bytes)) {
    throw std::runtime_error("the voxel file is shorter than the dimensions say");
  }
  return voxels;
}

void run(char **arguments) {
  const raterlens::Geometry grid = parse_geometry(arguments + 4);
  const auto voxels = read_voxels(arguments[2], grid.dims[0] * grid.dims[1] * grid.dims[2]);
  const raterlens::Segmenter model(arguments[1], "cpu");
  const auto labels = model.segment({voxels.data(), grid}).labels;
  std::ofstream file(arguments[3], std::ios::binary);
  file.write(reinterpret_cast<const char *>(labels.data()),
             static_cast<std::streamsize>(labels.size() * sizeof(labels[0])));
  if (!file.flush()) {
    throw std::runtime_error("cannot write the labels");
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 22) {
    std::cerr << "label_raw: 21 arguments are needed, see the top of label_raw.cpp\n";
    return 2;
  }
  try {
    run(argv);
  } catch (const std::exception &error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
  return 0;
}
