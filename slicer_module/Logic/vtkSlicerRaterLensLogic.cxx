#include "vtkSlicerRaterLensLogic.h"

#include "RaterLensImage.h"
#include "RaterLensJob.h"
#include "RaterLensPublish.h"
#include "RaterLensPublishRaters.h"
#include "RaterLensSegmentRun.h"
#include "RaterLensShow.h"

#include <vtkCollection.h>
#include <vtkImageData.h>
#include <vtkMRMLPlotChartNode.h>
#include <vtkMRMLScalarVolumeNode.h>
#include <vtkMRMLScene.h>
#include <vtkMRMLSegmentationNode.h>
#include <vtkMRMLTableNode.h>
#include <vtkObjectFactory.h>
#include <vtkSmartPointer.h>
#include <vtkWeakPointer.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

using RaterLensModule::Job;
using RaterLensModule::JobState;
using RaterLensModule::JobStatus;
using RaterLensModule::RaterNodes;
using RaterLensModule::RatersInput;

namespace {

constexpr std::chrono::milliseconds ProgressInterval{50};

bool SameGrid(const raterlens::Geometry &a, const raterlens::Geometry &b) {
  return a.dims == b.dims && a.spacing_mm == b.spacing_mm && a.origin_lps == b.origin_lps &&
         a.direction_lps == b.direction_lps;
}

/// A result in the scene, and what the user has to know about it.
struct Published {
  vtkMRMLNode *Node;
  std::vector<std::string> Warnings;
};

/// What becomes of a computation, on the thread of the scene.
struct Work {
  std::string Name; ///< "segmentation"
  bool IsComparison = false;
  /// Why the result no longer fits the scene; empty when it does.
  std::function<std::string()> Check;
  /// Writes the result into the scene. Throws std::exception.
  std::function<Published()> Publish;
};

RaterNodes NodesIn(vtkCollection *raters) {
  RaterNodes nodes;
  for (int index = 0; raters && index < raters->GetNumberOfItems(); ++index) {
    nodes.emplace_back(vtkMRMLSegmentationNode::SafeDownCast(raters->GetItemAsObject(index)));
  }
  return nodes;
}

} // namespace

class vtkSlicerRaterLensLogic::vtkInternal {
public:
  Work Pending; ///< of the running job
  std::unique_ptr<Job> RunningJob;
  std::vector<std::unique_ptr<Job>> StoppingJobs; ///< cancelled, still inside the core
  JobStatus Known;
  int State = Idle;
  std::string LastError;
  std::vector<std::string> Warnings;

  /// Starts a job; `work` says what becomes of it.
  void Start(RaterLensModule::Task task, Work work) {
    this->Known = {};
    this->RunningJob = std::make_unique<Job>(std::move(task), work.Name);
    this->Pending = std::move(work);
    this->LastError.clear();
    this->Warnings.clear();
    this->State = Running;
  }

  /// Gives up on the job: nobody waits for it any more.
  void Abandon() {
    this->RunningJob->Cancel();
    this->StoppingJobs.push_back(std::move(this->RunningJob));
    this->State = Cancelled;
    this->LastError = "The " + this->Pending.Name + " was cancelled.";
    this->Pending = {};
  }

  /// Frees the abandoned jobs that have come to their end.
  void Reap() {
    const auto ended = [](const std::unique_ptr<Job> &job) {
      return job->Status().State != JobState::Running;
    };
    this->StoppingJobs.erase(std::remove_if(this->StoppingJobs.begin(), this->StoppingJobs.end(), ended),
                             this->StoppingJobs.end());
  }

  /// Takes over the state of the job when it has ended.
  void Settle(const JobStatus &status) {
    if (status.State == JobState::Running) {
      return;
    }
    this->Known = status;
    this->State = status.State == JobState::Ready    ? Ready
                  : status.State == JobState::Failed ? Failed
                                                     : Cancelled;
    this->LastError = this->RunningJob->Error();
  }
};

namespace {

/// Why the input volume is no longer the one that was read; empty when it is.
std::string CheckStillThere(vtkMRMLScalarVolumeNode *input, const raterlens::Geometry &geometry) {
  const std::string problem = RaterLensModule::CheckInput(input);
  if (!problem.empty()) {
    return "The input volume changed during the computation. " + problem;
  }
  if (!SameGrid(RaterLensModule::ReadGeometry(input), geometry)) {
    return "The grid or the transform of the input volume changed during the computation; segment it "
           "again.";
  }
  return {};
}

} // namespace

vtkStandardNewMacro(vtkSlicerRaterLensLogic);

vtkSlicerRaterLensLogic::vtkSlicerRaterLensLogic() : Internal(new vtkInternal) {}

