// Runs the suites. One that needs a model is skipped loudly (exit code 77) without it.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>

#include "support.hpp"

int main(int argc, char **argv) {
  if (std::getenv("RATERLENS_TEST_NEEDS_MODEL") != nullptr &&
      !std::ifstream(test_model_path() + "/model.json").good()) {
    std::cout << "skipped: there is no model package at '" << test_model_path() << "'\n";
    return 77;
  }
  doctest::Context context(argc, argv);
  return context.run();
}
