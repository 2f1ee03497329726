#include "raterlens/segmenter.hpp"

#include "cancel_impl.hpp"
#include "convert.hpp"
#include "progress.hpp"

namespace raterlens {

struct Segmenter::Impl {
  rust::Box<bridge::Segmenter> model;
  bridge::ModelInfo info;
  std::vector<Structure> structures;
};

Segmenter::Segmenter(const std::string &model_path, const std::string &device)
    : Segmenter(std::vector<std::string>{model_path}, device) {}

Segmenter::Segmenter(const std::vector<std::string> &model_paths, const std::string &device) {
  rust::Vec<rust::String> paths;
  for (const std::string &path : model_paths) {
    const rust::Str text = internal::borrow_utf8(path, "model path", ErrorKind::Model);
    paths.push_back(rust::String(text.data(), text.size()));
  }
  const rust::Str place = internal::borrow_utf8(device, "device name", ErrorKind::Device);
  impl_ = internal::call([&] {
    auto model = bridge::load_segmenter({paths.data(), paths.size()}, place);
    bridge::ModelInfo info = model->info();
    std::vector<Structure> structures = internal::to_public(info.structures);
    return std::make_unique<Impl>(Impl{std::move(model), std::move(info), std::move(structures)});
  });
}

namespace {

bridge::SegmentOptions to_options(const SegmentOptions &options) {
  const auto word = [](const std::string &text) {
    const rust::Str borrowed = internal::borrow_utf8(text, "uncertainty", ErrorKind::Request);
    return rust::String(borrowed.data(), borrowed.size());
  };
  return {options.seed, options.batch_size, word(options.epistemic), word(options.aleatoric),
          options.samples};
}

} // namespace

Segmenter::~Segmenter() = default;
Segmenter::Segmenter(Segmenter &&) noexcept = default;
Segmenter &Segmenter::operator=(Segmenter &&) noexcept = default;

const Segmenter::Impl &Segmenter::impl() const {
  if (!impl_) {
    throw Error(ErrorKind::Internal, "this Segmenter was moved from and holds no model");
  }
  return *impl_;
}

const std::vector<Structure> &Segmenter::structures() const { return impl().structures; }
std::string Segmenter::model_name() const { return internal::to_std(impl().info.name); }
std::string Segmenter::model_checksum() const { return internal::to_std(impl().info.checksum); }
std::string Segmenter::device() const { return internal::to_std(impl().info.device); }
std::string Segmenter::device_reason() const { return internal::to_std(impl().info.device_reason); }

SegmentResult Segmenter::segment(const ImageView &image, const SegmentOptions &options,
                                 const ProgressCallback &progress, const CancelToken &cancel) const {
  const Impl &self = impl();
  internal::ProgressRelay relay(progress);
  try {
    const bridge::ResultData result =
        self.model->segment(internal::borrow_voxels(image), internal::to_bridge(image.geometry),
                            to_options(options), relay.sink(), internal::CancelAccess::token(cancel));
    relay.rethrow();
    return internal::to_public(result);
  } catch (...) {
    relay.rethrow(); // The callback's exception is the cause; "cancelled" only follows from it.
    internal::rethrow_as_error();
  }
}

} // namespace raterlens
