#include "support.hpp"

#include <doctest/doctest.h>

#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLVolumeArchetypeStorageNode.h>
#include <vtkMatrix4x4.h>
#include <vtkObjectFactory.h>
#include <vtkOutputWindow.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <numeric>

namespace {

class CountingOutputWindow : public vtkOutputWindow {
public:
  static CountingOutputWindow *New();
  vtkTypeMacro(CountingOutputWindow, vtkOutputWindow);

  void DisplayErrorText(const char *text) override { this->Complain(text); }
  void DisplayWarningText(const char *text) override { this->Complain(text); }
  void DisplayGenericWarningText(const char *text) override { this->Complain(text); }

  int Complaints = 0;

private:
  void Complain(const char *text) {
    ++this->Complaints;
    std::cerr << text << std::endl;
  }
};
vtkStandardNewMacro(CountingOutputWindow);

CountingOutputWindow *counting_window() {
  static const vtkNew<CountingOutputWindow> window;
  return window;
}

std::string from_environment(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

} // namespace

int vtk_complaints() { return counting_window()->Complaints; }

void count_vtk_complaints() { vtkOutputWindow::SetInstance(counting_window()); }

SceneTest::SceneTest() : complaints_before_(vtk_complaints()) {}

SceneTest::~SceneTest() { CHECK(vtk_complaints() == this->complaints_before_); }

vtkMRMLScalarVolumeNode *SceneTest::add_small_volume() {
  vtkNew<vtkImageData> image;
  image->SetDimensions(2, 3, 4);
  image->AllocateScalars(VTK_SHORT, 1);
  auto *voxels = static_cast<short *>(image->GetScalarPointer());
  std::iota(voxels, voxels + 24, static_cast<short>(0));
  vtkNew<vtkMRMLScalarVolumeNode> volume;
  volume->SetName("Small");
  volume->SetAndObserveImageData(image);
  volume->SetIJKToRASMatrix(small_ras_from_ijk());
  this->scene->AddNode(volume);
  return volume; // the scene keeps it
}

std::vector<std::string> SceneTest::node_ids() const {
  std::vector<std::string> ids;
  for (int index = 0; index < this->scene->GetNumberOfNodes(); ++index) {
    ids.emplace_back(this->scene->GetNthNode(index)->GetID());
  }
  return ids;
}

vtkMRMLScalarVolumeNode *SceneTest::load_volume(const std::string &path) {
  vtkNew<vtkMRMLVolumeArchetypeStorageNode> storage;
  storage->SetFileName(path.c_str());
  vtkNew<vtkMRMLScalarVolumeNode> volume;
  volume->SetName("Sample");
  REQUIRE(storage->ReadData(volume));
  this->scene->AddNode(volume);
  return volume;
}

vtkSmartPointer<vtkMatrix4x4> small_ras_from_ijk() {
  const double elements[16] = {0, 0, -4, 10, -2, 0, 0, 20, 0, 3, 0, 30, 0, 0, 0, 1};
  auto matrix = vtkSmartPointer<vtkMatrix4x4>::New();
  matrix->DeepCopy(elements);
  return matrix;
}

RaterLensModule::Finding small_finding() {
  RaterLensModule::Finding finding;
  finding.Structures.resize(2);
  finding.Structures[0] = {7, "seven", "Seven", {255, 0, 0}, "SCT", "24924006", "Multifidus"};
  finding.Structures[1] = {300, "three_hundred", "Three hundred", {0, 255, 51}, "", "", ""};
  finding.Seed = 5;
  raterlens::SegmentResult &result = finding.Result;
  result.labels.assign(24, 0);
  result.labels[1] = 7;
  result.labels[23] = 300;
  result.variance = {{7, std::vector<float>(24, 0.25F)}, {300, std::vector<float>(24, 0.0F)}};
  result.variance[1].voxels[5] = 0.125F;
  result.measures = {{7, -1, std::nan(""), 0.024, 0.25, 1}, {300, 3, 6.0, 0.024, 0.0, 1}};
  result.device = "cpu";
  result.device_reason = "for the test";
  result.model_name = "hand made";
  result.model_checksum = "0123";
  return finding;
}

std::string test_model() { return from_environment("RATERLENS_TEST_MODEL"); }

std::string test_image() { return from_environment("RATERLENS_TEST_IMAGE"); }
