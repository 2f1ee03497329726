// Raters' segmentations in a scene: what is read, what is written, and that nobody's drawing is touched.
#include "raters_support.hpp"

#include "RaterLensColors.h"

#include <doctest/doctest.h>

#include <vtkCallbackCommand.h>
#include <vtkCollection.h>
#include <vtkImageData.h>
#include <vtkMRMLLinearTransformNode.h>
#include <vtkMRMLPlotChartNode.h>
#include <vtkMRMLPlotSeriesNode.h>
#include <vtkMRMLScalarVolumeDisplayNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSubjectHierarchyNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkMatrix4x4.h>
#include <vtkOrientedImageData.h>
#include <vtkPoints.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>
#include <vtkSegmentationConverter.h>
#include <vtkTable.h>
#include <vtkThinPlateSplineTransform.h>

#include <chrono>
#include <cmath>
#include <stdexcept>

#include <raterlens/raterlens.hpp>

namespace {

using Raters = std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>>;

/// Three raters of two muscles; two agree in every voxel.
struct ThreeRaters : RatersTest {
  Raters raters{add_rater("Ann", {{"Left muscle", {0, 1}}, {"Right muscle", {2}}}),
                add_rater("Ben", {{"Right muscle", {1, 2}}, {"Left muscle", {0}}}),
                add_rater("Cem", {{"Left muscle", {0, 1}}, {"Right muscle", {2}}})};

  /// The same drawings for the C++ library.
  std::vector<std::vector<std::uint16_t>> maps{{1, 1, 2, 0}, {1, 2, 2, 0}, {1, 1, 2, 0}};

  raterlens::RatersView view() const {
    raterlens::RatersView view;
    view.geometry.dims = {4, 1, 1};
    view.geometry.spacing_mm = {0.5, 1, 4};
    view.geometry.origin_lps = {-10, -20, 30};
    view.geometry.direction_lps = {1, 0, 0, 0, -1, 0, 0, 0, -1};
    const char *names[] = {"Ann", "Ben", "Cem"};
    for (std::size_t n = 0; n < 3; ++n) {
      view.raters.push_back({names[n], maps[n].data(), 4});
    }
    view.structures = {{1, "left_muscle", "Left muscle", {}, "", "", ""},
                       {2, "right_muscle", "Right muscle", {}, "", "", ""}};
    return view;
  }

  std::string all_raters() const {
    std::string text;
    for (const auto &rater : raters) {
      text += everything_about(rater);
    }
    return text;
  }

  /// Both calls fail, say so with `words`, and change nothing.
  void check_refused(const Raters &given, const std::string &words,
                     vtkMRMLScalarVolumeNode *reference = nullptr) {
    const auto before = node_ids();
    CHECK(logic->FuseRaters(given, "majority", reference) == nullptr);
    CHECK_MESSAGE(logic->GetLastError().find(words) != std::string::npos, logic->GetLastError());
    CHECK(logic->CompareRaters(given, reference) == nullptr);
    CHECK_MESSAGE(logic->GetLastError().find(words) != std::string::npos, logic->GetLastError());
    CHECK(logic->GetState() == vtkSlicerRaterLensLogic::Failed);
    CHECK(node_ids() == before);
  }
};

const raterlens::Table &table_named(const std::vector<raterlens::Table> &tables, const std::string &name) {
  for (const auto &table : tables) {
    if (table.name == name) {
      return table;
    }
  }
  throw std::runtime_error("no table " + name);
}

void check_equal(vtkMRMLTableNode *node, const raterlens::Table &expected) {
  REQUIRE(node != nullptr);
  vtkTable *table = node->GetTable();
  REQUIRE(table->GetNumberOfColumns() == static_cast<vtkIdType>(expected.columns.size()));
  for (const auto &column : expected.columns) {
    if (const auto *words = std::get_if<std::vector<std::string>>(&column.values)) {
      for (std::size_t row = 0; row < words->size(); ++row) {
        CHECK(table->GetValueByName(static_cast<vtkIdType>(row), column.name.c_str()).ToString() ==
              (*words)[row]);
      }
      continue;
    }
    const auto &numbers = std::get<std::vector<double>>(column.values);
    REQUIRE(table->GetNumberOfRows() == static_cast<vtkIdType>(numbers.size()));
    for (std::size_t row = 0; row < numbers.size(); ++row) {
      const double found = table->GetValueByName(static_cast<vtkIdType>(row), column.name.c_str()).ToDouble();
      CHECK((found == numbers[row] || (std::isnan(found) && std::isnan(numbers[row]))));
    }
  }
}

void put_under(vtkMRMLScene *scene, vtkMRMLTransformableNode *node, double shift_r) {
  vtkNew<vtkMatrix4x4> matrix;
  matrix->SetElement(0, 3, shift_r);
  vtkNew<vtkMRMLLinearTransformNode> transform;
  transform->SetMatrixTransformToParent(matrix);
  scene->AddNode(transform);
  node->SetAndObserveTransformNodeID(transform->GetID());
}

/// Turns the axes of a rater's label map round: the same drawing, stored backwards along i.
void store_backwards(vtkMRMLSegmentationNode *node) {
  vtkOrientedImageData *image =
      node->GetBinaryLabelmapInternalRepresentation(node->GetSegmentation()->GetNthSegmentID(0));
  auto *voxels = static_cast<unsigned char *>(image->GetScalarPointer());
  std::reverse(voxels, voxels + RowLength);
  vtkNew<vtkMatrix4x4> matrix;
  matrix->DeepCopy(row_ras_from_ijk());
  matrix->SetElement(0, 3, 10 - 0.5 * (RowLength - 1));
  matrix->SetElement(0, 0, 0.5);
  image->SetImageToWorldMatrix(matrix);
}

struct ThrowingAtNode {
  int left;
  void on_node_added() {
    if (--left == 0) {
      throw std::runtime_error("no more nodes");
    }
  }
};

struct CancelAtOnce {
  vtkSlicerRaterLensLogic *logic;
  void on_progress() { logic->Cancel(); }
};

} // namespace

