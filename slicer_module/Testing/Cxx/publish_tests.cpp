// What a result looks like in the scene, and that a failure leaves nothing of it.
#include "support.hpp"

#include "RaterLensColors.h"
#include "vtkSlicerRaterLensLogic.h"

#include <doctest/doctest.h>

#include <vtkImageData.h>
#include <vtkMRMLColorTableNode.h>
#include <vtkMRMLLinearTransformNode.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSegmentationDisplayNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLSliceCompositeNode.h>
#include <vtkMRMLSubjectHierarchyNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkMatrix4x4.h>
#include <vtkOrientedImageData.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>
#include <vtkTable.h>
#include <vtkWeakPointer.h>

#include <cmath>
#include <stdexcept>

using namespace RaterLensModule;

namespace {

bool same_grid(vtkMRMLScalarVolumeNode *volume) {
  vtkNew<vtkMatrix4x4> matrix;
  volume->GetIJKToRASMatrix(matrix);
  const auto expected = small_ras_from_ijk();
  for (int element = 0; element < 16; ++element) {
    if (matrix->GetData()[element] != expected->GetData()[element]) {
      return false;
    }
  }
  return true;
}

/// Throws when the given number of nodes has been added.
struct ThrowingObserver {
  int left;
  void on_node_added() {
    if (--left == 0) {
      throw std::runtime_error("no more nodes");
    }
  }
};

} // namespace

