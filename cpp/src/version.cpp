#include "bridge.hpp"
#include "raterlens/raterlens.hpp"

namespace raterlens {

std::string version() {
  return internal::call([] { return static_cast<std::string>(bridge::version()); });
}

} // namespace raterlens
