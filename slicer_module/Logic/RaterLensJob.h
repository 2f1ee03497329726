// One segmentation on a thread of its own.
#pragma once

#include "RaterLensImage.h"
#include "RaterLensPublish.h"

#include "raterlens/raterlens.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace RaterLensModule {

/// What to run: the model package, where, and how.
struct Request {
  std::string ModelPath;
  std::string Device = "auto";
  raterlens::SegmentOptions Options;
};

/// How far a job is.
enum class JobState { Running, Ready, Failed, Cancelled };

/// State, fraction done in [0, 1] and a short name of the stage, taken together.
struct JobStatus {
  JobState State = JobState::Running;
  double Fraction = 0.0;
  std::string Stage;
};

/// Loads the model and segments `image` on a worker thread, which starts at once.
///
/// The worker touches no VTK or MRML object. All methods may be called from any thread; the results only when
/// the state is `Ready`, the error only when it is `Failed` or `Cancelled`.
class Job {
public:
  Job(InputImage image, Request request);
  /// Cancels and waits for the worker.
  ~Job();
  Job(const Job &) = delete;
  Job &operator=(const Job &) = delete;

  /// Asks the worker to stop; it does so within about a second.
  void Cancel() noexcept { this->CancelSwitch.cancel(); }
  /// The present state.
  JobStatus Status() const;
  /// Waits until the status differs from `known` or the time is up; returns the status then.
  JobStatus WaitForChange(const JobStatus &known, std::chrono::milliseconds limit) const;
  /// Waits until the job has ended or the time is up; true when it has ended.
  bool WaitForEnd(std::chrono::milliseconds limit) const;

  const Finding &Result() const { return this->JobFinding; }
  const std::string &Error() const { return this->ErrorText; }

private:
  void Run() noexcept;
  void Compute();
  void Report(double fraction, const std::string &stage);
  void End(JobState state, std::string error) noexcept;

  const InputImage Image;
  const Request JobRequest;
  raterlens::CancelToken CancelSwitch;
  Finding JobFinding;
  std::string ErrorText;

  mutable std::mutex Lock;
  mutable std::condition_variable Changed;
  JobStatus Current;
  std::thread Worker; // last: it uses everything above
};

} // namespace RaterLensModule
