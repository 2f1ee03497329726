// Runs with a real model: progress, cancel, failure, the two ways to call.
#include "support.hpp"

#include "vtkSlicerRaterLensLogic.h"

#include <doctest/doctest.h>

#include <vtkCallbackCommand.h>
#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkMatrix4x4.h>
#include <vtkOrientedImageData.h>
#include <vtkSegmentation.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace {

using Clock = std::chrono::steady_clock;

/// The sample image and a logic, in a scene.
struct RunTest : SceneTest {
  RunTest() : input(load_volume(test_image())) { logic->SetMRMLScene(scene); }

  vtkMRMLScalarVolumeNode *input;
  vtkNew<vtkSlicerRaterLensLogic> logic;
};

/// Records progress, and cancels as soon as the network runs.
struct Watcher {
  vtkSlicerRaterLensLogic *logic;
  bool cancel = false;
  std::vector<double> fractions = {};
  Clock::time_point cancelled_at = {};

  void on_progress(vtkObject *, unsigned long, void *data) {
    fractions.push_back(*static_cast<double *>(data));
    if (cancel && fractions.back() > 0.0 && cancelled_at == Clock::time_point{}) {
      cancelled_at = Clock::now();
      logic->Cancel();
    }
  }
};

std::vector<unsigned char> labels_of(vtkMRMLSegmentationNode *segmentation) {
  const std::string first = segmentation->GetSegmentation()->GetNthSegmentID(0);
  vtkOrientedImageData *labelmap = segmentation->GetBinaryLabelmapInternalRepresentation(first);
  const auto *begin = static_cast<const unsigned char *>(labelmap->GetScalarPointer());
  return {begin, begin + labelmap->GetNumberOfPoints()};
}

} // namespace