TEST_SUITE("raters") {
  TEST_CASE_FIXTURE(ThreeRaters, "a fusion is that of the C++ library, to the last bit") {
    for (const char *method : {"majority", "staple", "mean", "soft-distance"}) {
      raterlens::FuseOptions options;
      options.method = method;
      const auto expected = raterlens::fuseRaters(view(), options);
      vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters, method);
      REQUIRE_MESSAGE(consensus, logic->GetLastError());
      CHECK(labels_of(consensus) == std::vector<int>(expected.consensus.begin(), expected.consensus.end()));
      for (std::size_t n = 0; n < 2; ++n) {
        const std::string name = view().structures[n].name;
        vtkMRMLScalarVolumeNode *variance = vtkSlicerRaterLensLogic::GetVarianceNode(consensus, name);
        REQUIRE(variance);
        CHECK(voxels_of(variance) == expected.variance[n].voxels);
        CHECK(variance == vtkSlicerRaterLensLogic::GetVarianceNode(consensus, view().structures[n].title));
      }
      CHECK(voxels_of(vtkSlicerRaterLensLogic::GetEntropyNode(consensus)) == expected.entropy);
      check_equal(vtkSlicerRaterLensLogic::GetTable(consensus, "performance"),
                  table_named(expected.tables, "performance"));
    }
  }

  TEST_CASE_FIXTURE(ThreeRaters, "a comparison is that of the C++ library, to the last bit") {
    const auto expected = raterlens::compareRaters(view());
    vtkMRMLTableNode *overall = logic->CompareRaters(raters);
    REQUIRE_MESSAGE(overall, logic->GetLastError());
    for (const auto &table : expected.tables) {
      check_equal(vtkSlicerRaterLensLogic::GetTable(overall, table.name), table);
    }
    CHECK(vtkSlicerRaterLensLogic::GetTable(overall, "no such table") == nullptr);
    CHECK(logic->GetWarnings().size() == expected.notes.size());
  }

  TEST_CASE_FIXTURE(ThreeRaters,
                    "the consensus is on the raters' grid with their names, colours and terminology") {
    raters[0]->GetSegmentation()->GetNthSegment(1)->SetTerminology("a~b^c^d~e^f^g~^^~h~^^~^^");
    vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters);
    REQUIRE_MESSAGE(consensus, logic->GetLastError());
    CHECK(segment_names(consensus) == std::vector<std::string>{"Left muscle", "Right muscle"});
    vtkSegment *right = consensus->GetSegmentation()->GetSegment("right_muscle");
    CHECK(right->GetLabelValue() == 2);
    CHECK(right->GetColor()[0] == 0.2); // Ann's, whose second segment it is
    CHECK(right->GetTerminology() == "a~b^c^d~e^f^g~^^~h~^^~^^");
    vtkNew<vtkMatrix4x4> matrix;
    consensus->GetBinaryLabelmapInternalRepresentation("right_muscle")->GetImageToWorldMatrix(matrix);
    for (int element = 0; element < 16; ++element) {
      CHECK(matrix->GetData()[element] == row_ras_from_ijk()->GetData()[element]);
    }
    const auto attribute = [&](const char *key) { return std::string(consensus->GetAttribute(key)); };
    CHECK(attribute("RaterLens.Method") == "majority");
    CHECK(attribute("RaterLens.Ties") == "background");
    CHECK(attribute("RaterLens.Raters") == "Ann; Ben; Cem");
    CHECK(attribute("RaterLens.Resampling").find("no resampling") == 0);
    REQUIRE(consensus->GetNumberOfNodeReferences("raterLensRater") == 3);
    CHECK(consensus->GetNthNodeReference("raterLensRater", 1) == raters[1]);
    vtkMRMLScalarVolumeNode *entropy = vtkSlicerRaterLensLogic::GetEntropyNode(consensus);
    auto *display = vtkMRMLScalarVolumeDisplayNode::SafeDownCast(entropy->GetDisplayNode());
    CHECK(display->GetWindowLevelMax() == doctest::Approx(std::log(2.0)));
    CHECK(display->GetColorNode() == RaterLensModule::FindVarianceColors(scene));
    CHECK(logic->GetWarnings().empty());

    auto *hierarchy = vtkMRMLSubjectHierarchyNode::GetSubjectHierarchyNode(scene);
    std::vector<vtkIdType> children;
    hierarchy->GetItemChildren(hierarchy->GetItemByName("Fusion of 3 raters"), children, false);
    CHECK(children.size() == 5); // consensus, two variance volumes, entropy, table
  }

  TEST_CASE_FIXTURE(ThreeRaters, "a rater's node is not changed in any way") {
    const std::string before = all_raters();
    REQUIRE(logic->FuseRaters(raters));
    CHECK(all_raters() == before);
    REQUIRE(logic->CompareRaters(raters));
    CHECK(all_raters() == before);
    REQUIRE(logic->FuseRaters(raters, "staple", add_reference(3, 1.0)));
    CHECK(all_raters() == before);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "charts have titles with units and series over existing columns") {
    vtkMRMLTableNode *overall = logic->CompareRaters(raters);
    REQUIRE(vtkSlicerRaterLensLogic::GetNumberOfCharts(overall) == 4); // three pairs, variance by slice
    for (int index = 0; index < 4; ++index) {
      vtkMRMLPlotChartNode *chart = vtkSlicerRaterLensLogic::GetNthChart(overall, index);
      REQUIRE(chart);
      CHECK(chart->GetNumberOfPlotSeriesNodes() == (index < 3 ? 8 : 2));
      for (int n = 0; n < chart->GetNumberOfPlotSeriesNodes(); ++n) {
        vtkMRMLPlotSeriesNode *series = chart->GetNthPlotSeriesNode(n);
        REQUIRE(series->GetTableNode());
        vtkTable *table = series->GetTableNode()->GetTable();
        CHECK(table->GetColumnByName(series->GetXColumnName().c_str()) != nullptr);
        CHECK(table->GetColumnByName(series->GetYColumnName().c_str()) != nullptr);
      }
    }
    vtkMRMLPlotChartNode *first = vtkSlicerRaterLensLogic::GetNthChart(overall, 0);
    CHECK(std::string(first->GetXAxisTitle()) == "Mean area (mm\xC2\xB2)");
    CHECK(std::string(first->GetYAxisTitle()) == "Difference Ann \xE2\x88\x92 Ben (mm\xC2\xB2)");
    vtkMRMLPlotSeriesNode *points = first->GetNthPlotSeriesNode(0);
    // Ann drew two voxels of 0.5 mm2 of the left muscle, Ben one.
    CHECK(
        points->GetTableNode()->GetTable()->GetValueByName(0, points->GetXColumnName().c_str()).ToDouble() ==
        0.75);
    CHECK(
        points->GetTableNode()->GetTable()->GetValueByName(0, points->GetYColumnName().c_str()).ToDouble() ==
        0.5);
    vtkMRMLPlotSeriesNode *bias = first->GetNthPlotSeriesNode(1);
    CHECK(bias->GetTableNode()->GetTable()->GetValueByName(1, bias->GetYColumnName().c_str()).ToDouble() ==
          0.5);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "label maps of other extents and axis orders are put where they belong") {
    const auto expected = labels_of(logic->FuseRaters(raters));
    const std::string ben = "Ben";
    SUBCASE("cropped") {
      scene->RemoveNode(raters[1]);
      raters[1] = add_rater("Ben", {{"Right muscle", {1, 2}}, {"Left muscle", {}}}, false, 1);
      CHECK(labels_of(logic->FuseRaters(raters)) == expected); // two of three drew voxel 0
      REQUIRE(logic->GetWarnings().size() == 1);
      CHECK(logic->GetWarnings()[0] == "'Ben' left the segment 'Left muscle' empty.");
    }
    SUBCASE("stored backwards") {
      for (const auto &rater : {raters[1], raters[2]}) {
        store_backwards(rater);
      }
      CHECK(labels_of(logic->FuseRaters(raters)) == expected);
    }
    SUBCASE("all stored backwards, over a reference") {
      for (const auto &rater : raters) {
        store_backwards(rater);
      }
      CHECK(labels_of(logic->FuseRaters(raters, "majority", add_reference(4, 0.5))) == expected);
    }
    SUBCASE("layers of their own") {
      scene->RemoveNode(raters[1]);
      raters[1] = add_rater("Ben", {{"Right muscle", {1, 2}}, {"Left muscle", {0}}}, true);
      CHECK(labels_of(logic->FuseRaters(raters)) == expected);
    }
    SUBCASE("spaces around names") {
      raters[1]->GetSegmentation()->GetNthSegment(0)->SetName(" Right muscle\t");
      CHECK(labels_of(logic->FuseRaters(raters)) == expected);
      CHECK(logic->GetWarnings().empty());
    }
    CHECK(logic->GetLastError() == "");
  }

  TEST_CASE_FIXTURE(ThreeRaters, "a segment that a rater does not have was drawn empty, with a warning") {
    raters.push_back(add_rater("Dan", {{"Left muscle", {0}}, {"Spine", {3}}, {"Nothing", {}}}));
    vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters);
    REQUIRE_MESSAGE(consensus, logic->GetLastError());
    CHECK(segment_names(consensus) == std::vector<std::string>{"Left muscle", "Right muscle", "Spine"});
    CHECK(labels_of(consensus) == std::vector<int>{1, 1, 2, 0}); // voxel 1: two left, one right, one nothing
    CHECK(logic->GetWarnings() ==
          std::vector<std::string>{"'Dan' has no segment 'Right muscle'; it counts as drawn empty.",
                                   "'Ann' has no segment 'Spine'; it counts as drawn empty.",
                                   "'Ben' has no segment 'Spine'; it counts as drawn empty.",
                                   "'Cem' has no segment 'Spine'; it counts as drawn empty.",
                                   "Nobody drew 'Nothing'; it is left out."});
    CHECK(std::string(consensus->GetAttribute("RaterLens.Warnings")).find("'Dan' has no") == 0);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "undecided voxels get a segment of their own") {
    raters.pop_back();
    vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters, "majority", nullptr, "undecided:300");
    REQUIRE_MESSAGE(consensus, logic->GetLastError());
    CHECK(labels_of(consensus) == std::vector<int>{1, 300, 2, 0});
    CHECK(segment_names(consensus).back() == "Undecided");
  }

  TEST_CASE_FIXTURE(ThreeRaters, "other grids are refused without a reference volume, and sampled with one") {
    vtkOrientedImageData *image =
        raters[1]->GetBinaryLabelmapInternalRepresentation(raters[1]->GetSegmentation()->GetNthSegmentID(0));
    vtkNew<vtkMatrix4x4> matrix;
    matrix->DeepCopy(row_ras_from_ijk());
    std::string words;
    SUBCASE("other spacing") {
      matrix->SetElement(0, 0, -1.0);
      words = "'Ben' has voxels of 1 x 1 x 4 mm instead of 0.5 x 1 x 4 mm (compared with 'Ann')";
    }
    SUBCASE("between the voxels") {
      matrix->SetElement(0, 3, 10.2);
      words = "'Ben' has its voxel centres 0.2 mm away";
    }
    SUBCASE("turned") {
      matrix->SetElement(0, 0, -0.5 * std::cos(0.1));
      matrix->SetElement(1, 0, -0.5 * std::sin(0.1));
      words = "'Ben' is turned by 5.73 degrees";
    }
    image->SetImageToWorldMatrix(matrix);
    check_refused(raters, words);
    CHECK(logic->GetLastError().find("Give a reference volume") != std::string::npos);

    // Voxels of 1 mm whose centres are those of Ann's voxels 0 and 2, and one outside.
    vtkMRMLScalarVolumeNode *reference = add_reference(3, 1.0);
    const std::string before = all_raters();
    vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters, "majority", reference);
    REQUIRE_MESSAGE(consensus, logic->GetLastError());
    CHECK(labels_of(consensus) == std::vector<int>{1, 2, 0});
    CHECK(
        std::string(consensus->GetAttribute("RaterLens.Resampling")) ==
        "each segment sampled at the voxel centres of 'Reference' by its nearest voxel; background outside");
    CHECK(consensus->GetNodeReference("referenceImageGeometryRef") == reference);
    CHECK(logic->CompareRaters(raters, reference) != nullptr);
    CHECK(all_raters() == before);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "what vanishes on a coarse reference is told") {
    vtkMRMLScalarVolumeNode *reference = add_reference(1, 0.5); // voxel 0 alone
    REQUIRE(logic->FuseRaters(raters, "majority", reference));
    CHECK(logic->GetWarnings().size() == 3);
    CHECK(logic->GetWarnings()[0] ==
          "No voxel of the segment 'Right muscle' of 'Ann' is left on the reference volume's grid.");
  }

  TEST_CASE_FIXTURE(ThreeRaters, "linear transforms count, in every combination") {
    const auto expected = labels_of(logic->FuseRaters(raters));
    SUBCASE("all under one: the result is under it, too") {
      put_under(scene, raters[0], 7.3);
      const std::string id = raters[0]->GetTransformNodeID();
      for (const auto &rater : raters) {
        rater->SetAndObserveTransformNodeID(id.c_str());
      }
      vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters);
      REQUIRE_MESSAGE(consensus, logic->GetLastError());
      CHECK(labels_of(consensus) == expected);
      CHECK(consensus->GetTransformNodeID() == id);
      CHECK(vtkSlicerRaterLensLogic::GetEntropyNode(consensus)->GetTransformNodeID() == id);
    }
    SUBCASE("one moved by a voxel to the left of the patient") {
      put_under(scene, raters[1], -0.5);
      vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters, "majority", nullptr, "first-rater");
      REQUIRE_MESSAGE(consensus, logic->GetLastError());
      // Ben's 1 2 2 0 is now at voxels 1 to 4: the row is one longer, and only voxel 3 changes nothing.
      CHECK(labels_of(consensus) == std::vector<int>{1, 1, 2, 0, 0});
      CHECK(consensus->GetTransformNodeID() == nullptr);
    }
    SUBCASE("one moved by less than a voxel: another grid") {
      put_under(scene, raters[1], -0.2);
      check_refused(raters, "different grids");
      CHECK(labels_of(logic->FuseRaters(raters, "majority", add_reference(4, 0.5))) == expected);
    }
    SUBCASE("a reference that moves with all raters") {
      vtkMRMLScalarVolumeNode *reference = add_reference(4, 0.5);
      put_under(scene, reference, 3.25);
      for (const auto &rater : raters) {
        rater->SetAndObserveTransformNodeID(reference->GetTransformNodeID());
      }
      vtkMRMLSegmentationNode *consensus = logic->FuseRaters(raters, "majority", reference);
      REQUIRE_MESSAGE(consensus, logic->GetLastError());
      CHECK(labels_of(consensus) == expected);
      CHECK(consensus->GetTransformNodeID() == std::string(reference->GetTransformNodeID()));
    }
  }

  TEST_CASE_FIXTURE(ThreeRaters, "a bending transform is refused") {
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
    raters[2]->SetAndObserveTransformNodeID(transform->GetID());
    check_refused(raters, "'Cem' is under a transform that is not linear");
    raters.pop_back();
    vtkMRMLScalarVolumeNode *reference = add_reference(4, 0.5);
    reference->SetAndObserveTransformNodeID(transform->GetID());
    check_refused(raters, "'Reference' is under a transform that is not linear", reference);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "what cannot be fused or compared is refused with the names") {
    SUBCASE("nobody") { check_refused({}, "at least two segmentations, one per rater; 0 were given"); }
    SUBCASE("one") { check_refused({raters[0]}, "1 was given"); }
    SUBCASE("a null") { check_refused({raters[0], nullptr}, "Rater 2 is no segmentation node"); }
    SUBCASE("one twice") { check_refused({raters[0], raters[1], raters[0]}, "'Ann' was given twice"); }
    SUBCASE("two of one name") {
      raters[2]->SetName("Ann");
      check_refused(raters, "Two segmentations are called 'Ann'");
    }
    SUBCASE("another scene") {
      vtkNew<vtkMRMLScene> elsewhere;
      vtkNew<vtkMRMLSegmentationNode> stranger;
      stranger->SetName("Stranger");
      elsewhere->AddNode(stranger);
      check_refused({raters[0], stranger.Get()}, "'Stranger' is not in the scene");
    }
    SUBCASE("no scene") {
      vtkNew<vtkMRMLSegmentationNode> stranger;
      stranger->SetName("Stranger");
      check_refused({raters[0], stranger.Get()}, "'Stranger' is not in the scene");
    }
    SUBCASE("no segments") { check_refused({raters[0], add_rater("Dan", {})}, "'Dan' has no segments"); }
    SUBCASE("nothing drawn") {
      check_refused({add_rater("Dan", {{"x", {}}}), add_rater("Eva", {{"x", {}}})}, "No rater drew anything");
    }
    SUBCASE("two segments of one name") {
      check_refused({raters[0], add_rater("Dan", {{"x", {0}}, {"x ", {1}}})},
                    "'Dan' has two segments called 'x'");
    }
    SUBCASE("a segment without a name") {
      check_refused({raters[0], add_rater("Dan", {{" ", {0}}})}, "'Dan' has a segment without a name");
    }
    SUBCASE("overlap in layers") {
      check_refused({raters[0], add_rater("Dan", {{"Left muscle", {0, 1}}, {"Spine", {1}}}, true)},
                    "'Dan' the segments 'Left muscle' and 'Spine' overlap");
    }
    SUBCASE("overlap by label value") {
      raters[1]->GetSegmentation()->GetNthSegment(1)->SetLabelValue(1);
      check_refused(raters, "'Ben' the segments 'Right muscle' and 'Left muscle' overlap");
    }
    SUBCASE("a reference without voxels") {
      vtkNew<vtkMRMLScalarVolumeNode> empty;
      empty->SetName("Empty");
      scene->AddNode(empty);
      check_refused(raters, "'Empty' has no voxels", empty);
    }
    const auto before = node_ids();
    CHECK(logic->FuseRaters({raters[0], raters[1]}, "guess") == nullptr);
    CHECK(logic->FuseRaters({raters[0], raters[1]}, "majority", nullptr, "coin") == nullptr);
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "both ways to call and both kinds of list give the same") {
    const auto expected = labels_of(logic->FuseRaters(raters));
    vtkNew<vtkCollection> collection;
    for (const auto &rater : raters) {
      collection->AddItem(rater);
    }
    CHECK(labels_of(logic->FuseRaters(collection)) == expected);
    const auto before = node_ids();
    REQUIRE(logic->StartFuseRaters(collection));
    CHECK_FALSE(logic->StartCompareRaters(raters));
    CHECK(logic->GetLastError().find("running already") != std::string::npos);
    REQUIRE(logic->Wait(60) == vtkSlicerRaterLensLogic::Ready);
    CHECK(node_ids() == before);
    CHECK(labels_of(logic->Apply()) == expected);
    REQUIRE(logic->StartCompareRaters(collection));
    REQUIRE(logic->Wait(60) == vtkSlicerRaterLensLogic::Ready);
    CHECK(logic->ApplyComparison() != nullptr);
    CHECK(logic->ApplyComparison() == nullptr); // once
    CHECK(logic->FuseRaters(static_cast<vtkCollection *>(nullptr)) == nullptr);
    CHECK(logic->CompareRaters(collection) != nullptr);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "applying the wrong kind of result keeps it") {
    REQUIRE(logic->StartCompareRaters(raters));
    REQUIRE(logic->Wait(60) == vtkSlicerRaterLensLogic::Ready);
    const auto before = node_ids();
    CHECK(logic->Apply() == nullptr);
    CHECK(logic->GetLastError().find("ApplyComparison") != std::string::npos);
    CHECK(node_ids() == before);
    CHECK(logic->ApplyComparison() != nullptr);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "a cancel leaves the scene and the raters as they were") {
    const auto before = node_ids();
    const std::string drawn = all_raters();
    CancelAtOnce canceller{logic};
    const unsigned long tag =
        logic->AddObserver(vtkCommand::ProgressEvent, &canceller, &CancelAtOnce::on_progress);
    const auto start = std::chrono::steady_clock::now();
    CHECK(logic->FuseRaters(raters) == nullptr);
    CHECK(logic->CompareRaters(raters) == nullptr);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
    CHECK(logic->GetState() == vtkSlicerRaterLensLogic::Cancelled);
    CHECK(logic->GetLastError() == "The comparison was cancelled.");
    CHECK(node_ids() == before);
    CHECK(all_raters() == drawn);
    logic->RemoveObserver(tag);
    CHECK(logic->FuseRaters(raters) != nullptr);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "a drawing that changed meanwhile is not fused") {
    vtkMRMLScalarVolumeNode *reference = add_reference(4, 0.5);
    REQUIRE(logic->StartFuseRaters(raters, "majority", reference));
    std::string words = "changed during";
    SUBCASE("drawn in") {
      raters[1]
          ->GetBinaryLabelmapInternalRepresentation(raters[1]->GetSegmentation()->GetNthSegmentID(0))
          ->Modified();
    }
    SUBCASE("moved") { put_under(scene, raters[1], 1.0); }
    SUBCASE("renamed segment") { raters[1]->GetSegmentation()->GetNthSegment(0)->SetName("Other"); }
    SUBCASE("rater left") {
      scene->RemoveNode(raters[1]);
      words = "'Ben' left the scene";
    }
    SUBCASE("reference left") {
      scene->RemoveNode(reference);
      words = "reference volume left";
    }
    SUBCASE("reference moved") { reference->SetOrigin(1, 2, 3); }
    const auto before = node_ids();
    REQUIRE(logic->Wait(60) == vtkSlicerRaterLensLogic::Ready);
    CHECK(logic->Apply() == nullptr);
    CHECK_MESSAGE(logic->GetLastError().find(words) != std::string::npos, logic->GetLastError());
    CHECK(node_ids() == before);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "an exception halfway removes what was added") {
    const auto before = node_ids();
    for (const bool fuse : {true, false}) {
      ThrowingAtNode observer{4};
      const unsigned long tag =
          scene->AddObserver(vtkMRMLScene::NodeAddedEvent, &observer, &ThrowingAtNode::on_node_added);
      if (fuse) {
        CHECK(logic->FuseRaters(raters) == nullptr);
      } else {
        CHECK(logic->CompareRaters(raters) == nullptr);
      }
      CHECK(logic->GetLastError() == "no more nodes");
      scene->RemoveObserver(tag);
      CHECK(node_ids() == before);
    }
  }

  TEST_CASE_FIXTURE(ThreeRaters, "one undo takes a whole result back") {
    scene->SetUndoOn();
    const int levels = scene->GetNumberOfUndoLevels();
    SUBCASE("of a fusion") { REQUIRE(logic->FuseRaters(raters)); }
    SUBCASE("of a comparison") { REQUIRE(logic->CompareRaters(raters)); }
    CHECK(scene->GetNumberOfUndoLevels() == levels + 1);
    scene->Undo();
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 0);
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLTableNode") == 0);
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLPlotChartNode") == 0);
    CHECK(scene->GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 3);
  }

  TEST_CASE_FIXTURE(ThreeRaters, "closed surfaces without an image are refused, not altered") {
    vtkMRMLSegmentationNode *dan = add_rater("Dan", {{"Left muscle", {0}}});
    vtkSegment *segment = dan->GetSegmentation()->GetNthSegment(0);
    dan->GetSegmentation()->SetSourceRepresentationName(
        vtkSegmentationConverter::GetSegmentationClosedSurfaceRepresentationName());
    segment->RemoveRepresentation(
        vtkSegmentationConverter::GetSegmentationBinaryLabelmapRepresentationName());
    const std::string before = everything_about(dan);
    check_refused({raters[0], dan}, "'Dan' has no label map");
    CHECK(everything_about(dan) == before);
  }
}
