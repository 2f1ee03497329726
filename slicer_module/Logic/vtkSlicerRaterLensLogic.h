#ifndef __vtkSlicerRaterLensLogic_h
#define __vtkSlicerRaterLensLogic_h

#include "vtkSlicerModuleLogic.h"

#include "vtkSlicerRaterLensModuleLogicExport.h"

#include <vtkSmartPointer.h>

#include <string>
#include <vector>

class vtkCollection;
class vtkMRMLNode;
class vtkMRMLPlotChartNode;
class vtkMRMLScalarVolumeNode;
class vtkMRMLSegmentationNode;
class vtkMRMLTableNode;

/// \brief Labels the structures of a model in a scalar volume, and how much raters would differ on them;
/// fuses and compares the segmentations of several raters.
///
/// `Segment` computes and writes the result into the scene of the input volume:
/// - one segmentation node with a named, coloured segment per structure, on the grid of the input;
/// - one float32 scalar volume per structure with the predicted inter-rater variance in [0, 0.25], shown over
/// the
///   input in a fixed window; its attribute `RaterLens.Structure` names the structure;
/// - if asked for (`SetEpistemic`, `SetAleatoric`), float32 volumes of the model's uncertainty: entropies and
/// mutual
///   information in nats; their attribute `RaterLens.Quantity` says which;
/// - one table node with area, volume and mean variance per structure and slice.
///
/// `FuseRaters` does the same for two and more segmentation nodes, one per rater:
/// - one consensus segmentation with a segment for each name that a rater drew, with colour and terminology
/// of the
///   first rater who has it;
/// - one float32 volume per structure with the variance between the raters, one with the entropy of their
/// mean label
///   (nats), and a table of each rater's performance.
///
/// `CompareRaters` writes tables of agreement ("overall", "pairs", "raters", "limits_of_agreement",
/// "differences", "measurements", "variance", "entropy") and charts: Bland-Altman of areas for each pair, and
/// variance by slice.
///
/// Raters' nodes are never changed. Segments are matched by name, exactly but for spaces around it; a rater
/// without a segment of some name drew it empty, and `GetWarnings` says so. Without a reference volume the
/// raters must have drawn on one lattice of voxels, whatever its extent, axis order and linear transform;
/// otherwise they are refused. With one, every segment is sampled at the voxel centres of that volume by its
/// nearest voxel, background outside; the attribute `RaterLens.Resampling` of a result says which was done.
///
/// The same without blocking: `StartSegment`, `StartFuseRaters` or `StartCompareRaters`, then `Poll` from a
/// timer until the state is no longer `Running`, then `Apply` or `ApplyComparison`. Both ways run the same
/// computation on the same worker thread.
///
/// On failure or cancel the scene has exactly the nodes it had, and `GetLastError` says why in a sentence; it
/// is empty when all is well. No method throws. All methods belong to the thread of the scene
/// (the main thread).
///
/// Events: `vtkCommand::ProgressEvent` on the calling thread, with a `double *` (fraction done in [0, 1]).
///
/// \code{.py}
/// import slicer_core, vtkSlicerRaterLensModuleLogic
/// logic = vtkSlicerRaterLensModuleLogic.vtkSlicerRaterLensLogic()
/// logic.SetMRMLScene(scene)
/// segmentation = logic.Segment(volume, "models/demo-lumbar.rlmodel")
/// if not segmentation: raise RuntimeError(logic.GetLastError())
/// \endcode
class VTK_SLICER_RATERLENS_MODULE_LOGIC_EXPORT vtkSlicerRaterLensLogic : public vtkSlicerModuleLogic {
public:
  static vtkSlicerRaterLensLogic *New();
  vtkTypeMacro(vtkSlicerRaterLensLogic, vtkSlicerModuleLogic);
  /// One segmentation node per rater; a list in Python.
  using RaterList = std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>>;
  void PrintSelf(ostream &os, vtkIndent indent) override;

  /// What the logic is doing.
  enum StateType {
    Idle,      ///< nothing was started, or its result is in the scene
    Running,   ///< computing
    Ready,     ///< computed; `Apply` writes it into the scene
    Failed,    ///< see `GetLastError`
    Cancelled, ///< ended by `Cancel`
  };

