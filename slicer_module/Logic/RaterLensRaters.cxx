#include "RaterLensRaters.h"

#include "RaterLensLattice.h"

#include <vtkDataObject.h>
#include <vtkImageData.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLTransformNode.h>
#include <vtkMatrix4x4.h>
#include <vtkNew.h>
#include <vtkOrientedImageData.h>
#include <vtkSegment.h>
#include <vtkSegmentation.h>
#include <vtkSegmentationConverter.h>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>

namespace RaterLensModule {
namespace {

const char *const LabelmapName = vtkSegmentationConverter::GetSegmentationBinaryLabelmapRepresentationName();

std::string Quoted(const std::string &name) { return "'" + name + "'"; }

std::string NameOf(vtkMRMLNode *node) { return node->GetName() ? node->GetName() : node->GetID(); }

std::string Trimmed(const std::string &text) {
  const char *const spaces = " \t\r\n";
  const std::size_t first = text.find_first_not_of(spaces);
  return first == std::string::npos ? std::string()
                                    : text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

std::string SegmentName(vtkSegment *segment) { return Trimmed(segment->GetName() ? segment->GetName() : ""); }

std::vector<vtkSegment *> SegmentsOf(vtkSegmentation *segmentation) {
  std::vector<vtkSegment *> segments;
  for (int index = 0; index < segmentation->GetNumberOfSegments(); ++index) {
    segments.push_back(segmentation->GetNthSegment(index));
  }
  return segments;
}

/// The segment's label map; null when it has none or no voxels.
vtkOrientedImageData *LabelmapOf(vtkSegment *segment) {
  auto *image = vtkOrientedImageData::SafeDownCast(segment->GetRepresentation(LabelmapName));
  return image && !image->IsEmpty() && image->GetScalarPointer() ? image : nullptr;
}

std::string CheckSegments(vtkMRMLSegmentationNode *node) {
  const std::string rater = Quoted(NameOf(node));
  const auto segments = SegmentsOf(node->GetSegmentation());
  if (segments.empty()) {
    return "The segmentation " + rater + " has no segments; leave it out or draw in it first.";
  }
  std::set<std::string> names;
  for (vtkSegment *segment : segments) {
    const std::string name = SegmentName(segment);
    if (name.empty()) {
      return "The segmentation " + rater +
             " has a segment without a name; segments are matched by name, so give it one.";
    }
    if (!names.insert(name).second) {
      return "The segmentation " + rater + " has two segments called " + Quoted(name) +
             "; rename or merge them.";
    }
  }
  return {};
}

bool IsUnderBentTransform(vtkMRMLTransformableNode *node) {
  vtkMRMLTransformNode *parent = node->GetParentTransformNode();
  return parent && !parent->IsTransformToWorldLinear();
}

std::string CheckReference(vtkMRMLScalarVolumeNode *reference, vtkMRMLScene *scene) {
  const std::string name = "The reference volume " + Quoted(NameOf(reference));
  if (reference->GetScene() != scene) {
    return name + " is not in the scene of the segmentations; add it there.";
  }
  if (!reference->GetImageData() || reference->GetImageData()->GetNumberOfPoints() == 0) {
    return name + " has no voxels; choose the image that the segments were drawn on.";
  }
  if (IsUnderBentTransform(reference)) {
    return name + " is under a transform that is not linear; harden it or take the volume out of it.";
  }
  return {};
}

std::string CheckNode(const RaterNodes &nodes, std::size_t index) {
  vtkMRMLSegmentationNode *node = nodes[index];
  if (!node) {
    return "Rater " + std::to_string(index + 1) + " is no segmentation node.";
  }
  const std::string name = Quoted(NameOf(node));
  if (!node->GetScene() || node->GetScene() != nodes[0]->GetScene()) {
    return "The segmentation " + name + " is not in the scene of the others; add it there first.";
  }
  for (std::size_t earlier = 0; earlier < index; ++earlier) {
    if (nodes[earlier] == node) {
      return "The segmentation " + name + " was given twice; name each rater's once.";
    }
    if (NameOf(nodes[earlier]) == NameOf(node)) {
      return "Two segmentations are called " + name + "; rename one, so that results can tell them apart.";
    }
  }
  if (IsUnderBentTransform(node)) {
    return "The segmentation " + name +
           " is under a transform that is not linear; harden it or take the segmentation out of it.";
  }
  return CheckSegments(node);
}

/// A name for code: lower-case letters, digits and '_', unlike all of `taken`.
std::string CodeName(const std::string &title, const std::vector<RaterStructure> &taken) {
  std::string name;
  for (const char letter : title) {
    const bool upper = letter >= 'A' && letter <= 'Z';
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
    const char next = upper ? static_cast<char>(letter - 'A' + 'a') : plain ? letter : '_';
    if (next != '_' || (!name.empty() && name.back() != '_')) {
      name += next;
    }
  }
  while (!name.empty() && name.back() == '_') {
    name.pop_back();
  }
  name = name.empty() ? "structure" : name;
  const auto isTaken = [&](const std::string &wanted) {
    return std::any_of(taken.begin(), taken.end(),
                       [&](const RaterStructure &other) { return other.Structure.name == wanted; });
  };
  std::string unique = name;
  for (int number = 2; isTaken(unique); ++number) {
    unique = name + "_" + std::to_string(number);
  }
  return unique;
}

RaterStructure StructureOf(vtkSegment *segment, const std::vector<RaterStructure> &earlier) {
  if (earlier.size() >= 65535) {
    throw std::runtime_error("There are more than 65535 structures; that is more than a label map holds.");
  }
  RaterStructure found;
  found.Structure.id = static_cast<std::uint16_t>(earlier.size() + 1);
  found.Structure.title = SegmentName(segment);
  found.Structure.name = CodeName(found.Structure.title, earlier);
  segment->GetColor(found.Color);
  for (int channel = 0; channel < 3; ++channel) {
    found.Structure.color[channel] =
        static_cast<std::uint8_t>(std::clamp(found.Color[channel], 0.0, 1.0) * 255.0 + 0.5);
  }
  found.Terminology = segment->GetTerminology();
  return found;
}

/// Every name of a segment, in order of first appearance.
std::vector<RaterStructure> AllStructures(const RaterNodes &nodes) {
  std::vector<RaterStructure> structures;
  for (vtkMRMLSegmentationNode *node : nodes) {
    for (vtkSegment *segment : SegmentsOf(node->GetSegmentation())) {
      const std::string name = SegmentName(segment);
      const auto known = [&](const RaterStructure &s) { return s.Structure.title == name; };
      if (std::none_of(structures.begin(), structures.end(), known)) {
        structures.push_back(StructureOf(segment, structures));
      }
    }
  }
  return structures;
}

NodeGrid LabelmapGrid(vtkOrientedImageData *image) {
  NodeGrid grid;
  image->GetExtent(grid.Extent.data());
  vtkNew<vtkMatrix4x4> matrix;
  image->GetImageToWorldMatrix(matrix);
  grid.RASFromIJK = MatrixOf(matrix);
  return grid;
}

/// The grid of the image that a segmentation was made on, as far as it says.
std::optional<NodeGrid> ReferenceGrid(vtkSegmentation *segmentation) {
  const std::string name = vtkSegmentationConverter::GetReferenceImageGeometryParameterName();
  // Asking for a parameter that was never set prints an error.
  const bool has = segmentation->SerializeAllConversionParameters().find(name + "|") != std::string::npos;
  const std::string text = has ? segmentation->GetConversionParameter(name) : "";
  NodeGrid grid;
  vtkNew<vtkMatrix4x4> matrix;
  if (text.empty() || !vtkSegmentationConverter::DeserializeImageGeometry(text, matrix, grid.Extent.data()) ||
      grid.Voxels() == 0) {
    return {};
  }
  grid.RASFromIJK = MatrixOf(matrix);
  return grid;
}

/// A copy of `node`'s segmentation with label maps in place of surfaces.
vtkSmartPointer<vtkSegmentation> Converted(vtkMRMLSegmentationNode *node,
                                           vtkMRMLScalarVolumeNode *reference) {
  const std::string name = "The segmentation " + Quoted(NameOf(node));
  if (!reference && !ReferenceGrid(node->GetSegmentation())) {
    throw std::runtime_error(
        name + " has no label map and names no image that it could be put on; give a reference volume.");
  }
  auto copy = vtkSmartPointer<vtkSegmentation>::New();
  copy->DeepCopy(node->GetSegmentation());
  if (reference) {
    NodeGrid grid = GridOf(reference);
    const Matrix nodeFromWorld = Inverse(WorldFromParent(node->GetParentTransformNode()));
    grid.RASFromIJK = Product(Product(nodeFromWorld, WorldFromParent(reference->GetParentTransformNode())),
                              grid.RASFromIJK);
    SetReferenceGrid(copy, grid);
  }
  if (!copy->CreateRepresentation(LabelmapName)) {
    throw std::runtime_error(name + " could not be converted to a label map; create its binary label map in "
                                    "the Segmentations module.");
  }
  return copy;
}

/// The node's segmentation, or where that has no label maps a copy with them.
vtkSmartPointer<vtkSegmentation> WithLabelmaps(vtkMRMLSegmentationNode *node,
                                               vtkMRMLScalarVolumeNode *reference) {
  vtkSegmentation *segmentation = node->GetSegmentation();
  if (segmentation->GetSourceRepresentationName() == LabelmapName ||
      segmentation->ContainsRepresentation(LabelmapName)) {
    return segmentation;
  }
  return Converted(node, reference);
}

/// Which id stands for a value of a label map.
using Ids = std::map<int, std::uint16_t>;

template <typename Scalar>
void CopyLabels(const Scalar *source, const Ids &ids, RaterLayer &layer, std::set<std::uint16_t> &drawn) {
  int value = 0;
  std::uint16_t id = 0;
  for (std::uint16_t &label : layer.Labels) {
    const int next = static_cast<int>(*source++);
    if (next != value) {
      const auto found = ids.find(next);
      value = next;
      id = found == ids.end() ? 0 : found->second;
      if (id != 0) {
        drawn.insert(id);
      }
    }
    label = id;
  }
}

RaterLayer ReadLayer(vtkOrientedImageData *image, const Ids &ids, const Matrix &worldFromNode,
                     std::set<std::uint16_t> &drawn) {
  RaterLayer layer;
  layer.Geometry = GeometryOf(LabelmapGrid(image), worldFromNode);
  layer.Labels.resize(static_cast<std::size_t>(image->GetNumberOfPoints()));
  switch (image->GetScalarType()) {
    vtkTemplateMacro(CopyLabels(static_cast<const VTK_TT *>(image->GetScalarPointer()), ids, layer, drawn));
  }
  return layer;
}

/// One rater's node with its label maps, and which values stand for which structures.
struct Source {
  vtkMRMLSegmentationNode *Node;
  vtkSmartPointer<vtkSegmentation> Segmentation;
  Matrix WorldFromNode;
  std::vector<std::pair<vtkOrientedImageData *, Ids>> Layers;
};

/// The layer of `image`, which is added when it is new.
Ids &LayerOf(Source &source, vtkOrientedImageData *image) {
  for (auto &layer : source.Layers) {
    if (layer.first == image) {
      return layer.second;
    }
  }
  source.Layers.emplace_back(image, Ids());
  return source.Layers.back().second;
}

Source OpenSource(vtkMRMLSegmentationNode *node, vtkMRMLScalarVolumeNode *reference,
                  const std::vector<RaterStructure> &structures) {
  Source source{node, WithLabelmaps(node, reference), WorldFromParent(node->GetParentTransformNode()), {}};
  for (vtkSegment *segment : SegmentsOf(source.Segmentation)) {
    vtkOrientedImageData *image = LabelmapOf(segment);
    if (!image) {
      continue;
    }
    const auto named = [&](const RaterStructure &s) { return s.Structure.title == SegmentName(segment); };
    const auto structure = std::find_if(structures.begin(), structures.end(), named);
    const auto added = LayerOf(source, image).emplace(segment->GetLabelValue(), structure->Structure.id);
    if (!added.second) {
      throw std::runtime_error("In the segmentation " + Quoted(NameOf(node)) + " the segments " +
                               Quoted(structures[added.first->second - 1u].Structure.title) + " and " +
                               Quoted(structure->Structure.title) +
                               " overlap: they share a label value. Separate them.");
    }
  }
  return source;
}

RaterDrawing ReadDrawing(const Source &source) {
  RaterDrawing drawing;
  drawing.Name = NameOf(source.Node);
  for (const auto &layer : source.Layers) {
    RaterLayer read = ReadLayer(layer.first, layer.second, source.WorldFromNode, drawing.Drawn);
    drawing.Layers.push_back(std::move(read));
  }
  return drawing;
}

NodeGrid InWorld(NodeGrid grid, const Matrix &worldFromNode) {
  grid.RASFromIJK = Product(worldFromNode, grid.RASFromIJK);
  return grid;
}

/// The lattice that all label maps share, as large as they and their reference images are; in the world.
NodeGrid CommonGrid(const std::vector<Source> &sources) {
  std::optional<NodeGrid> common;
  const Source *first = nullptr;
  for (const Source &source : sources) {
    for (const auto &layer : source.Layers) {
      const NodeGrid grid = InWorld(LabelmapGrid(layer.first), source.WorldFromNode);
      if (!common) {
        common = grid;
        first = &source;
        continue;
      }
      const auto extent = ExtentOnLattice(grid, common->RASFromIJK);
      if (!extent) {
        throw std::runtime_error(
            "The raters drew on different grids: the label map of " + Quoted(NameOf(source.Node)) + " " +
            LatticeDifference(grid, common->RASFromIJK) + " (compared with " + Quoted(NameOf(first->Node)) +
            "). Give a reference volume: every segment is then sampled onto its grid by the nearest voxel.");
      }
      Enlarge(common->Extent, *extent);
    }
  }
  for (const Source &source : sources) {
    const auto reference = ReferenceGrid(source.Segmentation);
    const auto extent = reference
                            ? ExtentOnLattice(InWorld(*reference, source.WorldFromNode), common->RASFromIJK)
                            : std::nullopt;
    if (extent) {
      Enlarge(common->Extent, *extent);
    }
  }
  return *common;
}

/// The same grid with its first voxel as index 0.
NodeGrid FromZero(NodeGrid grid) {
  const auto &extent = grid.Extent;
  const auto origin = Apply(grid.RASFromIJK, {static_cast<double>(extent[0]), static_cast<double>(extent[2]),
                                              static_cast<double>(extent[4])});
  for (int axis = 0; axis < 3; ++axis) {
    grid.RASFromIJK[4 * axis + 3] = origin[axis];
    grid.Extent[2 * axis + 1] -= grid.Extent[2 * axis];
    grid.Extent[2 * axis] = 0;
  }
  return grid;
}

RatersFrame FrameOf(const std::vector<Source> &sources, vtkMRMLScalarVolumeNode *reference) {
  RatersFrame frame;
  vtkMRMLTransformableNode *owner = reference;
  if (reference) {
    frame.Grid = GridOf(reference);
    frame.Rule = "each segment sampled at the voxel centres of " + Quoted(NameOf(reference)) +
                 " by its nearest voxel; background outside";
  } else {
    owner = sources.front().Node;
    frame.Grid =
        FromZero(InWorld(CommonGrid(sources), Inverse(WorldFromParent(owner->GetParentTransformNode()))));
    frame.Rule = "no resampling: all label maps lie on one lattice of voxels";
  }
  frame.TransformNodeID = owner->GetTransformNodeID() ? owner->GetTransformNodeID() : "";
  return frame;
}

/// Leaves out what nobody drew, and says who left what empty.
void KeepDrawn(RatersInput &input, const std::vector<Source> &sources) {
  std::vector<RaterStructure> kept;
  for (const RaterStructure &structure : input.Structures) {
    const std::string title = Quoted(structure.Structure.title);
    const auto drew = [&](const RaterDrawing &rater) {
      return rater.Drawn.count(structure.Structure.id) > 0;
    };
    if (std::none_of(input.Raters.begin(), input.Raters.end(), drew)) {
      input.Warnings.push_back("Nobody drew " + title + "; it is left out.");
      continue;
    }
    for (std::size_t index = 0; index < sources.size(); ++index) {
      if (drew(input.Raters[index])) {
        continue;
      }
      const auto segments = SegmentsOf(sources[index].Segmentation);
      const bool has = std::any_of(segments.begin(), segments.end(), [&](vtkSegment *segment) {
        return SegmentName(segment) == structure.Structure.title;
      });
      input.Warnings.push_back(Quoted(input.Raters[index].Name) +
                               (has ? " left the segment " + title + " empty."
                                    : " has no segment " + title + "; it counts as drawn empty."));
    }
    kept.push_back(structure);
  }
  input.Structures = std::move(kept);
}

} // namespace

std::string CheckRaters(const RaterNodes &nodes, vtkMRMLScalarVolumeNode *reference) {
  if (nodes.size() < 2) {
    return "Choose at least two segmentations, one per rater; " + std::to_string(nodes.size()) +
           (nodes.size() == 1 ? " was given." : " were given.");
  }
  for (std::size_t index = 0; index < nodes.size(); ++index) {
    const std::string problem = CheckNode(nodes, index);
    if (!problem.empty()) {
      return problem;
    }
  }
  return reference ? CheckReference(reference, nodes[0]->GetScene()) : std::string();
}

RatersInput ReadRaters(const RaterNodes &nodes, vtkMRMLScalarVolumeNode *reference) {
  RatersInput input;
  input.Structures = AllStructures(nodes);
  std::vector<Source> sources;
  for (vtkMRMLSegmentationNode *node : nodes) {
    sources.push_back(OpenSource(node, reference, input.Structures));
    input.Raters.push_back(ReadDrawing(sources.back()));
  }
  KeepDrawn(input, sources);
  if (input.Structures.empty()) {
    throw std::runtime_error("No rater drew anything: every segment is empty.");
  }
  input.Frame = FrameOf(sources, reference);
  vtkMRMLTransformableNode *owner = reference;
  if (!owner) {
    owner = nodes.front();
  }
  input.Geometry = GeometryOf(input.Frame.Grid, WorldFromParent(owner->GetParentTransformNode()));
  return input;
}

} // namespace RaterLensModule
