// Filters on images in plain memory, which ITK sees in place.
#include "guard.h"
#include "itk-sys/src/bridge.rs.h"
#include "itk_sys_shim.h"

#include <itkBSplineControlPointImageFilter.h>
#include <itkCommand.h>
#include <itkDivideImageFilter.h>
#include <itkExpImageFilter.h>
#include <itkImageRegionConstIterator.h>
#include <itkImportImageContainer.h>
#include <itkLabelImageGaussianInterpolateImageFunction.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkMirrorPadImageFilter.h>
#include <itkMultiThreaderBase.h>
#include <itkN4BiasFieldCorrectionImageFilter.h>
#include <itkNearestNeighborInterpolateImageFunction.h>
#include <itkResampleImageFilter.h>
#include <itkShrinkImageFilter.h>
#if __has_include(<itkAdaptiveNonLocalMeansDenoisingImageFilter.h>)
#define ITK_SYS_HAS_ADAPTIVE_DENOISING
#include <itkAdaptiveNonLocalMeansDenoisingImageFilter.h>
#endif

#include <algorithm>
#include <cmath>

namespace itk_sys {
namespace {

// Tells Rust how far a filter is, and stops the filter when Rust says so.
class Listener : public itk::Command {
public:
  using Self = Listener;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  void Execute(itk::Object *caller, const itk::EventObject &event) override {
    auto *filter = dynamic_cast<itk::ProcessObject *>(caller);
    if (filter == nullptr || reporter == nullptr) {
      return;
    }
    const bool is_iteration = itk::IterationEvent().CheckEvent(&event);
    ++iterations;
    const double by_iteration = most_iterations > 0 ? double(iterations) / most_iterations : 0.0;
    const double fraction = is_iteration ? by_iteration : filter->GetProgress();
    if (!reporter->report(static_cast<float>(std::min(1.0, fraction)))) {
      filter->SetAbortGenerateData(true);
      if (is_iteration) {
        // Iterations come on the caller's thread; N4 never looks at the mark.
        throw itk::ProcessAborted(__FILE__, __LINE__);
      }
    }
  }
  void Execute(const itk::Object *, const itk::EventObject &) override {}