  /// Segments `input` and writes the result into its scene; returns the segmentation node, null on failure.
  ///
  /// \param modelPath folder of a model package (`NAME.rlmodel`)
  /// \param device    "auto", "cpu", "cuda" or "cuda:N"
  /// \param seed      of everything random; equal seeds give equal results
  ///
  /// Blocks and sends ProgressEvent meanwhile; an observer may call `Cancel`.
  vtkMRMLSegmentationNode *Segment(vtkMRMLScalarVolumeNode *input, const std::string &modelPath,
                                   const std::string &device = "auto", unsigned int seed = 0);

  /// Copies the voxels of `input` and starts computing; returns at once, false when that is not possible.
  bool StartSegment(vtkMRMLScalarVolumeNode *input, const std::string &modelPath,
                    const std::string &device = "auto", unsigned int seed = 0);

  /// Fuses the raters' segmentations and writes the result into their scene; returns the consensus, null on
  /// failure.
  ///
  /// \param method    "majority", "staple", "mean" or "soft-distance"
  /// \param reference whose grid the result gets; null: the raters' own
  /// \param ties      what majority and mean do with ties: "background", "lowest-label", "first-rater",
  ///                  "undecided:LABEL", "staple" or "random:SEED"
  ///
  /// Blocks and sends ProgressEvent meanwhile; an observer may call `Cancel`.
  vtkMRMLSegmentationNode *FuseRaters(const std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>> &raters,
                                      const std::string &method = "majority",
                                      vtkMRMLScalarVolumeNode *reference = nullptr,
                                      const std::string &ties = "background");
  vtkMRMLSegmentationNode *FuseRaters(vtkCollection *raters, const std::string &method = "majority",
                                      vtkMRMLScalarVolumeNode *reference = nullptr,
                                      const std::string &ties = "background");

  /// Copies what the raters drew and starts fusing; returns at once, false when that is not possible.
  bool StartFuseRaters(const std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>> &raters,
                       const std::string &method = "majority", vtkMRMLScalarVolumeNode *reference = nullptr,
                       const std::string &ties = "background");
  bool StartFuseRaters(vtkCollection *raters, const std::string &method = "majority",
                       vtkMRMLScalarVolumeNode *reference = nullptr, const std::string &ties = "background");

  /// Compares the raters' segmentations and writes tables and charts into their scene; returns the table of
  /// overall agreement, null on failure. Blocks as `FuseRaters`.
  vtkMRMLTableNode *CompareRaters(const std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>> &raters,
                                  vtkMRMLScalarVolumeNode *reference = nullptr);
  vtkMRMLTableNode *CompareRaters(vtkCollection *raters, vtkMRMLScalarVolumeNode *reference = nullptr);

  /// Copies what the raters drew and starts comparing; returns at once, false when that is not possible.
  bool StartCompareRaters(const std::vector<vtkSmartPointer<vtkMRMLSegmentationNode>> &raters,
                          vtkMRMLScalarVolumeNode *reference = nullptr);
  bool StartCompareRaters(vtkCollection *raters, vtkMRMLScalarVolumeNode *reference = nullptr);

  /// Takes note of what the worker did and returns the state. Sends ProgressEvent when it went on.
  int Poll();

  /// Waits until the computation has ended or the time is up; returns the state. Sends ProgressEvent
  /// meanwhile.
  int Wait(double timeoutSeconds);

  /// Writes a `Ready` result into the scene; returns the segmentation node, null on failure (and for a
  /// comparison).
  ///
  /// Fails when the input volume has left the scene or its grid has changed since the start, or when a
  /// rater's node has left or was changed.
  vtkMRMLSegmentationNode *Apply();
  /// The same for a comparison; returns the table of overall agreement.
  vtkMRMLTableNode *ApplyComparison();

  /// Gives up a running computation, or drops a `Ready` result. The state is `Cancelled` at once, and a
  /// `Segment` or `Wait` under way returns. May be called from an observer of ProgressEvent.
  ///
  /// The worker notices between two groups of slices, structures or raters; deleting the logic before that
  /// waits for it.
  void Cancel();

