// Runs that end early: cancelled, stopped by their callback, or refused.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <thread>

#include "support.hpp"

using raterlens::CancelToken;
using raterlens::ErrorKind;
using raterlens::Segmenter;
using Clock = std::chrono::steady_clock;

namespace {

/// A model, and an image of one slice for "it still works" checks.
struct Loaded {
  Segmenter model{test_model_path(), "cpu"};
  Phantom small{1};

  void check_still_works() const { CHECK_NOTHROW(model.segment(small.view())); }
};

/// Starts a run, cancels it from another thread when it is under way, and gives the time from
/// `cancel()` to the Error.
double seconds_to_cancel(const Segmenter &model, const Phantom &image) {
  CancelToken cancel;
  std::atomic<bool> running{false};
  Clock::time_point asked;
  std::thread other([&] {
    while (!running) {
      std::this_thread::yield();
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    asked = Clock::now();
    cancel.cancel();
  });
  double reached = 0.0;
  const auto watch = [&](double fraction, const std::string &) {
    reached = fraction;
    running = fraction > 0.0;
  };
  const auto error = error_of([&] { model.segment(image.view(), {}, watch, cancel); });
  const auto ended = Clock::now();
  other.join();
  CHECK(error.kind() == ErrorKind::Cancelled);
  CHECK(reached < 0.9); // Mid-run: else the image is too small for this machine.
  return std::chrono::duration<double>(ended - asked).count();
}

} // namespace

TEST_SUITE("runs") {
  TEST_CASE_FIXTURE(Loaded, "cancelling mid-run from another thread ends it within a second") {
    const Phantom large(400, 160);
    // The best of three: on a machine that is busy with other work, waiting says nothing about us.
    double best_secs = std::numeric_limits<double>::infinity();
    for (int attempt = 0; attempt < 3 && best_secs >= 1.0; ++attempt) {
      best_secs = std::min(best_secs, seconds_to_cancel(model, large));
    }
    CHECK(best_secs < 1.0);
    check_still_works();
  }

  TEST_CASE_FIXTURE(Loaded, "a token that is cancelled already stops the run at once") {
    CancelToken cancel;
    cancel.cancel();
    const auto error = error_of([&] { model.segment(small.view(), {}, {}, cancel); });
    CHECK(error.kind() == ErrorKind::Cancelled);
  }

  TEST_CASE_FIXTURE(Loaded, "an exception of the callback arrives nested in an Error") {
    int calls = 0;
    const CancelToken cancel;
    const auto run = [&] {
      model.segment(
          small.view(), {},
          [&](double, const std::string &) {
            ++calls;
            throw std::out_of_range("the window was closed");
          },
          cancel);
    };
    bool nested = false;
    try {
      run();
      FAIL("no Error was thrown");
    } catch (const raterlens::Error &error) {
      CHECK(error.kind() == ErrorKind::Internal);
      CHECK(contains(error.what(), "the window was closed"));
      try {
        std::rethrow_if_nested(error);
      } catch (const std::out_of_range &) {
        nested = true;
      }
    }
    CHECK(nested);
    CHECK(calls == 1);
    CHECK_FALSE(cancel.cancelled()); // The host's own switch is not touched.
    check_still_works();
  }

  TEST_CASE_FIXTURE(Loaded, "an Error of the callback arrives as it is, anything else as Internal") {
    const auto own = error_of([&] {
      model.segment(small.view(), {}, [](double, const std::string &) {
        throw raterlens::Error(ErrorKind::Cancelled, "the user closed it");
      });
    });
    CHECK(own.kind() == ErrorKind::Cancelled);
    CHECK(own.what() == std::string("the user closed it"));
    const auto odd =
        error_of([&] { model.segment(small.view(), {}, [](double, const std::string &) { throw 7; }); });
    CHECK(odd.kind() == ErrorKind::Internal);
  }

  TEST_CASE_FIXTURE(Loaded, "an exception in the last report of a run is not lost") {
    const auto error = error_of([&] {
      model.segment(small.view(), {}, [](double fraction, const std::string &) {
        if (fraction == 1.0) {
          throw std::runtime_error("at the end");
        }
      });
    });
    CHECK(contains(error.what(), "at the end"));
  }

  TEST_CASE_FIXTURE(Loaded, "images that cannot be are refused with a sentence") {
    const auto kind_of = [&](const raterlens::ImageView &image) {
      const auto error = error_of([&] { model.segment(image); });
      CHECK(std::string(error.what()).size() > 20);
      return error.kind();
    };
    raterlens::ImageView image = small.view();
    image.geometry.spacing_mm[1] = 0.0;
    CHECK(kind_of(image) == ErrorKind::InvalidImage);

    image = small.view();
    image.geometry.direction_lps = {1, 0, 0, 1, 0, 0, 0, 0, 1}; // Axis j has no direction.
    CHECK(kind_of(image) == ErrorKind::InvalidImage);

    image = small.view();
    image.geometry.origin_lps[2] = std::numeric_limits<double>::quiet_NaN();
    CHECK(kind_of(image) == ErrorKind::InvalidImage);

    image = small.view();
    image.geometry.dims[2] = 0;
    CHECK(kind_of(image) == ErrorKind::InvalidImage);

    image = small.view();
    image.geometry.dims = {std::numeric_limits<std::size_t>::max(), 2, 1};
    CHECK(kind_of(image) == ErrorKind::InvalidImage);

    image = small.view();
    image.voxels = nullptr;
    CHECK(kind_of(image) == ErrorKind::InvalidImage);

    Phantom holed(1);
    holed.voxels[17] = std::numeric_limits<float>::quiet_NaN();
    CHECK(kind_of(holed.view()) == ErrorKind::InvalidImage);

    Phantom flat(1);
    std::fill(flat.voxels.begin(), flat.voxels.end(), 0.0F);
    CHECK(kind_of(flat.view()) == ErrorKind::InvalidImage);
    check_still_works();
  }
}
