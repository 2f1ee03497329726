// What the tests share: a phantom image, the model's path, and a way to catch an Error.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include <raterlens/raterlens.hpp>

/// The model package named by RATERLENS_TEST_MODEL.
inline std::string test_model_path() {
  const char *path = std::getenv("RATERLENS_TEST_MODEL");
  return path == nullptr ? "" : path;
}

/// An image with a bright body, a darker column and a gradient, on an anisotropic grid.
struct Phantom {
  raterlens::Geometry geometry;
  std::vector<float> voxels;

  explicit Phantom(std::size_t slices, std::size_t side = 64) {
    geometry.dims = {side, side + 8, slices};
    geometry.spacing_mm = {2.5, 2.25, 5.0};
    geometry.origin_lps = {-80.0, -70.0, 30.0};
    for (std::size_t k = 0; k < slices; ++k) {
      for (std::size_t j = 0; j < geometry.dims[1]; ++j) {
        for (std::size_t i = 0; i < side; ++i) {
          voxels.push_back(intensity(i, j, k, static_cast<double>(side)));
        }
      }
    }
  }

  raterlens::ImageView view() const { return {voxels.data(), geometry}; }

private:
  static float intensity(std::size_t i, std::size_t j, std::size_t k, double side) {
    const double x = static_cast<double>(i) / side - 0.5;
    const double y = static_cast<double>(j) / side - 0.5;
    const double body = x * x / 0.2 + y * y / 0.15 < 1.0 ? 400.0 : 20.0;
    const double column = std::hypot(x, y + 0.1) < 0.12 ? 250.0 : 0.0;
    return static_cast<float>(body - column + 40.0 * y + static_cast<double>(k));
  }
};

/// Runs `function` and gives the Error that it throws; fails the test when it throws none.
template <class Function> raterlens::Error error_of(Function &&function) {
  try {
    function();
  } catch (const raterlens::Error &error) {
    return error;
  }
  FAIL("no raterlens::Error was thrown");
  return {raterlens::ErrorKind::Internal, ""};
}

inline bool contains(const std::string &text, const std::string &part) {
  return text.find(part) != std::string::npos;
}
