#include "self_test.hpp"

#include "bridge.hpp"

namespace raterlens {
namespace internal {
namespace {

bridge::SelfTest to_bridge(SelfTest outcome) {
  switch (outcome) {
  case SelfTest::Fail:
    return bridge::SelfTest::Fail;
  case SelfTest::Panic:
    return bridge::SelfTest::Panic;
  case SelfTest::Succeed:
    break;
  }
  return bridge::SelfTest::Succeed;
}

} // namespace

void self_test(SelfTest outcome, const std::string &message) {
  const rust::Str text = borrow_utf8(message, "message", ErrorKind::Internal);
  call([&] { bridge::self_test(to_bridge(outcome), text); });
}

} // namespace internal
} // namespace raterlens
