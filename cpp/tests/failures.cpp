// What cannot work is refused with a sentence and a kind. Needs no model.
#include "support.hpp"

using raterlens::CancelToken;
using raterlens::ErrorKind;
using raterlens::Segmenter;

TEST_SUITE("failures") {
  TEST_CASE("a model path that does not exist") {
    const auto error = error_of([] { Segmenter("no/such/folder.rlmodel", "cpu"); });
    CHECK(error.kind() == ErrorKind::Model);
    CHECK(contains(error.what(), "folder.rlmodel"));
  }

  TEST_CASE("a model path that is not UTF-8") {
    const auto error = error_of([] { Segmenter("\xff.rlmodel", "cpu"); });
    CHECK(error.kind() == ErrorKind::Model);
    CHECK(contains(error.what(), "UTF-8"));
  }

  TEST_CASE("an empty model path") {
    CHECK(error_of([] { Segmenter("", "cpu"); }).kind() == ErrorKind::Model);
  }

  TEST_CASE("a device that does not exist is named") {
    const auto error = error_of([] { Segmenter("no/such/folder.rlmodel", "abacus"); });
    CHECK(error.kind() == ErrorKind::Device);
    CHECK(contains(error.what(), "abacus"));
  }

  TEST_CASE("the library tells its version") { CHECK(contains(raterlens::version(), ".")); }

  TEST_CASE("copies of a cancel token are one switch, others are not") {
    CancelToken first;
    const CancelToken copy = first;
    const CancelToken other;
    CancelToken moved = std::move(first);
    CHECK_FALSE(copy.cancelled());
    moved.cancel();
    CHECK(copy.cancelled());
    CHECK(first.cancelled()); // A token is never moved from.
    CHECK_FALSE(other.cancelled());
    moved = other;
    CHECK_FALSE(moved.cancelled());
  }
}
