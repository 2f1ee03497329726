#include "vtkSlicerRaterLensLogic.h"

#include "RaterLensImage.h"
#include "RaterLensJob.h"
#include "RaterLensPublish.h"

#include <vtkImageData.h>
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
#include <memory>
#include <vector>

using RaterLensModule::Job;
using RaterLensModule::JobState;
using RaterLensModule::JobStatus;

namespace {

constexpr std::chrono::milliseconds ProgressInterval{50};

bool SameGrid(const raterlens::Geometry &a, const raterlens::Geometry &b) {
  return a.dims == b.dims && a.spacing_mm == b.spacing_mm && a.origin_lps == b.origin_lps &&
         a.direction_lps == b.direction_lps;
}

} // namespace

class vtkSlicerRaterLensLogic::vtkInternal {
public:
  vtkWeakPointer<vtkMRMLScalarVolumeNode> Input;
  raterlens::Geometry InputGeometry;
  std::unique_ptr<Job> RunningJob;
  std::vector<std::unique_ptr<Job>> StoppingJobs; ///< cancelled, still inside the network
  JobStatus Known;
  int State = Idle;
  std::string LastError;

  /// Gives up on the job: nobody waits for it any more.
  void Abandon() {
    this->RunningJob->Cancel();
    this->StoppingJobs.push_back(std::move(this->RunningJob));
    this->State = Cancelled;
    this->LastError = "The segmentation was cancelled.";
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

  /// Why the result of the job no longer fits the scene; empty when it does.
  std::string CheckStillThere() {
    const std::string problem = RaterLensModule::CheckInput(this->Input);
    if (!problem.empty()) {
      return "The input volume changed during the computation. " + problem;
    }
    if (!SameGrid(RaterLensModule::ReadGeometry(this->Input), this->InputGeometry)) {
      return "The grid or the transform of the input volume changed during the computation; segment it "
             "again.";
    }
    return {};
  }
};

vtkStandardNewMacro(vtkSlicerRaterLensLogic);

vtkSlicerRaterLensLogic::vtkSlicerRaterLensLogic() : Internal(new vtkInternal) {}

vtkSlicerRaterLensLogic::~vtkSlicerRaterLensLogic() { delete this->Internal; }

void vtkSlicerRaterLensLogic::PrintSelf(ostream &os, vtkIndent indent) {
  this->Superclass::PrintSelf(os, indent);
  os << indent << "State: " << this->GetState() << "\n";
  os << indent << "Progress: " << this->GetProgress() << "\n";
  os << indent << "BatchSize: " << this->BatchSize << "\n";
  os << indent << "LastError: " << this->GetLastError() << "\n";
}

vtkMRMLSegmentationNode *vtkSlicerRaterLensLogic::Segment(vtkMRMLScalarVolumeNode *input,
                                                          const std::string &modelPath,
                                                          const std::string &device, unsigned int seed) {
  if (!this->StartSegment(input, modelPath, device, seed)) {
    return nullptr;
  }
  while (this->Wait(3600.0) == Running) {
  }
  return this->GetState() == Ready ? this->Apply() : nullptr;
}

bool vtkSlicerRaterLensLogic::StartSegment(vtkMRMLScalarVolumeNode *input, const std::string &modelPath,
                                           const std::string &device, unsigned int seed) {
  if (this->Poll() == Running) {
    this->Internal->LastError = "A segmentation is running already; wait for it or cancel it first.";
    return false;
  }
  this->Internal->RunningJob.reset();
  const std::string problem = RaterLensModule::CheckInput(input);
  if (!problem.empty()) {
    return this->Fail(problem);
  }
  try {
    RaterLensModule::InputImage image = RaterLensModule::ReadImage(input);
    RaterLensModule::Request request;
    request.ModelPath = modelPath;
    request.Device = device;
    request.Options.seed = seed;
    request.Options.batch_size = static_cast<std::size_t>(this->BatchSize);
    this->Internal->Input = input;
    this->Internal->InputGeometry = image.Geometry;
    this->Internal->Known = {};
    this->Internal->RunningJob = std::make_unique<Job>(std::move(image), std::move(request));
  } catch (const std::exception &error) {
    return this->Fail(error.what());
  }
  this->Internal->LastError.clear();
  this->Internal->State = Running;
  return true;
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
  vtkInternal *self = this->Internal;
  if (this->Poll() != Ready) {
    self->LastError =
        self->LastError.empty() ? "There is no result to apply; segment a volume first." : self->LastError;
    return nullptr;
  }
  const std::string problem = self->CheckStillThere();
  if (!problem.empty()) {
    this->Fail(problem);
    return nullptr;
  }
  vtkMRMLSegmentationNode *segmentation = nullptr;
  try {
    segmentation = RaterLensModule::Publish(self->Input, self->RunningJob->Result());
  } catch (const std::exception &error) {
    this->Fail(error.what());
    return nullptr;
  }
  self->RunningJob.reset();
  self->State = Idle;
  return segmentation;
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

bool vtkSlicerRaterLensLogic::Fail(const std::string &error) {
  this->Internal->RunningJob.reset();
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
    const char *name = volume ? volume->GetAttribute("RaterLens.Structure") : nullptr;
    if (name && structure == name) {
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