vtkSlicerRaterLensLogic::~vtkSlicerRaterLensLogic() { delete this->Internal; }

void vtkSlicerRaterLensLogic::PrintSelf(ostream &os, vtkIndent indent) {
  this->Superclass::PrintSelf(os, indent);
  os << indent << "State: " << this->GetState() << "\n";
  os << indent << "Progress: " << this->GetProgress() << "\n";
  os << indent << "BatchSize: " << this->BatchSize << "\n";
  os << indent << "Epistemic: " << this->Epistemic << "\n";
  os << indent << "Aleatoric: " << this->Aleatoric << "\n";
  os << indent << "Samples: " << this->Samples << "\n";
  os << indent << "EnsembleMembers: " << this->EnsembleMembers.size() << "\n";
  os << indent << "LastError: " << this->GetLastError() << "\n";
}

bool vtkSlicerRaterLensLogic::Finish() {
  while (this->Wait(3600.0) == Running) {
  }
  return this->GetState() == Ready;
}

vtkMRMLSegmentationNode *vtkSlicerRaterLensLogic::Segment(vtkMRMLScalarVolumeNode *input,
                                                          const std::string &modelPath,
                                                          const std::string &device, unsigned int seed) {
  return this->StartSegment(input, modelPath, device, seed) && this->Finish() ? this->Apply() : nullptr;
}

bool vtkSlicerRaterLensLogic::StartSegment(vtkMRMLScalarVolumeNode *input, const std::string &modelPath,
                                           const std::string &device, unsigned int seed) {
  if (!this->Prepare(RaterLensModule::CheckInput(input))) {
    return false;
  }
  try {
    const auto image = std::make_shared<const RaterLensModule::InputImage>(RaterLensModule::ReadImage(input));
    RaterLensModule::Request request;
    request.ModelPath = modelPath;
    request.Device = device;
    request.Options.seed = seed;
    request.Options.batch_size = static_cast<std::size_t>(this->BatchSize);
    request.Options.epistemic = this->Epistemic;
    request.Options.aleatoric = this->Aleatoric;
    request.Options.samples = static_cast<std::uint32_t>(this->Samples);
    request.EnsembleMembers = this->EnsembleMembers;
    const auto finding = std::make_shared<RaterLensModule::Finding>();
    const vtkWeakPointer<vtkMRMLScalarVolumeNode> volume(input);
    Work work;
    work.Name = "segmentation";
    work.Check = [volume, geometry = image->Geometry] { return CheckStillThere(volume, geometry); };
    work.Publish = [volume, finding] {
      return Published{RaterLensModule::Publish(volume, *finding), finding->Result.warnings};
    };
    this->Internal->Start(
        [image, request, finding](const auto &progress, const auto &cancel) {
          *finding = RaterLensModule::RunSegmentation(*image, request, progress, cancel);
        },
        std::move(work));
  } catch (const std::exception &error) {
    return this->Fail(error.what());
  }
  return true;
}

vtkMRMLSegmentationNode *vtkSlicerRaterLensLogic::FuseRaters(const RaterList &raters,
                                                             const std::string &method,
                                                             vtkMRMLScalarVolumeNode *reference,
                                                             const std::string &ties) {
  return this->StartFuseRaters(raters, method, reference, ties) && this->Finish() ? this->Apply() : nullptr;
}

bool vtkSlicerRaterLensLogic::StartFuseRaters(const RaterList &raters, const std::string &method,
                                              vtkMRMLScalarVolumeNode *reference, const std::string &ties) {
  raterlens::FuseOptions options;
  options.method = method;
  options.ties = ties;
  const auto run = [options](RatersInput input, const auto &progress, const auto &cancel) {
    return RaterLensModule::RunFusion(std::move(input), options, progress, cancel);
  };
  return this->StartRaters("fusion", raters, reference, run, RaterLensModule::PublishFusion);
}

vtkMRMLTableNode *vtkSlicerRaterLensLogic::CompareRaters(const RaterList &raters,
                                                         vtkMRMLScalarVolumeNode *reference) {
  return this->StartCompareRaters(raters, reference) && this->Finish() ? this->ApplyComparison() : nullptr;
}

bool vtkSlicerRaterLensLogic::StartCompareRaters(const RaterList &raters,
                                                 vtkMRMLScalarVolumeNode *reference) {
  return this->StartRaters("comparison", raters, reference, RaterLensModule::RunComparison,
                           RaterLensModule::PublishComparison);
}

