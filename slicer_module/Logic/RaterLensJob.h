// One computation on a thread of its own.
#pragma once

#include "raterlens/cancel.hpp"
#include "raterlens/progress.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace RaterLensModule {

/// What a job does: it reports how far it is, obeys the switch, keeps its result itself, and throws when it
/// fails. It must touch no VTK or MRML object.
using Task = std::function<void(const raterlens::ProgressCallback &, const raterlens::CancelToken &)>;

/// How far a job is.
enum class JobState { Running, Ready, Failed, Cancelled };

/// State, fraction done in [0, 1] and a short name of the stage, taken together.
struct JobStatus {
  JobState State = JobState::Running;
  double Fraction = 0.0;
  std::string Stage;
};

/// Runs a task on a worker thread, which starts at once.
///
/// All methods may be called from any thread; the task's result may be read when the state is `Ready`, the
/// error when it is `Failed` or `Cancelled`.
class Job {
public:
  /// `name` says in errors what the task is: "segmentation".
  Job(Task task, std::string name);
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

  const std::string &Error() const { return this->ErrorText; }

private:
  void Run() noexcept;
  void Report(double fraction, const std::string &stage);
  void End(JobState state, std::string error) noexcept;

  Task JobTask;
  const std::string Name;
  raterlens::CancelToken CancelSwitch;
  std::string ErrorText;

  mutable std::mutex Lock;
  mutable std::condition_variable Changed;
  JobStatus Current;
  std::thread Worker; // last: it uses everything above
};

} // namespace RaterLensModule
