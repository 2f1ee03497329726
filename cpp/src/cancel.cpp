#include "cancel_impl.hpp"

namespace raterlens {

CancelToken::CancelToken()
    : impl_(internal::call([] { return std::make_shared<Impl>(Impl{bridge::new_cancel_token()}); })) {}

// Declared so that a token is never moved from: every token works at all times.
CancelToken::CancelToken(const CancelToken &) noexcept = default;
CancelToken &CancelToken::operator=(const CancelToken &) noexcept = default;
CancelToken::~CancelToken() = default;

void CancelToken::cancel() noexcept { impl_->token->cancel(); }

bool CancelToken::cancelled() const noexcept { return impl_->token->is_cancelled(); }

} // namespace raterlens
