#include "raters_convert.hpp"

#include "convert.hpp"

namespace raterlens {
namespace internal {
namespace {

rust::String copy_utf8(const std::string &text, const char *what) {
  const rust::Str checked = borrow_utf8(text, what, ErrorKind::Raters);
  return {checked.data(), checked.size()};
}

bridge::StructureData to_bridge(const Structure &structure) {
  return {structure.id,
          copy_utf8(structure.name, "name of a structure"),
          copy_utf8(structure.title, "title of a structure"),
          structure.color,
          copy_utf8(structure.terminology_scheme, "terminology of a structure"),
          copy_utf8(structure.terminology_code, "terminology of a structure"),
          copy_utf8(structure.terminology_meaning, "terminology of a structure")};
}

bridge::SoftLabelData to_bridge(const SoftLabelOptions &options) {
  return {options.tau, options.millimetres, options.whole_volume};
}

bridge::StapleData to_bridge(const StapleOptions &options) {
  return {options.per_structure,     options.estimate_prior, options.disagreement_only,
          options.start_performance, options.tolerance,      options.max_iterations};
}

template <class T> std::vector<T> copy(const rust::Vec<T> &values) { return {values.begin(), values.end()}; }

std::vector<std::string> copy(const rust::Vec<rust::String> &texts) {
  std::vector<std::string> out;
  for (const rust::String &text : texts) {
    out.push_back(to_std(text));
  }
  return out;
}

TableColumn to_public(const bridge::ColumnData &column) {
  TableColumn out;
  out.name = to_std(column.name);
  if (column.is_text) {
    out.values = copy(column.words);
  } else {
    out.values = copy(column.numbers);
  }
  return out;
}

std::vector<Table> to_public(const rust::Vec<bridge::TableData> &tables) {
  std::vector<Table> out;
  for (const bridge::TableData &table : tables) {
    out.push_back({to_std(table.name), to_std(table.title), {}});
    for (const bridge::ColumnData &column : table.columns) {
      out.back().columns.push_back(to_public(column));
    }
  }
  return out;
}

std::vector<Layer> to_public(const rust::Vec<bridge::LayerData> &layers) {
  std::vector<Layer> out;
  for (const bridge::LayerData &layer : layers) {
    out.push_back(internal::to_public(layer));
  }
  return out;
}

} // namespace

rust::Slice<const std::uint16_t> borrow_labels(const std::uint16_t *labels, std::size_t count) {
  // An empty slice must not carry a null pointer.
  return labels == nullptr || count == 0 ? rust::Slice<const std::uint16_t>()
                                         : rust::Slice<const std::uint16_t>(labels, count);
}

std::vector<bridge::RaterData> borrow_raters(const std::vector<RaterView> &raters) {
  std::vector<bridge::RaterData> out;
  for (const RaterView &rater : raters) {
    out.push_back({borrow_utf8(rater.name, "name of a rater", ErrorKind::Raters), rater.labels != nullptr,
                   borrow_labels(rater.labels, rater.count)});
  }
  return out;
}

std::vector<bridge::StructureData> to_bridge(const std::vector<Structure> &structures) {
  std::vector<bridge::StructureData> out;
  for (const Structure &structure : structures) {
    out.push_back(to_bridge(structure));
  }
  return out;
}

bridge::FuseData to_bridge(const FuseOptions &options) {
  return {copy_utf8(options.method, "fusion method"),
          copy_utf8(options.ties, "tie policy"),
          to_bridge(options.staple),
          to_bridge(options.soft),
          options.ignore_unnamed,
          options.posteriors,
          options.variability};
}

bridge::CompareData to_bridge(const CompareOptions &options) {
  return {to_bridge(options.soft), options.surface_tolerance_mm};
}

Fusion to_public(const bridge::FusionData &fusion) {
  Fusion out;
  out.consensus = copy(fusion.consensus);
  out.posteriors = to_public(fusion.posteriors);
  out.variance = to_public(fusion.variance);
  out.entropy = copy(fusion.entropy);
  out.tables = to_public(fusion.tables);
  out.notes = copy(fusion.notes);
  return out;
}

Comparison to_public(const bridge::ComparisonData &comparison) {
  Comparison out;
  out.tables = to_public(comparison.tables);
  out.notes = copy(comparison.notes);
  return out;
}

} // namespace internal
} // namespace raterlens