template <class Run, class Publish>
bool vtkSlicerRaterLensLogic::StartRaters(const std::string &name, const RaterList &raters,
                                          vtkMRMLScalarVolumeNode *reference, Run run, Publish publish) {
  if (!this->Prepare(RaterLensModule::CheckRaters(raters, reference))) {
    return false;
  }
  try {
    using Result = decltype(run(RatersInput(), raterlens::ProgressCallback(), raterlens::CancelToken()));
    const auto input = std::make_shared<RatersInput>(RaterLensModule::ReadRaters(raters, reference));
    const auto watch = std::make_shared<RaterLensModule::RatersWatch>(raters, reference);
    const auto result = std::make_shared<Result>();
    Work work;
    work.Name = name;
    work.IsComparison = std::is_same<Result, RaterLensModule::ComparisonFinding>::value;
    work.Check = [watch] { return watch->Changed(); };
    work.Publish = [watch, result, publish] {
      return Published{publish(*result, *watch), result->Input.Warnings};
    };
    this->Internal->Start(
        [input, result, run](const auto &progress, const auto &cancel) {
          *result = run(std::move(*input), progress, cancel);
        },
        std::move(work));
  } catch (const std::exception &error) {
    return this->Fail(error.what());
  }
  return true;
}

bool vtkSlicerRaterLensLogic::Prepare(const std::string &problem) {
  if (this->Poll() == Running) {
    this->Internal->LastError = "A computation is running already; wait for it or cancel it first.";
    return false;
  }
  this->Internal->RunningJob.reset();
  return problem.empty() || this->Fail(problem);
}

vtkMRMLSegmentationNode *vtkSlicerRaterLensLogic::FuseRaters(vtkCollection *raters, const std::string &method,
                                                             vtkMRMLScalarVolumeNode *reference,
                                                             const std::string &ties) {
  return this->FuseRaters(NodesIn(raters), method, reference, ties);
}

bool vtkSlicerRaterLensLogic::StartFuseRaters(vtkCollection *raters, const std::string &method,
                                              vtkMRMLScalarVolumeNode *reference, const std::string &ties) {
  return this->StartFuseRaters(NodesIn(raters), method, reference, ties);
}

vtkMRMLTableNode *vtkSlicerRaterLensLogic::CompareRaters(vtkCollection *raters,
                                                         vtkMRMLScalarVolumeNode *reference) {
  return this->CompareRaters(NodesIn(raters), reference);
}

bool vtkSlicerRaterLensLogic::StartCompareRaters(vtkCollection *raters, vtkMRMLScalarVolumeNode *reference) {
  return this->StartCompareRaters(NodesIn(raters), reference);
}

int vtkSlicerRaterLensLogic::Poll() { return this->Wait(0.0); }

int vtkSlicerRaterLensLogic::Wait(double timeoutSeconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                      std::chrono::duration<double>(std::fmax(0.0, timeoutSeconds)));
  vtkInternal *self = this->Internal;
  self->Reap();
  while (self->State == Running) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    const auto pause = std::min(ProgressInterval, std::max(left, std::chrono::milliseconds::zero()));
    const JobStatus status = self->RunningJob->WaitForChange(self->Known, pause);
    if (status.Fraction != self->Known.Fraction || status.Stage != self->Known.Stage) {
      self->Known = status;
      double fraction = status.Fraction;
      this->InvokeEvent(vtkCommand::ProgressEvent, &fraction);
    }
    if (self->State == Running) { // unless an observer cancelled
      self->Settle(status);
    }
    if (Clock::now() >= end) {
      break;
    }
  }
  return self->State;
}

vtkMRMLSegmentationNode *vtkSlicerRaterLensLogic::Apply() {
  return vtkMRMLSegmentationNode::SafeDownCast(this->ApplyResult(false));
}

vtkMRMLTableNode *vtkSlicerRaterLensLogic::ApplyComparison() {
  return vtkMRMLTableNode::SafeDownCast(this->ApplyResult(true));
}

vtkMRMLNode *vtkSlicerRaterLensLogic::ApplyResult(bool comparison) {
  vtkInternal *self = this->Internal;
  if (this->Poll() != Ready) {
    self->LastError =
        self->LastError.empty() ? "There is no result to apply; start a computation first." : self->LastError;
    return nullptr;
  }
  if (self->Pending.IsComparison != comparison) {
    self->LastError = comparison ? "The result is no comparison; write it into the scene by Apply."
                                 : "The result is a comparison; write it into the scene by ApplyComparison.";
    return nullptr;
  }
  try {
    const std::string problem = self->Pending.Check();
    if (!problem.empty()) {
      this->Fail(problem);
      return nullptr;
    }
    Published published = self->Pending.Publish();
    self->Warnings = std::move(published.Warnings);
    self->LastError.clear();
    self->RunningJob.reset();
    self->Pending = {};
    self->State = Idle;
    return published.Node;
  } catch (const std::exception &error) {
    this->Fail(error.what());
    return nullptr;
  }
}

