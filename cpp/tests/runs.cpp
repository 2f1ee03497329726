// Whole runs with a real model: results and progress.
#include <algorithm>
#include <thread>

#include "support.hpp"

using raterlens::Segmenter;
using raterlens::SegmentOptions;
using raterlens::SegmentResult;

namespace {

bool same(const SegmentResult &a, const SegmentResult &b) {
  const auto same_layer = [](const raterlens::Layer &x, const raterlens::Layer &y) {
    return x.structure == y.structure && x.voxels == y.voxels;
  };
  return a.labels == b.labels &&
         std::equal(a.variance.begin(), a.variance.end(), b.variance.begin(), b.variance.end(), same_layer);
}

} // namespace

TEST_SUITE("runs") {
  TEST_CASE("a loaded model describes itself") {
    const Segmenter model(test_model_path(), "cpu");
    CHECK_FALSE(model.model_name().empty());
    CHECK(model.model_checksum().size() == 64);
    CHECK(model.device() == "cpu");
    CHECK_FALSE(model.device_reason().empty());
    REQUIRE_FALSE(model.structures().empty());
    for (const auto &structure : model.structures()) {
      CHECK(structure.id > 0);
      CHECK_FALSE(structure.name.empty());
      CHECK_FALSE(structure.title.empty());
    }
  }

  TEST_CASE("layers lie on the input's grid and agree with the measures") {
    const Segmenter model(test_model_path(), "cpu");
    const Phantom phantom(5);
    SegmentOptions options;
    options.seed = 42;
    const SegmentResult result = model.segment(phantom.view(), options);

    const auto &structures = model.structures();
    REQUIRE(result.labels.size() == phantom.voxels.size());
    REQUIRE(result.variance.size() == structures.size());
    for (std::size_t s = 0; s < structures.size(); ++s) {
      const auto &layer = result.variance[s];
      CHECK(layer.structure == structures[s].id);
      REQUIRE(layer.voxels.size() == phantom.voxels.size());
      CHECK(std::all_of(layer.voxels.begin(), layer.voxels.end(),
                        [](float v) { return v >= 0.0F && v <= 0.25F; }));
    }
    for (const auto &structure : structures) {
      const auto count = std::count(result.labels.begin(), result.labels.end(), structure.id);
      const auto row =
          std::find_if(result.measures.begin(), result.measures.end(), [&](const raterlens::MeasureRow &r) {
            return r.structure == structure.id && r.slice == -1;
          });
      REQUIRE(row != result.measures.end());
      CHECK(row->voxels == static_cast<std::uint64_t>(count));
      CHECK(row->volume_ml == doctest::Approx(static_cast<double>(count) * 2.5 * 2.25 * 5.0 / 1000.0));
      CHECK(std::isnan(row->area_mm2));
      CHECK(std::isnan(row->mean_variance) == (count == 0));
    }
    CHECK(std::any_of(result.measures.begin(), result.measures.end(),
                      [](const raterlens::MeasureRow &r) { return r.slice == 4; }));
    CHECK(result.device == "cpu");
    CHECK(result.model_name == model.model_name());
    CHECK(result.model_checksum == model.model_checksum());
    CHECK(contains(result.run_json, model.model_checksum()));
    CHECK(contains(result.run_json, "\"seed\": 42"));
  }

  TEST_CASE("uncertainty comes as named maps on the input's grid") {
    const Segmenter model(test_model_path(), "cpu");
    const Phantom phantom(3);
    CHECK(model.segment(phantom.view()).uncertainty.empty());
    SegmentOptions options;
    options.epistemic = "dropout";
    options.aleatoric = "augment";
    options.samples = 2;
    const SegmentResult result = model.segment(phantom.view(), options);
    std::vector<std::string> names;
    for (const auto &map : result.uncertainty) {
      names.push_back(map.name);
      CHECK_FALSE(map.title.empty());
      CHECK(map.window_max > 0.0);
      REQUIRE(map.voxels.size() == phantom.voxels.size());
      CHECK(std::all_of(map.voxels.begin(), map.voxels.end(), [](float v) { return v >= 0.0F && v < 1.7F; }));
      CHECK(std::any_of(map.voxels.begin(), map.voxels.end(), [](float v) { return v > 1e-4F; }));
    }
    CHECK(names == std::vector<std::string>{"epistemic_entropy", "mutual_information", "aleatoric_entropy"});
    CHECK(contains(result.run_json, "\"source\": \"dropout\""));
  }

  TEST_CASE("an ensemble of one model twice agrees with itself") {
    const Segmenter twice(std::vector<std::string>{test_model_path(), test_model_path()}, "cpu");
    const Phantom phantom(2);
    SegmentOptions options;
    options.epistemic = "ensemble";
    const SegmentResult result = twice.segment(phantom.view(), options);
    REQUIRE(result.uncertainty.size() == 2);
    const auto &information = result.uncertainty[1].voxels;
    CHECK(std::all_of(information.begin(), information.end(), [](float v) { return v < 1e-6F; }));
    CHECK(same(result, Segmenter(test_model_path(), "cpu").segment(phantom.view())));
  }

  TEST_CASE("what cannot be sampled is a request error") {
    const Segmenter model(test_model_path(), "cpu");
    const Phantom phantom(2);
    for (const char *word : {"ensemble", "tta", "\xff"}) {
      SegmentOptions options;
      options.epistemic = word;
      try {
        model.segment(phantom.view(), options);
        FAIL("not refused");
      } catch (const raterlens::Error &error) {
        CHECK(error.kind() == raterlens::ErrorKind::Request);
      }
    }
  }

  TEST_CASE("progress grows from 0 to 1 on the calling thread") {
    const Segmenter model(test_model_path(), "cpu");
    const Phantom phantom(5);
    std::vector<double> fractions;
    const auto caller = std::this_thread::get_id();
    bool here = true;
    SegmentOptions options;
    options.batch_size = 2;
    model.segment(phantom.view(), options, [&](double fraction, const std::string &stage) {
      fractions.push_back(fraction);
      here = here && std::this_thread::get_id() == caller && !stage.empty();
    });
    CHECK(here);
    REQUIRE(fractions.size() >= 5); // The start, three batches, the end.
    CHECK(fractions.front() == 0.0);
    CHECK(fractions.back() == 1.0);
    CHECK(std::is_sorted(fractions.begin(), fractions.end()));
  }

  TEST_CASE("two models in two threads at once give what one gives alone") {
    const Phantom phantom(6);
    const Segmenter first(test_model_path(), "cpu");
    const Segmenter second(test_model_path(), "cpu");
    const SegmentResult alone = first.segment(phantom.view());
    SegmentResult from_thread;
    std::thread thread([&] { from_thread = second.segment(phantom.view()); });
    const SegmentResult meanwhile = first.segment(phantom.view());
    thread.join();
    CHECK(same(alone, meanwhile));
    CHECK(same(alone, from_thread));
  }

  TEST_CASE("one model may be shared between threads") {
    const Phantom phantom(6);
    const Segmenter model(test_model_path(), "cpu");
    const SegmentResult alone = model.segment(phantom.view());
    SegmentResult from_thread;
    std::thread thread([&] { from_thread = model.segment(phantom.view()); });
    const SegmentResult meanwhile = model.segment(phantom.view());
    thread.join();
    CHECK(same(alone, meanwhile));
    CHECK(same(alone, from_thread));
  }

  TEST_CASE("a model moves, and what it was moved from says so") {
    Segmenter first(test_model_path(), "cpu");
    const Segmenter second = std::move(first);
    CHECK_FALSE(second.structures().empty());
    const auto error = error_of([&] { first.structures(); });
    CHECK(contains(error.what(), "moved from"));
  }
}
