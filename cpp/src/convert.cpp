#include "convert.hpp"

#include <cstddef>
#include <limits>

namespace raterlens {
namespace internal {
namespace {

/// Rust slices hold at most this many bytes.
constexpr std::size_t kMaxBytes = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

std::size_t voxel_count(const std::array<std::size_t, 3> &dims) {
  std::size_t count = 1;
  for (const std::size_t dim : dims) {
    if (dim != 0 && count > kMaxBytes / sizeof(float) / dim) {
      throw Error(ErrorKind::InvalidImage, "the image's dimensions are larger than memory can be");
    }
    count *= dim;
  }
  return count;
}

template <class T> std::vector<T> copy(const rust::Vec<T> &values) { return {values.begin(), values.end()}; }

MeasureRow to_public(const bridge::MeasureData &row) {
  MeasureRow out;
  out.structure = row.structure;
  out.slice = row.slice;
  out.area_mm2 = row.area_mm2;
  out.volume_ml = row.volume_ml;
  out.mean_variance = row.mean_variance;
  out.voxels = row.voxels;
  return out;
}

Structure to_public(const bridge::StructureData &structure) {
  Structure out;
  out.id = structure.id;
  out.name = to_std(structure.name);
  out.title = to_std(structure.title);
  out.color = structure.color;
  out.terminology_scheme = to_std(structure.terminology_scheme);
  out.terminology_code = to_std(structure.terminology_code);
  out.terminology_meaning = to_std(structure.terminology_meaning);
  return out;
}

} // namespace

rust::Slice<const float> borrow_voxels(const ImageView &image) {
  const std::size_t count = voxel_count(image.geometry.dims);
  if (image.voxels == nullptr && count != 0) {
    throw Error(ErrorKind::InvalidImage, "the image has no voxels: its pointer is null");
  }
  return image.voxels == nullptr ? rust::Slice<const float>() : rust::Slice<const float>(image.voxels, count);
}

bridge::GeometryData to_bridge(const Geometry &geometry) {
  return {geometry.dims, geometry.spacing_mm, geometry.origin_lps, geometry.direction_lps};
}

Layer to_public(const bridge::LayerData &layer) { return {layer.structure, copy(layer.voxels)}; }

std::vector<Structure> to_public(const rust::Vec<bridge::StructureData> &structures) {
  std::vector<Structure> out;
  for (const bridge::StructureData &structure : structures) {
    out.push_back(to_public(structure));
  }
  return out;
}

SegmentResult to_public(const bridge::ResultData &result) {
  SegmentResult out;
  out.labels = copy(result.labels);
  for (const bridge::LayerData &layer : result.variance) {
    out.variance.push_back(to_public(layer));
  }
  for (const bridge::MapData &map : result.uncertainty) {
    out.uncertainty.push_back({to_std(map.name), to_std(map.title), map.window_max, copy(map.voxels)});
  }
  for (const bridge::MeasureData &row : result.measures) {
    out.measures.push_back(to_public(row));
  }
  for (const rust::String &warning : result.warnings) {
    out.warnings.push_back(to_std(warning));
  }
  out.device = to_std(result.device);
  out.device_reason = to_std(result.device_reason);
  out.model_name = to_std(result.model_name);
  out.model_checksum = to_std(result.model_checksum);
  out.run_json = to_std(result.run_json);
  return out;
}

} // namespace internal
} // namespace raterlens