  /// The state as of the last `Poll`, `Wait`, `Segment` or `Apply`.
  int GetState() const;
  /// Fraction done in [0, 1].
  double GetProgress() const;
  /// Short name of what is being done, for example "loading the model".
  std::string GetStage() const;
  /// Why the last call failed, as a sentence for the user; empty when it did not.
  std::string GetLastError() const;
  /// What the user has to know about the last result in the scene, as sentences; often none.
  std::vector<std::string> GetWarnings() const;

  /// How many slices go through the network at once; 0 (default) lets the model decide. Not negative.
  vtkSetClampMacro(BatchSize, int, 0, VTK_INT_MAX);
  vtkGetMacro(BatchSize, int);

  /// Maps of what the model does not know: "none" (default), "dropout" (test-time dropout) or "ensemble" (the
  /// model and `EnsembleMembers`). Another word fails the next run.
  vtkSetStdStringFromCharMacro(Epistemic);
  vtkGetCharFromStdStringMacro(Epistemic);
  /// Maps of what the image leaves open: "none" (default) or "augment" (test-time augmentation).
  vtkSetStdStringFromCharMacro(Aleatoric);
  vtkGetCharFromStdStringMacro(Aleatoric);
  /// Samples of test-time dropout and of test-time augmentation, 2 to 1000.
  vtkSetClampMacro(Samples, int, 2, 1000);
  vtkGetMacro(Samples, int);
  /// Models that make an ensemble together with the one that is named to `Segment`: it answers with their
  /// mean.
  void AddEnsembleMember(const std::string &modelPath);
  void RemoveAllEnsembleMembers();

  /// The volume of uncertainty of this name ("epistemic_entropy", "mutual_information", "aleatoric_entropy",
  /// "evidential_uncertainty") that belongs to a segmentation that this logic made; null when there is none.
  static vtkMRMLScalarVolumeNode *GetUncertaintyNode(vtkMRMLSegmentationNode *segmentation,
                                                     const std::string &name);
  /// The variance volume of the structure with this name ("multifidus_left", or its segment's name) that
  /// belongs to a segmentation that this logic made, also after saving and loading; null when there is none.
  static vtkMRMLScalarVolumeNode *GetVarianceNode(vtkMRMLSegmentationNode *segmentation,
                                                  const std::string &structure);
  /// The table of measures that belongs to a segmentation that this logic made; null when there is none.
  static vtkMRMLTableNode *GetMeasuresNode(vtkMRMLSegmentationNode *segmentation);
  /// The entropy volume that belongs to a consensus; null when there is none.
  static vtkMRMLScalarVolumeNode *GetEntropyNode(vtkMRMLSegmentationNode *consensus);
  /// The table of this name that belongs to a result: "performance" of a consensus, or one of a comparison
  /// (the table of overall agreement); null when there is none.
  static vtkMRMLTableNode *GetTable(vtkMRMLNode *result, const std::string &name);
  /// How many charts belong to a comparison: one per pair of raters, then variance by slice.
  static int GetNumberOfCharts(vtkMRMLTableNode *overall);
  static vtkMRMLPlotChartNode *GetNthChart(vtkMRMLTableNode *overall, int index);

protected:
  vtkSlicerRaterLensLogic();
  ~vtkSlicerRaterLensLogic() override;

private:
  vtkSlicerRaterLensLogic(const vtkSlicerRaterLensLogic &) = delete;
  void operator=(const vtkSlicerRaterLensLogic &) = delete;

  bool Fail(const std::string &error);
  bool Prepare(const std::string &problem);
  bool Finish();
  vtkMRMLNode *ApplyResult(bool comparison);
  template <class Run, class Publish>
  bool StartRaters(const std::string &name, const RaterList &raters, vtkMRMLScalarVolumeNode *reference,
                   Run run, Publish publish);

  class vtkInternal;
  vtkInternal *Internal;
  int BatchSize = 0;
  int Samples = 10;
  std::string Epistemic = "none";
  std::string Aleatoric = "none";
  std::vector<std::string> EnsembleMembers;
};

#endif
