// Which volumes are accepted, and what the core gets of them.
#include "support.hpp"

#include "RaterLensImage.h"

#include <doctest/doctest.h>

#include <vtkImageData.h>
#include <vtkMRMLLabelMapVolumeNode.h>
#include <vtkMRMLLinearTransformNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLTransformNode.h>
#include <vtkMRMLVectorVolumeNode.h>
#include <vtkMatrix4x4.h>
#include <vtkPoints.h>
#include <vtkThinPlateSplineTransform.h>

#include <numeric>

using namespace RaterLensModule;

TEST_SUITE("scene") {
  TEST_CASE_FIXTURE(SceneTest, "a grid turned by quarter turns has this geometry in LPS (worked by hand)") {
    const InputImage image = ReadImage(add_small_volume());
    CHECK(image.Geometry.dims == std::array<std::size_t, 3>{2, 3, 4});
    CHECK(image.Geometry.spacing_mm == std::array<double, 3>{2, 3, 4});
    CHECK(image.Geometry.origin_lps == std::array<double, 3>{-10, -20, 30});
    // Columns: i to posterior (0, 1, 0), j to superior (0, 0, 1), k to the left (1, 0, 0).
    CHECK(image.Geometry.direction_lps == std::array<double, 9>{0, 0, 1, 1, 0, 0, 0, 1, 0});
  }

  TEST_CASE_FIXTURE(SceneTest, "voxels arrive as floats with i fastest") {
    std::vector<float> expected(24);
    std::iota(expected.begin(), expected.end(), 0.0F);
    CHECK(ReadImage(add_small_volume()).Voxels == expected);
  }

  TEST_CASE_FIXTURE(SceneTest, "an image whose extent does not start at zero keeps its place") {
    vtkMRMLScalarVolumeNode *volume = add_small_volume();
    volume->GetImageData()->SetExtent(1, 2, 0, 2, 0, 3);
    // One voxel further along i is 2 mm to posterior: y in LPS grows from -20 to -18.
    CHECK(ReadGeometry(volume).origin_lps == std::array<double, 3>{-10, -18, 30});
  }

  TEST_CASE_FIXTURE(SceneTest, "a linear parent transform moves the image") {
    vtkMRMLScalarVolumeNode *volume = add_small_volume();
    vtkNew<vtkMatrix4x4> halfTurn; // about the superior axis, then 5 mm to the right of the patient
    halfTurn->SetElement(0, 0, -1);
    halfTurn->SetElement(1, 1, -1);
    halfTurn->SetElement(0, 3, 5);
    vtkNew<vtkMRMLLinearTransformNode> transform;
    transform->SetMatrixTransformToParent(halfTurn);
    scene->AddNode(transform);
    volume->SetAndObserveTransformNodeID(transform->GetID());

    CHECK(CheckInput(volume).empty());
    const raterlens::Geometry geometry = ReadGeometry(volume);
    CHECK(geometry.spacing_mm == std::array<double, 3>{2, 3, 4});
    CHECK(geometry.origin_lps == std::array<double, 3>{-(-10 + 5), -(-20), 30});
    CHECK(geometry.direction_lps == std::array<double, 9>{0, 0, -1, -1, 0, 0, 0, 1, 0});
  }

  TEST_CASE_FIXTURE(SceneTest, "a bending parent transform is refused") {
    vtkMRMLScalarVolumeNode *volume = add_small_volume();
    vtkNew<vtkPoints> points;
    for (const auto &point :
         {std::array<double, 3>{0, 0, 0}, {50, 0, 0}, {0, 50, 0}, {0, 0, 50}, {50, 50, 50}}) {
      points->InsertNextPoint(point.data());
    }
    vtkNew<vtkPoints> moved;
    moved->DeepCopy(points);
    moved->SetPoint(4, 60, 50, 50);
    vtkNew<vtkThinPlateSplineTransform> bend;
    bend->SetBasisToR();
    bend->SetSourceLandmarks(points);
    bend->SetTargetLandmarks(moved);
    vtkNew<vtkMRMLTransformNode> transform;
    transform->SetAndObserveTransformToParent(bend);
    scene->AddNode(transform);
    volume->SetAndObserveTransformNodeID(transform->GetID());
    CHECK(CheckInput(volume).find("not linear") != std::string::npos);
  }

  TEST_CASE_FIXTURE(SceneTest, "what is not a grey-scale volume in a scene is refused with the reason") {
    CHECK(CheckInput(nullptr).find("No input volume") != std::string::npos);

    vtkNew<vtkMRMLScalarVolumeNode> outside;
    CHECK(CheckInput(outside).find("not in a scene") != std::string::npos);

    vtkNew<vtkMRMLScalarVolumeNode> empty;
    scene->AddNode(empty);
    CHECK(CheckInput(empty).find("no voxels") != std::string::npos);

    vtkNew<vtkImageData> colors;
    colors->SetDimensions(2, 2, 2);
    colors->AllocateScalars(VTK_UNSIGNED_CHAR, 3);
    vtkNew<vtkMRMLVectorVolumeNode> rgb;
    rgb->SetAndObserveImageData(colors);
    scene->AddNode(rgb);
    CHECK(CheckInput(rgb).find("3 components") != std::string::npos);

    vtkNew<vtkMRMLLabelMapVolumeNode> labelmap;
    labelmap->SetAndObserveImageData(add_small_volume()->GetImageData());
    scene->AddNode(labelmap);
    CHECK(CheckInput(labelmap).find("label map") != std::string::npos);
  }
}
