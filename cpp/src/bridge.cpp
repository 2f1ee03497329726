#include "bridge.hpp"

#include <array>
#include <new>
#include <stdexcept>

namespace raterlens {
namespace internal {
namespace {

struct KindCode {
  const char *code;
  ErrorKind kind;
};

// The codes of `ErrorKind::code` in rust/raterlens-ffi/src/error.rs.
constexpr std::array<KindCode, 7> kKindCodes{{
    {"cancelled", ErrorKind::Cancelled},
    {"invalid-image", ErrorKind::InvalidImage},
    {"model", ErrorKind::Model},
    {"device", ErrorKind::Device},
    {"raters", ErrorKind::Raters},
    {"request", ErrorKind::Request},
    {"internal", ErrorKind::Internal},
}};

constexpr char kSeparator = '\x1f';

} // namespace

Error decode_error(const std::string &text) {
  const std::size_t split = text.find(kSeparator);
  if (split != std::string::npos) {
    for (const KindCode &known : kKindCodes) {
      if (text.compare(0, split, known.code) == 0) {
        return {known.kind, text.substr(split + 1)};
      }
    }
  }
  return {ErrorKind::Internal, text};
}

void rethrow_as_error() {
  try {
    throw;
  } catch (const Error &) {
    throw;
  } catch (const rust::Error &error) {
    throw decode_error(error.what());
  } catch (const std::bad_alloc &) {
    throw Error(ErrorKind::Internal, "there is not enough memory");
  } catch (const std::exception &error) {
    throw Error(ErrorKind::Internal, error.what());
  } catch (...) {
    throw Error(ErrorKind::Internal, "an unknown exception was thrown");
  }
}

rust::Str borrow_utf8(const std::string &text, const char *what, ErrorKind kind) {
  try {
    return {text.data(), text.size()};
  } catch (const std::invalid_argument &) {
    throw Error(kind, std::string("the ") + what + " is not valid UTF-8");
  }
}

} // namespace internal
} // namespace raterlens
