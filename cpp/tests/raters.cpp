// Several raters through the wrapper: a case worked by hand, and what cannot work.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "support.hpp"

using raterlens::CancelToken;
using raterlens::ErrorKind;
using raterlens::FuseOptions;

namespace {

/// Three raters of three voxels in a row, 0.5 x 1 x 4 mm: two drew voxels 0 and 1, Ben only voxel 0.
struct Raters {
  std::vector<std::uint16_t> ann{7, 7, 0}, ben{7, 0, 0}, cem{7, 7, 0};

  raterlens::RatersView view() const {
    raterlens::RatersView view;
    view.geometry.dims = {3, 1, 1};
    view.geometry.spacing_mm = {0.5, 1.0, 4.0};
    view.raters = {
        {"Ann", ann.data(), ann.size()}, {"Ben", ben.data(), ben.size()}, {"Cem", cem.data(), cem.size()}};
    view.structures = {{7, "muscle", "Muscle", {255, 0, 0}, "", "", ""}};
    return view;
  }
};

const raterlens::Table &table(const std::vector<raterlens::Table> &tables, const std::string &name) {
  for (const auto &found : tables) {
    if (found.name == name) {
      return found;
    }
  }
  throw std::runtime_error("there is no table " + name);
}

template <class T> const std::vector<T> &column(const raterlens::Table &table, const std::string &name) {
  for (const auto &found : table.columns) {
    if (found.name == name) {
      return std::get<std::vector<T>>(found.values);
    }
  }
  throw std::runtime_error("there is no column " + name);
}

} // namespace

