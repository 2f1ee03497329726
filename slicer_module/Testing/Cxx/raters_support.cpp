#include "raters_support.hpp"

#include <doctest/doctest.h>

#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSegmentationDisplayNode.h>
#include <vtkMatrix4x4.h>
#include <vtkOrientedImageData.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>
#include <vtkSegmentationConverter.h>

#include <algorithm>
#include <sstream>

namespace {

const char *labelmap_name() {
  return vtkSegmentationConverter::GetSegmentationBinaryLabelmapRepresentationName();
}

vtkSmartPointer<vtkOrientedImageData> row(int first, int last) {
  auto image = vtkSmartPointer<vtkOrientedImageData>::New();
  image->SetExtent(first, last, 0, 0, 0, 0);
  image->AllocateScalars(VTK_UNSIGNED_CHAR, 1);
  std::fill_n(static_cast<unsigned char *>(image->GetScalarPointer()), last - first + 1, 0);
  image->SetImageToWorldMatrix(row_ras_from_ijk());
  return image;
}

} // namespace

vtkSmartPointer<vtkMatrix4x4> row_ras_from_ijk(double spacing) {
  // i to the left of the patient, j to anterior, k to inferior.
  const double elements[16] = {-spacing, 0, 0, 10, 0, 1, 0, 20, 0, 0, -4, 30, 0, 0, 0, 1};
  auto matrix = vtkSmartPointer<vtkMatrix4x4>::New();
  matrix->DeepCopy(elements);
  return matrix;
}

vtkMRMLSegmentationNode *RatersTest::add_rater(const std::string &name, const std::vector<Drawn> &segments,
                                               bool separate, int first) {
  vtkNew<vtkMRMLSegmentationNode> node;
  node->SetName(name.c_str());
  node->GetSegmentation()->SetSourceRepresentationName(labelmap_name());
  vtkSmartPointer<vtkOrientedImageData> shared = row(first, RowLength - 1);
  int value = 0;
  for (const Drawn &drawn : segments) {
    const auto image = separate ? row(first, RowLength - 1) : shared;
    value = separate ? 1 : value + 1;
    for (const int voxel : drawn.voxels) {
      *static_cast<unsigned char *>(image->GetScalarPointer(voxel, 0, 0)) = static_cast<unsigned char>(value);
    }
    vtkNew<vtkSegment> segment;
    segment->SetName(drawn.name.c_str());
    segment->SetColor(0.1 * value, 0.5, 0.25);
    segment->SetLabelValue(value);
    segment->AddRepresentation(labelmap_name(), image);
    REQUIRE(node->GetSegmentation()->AddSegment(segment));
  }
  this->scene->AddNode(node);
  vtkNew<vtkMRMLSegmentationDisplayNode> display;
  this->scene->AddNode(display);
  node->SetAndObserveDisplayNodeID(display->GetID());
  return node;
}

vtkMRMLScalarVolumeNode *RatersTest::add_reference(int count, double spacing) {
  vtkNew<vtkImageData> image;
  image->SetDimensions(count, 1, 1);
  image->AllocateScalars(VTK_SHORT, 1);
  std::fill_n(static_cast<short *>(image->GetScalarPointer()), count, short(0));
  vtkNew<vtkMRMLScalarVolumeNode> volume;
  volume->SetName("Reference");
  volume->SetAndObserveImageData(image);
  volume->SetIJKToRASMatrix(row_ras_from_ijk(spacing));
  this->scene->AddNode(volume);
  return volume;
}

std::vector<int> RatersTest::labels_of(vtkMRMLSegmentationNode *consensus) {
  const std::string first = consensus->GetSegmentation()->GetNthSegmentID(0);
  vtkOrientedImageData *image = consensus->GetBinaryLabelmapInternalRepresentation(first);
  std::vector<int> labels;
  int extent[6];
  image->GetExtent(extent);
  for (int k = extent[4]; k <= extent[5]; ++k) {
    for (int j = extent[2]; j <= extent[3]; ++j) {
      for (int i = extent[0]; i <= extent[1]; ++i) {
        labels.push_back(static_cast<int>(image->GetScalarComponentAsDouble(i, j, k, 0)));
      }
    }
  }
  return labels;
}

std::vector<float> RatersTest::voxels_of(vtkMRMLScalarVolumeNode *volume) {
  const auto *voxels = static_cast<const float *>(volume->GetImageData()->GetScalarPointer());
  return {voxels, voxels + volume->GetImageData()->GetNumberOfPoints()};
}

std::vector<std::string> RatersTest::segment_names(vtkMRMLSegmentationNode *consensus) {
  std::vector<std::string> names;
  for (int index = 0; index < consensus->GetSegmentation()->GetNumberOfSegments(); ++index) {
    names.emplace_back(consensus->GetSegmentation()->GetNthSegment(index)->GetName());
  }
  return names;
}

std::string everything_about(vtkMRMLSegmentationNode *node) {
  std::ostringstream text;
  node->WriteXML(text, 0);
  text << node->GetMTime() << " " << node->GetModifiedSinceRead() << "\n";
  if (node->GetDisplayNode()) {
    node->GetDisplayNode()->WriteXML(text, 0);
    text << node->GetDisplayNode()->GetMTime() << "\n";
  }
  vtkSegmentation *segmentation = node->GetSegmentation();
  segmentation->WriteXML(text, 0);
  text << segmentation->GetMTime() << " " << segmentation->GetNumberOfLayers() << "\n";
  for (int index = 0; index < segmentation->GetNumberOfSegments(); ++index) {
    vtkSegment *segment = segmentation->GetNthSegment(index);
    segment->WriteXML(text, 0);
    std::vector<std::string> representations;
    segment->GetContainedRepresentationNames(representations);
    text << segment->GetMTime() << " " << segment->GetName() << "\n";
    for (const std::string &name : representations) {
      vtkDataObject *data = segment->GetRepresentation(name);
      text << name << " " << data << " " << data->GetMTime() << "\n";
      if (auto *image = vtkImageData::SafeDownCast(data)) {
        const auto *bytes = static_cast<const char *>(image->GetScalarPointer());
        text << std::string(bytes, bytes ? image->GetNumberOfPoints() * image->GetScalarSize() : 0);
      }
    }
  }
  return text.str();
}