TEST_SUITE("run") {
  TEST_CASE_FIXTURE(RunTest, "a run gives every structure some voxels, a map in [0, 0.25] and measures") {
    Watcher watcher{logic};
    logic->AddObserver(vtkCommand::ProgressEvent, &watcher, &Watcher::on_progress);
    vtkMRMLSegmentationNode *node = logic->Segment(input, test_model(), "cpu");
    REQUIRE_MESSAGE(node, logic->GetLastError());
    CHECK(logic->GetLastError().empty());
    CHECK(logic->GetState() == vtkSlicerRaterLensLogic::Idle);
    CHECK(watcher.fractions.size() > 2);
    CHECK(std::is_sorted(watcher.fractions.begin(), watcher.fractions.end()));
    const auto labels = labels_of(node);
    for (int index = 0; index < node->GetSegmentation()->GetNumberOfSegments(); ++index) {
      const std::string id = node->GetSegmentation()->GetNthSegmentID(index);
      const int value = node->GetSegmentation()->GetNthSegment(index)->GetLabelValue();
      CHECK(std::count(labels.begin(), labels.end(), value) > 0);
      vtkMRMLScalarVolumeNode *map = vtkSlicerRaterLensLogic::GetVarianceNode(node, id);
      REQUIRE(map);
      double range[2];
      map->GetImageData()->GetScalarRange(range);
      CHECK(range[0] >= 0.0);
      CHECK(range[1] > 0.0);
      CHECK(range[1] <= 0.25);
    }
    CHECK(vtkSlicerRaterLensLogic::GetMeasuresNode(node)->GetNumberOfColumns() == 7);
  }

  TEST_CASE_FIXTURE(RunTest, "both ways to call give the same labels") {
    vtkMRMLSegmentationNode *blocking = logic->Segment(input, test_model(), "cpu", 3);
    REQUIRE_MESSAGE(blocking, logic->GetLastError());
    const auto before = node_ids();
    REQUIRE(logic->StartSegment(input, test_model(), "cpu", 3));
    CHECK_FALSE(logic->StartSegment(input, test_model(), "cpu", 3));
    CHECK(logic->GetLastError().find("running already") != std::string::npos);
    CHECK(logic->Apply() == nullptr); // not ready yet
    while (logic->Poll() == vtkSlicerRaterLensLogic::Running) {
      CHECK(node_ids() == before); // the scene is not touched meanwhile
      logic->Wait(0.01);
    }
    REQUIRE(logic->GetState() == vtkSlicerRaterLensLogic::Ready);
    CHECK(node_ids() == before);
    vtkMRMLSegmentationNode *stepwise = logic->Apply();
    REQUIRE_MESSAGE(stepwise, logic->GetLastError());
    CHECK(labels_of(stepwise) == labels_of(blocking));
    CHECK(logic->Apply() == nullptr); // once
  }

  TEST_CASE_FIXTURE(RunTest, "cancelling ends a run within a second and leaves the scene as it was") {
    const auto before = node_ids();
    Watcher watcher{logic, true};
    logic->AddObserver(vtkCommand::ProgressEvent, &watcher, &Watcher::on_progress);
    CHECK(logic->Segment(input, test_model(), "cpu") == nullptr);
    REQUIRE(watcher.cancelled_at != Clock::time_point{});
    CHECK(Clock::now() - watcher.cancelled_at < std::chrono::seconds(1));
    CHECK(logic->GetState() == vtkSlicerRaterLensLogic::Cancelled);
    CHECK_FALSE(logic->GetLastError().empty());
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(RunTest, "a result that was cancelled before it was applied is dropped") {
    const auto before = node_ids();
    REQUIRE(logic->StartSegment(input, test_model(), "cpu"));
    REQUIRE(logic->Wait(600) == vtkSlicerRaterLensLogic::Ready);
    logic->Cancel();
    CHECK(logic->GetState() == vtkSlicerRaterLensLogic::Cancelled);
    CHECK(logic->Apply() == nullptr);
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(RunTest, "a logic may be deleted during a run, and after a cancel a new run may start") {
    const auto before = node_ids();
    auto *other = vtkSlicerRaterLensLogic::New();
    REQUIRE(other->StartSegment(input, test_model(), "cpu"));
    other->Wait(0.2);
    other->Cancel();
    CHECK(other->GetState() == vtkSlicerRaterLensLogic::Cancelled);
    REQUIRE(other->StartSegment(input, test_model(), "cpu"));
    CHECK(other->GetState() == vtkSlicerRaterLensLogic::Running);
    other->Delete();
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(RunTest, "an input that moved or left meanwhile is not written to") {
    REQUIRE(logic->StartSegment(input, test_model(), "cpu"));
    const char *expected = nullptr;
    SUBCASE("moved") {
      input->SetOrigin(1, 2, 3);
      expected = "changed during";
    }
    SUBCASE("left") {
      scene->RemoveNode(input);
      expected = "changed during";
    }
    const auto before = node_ids();
    REQUIRE(logic->Wait(600) == vtkSlicerRaterLensLogic::Ready);
    CHECK(logic->Apply() == nullptr);
    CHECK(logic->GetLastError().find(expected) != std::string::npos);
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(RunTest, "failures say why and leave the scene as it was") {
    const auto before = node_ids();
    SUBCASE("no such model") { CHECK(logic->Segment(input, test_model() + "-not-there", "cpu") == nullptr); }
    SUBCASE("no such device") { CHECK(logic->Segment(input, test_model(), "toaster") == nullptr); }
    SUBCASE("an image of zeros") {
      vtkImageData *image = input->GetImageData();
      std::memset(image->GetScalarPointer(), 0,
                  static_cast<std::size_t>(image->GetNumberOfPoints()) *
                      static_cast<std::size_t>(image->GetScalarSize()));
      CHECK(logic->Segment(input, test_model(), "cpu") == nullptr);
    }
    SUBCASE("no volume") { CHECK(logic->Segment(nullptr, test_model(), "cpu") == nullptr); }
    CHECK(logic->GetState() == vtkSlicerRaterLensLogic::Failed);
    CHECK(logic->GetLastError().size() > 20);
    MESSAGE(logic->GetLastError());
    CHECK(node_ids() == before);
    // The next run is none the worse for it.
    if (logic->GetLastError().find("oaster") != std::string::npos) {
      CHECK(logic->Segment(input, test_model(), "cpu") != nullptr);
      CHECK(logic->GetLastError().empty());
    }
  }
}
