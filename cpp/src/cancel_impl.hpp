// What a CancelToken shares between its copies. Internal.
#pragma once

#include "bridge.hpp"
#include "raterlens/cancel.hpp"

namespace raterlens {

struct CancelToken::Impl {
  rust::Box<bridge::CancelToken> token;
};

namespace internal {

/// The bridge's switch inside a token.
struct CancelAccess {
  static const bridge::CancelToken &token(const CancelToken &cancel) { return *cancel.impl_->token; }
};

} // namespace internal
} // namespace raterlens