void vtkSlicerRaterLensLogic::Cancel() {
  if (this->Internal->State == Running || this->Internal->State == Ready) {
    this->Internal->Abandon();
  }
}

int vtkSlicerRaterLensLogic::GetState() const { return this->Internal->State; }

double vtkSlicerRaterLensLogic::GetProgress() const {
  return this->Internal->RunningJob ? this->Internal->RunningJob->Status().Fraction : 0.0;
}

std::string vtkSlicerRaterLensLogic::GetStage() const {
  return this->Internal->RunningJob ? this->Internal->RunningJob->Status().Stage : std::string();
}

std::string vtkSlicerRaterLensLogic::GetLastError() const { return this->Internal->LastError; }

std::vector<std::string> vtkSlicerRaterLensLogic::GetWarnings() const { return this->Internal->Warnings; }

bool vtkSlicerRaterLensLogic::Fail(const std::string &error) {
  this->Internal->RunningJob.reset();
  this->Internal->Pending = {};
  this->Internal->State = Failed;
  this->Internal->LastError = error;
  return false;
}

vtkMRMLScalarVolumeNode *vtkSlicerRaterLensLogic::GetVarianceNode(vtkMRMLSegmentationNode *segmentation,
                                                                  const std::string &structure) {
  const char *role = RaterLensModule::VarianceReferenceRole;
  const int count = segmentation ? segmentation->GetNumberOfNodeReferences(role) : 0;
  for (int index = 0; index < count; ++index) {
    auto *volume = vtkMRMLScalarVolumeNode::SafeDownCast(segmentation->GetNthNodeReference(role, index));
    for (const char *key : {"RaterLens.Structure", "RaterLens.StructureTitle"}) {
      const char *name = volume ? volume->GetAttribute(key) : nullptr;
      if (name && structure == name) {
        return volume;
      }
    }
  }
  return nullptr;
}

void vtkSlicerRaterLensLogic::AddEnsembleMember(const std::string &modelPath) {
  this->EnsembleMembers.push_back(modelPath);
  this->Modified();
}

void vtkSlicerRaterLensLogic::RemoveAllEnsembleMembers() {
  this->EnsembleMembers.clear();
  this->Modified();
}

vtkMRMLScalarVolumeNode *vtkSlicerRaterLensLogic::GetUncertaintyNode(vtkMRMLSegmentationNode *segmentation,
                                                                     const std::string &name) {
  const char *role = RaterLensModule::UncertaintyReferenceRole;
  const int count = segmentation ? segmentation->GetNumberOfNodeReferences(role) : 0;
  for (int index = 0; index < count; ++index) {
    auto *volume = vtkMRMLScalarVolumeNode::SafeDownCast(segmentation->GetNthNodeReference(role, index));
    const char *quantity = volume ? volume->GetAttribute("RaterLens.Quantity") : nullptr;
    if (quantity && name == quantity) {
      return volume;
    }
  }
  return nullptr;
}

vtkMRMLTableNode *vtkSlicerRaterLensLogic::GetMeasuresNode(vtkMRMLSegmentationNode *segmentation) {
  return segmentation ? vtkMRMLTableNode::SafeDownCast(
                            segmentation->GetNodeReference(RaterLensModule::MeasuresReferenceRole))
                      : nullptr;
}

vtkMRMLScalarVolumeNode *vtkSlicerRaterLensLogic::GetEntropyNode(vtkMRMLSegmentationNode *consensus) {
  return consensus ? vtkMRMLScalarVolumeNode::SafeDownCast(
                         consensus->GetNodeReference(RaterLensModule::EntropyReferenceRole))
                   : nullptr;
}

vtkMRMLTableNode *vtkSlicerRaterLensLogic::GetTable(vtkMRMLNode *result, const std::string &name) {
  const char *role = RaterLensModule::TableReferenceRole;
  const int count = result ? result->GetNumberOfNodeReferences(role) : 0;
  for (int index = -1; index < count; ++index) {
    auto *table =
        vtkMRMLTableNode::SafeDownCast(index < 0 ? result : result->GetNthNodeReference(role, index));
    const char *found = table ? table->GetAttribute("RaterLens.Table") : nullptr;
    if (found && name == found) {
      return table;
    }
  }
  return nullptr;
}

int vtkSlicerRaterLensLogic::GetNumberOfCharts(vtkMRMLTableNode *overall) {
  return overall ? overall->GetNumberOfNodeReferences(RaterLensModule::ChartReferenceRole) : 0;
}

vtkMRMLPlotChartNode *vtkSlicerRaterLensLogic::GetNthChart(vtkMRMLTableNode *overall, int index) {
  return overall ? vtkMRMLPlotChartNode::SafeDownCast(
                       overall->GetNthNodeReference(RaterLensModule::ChartReferenceRole, index))
                 : nullptr;
}