TEST_SUITE("raters") {
  TEST_CASE_FIXTURE(Raters, "a fusion of three voxels (worked by hand)") {
    FuseOptions options;
    options.posteriors = true;
    const auto found = raterlens::fuseRaters(view(), options);
    CHECK(found.consensus == std::vector<std::uint16_t>{7, 7, 0});
    REQUIRE(found.posteriors.size() == 1);
    CHECK(found.posteriors[0].voxels == std::vector<float>{1.0F, 2.0F / 3.0F, 0.0F});
    REQUIRE(found.variance.size() == 1);
    CHECK(found.variance[0].structure == 7);
    // Distances of pixels: Ann and Cem 2, 1, -1; Ben 1, -1, -2. Two equal values and another vary by 2/9 of
    // the square of their difference.
    const auto soft = [](double distance) { return 1.0 / (1.0 + std::exp(-distance)); };
    const double expected[] = {soft(2) - soft(1), soft(1) - soft(-1), soft(-1) - soft(-2)};
    for (std::size_t voxel = 0; voxel < 3; ++voxel) {
      CHECK(found.variance[0].voxels[voxel] ==
            doctest::Approx(2.0 / 9.0 * expected[voxel] * expected[voxel]).epsilon(1e-6));
    }
    const double third = 1.0 / 3.0;
    CHECK(found.entropy[0] == 0.0F);
    CHECK(found.entropy[1] == doctest::Approx(-(third * std::log(third) + 2 * third * std::log(2 * third))));

    const auto &performance = table(found.tables, "performance");
    CHECK(column<std::string>(performance, "rater") == std::vector<std::string>{"Ann", "Ben", "Cem"});
    CHECK(column<double>(performance, "sensitivity") == std::vector<double>{1.0, 0.5, 1.0});
    CHECK(column<double>(performance, "volume_ml") == std::vector<double>{0.004, 0.002, 0.004});
    CHECK(column<double>(table(found.tables, "variance"), "voxels_all_raters")[0] == 1.0);
    CHECK(found.notes.empty());
  }

  TEST_CASE_FIXTURE(Raters, "layers that nobody asked for are not made") {
    FuseOptions options;
    options.variability = false;
    const auto found = raterlens::fuseRaters(view(), options);
    CHECK(found.posteriors.empty());
    CHECK(found.variance.empty());
    CHECK(found.entropy.empty());
    CHECK(found.tables.size() == 1);
  }

  TEST_CASE_FIXTURE(Raters, "a comparison of three voxels (worked by hand)") {
    const auto found = raterlens::compareRaters(view());
    std::vector<std::string> names;
    for (const auto &each : found.tables) {
      names.push_back(each.name);
      CHECK_FALSE(each.title.empty());
    }
    CHECK(names == std::vector<std::string>{"overall", "pairs", "raters", "limits_of_agreement",
                                            "differences", "measurements", "variance", "entropy"});
    const auto &pairs = table(found.tables, "pairs");
    CHECK(column<std::string>(pairs, "rater_b") == std::vector<std::string>{"Ben", "Cem", "Cem"});
    const auto dice = column<double>(pairs, "dice");
    CHECK(dice[0] == doctest::Approx(2.0 * 1 / 3).epsilon(1e-12)); // Ann, Ben
    CHECK(dice[1] == 1.0);                                         // Ann, Cem
    CHECK(std::isnan(column<double>(pairs, "dice_low")[0]));       // one image: no interval
    const auto &differences = table(found.tables, "differences");
    // First row: volumes of Ann and Ben, 4 and 2 mm3.
    CHECK(column<double>(differences, "mean")[0] == doctest::Approx(0.003).epsilon(1e-12));
    CHECK(column<double>(differences, "difference")[0] == doctest::Approx(0.002).epsilon(1e-12));
    CHECK_FALSE(found.notes.empty());
  }

  TEST_CASE_FIXTURE(Raters, "a rater who did not rate the image takes no part") {
    auto input = view();
    input.raters[2].labels = nullptr;
    const auto found = raterlens::fuseRaters(input);
    CHECK(found.consensus == std::vector<std::uint16_t>{7, 0, 0}); // a tie goes to background
    input.raters[1].labels = nullptr;
    CHECK(error_of([&] { raterlens::fuseRaters(input); }).kind() == ErrorKind::Raters);
  }

  TEST_CASE_FIXTURE(Raters, "ties and methods are those asked for") {
    auto input = view();
    input.raters.pop_back();
    FuseOptions options;
    const auto consensus = [&](const char *ties) {
      options.ties = ties;
      return raterlens::fuseRaters(input, options).consensus;
    };
    CHECK(consensus("first-rater") == std::vector<std::uint16_t>{7, 7, 0});
    CHECK(consensus("undecided:255") == std::vector<std::uint16_t>{7, 255, 0});
    CHECK(consensus("lowest-label") == std::vector<std::uint16_t>{7, 0, 0});
    CHECK(consensus("random:42") == consensus("random:42"));
    for (const char *method : {"majority", "staple", "mean", "soft-distance"}) {
      options.method = method;
      options.staple.per_structure = true;
      CHECK(consensus("background")[0] == 7);
    }
  }

  TEST_CASE_FIXTURE(Raters, "what cannot be used is refused with a sentence and the kind Raters") {
    auto input = view();
    FuseOptions options;
    const char *expected = "";
    SUBCASE("an unknown tie policy") {
      options.ties = "coin";
      expected = "'coin' is no tie policy";
    }
    SUBCASE("an unknown method") {
      options.method = "guess";
      expected = "'guess' is no fusion method";
    }
    SUBCASE("text that is not UTF-8") {
      options.ties = "\xff";
      expected = "UTF-8";
    }
    SUBCASE("one rater") {
      input.raters.resize(1);
      expected = "at least two";
    }
    SUBCASE("nobody") {
      input.raters.clear();
      expected = "no rater";
    }
    SUBCASE("two of one name") {
      input.raters[2].name = "Ann";
      expected = "two raters are called 'Ann'";
    }
    SUBCASE("a wrong number of voxels") {
      input.raters[1].count = 2;
      expected = "rater 'Ben' has 2 voxels, but the grid has 3 x 1 x 1";
    }
    SUBCASE("dimensions that overflow") {
      input.geometry.dims = {static_cast<std::size_t>(-1), 2, 2};
      expected = "rater 'Ann' has 3 voxels";
    }
    SUBCASE("a label of no structure") {
      input.structures[0].id = 8;
      expected = "label 7";
    }
    SUBCASE("no structure") {
      input.structures.clear();
      expected = "no structure";
    }
    SUBCASE("a structure's name that no file can have") {
      input.structures[0].name = "Left muscle";
      expected = "'Left muscle'";
    }
    SUBCASE("an undecided label that raters use") {
      options.ties = "undecided:7";
      expected = "label 7";
    }
    SUBCASE("a tolerance that never stops") {
      options.method = "staple";
      options.staple.tolerance = -1.0;
      expected = "tolerance";
    }
    SUBCASE("a soft edge without width") {
      options.soft.tau = 0.0;
      expected = "tau";
    }
    const auto error = error_of([&] { raterlens::fuseRaters(input, options); });
    CHECK(error.kind() == ErrorKind::Raters);
    CHECK_MESSAGE(contains(error.what(), expected), error.what());
  }

  TEST_CASE_FIXTURE(Raters, "a comparison refuses as a fusion does") {
    auto input = view();
    input.raters.resize(1);
    CHECK(error_of([&] { raterlens::compareRaters(input); }).kind() == ErrorKind::Raters);
    input = view();
    input.geometry.spacing_mm[1] = 0.0;
    CHECK(error_of([&] { raterlens::compareRaters(input); }).kind() == ErrorKind::InvalidImage);
    raterlens::CompareOptions options;
    options.surface_tolerance_mm = -1.0;
    CHECK(error_of([&] { raterlens::compareRaters(view(), options); }).kind() == ErrorKind::Raters);
  }

  TEST_CASE_FIXTURE(Raters, "a cancelled token stops both at once") {
    CancelToken cancel;
    cancel.cancel();
    CHECK(error_of([&] { raterlens::fuseRaters(view(), {}, {}, cancel); }).kind() == ErrorKind::Cancelled);
    CHECK(error_of([&] { raterlens::compareRaters(view(), {}, {}, cancel); }).kind() == ErrorKind::Cancelled);
  }

  TEST_CASE_FIXTURE(Raters, "progress grows to 1, and its exception arrives nested in an Error") {
    std::vector<double> seen;
    const auto watch = [&](double fraction, const std::string &stage) {
      CHECK_FALSE(stage.empty());
      seen.push_back(fraction);
    };
    raterlens::fuseRaters(view(), {}, watch);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(seen.back() == 1.0);
    seen.clear();
    raterlens::compareRaters(view(), {}, watch);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(seen.back() == 1.0);

    bool nested = false;
    const CancelToken cancel;
    try {
      raterlens::fuseRaters(
          view(), {}, [](double, const std::string &) { throw std::out_of_range("closed"); }, cancel);
    } catch (const raterlens::Error &error) {
      CHECK(error.kind() == ErrorKind::Internal);
      try {
        std::rethrow_if_nested(error);
      } catch (const std::out_of_range &) {
        nested = true;
      }
    }
    CHECK(nested);
    CHECK_FALSE(cancel.cancelled());
  }

  TEST_CASE_FIXTURE(Raters, "labels move to the nearest voxel of another grid") {
    const auto from = view().geometry;
    auto to = from;
    to.origin_lps[0] = 0.5; // one voxel further
    CHECK(raterlens::regridLabels({1, 2, 3}, from, to) == std::vector<std::uint16_t>{2, 3, 0});
    to = from;
    to.origin_lps[0] = 1.0; // the same grid, stored the other way round
    to.direction_lps[0] = -1.0;
    CHECK(raterlens::regridLabels({1, 2, 3}, from, to) == std::vector<std::uint16_t>{3, 2, 1});
    CHECK(error_of([&] { raterlens::regridLabels({1, 2}, from, to); }).kind() == ErrorKind::Raters);
    CHECK(error_of([&] { raterlens::regridLabels({}, from, to); }).kind() == ErrorKind::Raters);
  }
}
