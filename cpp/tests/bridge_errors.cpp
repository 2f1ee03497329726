// Errors and panics of Rust arrive as Error with the right kind, and the process goes on.
#include <thread>

#include "bridge.hpp"
#include "self_test.hpp"
#include "support.hpp"

using raterlens::ErrorKind;
using raterlens::internal::decode_error;
using raterlens::internal::self_test;
using raterlens::internal::SelfTest;

TEST_SUITE("errors") {
  TEST_CASE("success crosses") { CHECK_NOTHROW(self_test(SelfTest::Succeed, "")); }

  TEST_CASE("an error of Rust arrives with its kind and exactly its message") {
    const auto error = error_of([] { self_test(SelfTest::Fail, "the spleen is not a muscle: 3 \xC2\xB5m"); });
    CHECK(error.kind() == ErrorKind::Model);
    CHECK(error.what() == std::string("the spleen is not a muscle: 3 \xC2\xB5m"));
  }

  TEST_CASE("a panic of Rust arrives as Internal with its message") {
    const auto error = error_of([] { self_test(SelfTest::Panic, "index 7 on purpose"); });
    CHECK(error.kind() == ErrorKind::Internal);
    CHECK(contains(error.what(), "index 7 on purpose"));
  }

  TEST_CASE("the process goes on after many panics in several threads") {
    int caught[4] = {0, 0, 0, 0};
    std::vector<std::thread> threads;
    for (int &count : caught) {
      threads.emplace_back([&count] {
        for (int turn = 0; turn < 25; ++turn) {
          try {
            self_test(SelfTest::Panic, "on purpose");
          } catch (const raterlens::Error &) {
            ++count;
          }
        }
      });
    }
    for (std::thread &thread : threads) {
      thread.join();
    }
    for (const int count : caught) {
      CHECK(count == 25);
    }
    CHECK_NOTHROW(self_test(SelfTest::Succeed, ""));
  }

  TEST_CASE("a C++ backtrace of libtorch does not reach the user") {
    const auto error = error_of([] {
      self_test(SelfTest::Fail, "sizes differ\nException raised from add at x.cpp:1\nframe #0: c10::Error");
    });
    CHECK(error.what() == std::string("sizes differ"));
  }

  TEST_CASE("text that is not UTF-8 is refused before it reaches Rust") {
    const auto error = error_of([] { self_test(SelfTest::Fail, "\xff\xfe"); });
    CHECK(contains(error.what(), "UTF-8"));
  }

  TEST_CASE("each kind has its code") {
    CHECK(decode_error("cancelled\x1fx").kind() == ErrorKind::Cancelled);
    CHECK(decode_error("invalid-image\x1fx").kind() == ErrorKind::InvalidImage);
    CHECK(decode_error("model\x1fx").kind() == ErrorKind::Model);
    CHECK(decode_error("device\x1fx").kind() == ErrorKind::Device);
    CHECK(decode_error("raters\x1fx").kind() == ErrorKind::Raters);
    CHECK(decode_error("internal\x1fx").kind() == ErrorKind::Internal);
  }

  TEST_CASE("text without a known code is kept whole") {
    for (const char *text : {"plain", "model", "", "models\x1fx", "\x1fx"}) {
      const auto error = decode_error(text);
      CHECK(error.kind() == ErrorKind::Internal);
      CHECK(error.what() == std::string(text));
    }
  }
}
