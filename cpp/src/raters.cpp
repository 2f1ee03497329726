#include "raterlens/raters.hpp"

#include "cancel_impl.hpp"
#include "convert.hpp"
#include "progress.hpp"
#include "raters_convert.hpp"

namespace raterlens {
namespace {

template <class T> rust::Slice<const T> slice_of(const std::vector<T> &values) {
  return values.empty() ? rust::Slice<const T>() : rust::Slice<const T>(values.data(), values.size());
}

/// Borrows the raters, calls `function` of the bridge, and turns what it throws into `Error`.
template <class Function, class Options>
auto run(Function &&function, const RatersView &raters, const Options &options,
         const ProgressCallback &progress, const CancelToken &cancel) {
  internal::ProgressRelay relay(progress);
  try {
    const auto views = internal::borrow_raters(raters.raters);
    const auto structures = internal::to_bridge(raters.structures);
    const auto result =
        function(internal::to_bridge(raters.geometry), slice_of(views), slice_of(structures),
                 internal::to_bridge(options), relay.sink(), internal::CancelAccess::token(cancel));
    relay.rethrow();
    return internal::to_public(result);
  } catch (...) {
    relay.rethrow(); // The callback's exception is the cause; "cancelled" only follows from it.
    internal::rethrow_as_error();
  }
}

} // namespace

Fusion fuseRaters(const RatersView &raters, const FuseOptions &options, const ProgressCallback &progress,
                  const CancelToken &cancel) {
  return run(bridge::fuse_raters, raters, options, progress, cancel);
}

Comparison compareRaters(const RatersView &raters, const CompareOptions &options,
                         const ProgressCallback &progress, const CancelToken &cancel) {
  return run(bridge::compare_raters, raters, options, progress, cancel);
}

std::vector<std::uint16_t> regridLabels(const std::vector<std::uint16_t> &labels, const Geometry &from,
                                        const Geometry &to) {
  return internal::call([&] {
    const auto moved = bridge::regrid_labels(internal::borrow_labels(labels.data(), labels.size()),
                                             internal::to_bridge(from), internal::to_bridge(to));
    return std::vector<std::uint16_t>(moved.begin(), moved.end());
  });
}

} // namespace raterlens
