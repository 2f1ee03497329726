#include "RaterLensNodes.h"

#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMatrix4x4.h>
#include <vtkNew.h>
#include <vtkOrientedImageData.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>
#include <vtkSegmentationConverter.h>

#include <algorithm>
#include <stdexcept>

namespace RaterLensModule {
namespace {

/// Gives `image` the extent of `grid` and scalars of `scalarType`; returns where they begin.
template <typename Scalar>
Scalar *AllocateLike(const NodeGrid &grid, vtkImageData *image, int scalarType, std::size_t voxels) {
  if (grid.Voxels() != voxels) {
    throw std::runtime_error("A result layer has " + std::to_string(voxels) + " voxels, its grid " +
                             std::to_string(grid.Voxels()) + ".");
  }
  const auto &e = grid.Extent;
  image->SetExtent(e[0], e[1], e[2], e[3], e[4], e[5]);
  image->AllocateScalars(scalarType, 1);
  return static_cast<Scalar *>(image->GetScalarPointer());
}

vtkSmartPointer<vtkOrientedImageData> MakeLabelmap(const NodeGrid &grid,
                                                   const std::vector<raterlens::Structure> &structures,
                                                   const std::vector<std::uint16_t> &labels) {
  const bool small =
      std::all_of(structures.begin(), structures.end(), [](const auto &s) { return s.id < 256; });
  auto labelmap = vtkSmartPointer<vtkOrientedImageData>::New();
  if (small) {
    auto *target = AllocateLike<unsigned char>(grid, labelmap, VTK_UNSIGNED_CHAR, labels.size());
    std::transform(labels.begin(), labels.end(), target,
                   [](auto label) { return static_cast<unsigned char>(label); });
  } else {
    auto *target = AllocateLike<unsigned short>(grid, labelmap, VTK_UNSIGNED_SHORT, labels.size());
    std::copy(labels.begin(), labels.end(), target);
  }
  labelmap->SetImageToWorldMatrix(grid.RASFromIJKMatrix());
  return labelmap;
}

vtkSmartPointer<vtkSegment> MakeSegment(const raterlens::Structure &structure,
                                        vtkOrientedImageData *labelmap) {
  auto segment = vtkSmartPointer<vtkSegment>::New();
  segment->SetName(structure.title.c_str());
  segment->SetColor(structure.color[0] / 255.0, structure.color[1] / 255.0, structure.color[2] / 255.0);
  segment->SetLabelValue(structure.id);
  segment->AddRepresentation(vtkSegmentationConverter::GetSegmentationBinaryLabelmapRepresentationName(),
                             labelmap);
  const std::string terminology = TerminologyEntry(structure);
  if (!terminology.empty()) {
    segment->SetTerminology(terminology);
  }
  return segment;
}

} // namespace

std::string TerminologyEntry(const raterlens::Structure &structure) {
  if (structure.terminology_scheme.empty() || structure.terminology_code.empty()) {
    return {};
  }
  return "Segmentation category and type - 3D Slicer General Anatomy list~SCT^123037004^Anatomical "
         "Structure~" +
         structure.terminology_scheme + "^" + structure.terminology_code + "^" +
         structure.terminology_meaning + "~^^~Anatomic codes - DICOM master list~^^~^^";
}

vtkSmartPointer<vtkMRMLSegmentationNode> MakeSegmentation(const NodeGrid &grid,
                                                          const std::vector<raterlens::Structure> &structures,
                                                          const std::vector<std::uint16_t> &labels) {
  const auto labelmap = MakeLabelmap(grid, structures, labels);
  auto node = vtkSmartPointer<vtkMRMLSegmentationNode>::New();
  vtkSegmentation *segmentation = node->GetSegmentation();
  segmentation->SetSourceRepresentationName(
      vtkSegmentationConverter::GetSegmentationBinaryLabelmapRepresentationName());
  for (const raterlens::Structure &structure : structures) {
    if (!segmentation->AddSegment(MakeSegment(structure, labelmap), structure.name)) {
      throw std::runtime_error("The segmentation refused the segment \"" + structure.name + "\".");
    }
  }
  return node;
}

vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeMapVolume(const NodeGrid &grid,
                                                       const std::vector<float> &voxels) {
  vtkNew<vtkImageData> image;
  std::copy(voxels.begin(), voxels.end(), AllocateLike<float>(grid, image, VTK_FLOAT, voxels.size()));
  auto node = vtkSmartPointer<vtkMRMLScalarVolumeNode>::New();
  node->SetAndObserveImageData(image);
  node->SetIJKToRASMatrix(grid.RASFromIJKMatrix());
  return node;
}

vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeVarianceVolume(const NodeGrid &grid,
                                                            const raterlens::Structure &structure,
                                                            const raterlens::Layer &layer) {
  auto node = MakeMapVolume(grid, layer.voxels);
  node->SetName((structure.title + " variance").c_str());
  node->SetDescription("Predicted inter-rater variance, 0 (raters agree) to 0.25");
  node->SetAttribute("RaterLens.Quantity", "inter_rater_variance");
  node->SetAttribute("RaterLens.Structure", structure.name.c_str());
  return node;
}

vtkSmartPointer<vtkMRMLScalarVolumeNode> MakeUncertaintyVolume(const NodeGrid &grid,
                                                               const raterlens::UncertaintyMap &map) {
  auto node = MakeMapVolume(grid, map.voxels);
  node->SetName(map.title.c_str());
  node->SetDescription("Uncertainty of the model; entropies and mutual information in nats");
  node->SetAttribute("RaterLens.Quantity", map.name.c_str());
  return node;
}

} // namespace RaterLensModule
