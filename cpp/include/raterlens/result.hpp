// What comes out: labels, variance layers and measures.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace raterlens {

/// One structure of a label scheme. Background (0) is not listed.
struct Structure {
  std::uint16_t id = 0;                ///< Value in the label map, 1..65535.
  std::string name;                    ///< For file names: "multifidus_left".
  std::string title;                   ///< For people: "Left multifidus".
  std::array<std::uint8_t, 3> color{}; ///< Red, green, blue.
  std::string terminology_scheme;      ///< Coding scheme, or empty.
  std::string terminology_code;        ///< Code in that scheme, or empty.
  std::string terminology_meaning;     ///< Its meaning in words, or empty.
};

/// Size and disagreement of one structure, in one slice or in all of them.
struct MeasureRow {
  std::uint16_t structure = 0; ///< `Structure::id`.
  std::int64_t slice = -1;     ///< Along the input's slice axis; -1 = whole volume.
  double area_mm2 = 0.0;       ///< NaN in the row of the whole volume.
  double volume_ml = 0.0;      ///< Voxels times voxel volume.
  double mean_variance = 0.0;  ///< Inside the label; NaN where it has no voxel.
  std::uint64_t voxels = 0;    ///< Voxels that carry the label.
};

/// A map of one structure, such as inter-rater variance in [0, 0.25].
struct Layer {
  std::uint16_t structure = 0; ///< `Structure::id`.
  std::vector<float> voxels;   ///< On the input's grid, i fastest.
};

/// A map of the model's uncertainty.
struct UncertaintyMap {
  std::string name;        ///< For programs: "epistemic_entropy", "mutual_information", "aleatoric_entropy".
  std::string title;       ///< For people.
  double window_max = 0.0; ///< Largest value of the colours, which begin at 0.
  std::vector<float> voxels; ///< On the input's grid, i fastest; entropies in nats.
};

/// Everything one run gives. All arrays are on the input's grid, i fastest.
struct SegmentResult {
  std::vector<std::uint16_t> labels; ///< 0 = background, else `Structure::id`.
  std::vector<Layer> variance; ///< In the order of `structures()`; empty from a model that predicts none.
  std::vector<UncertaintyMap> uncertainty; ///< As asked for.
  std::vector<MeasureRow> measures;        ///< Whole-volume and per-slice rows.
  std::string device;                      ///< What ran it: "cpu", "cuda:0".
  std::string device_reason;               ///< Why that device.
  std::string model_name;                  ///< Name in the model package.
  std::string model_checksum;              ///< SHA-256 of the weights.
  std::vector<std::string> warnings;       ///< Sentences for the user, or none.
  std::string run_json;                    ///< Versions, model, device, seed, timings.
};

} // namespace raterlens