TEST_SUITE("scene") {
  TEST_CASE_FIXTURE(SceneTest,
                    "segments carry names, colours, label values and terminology on the input's grid") {
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    vtkMRMLSegmentationNode *node = Publish(input, small_finding());
    REQUIRE(node);
    vtkSegmentation *segmentation = node->GetSegmentation();
    REQUIRE(segmentation->GetNumberOfSegments() == 2);
    vtkSegment *seven = segmentation->GetSegment("seven");
    REQUIRE(seven);
    CHECK(std::string(seven->GetName()) == "Seven");
    CHECK(seven->GetLabelValue() == 7);
    CHECK(seven->GetColor()[0] == 1.0);
    CHECK(seven->GetColor()[1] == 0.0);
    CHECK(seven->GetTerminology().find("~SCT^24924006^Multifidus~") != std::string::npos);
    CHECK(segmentation->GetSegment("three_hundred")->GetColor()[2] == 51 / 255.0);

    vtkOrientedImageData *labelmap = node->GetBinaryLabelmapInternalRepresentation("seven");
    REQUIRE(labelmap);
    CHECK(labelmap == node->GetBinaryLabelmapInternalRepresentation("three_hundred")); // one shared layer
    CHECK(labelmap->GetScalarComponentAsDouble(1, 0, 0, 0) == 7);
    CHECK(labelmap->GetScalarComponentAsDouble(1, 2, 3, 0) == 300);
    CHECK(labelmap->GetScalarComponentAsDouble(0, 0, 0, 0) == 0);
    vtkNew<vtkMatrix4x4> matrix;
    labelmap->GetImageToWorldMatrix(matrix);
    for (int element = 0; element < 16; ++element) {
      CHECK(matrix->GetData()[element] == doctest::Approx(small_ras_from_ijk()->GetData()[element]));
    }
    CHECK(node->GetNodeReference("referenceImageGeometryRef") == input);
    CHECK(std::string(node->GetAttribute("RaterLens.Seed")) == "5");
  }

  TEST_CASE_FIXTURE(SceneTest, "variance volumes are float32 on the input's grid in one fixed window") {
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    vtkMRMLSegmentationNode *node = Publish(input, small_finding());
    vtkMRMLScalarVolumeNode *volume = vtkSlicerRaterLensLogic::GetVarianceNode(node, "three_hundred");
    REQUIRE(volume);
    CHECK(volume->GetImageData()->GetScalarType() == VTK_FLOAT);
    CHECK(volume->GetImageData()->GetScalarComponentAsDouble(1, 2, 0, 0) == 0.125);
    CHECK(volume->GetImageData()->GetScalarComponentAsDouble(0, 2, 0, 0) == 0.0);
    CHECK(same_grid(volume));
    auto *display = vtkMRMLScalarVolumeDisplayNode::SafeDownCast(volume->GetDisplayNode());
    REQUIRE(display);
    CHECK(display->GetWindowLevelMin() == doctest::Approx(VarianceWindowMin));
    CHECK(display->GetWindowLevelMax() == doctest::Approx(VarianceWindowMax));
    CHECK(display->GetAutoWindowLevel() == 0);
    CHECK(display->GetApplyThreshold() == 1);
    CHECK(display->GetLowerThreshold() == VarianceThreshold);
    CHECK(display->GetColorNode() == FindVarianceColors(scene));
    CHECK(vtkSlicerRaterLensLogic::GetVarianceNode(node, "no such structure") == nullptr);
  }

  TEST_CASE_FIXTURE(SceneTest, "the measures are a table with stable keys") {
    vtkMRMLSegmentationNode *node = Publish(add_small_volume(), small_finding());
    vtkMRMLTableNode *measures = vtkSlicerRaterLensLogic::GetMeasuresNode(node);
    REQUIRE(measures);
    vtkTable *table = measures->GetTable();
    REQUIRE(table->GetNumberOfRows() == 2);
    CHECK(table->GetValueByName(0, "structure").ToString() == "seven");
    CHECK(table->GetValueByName(0, "slice").ToInt() == -1);
    CHECK(std::isnan(table->GetValueByName(0, "area_mm2").ToDouble()));
    CHECK(table->GetValueByName(0, "mean_variance").ToDouble() == 0.25);
    CHECK(table->GetValueByName(1, "structure_title").ToString() == "Three hundred");
    CHECK(table->GetValueByName(1, "slice").ToInt() == 3);
    CHECK(table->GetValueByName(1, "area_mm2").ToDouble() == 6.0);
    CHECK(table->GetValueByName(1, "volume_ml").ToDouble() == 0.024);
    CHECK(table->GetValueByName(1, "voxels").ToDouble() == 1.0);
  }

  TEST_CASE_FIXTURE(SceneTest, "the result is in one folder and over the input in every slice view") {
    vtkNew<vtkMRMLSliceCompositeNode> view;
    view->SetLayoutName("Red");
    scene->AddNode(view);
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    vtkMRMLSegmentationNode *node = Publish(input, small_finding());
    CHECK(std::string(view->GetBackgroundVolumeID()) == input->GetID());
    CHECK(view->GetNthLayerVolume(vtkMRMLSliceCompositeNode::LayerForeground) ==
          vtkSlicerRaterLensLogic::GetVarianceNode(node, "seven"));
    CHECK(view->GetNthLayerVolume(vtkMRMLSliceCompositeNode::Layer_Last) ==
          vtkSlicerRaterLensLogic::GetVarianceNode(node, "three_hundred"));
    auto *display = vtkMRMLSegmentationDisplayNode::SafeDownCast(node->GetDisplayNode());
    REQUIRE(display);
    CHECK(display->GetVisibility2DOutline());
    CHECK_FALSE(display->GetVisibility2DFill());

    auto *hierarchy = vtkMRMLSubjectHierarchyNode::GetSubjectHierarchyNode(scene);
    const vtkIdType folder = hierarchy->GetItemByName("Small RaterLens");
    REQUIRE(folder != vtkMRMLSubjectHierarchyNode::GetInvalidItemID());
    std::vector<vtkIdType> children;
    hierarchy->GetItemChildren(folder, children, false);
    CHECK(children.size() == 4); // segmentation, two variance volumes, table
  }

  TEST_CASE_FIXTURE(SceneTest, "the result moves with the input's transform") {
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    vtkNew<vtkMRMLLinearTransformNode> transform;
    scene->AddNode(transform);
    input->SetAndObserveTransformNodeID(transform->GetID());
    vtkMRMLSegmentationNode *node = Publish(input, small_finding());
    CHECK(node->GetParentTransformNode() == transform);
    CHECK(vtkSlicerRaterLensLogic::GetVarianceNode(node, "seven")->GetParentTransformNode() == transform);
  }

  TEST_CASE_FIXTURE(SceneTest, "a second result gets names of its own and shares the colours") {
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    vtkMRMLSegmentationNode *first = Publish(input, small_finding());
    vtkMRMLSegmentationNode *second = Publish(input, small_finding());
    CHECK(std::string(first->GetName()) != second->GetName());
    CHECK(vtkSlicerRaterLensLogic::GetVarianceNode(second, "seven") !=
          vtkSlicerRaterLensLogic::GetVarianceNode(first, "seven"));
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLColorTableNode") == 1);
  }

  TEST_CASE_FIXTURE(SceneTest, "a result that does not fit leaves the scene as it was") {
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    const auto before = node_ids();
    Finding finding = small_finding();
    SUBCASE("too few labels") { finding.Result.labels.pop_back(); }
    SUBCASE("too many voxels in a map") { finding.Result.variance[1].voxels.push_back(0); }
    SUBCASE("a map missing") { finding.Result.variance.pop_back(); }
    SUBCASE("a measure of an unknown structure") { finding.Result.measures[0].structure = 9; }
    CHECK_THROWS_AS(Publish(input, finding), std::runtime_error);
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(SceneTest, "an exception halfway removes what was added") {
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    const auto before = node_ids();
    ThrowingObserver observer{4};
    const unsigned long tag =
        scene->AddObserver(vtkMRMLScene::NodeAddedEvent, &observer, &ThrowingObserver::on_node_added);
    CHECK_THROWS_WITH(Publish(input, small_finding()), "no more nodes");
    scene->RemoveObserver(tag);
    CHECK(observer.left == 0); // it was in the middle
    CHECK(node_ids() == before);
    CHECK(Publish(input, small_finding()) != nullptr); // and the scene still works
  }

  TEST_CASE_FIXTURE(SceneTest, "one undo takes the whole result back") {
    scene->SetUndoOn();
    vtkMRMLScalarVolumeNode *input = add_small_volume();
    const auto before = node_ids();
    const int levels = scene->GetNumberOfUndoLevels();
    Publish(input, small_finding());
    CHECK(scene->GetNumberOfUndoLevels() == levels + 1);
    scene->Undo();
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0);
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLTableNode") == 0);
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1);
  }

  TEST_CASE("nothing of a result outlives its scene") {
    vtkWeakPointer<vtkMRMLNode> segmentation, volume, table, colors;
    {
      SceneTest test;
      vtkMRMLSegmentationNode *node = Publish(test.add_small_volume(), small_finding());
      segmentation = node;
      volume = vtkSlicerRaterLensLogic::GetVarianceNode(node, "seven");
      table = vtkSlicerRaterLensLogic::GetMeasuresNode(node);
      colors = FindVarianceColors(test.scene);
      REQUIRE(volume != nullptr);
    }
    CHECK(segmentation == nullptr);
    CHECK(volume == nullptr);
    CHECK(table == nullptr);
    CHECK(colors == nullptr);
  }
}