  const Reporter *reporter = nullptr;
  unsigned int iterations = 0;
  unsigned int most_iterations = 0;
};

Listener::Pointer listen(itk::ProcessObject *filter, const Reporter &reporter, bool iterations = false) {
  const auto listener = Listener::New();
  listener->reporter = &reporter;
  if (iterations) {
    filter->AddObserver(itk::IterationEvent(), listener);
  } else {
    filter->AddObserver(itk::ProgressEvent(), listener);
  }
  return listener;
}

template <typename Image> void place(Image *image, const Frame &frame) {
  constexpr unsigned int dimension = Image::ImageDimension;
  typename Image::SizeType size;
  typename Image::SpacingType spacing;
  typename Image::PointType origin;
  typename Image::DirectionType direction;
  for (unsigned int a = 0; a < dimension; ++a) {
    size[a] = frame.size[a];
    spacing[a] = frame.spacing[a];
    origin[a] = frame.origin[a];
    for (unsigned int r = 0; r < dimension; ++r) {
      direction[r][a] = frame.direction[r * frame.size.size() + a];
    }
  }
  image->SetRegions(size);
  image->SetSpacing(spacing);
  image->SetOrigin(origin);
  image->SetDirection(direction);
}

// An image over memory that stays the caller's; the filters used here do not write into their inputs.
template <typename Image>
typename Image::Pointer import(const Frame &frame, rust::Slice<const typename Image::PixelType> voxels) {
  const auto image = Image::New();
  place(image.GetPointer(), frame);
  if (image->GetLargestPossibleRegion().GetNumberOfPixels() != voxels.size()) {
    throw std::runtime_error("the voxels do not have the size of the image");
  }
  image->GetPixelContainer()->SetImportPointer(const_cast<typename Image::PixelType *>(voxels.data()),
                                               voxels.size(), false);
  return image;
}

template <typename Image> void export_to(const Image *image, rust::Slice<typename Image::PixelType> out) {
  if (image->GetBufferedRegion().GetNumberOfPixels() != out.size()) {
    throw std::runtime_error("ITK's result has another size than was asked for");
  }
  std::copy_n(image->GetBufferPointer(), out.size(), out.data());
}

bool is_flat(const Frame &frame) { return frame.size.size() < 3 || frame.size[2] == 1; }

// The first two axes of an image of one slice, without its place in space: for filters that work on the grid
// alone.
Frame flattened(const Frame &frame) {
  Frame flat;
  for (unsigned int a = 0; a < 2; ++a) {
    flat.size.push_back(frame.size[a]);
    flat.spacing.push_back(frame.spacing[a]);
    flat.origin.push_back(0.0);
  }
  flat.direction = {1.0, 0.0, 0.0, 1.0};
  return flat;
}

template <unsigned int Dimension>
void n4_of(const Frame &frame, rust::Slice<const float> voxels, rust::Slice<const std::uint8_t> mask_voxels,
           const N4Settings &settings, const Reporter &reporter, rust::Slice<float> corrected,
           rust::Slice<float> log_bias) {
  using Image = itk::Image<float, Dimension>;
  using Mask = itk::Image<unsigned char, Dimension>;
  using Filter = itk::N4BiasFieldCorrectionImageFilter<Image, Mask, Image>;
  const auto image = import<Image>(frame, voxels);

  const auto shrink_image = itk::ShrinkImageFilter<Image, Image>::New();
  const auto shrink_mask = itk::ShrinkImageFilter<Mask, Mask>::New();
  shrink_image->SetInput(image);
  if (!mask_voxels.empty()) {
    shrink_mask->SetInput(import<Mask>(frame, mask_voxels));
  }
  for (unsigned int a = 0; a < Dimension; ++a) {
    // An axis of few voxels is not thinned out below what the spline needs.
    const auto most = std::max<std::uint64_t>(1, frame.size[a] / 4);
    const auto factor = static_cast<unsigned int>(std::min<std::uint64_t>(settings.shrink_factor, most));
    shrink_image->SetShrinkFactor(a, factor);
    shrink_mask->SetShrinkFactor(a, factor);
  }
  shrink_image->SetNumberOfWorkUnits(settings.threads);
  shrink_mask->SetNumberOfWorkUnits(settings.threads);

  const auto filter = Filter::New();
  filter->SetInput(shrink_image->GetOutput());
  if (!mask_voxels.empty()) {
    filter->SetMaskImage(shrink_mask->GetOutput());
  }
  typename Filter::VariableSizeArrayType iterations(settings.iterations.size());
  unsigned int all_iterations = 0;
  for (std::size_t level = 0; level < settings.iterations.size(); ++level) {
    iterations[level] = settings.iterations[level];
    all_iterations += settings.iterations[level];
  }
  filter->SetMaximumNumberOfIterations(iterations);
  filter->SetNumberOfFittingLevels(static_cast<unsigned int>(settings.iterations.size()));
  filter->SetConvergenceThreshold(settings.convergence);
  filter->SetBiasFieldFullWidthAtHalfMaximum(settings.full_width);
  filter->SetWienerFilterNoise(settings.wiener_noise);
  filter->SetNumberOfHistogramBins(settings.histogram_bins);
  filter->SetSplineOrder(settings.spline_order);
  typename Filter::ArrayType control_points;
  control_points.Fill(settings.control_points);
  filter->SetNumberOfControlPoints(control_points);
  filter->SetNumberOfWorkUnits(settings.threads);
  listen(filter, reporter, true)->most_iterations = all_iterations;
  filter->Update();

  // The field of the full image, from its control points; corrected = image / exp(field).
  using Spline = itk::BSplineControlPointImageFilter<typename Filter::BiasFieldControlPointLatticeType,
                                                     typename Filter::ScalarImageType>;
  const auto spline = Spline::New();
  spline->SetInput(filter->GetLogBiasFieldControlPointLattice());
  spline->SetSplineOrder(filter->GetSplineOrder());
  spline->SetSize(image->GetLargestPossibleRegion().GetSize());
  spline->SetOrigin(image->GetOrigin());
  spline->SetDirection(image->GetDirection());
  spline->SetSpacing(image->GetSpacing());
  spline->SetNumberOfWorkUnits(settings.threads);
  spline->Update();
  const auto *field = spline->GetOutput();
  const auto *value = field->GetBufferPointer();
  for (std::size_t n = 0; n < corrected.size(); ++n) {
    const float log_field = value[n][0];
    log_bias[n] = log_field;
    corrected[n] = voxels[n] / std::exp(log_field);
  }
}

template <typename Image>
typename Image::Pointer mirrored(const typename Image::Pointer &image, unsigned int border) {
  const auto filter = itk::MirrorPadImageFilter<Image, Image>::New();
  typename Image::SizeType size;
  size.Fill(border);
  filter->SetInput(image);
  filter->SetPadBound(size);
  filter->Update();
  return filter->GetOutput();
}

template <unsigned int Dimension>
void denoise_of(const Frame &frame, rust::Slice<const float> voxels,
                rust::Slice<const std::uint8_t> mask_voxels, const DenoiseSettings &settings,
                const Reporter &reporter, rust::Slice<float> out) {
#ifdef ITK_SYS_HAS_ADAPTIVE_DENOISING
  using Image = itk::Image<float, Dimension>;
  using Mask = itk::Image<unsigned char, Dimension>;
  using Filter = itk::AdaptiveNonLocalMeansDenoisingImageFilter<Image, Image, Mask>;
  const auto filter = Filter::New();
  const auto image = import<Image>(frame, voxels);
  // ITK's filter counts the weight of patches that reach beyond the image, but not their voxels, and so
  // darkens the border. Mirrored, the image has no border where it matters.
  const auto border = settings.mirror ? settings.search_radius + 2 * settings.patch_radius : 0;
  filter->SetInput(mirrored<Image>(image, border));
  if (!mask_voxels.empty()) {
    filter->SetMaskImage(mirrored<Mask>(import<Mask>(frame, mask_voxels), border));
  }
  typename Filter::NeighborhoodRadiusType radius;
  radius.Fill(settings.search_radius);
  filter->SetNeighborhoodSearchRadius(radius);
  radius.Fill(settings.patch_radius);
  filter->SetNeighborhoodPatchRadius(radius);
  filter->SetUseRicianNoiseModel(settings.rician);
  filter->SetSmoothingFactor(settings.smoothing_factor);
  // ITK's filter adds overlapping patches without a lock (5.4.5): with several threads each run would differ.
  filter->SetNumberOfWorkUnits(1);
  listen(filter, reporter);
  filter->Update();
  itk::ImageRegionConstIterator<Image> voxel(filter->GetOutput(), image->GetLargestPossibleRegion());
  for (std::size_t n = 0; n < out.size() && !voxel.IsAtEnd(); ++n, ++voxel) {
    out[n] = voxel.Get();
  }
#else
  throw std::runtime_error("this ITK has no adaptive non-local means filter (it is in ITK 5.3 and later)");
#endif
}

template <typename Image>
void resample_of(const Frame &frame, rust::Slice<const typename Image::PixelType> voxels, const Frame &target,
                 itk::InterpolateImageFunction<Image, double> *interpolator,
                 typename Image::PixelType outside, std::uint32_t threads, const Reporter &reporter,
                 rust::Slice<typename Image::PixelType> out) {
  const auto image = import<Image>(frame, voxels);
  const auto reference = Image::New();
  place(reference.GetPointer(), target);
  const auto filter = itk::ResampleImageFilter<Image, Image>::New();
  filter->SetInput(image);
  filter->SetInterpolator(interpolator);
  filter->SetOutputParametersFromImage(reference);
  filter->SetDefaultPixelValue(outside);
  filter->SetNumberOfWorkUnits(threads);
  listen(filter, reporter);
  filter->Update();
  export_to<Image>(filter->GetOutput(), out);
}

} // namespace

void set_thread_count(std::uint32_t count) {
  using Threader = itk::MultiThreaderBase;
  // Not TBB, which keeps threads of its own.
  Threader::SetGlobalDefaultThreader(Threader::ThreaderEnum::Pool);
  // Not the global maximum: filters inside others ask for more work units than threads, and ITK 5.4.5 drops
  // those above the maximum, which changes what N4 finds.
  Threader::SetGlobalDefaultNumberOfThreads(count);
}

std::uint32_t thread_count() { return itk::MultiThreaderBase::GetGlobalDefaultNumberOfThreads(); }

void n4(const Frame &frame, rust::Slice<const float> image, rust::Slice<const std::uint8_t> mask,
        const N4Settings &settings, const Reporter &reporter, rust::Slice<float> corrected,
        rust::Slice<float> log_bias) {
  guarded([&] {
    if (is_flat(frame)) {
      n4_of<2>(flattened(frame), image, mask, settings, reporter, corrected, log_bias);
    } else {
      n4_of<3>(frame, image, mask, settings, reporter, corrected, log_bias);
    }
  });
}

void denoise(const Frame &frame, rust::Slice<const float> image, rust::Slice<const std::uint8_t> mask,
             const DenoiseSettings &settings, const Reporter &reporter, rust::Slice<float> out) {
  guarded([&] {
    if (is_flat(frame)) {
      denoise_of<2>(flattened(frame), image, mask, settings, reporter, out);
    } else {
      denoise_of<3>(frame, image, mask, settings, reporter, out);
    }
  });
}

void resample(const Frame &frame, rust::Slice<const float> image, const Frame &target,
              std::uint8_t interpolation, float outside, std::uint32_t threads, const Reporter &reporter,
              rust::Slice<float> out) {
  guarded([&] {
    using Image = itk::Image<float, 3>;
    const auto linear = itk::LinearInterpolateImageFunction<Image, double>::New();
    const auto nearest = itk::NearestNeighborInterpolateImageFunction<Image, double>::New();
    itk::InterpolateImageFunction<Image, double> *chosen = linear;
    if (interpolation == 0) {
      chosen = nearest;
    }
    resample_of<Image>(frame, image, target, chosen, outside, threads, reporter, out);
  });
}

void resample_labels(const Frame &frame, rust::Slice<const std::uint16_t> labels, const Frame &target,
                     std::uint8_t interpolation, std::uint32_t threads, const Reporter &reporter,
                     rust::Slice<std::uint16_t> out) {
  guarded([&] {
    using Image = itk::Image<unsigned short, 3>;
    const auto nearest = itk::NearestNeighborInterpolateImageFunction<Image, double>::New();
    const auto vote = itk::LabelImageGaussianInterpolateImageFunction<Image, double>::New();
    itk::InterpolateImageFunction<Image, double> *chosen = nearest;
    if (interpolation != 0) {
      double sigma[3];
      for (unsigned int a = 0; a < 3; ++a) {
        sigma[a] = frame.spacing[a];
      }
      vote->SetSigma(sigma);
      vote->SetAlpha(4.0);
      chosen = vote;
    }
    resample_of<Image>(frame, labels, target, chosen, 0, threads, reporter, out);
  });
}

} // namespace itk_sys
