// What a CancelToken shares between its copies. Internal.
#pragma once

#include "bridge.hpp"
#include "raterlens/cancel.hpp"

namespace raterlens {

struct CancelToken::Impl {
  rust::Box<bridge::CancelToken> token;
};

} // namespace raterlens
