// Runs the tests of the Slicer module. Those that need a model are skipped loudly (exit code 77) without it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "support.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>

int main(int argc, char **argv) {
  if (std::getenv("RATERLENS_TEST_NEEDS_MODEL")) {
    for (const std::string &file : {test_model() + "/model.json", test_image()}) {
      if (!std::ifstream(file).good()) {
        std::cout << "skipped: there is no file '" << file << "'\n";
        return 77;
      }
    }
  }
  count_vtk_complaints();
  doctest::Context context(argc, argv);
  return context.run();
}
