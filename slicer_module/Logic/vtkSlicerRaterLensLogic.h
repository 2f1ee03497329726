#ifndef __vtkSlicerRaterLensLogic_h
#define __vtkSlicerRaterLensLogic_h

#include "vtkSlicerModuleLogic.h"

#include "vtkSlicerRaterLensModuleLogicExport.h"

#include <string>

class vtkMRMLScalarVolumeNode;
class vtkMRMLSegmentationNode;
class vtkMRMLTableNode;

/// \brief Labels the structures of a model in a scalar volume, and how much raters would differ on them.
///
/// One call, `Segment`, computes and writes the result into the scene of the input volume:
/// - one segmentation node with a named, coloured segment per structure, on the grid of the input;
/// - one float32 scalar volume per structure with the predicted inter-rater variance in [0, 0.25], shown over
/// the
///   input in a fixed window; its attribute `RaterLens.Structure` names the structure;
/// - one table node with area, volume and mean variance per structure and slice.
///
/// The same without blocking: `StartSegment`, then `Poll` from a timer until the state is no longer
/// `Running`, then `Apply`. Both ways run the same computation on the same worker thread.
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

  /// Takes note of what the worker did and returns the state. Sends ProgressEvent when it went on.
  int Poll();

  /// Waits until the computation has ended or the time is up; returns the state. Sends ProgressEvent
  /// meanwhile.
  int Wait(double timeoutSeconds);

  /// Writes a `Ready` result into the scene; returns the segmentation node, null on failure.
  ///
  /// Fails when the input volume has left the scene or its grid has changed since the start.
  vtkMRMLSegmentationNode *Apply();

  /// Gives up a running computation, or drops a `Ready` result. The state is `Cancelled` at once, and a
  /// `Segment` or `Wait` under way returns. May be called from an observer of ProgressEvent.
  ///
  /// The worker notices between two groups of slices; deleting the logic before that waits for it.
  void Cancel();

  /// The state as of the last `Poll`, `Wait`, `Segment` or `Apply`.
  int GetState() const;
  /// Fraction done in [0, 1].
  double GetProgress() const;
  /// Short name of what is being done, for example "loading the model".
  std::string GetStage() const;
  /// Why the last call failed, as a sentence for the user; empty when it did not.
  std::string GetLastError() const;

  /// How many slices go through the network at once; 0 (default) lets the model decide. Not negative.
  vtkSetClampMacro(BatchSize, int, 0, VTK_INT_MAX);
  vtkGetMacro(BatchSize, int);

  /// The variance volume of the structure with this name ("multifidus_left") that belongs to a segmentation
  /// that this logic made, also after saving and loading; null when there is none.
  static vtkMRMLScalarVolumeNode *GetVarianceNode(vtkMRMLSegmentationNode *segmentation,
                                                  const std::string &structure);
  /// The table of measures that belongs to a segmentation that this logic made; null when there is none.
  static vtkMRMLTableNode *GetMeasuresNode(vtkMRMLSegmentationNode *segmentation);

protected:
  vtkSlicerRaterLensLogic();
  ~vtkSlicerRaterLensLogic() override;

private:
  vtkSlicerRaterLensLogic(const vtkSlicerRaterLensLogic &) = delete;
  void operator=(const vtkSlicerRaterLensLogic &) = delete;

  bool Fail(const std::string &error);

  class vtkInternal;
  vtkInternal *Internal;
  int BatchSize = 0;
};

#endif
