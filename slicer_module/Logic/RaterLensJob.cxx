#include "RaterLensJob.h"

#include "raterlens/error.hpp"

#include <exception>
#include <utility>

namespace RaterLensModule {
namespace {

bool Differs(const JobStatus &a, const JobStatus &b) {
  return a.State != b.State || a.Fraction != b.Fraction || a.Stage != b.Stage;
}

} // namespace

Job::Job(Task task, std::string name) : JobTask(std::move(task)), Name(std::move(name)) {
  this->Worker = std::thread([this] { this->Run(); });
}

Job::~Job() {
  this->Cancel();
  this->Worker.join();
}

JobStatus Job::Status() const {
  const std::lock_guard<std::mutex> guard(this->Lock);
  return this->Current;
}

JobStatus Job::WaitForChange(const JobStatus &known, std::chrono::milliseconds limit) const {
  std::unique_lock<std::mutex> guard(this->Lock);
  this->Changed.wait_for(guard, limit, [&] { return Differs(this->Current, known); });
  return this->Current;
}

bool Job::WaitForEnd(std::chrono::milliseconds limit) const {
  std::unique_lock<std::mutex> guard(this->Lock);
  return this->Changed.wait_for(guard, limit, [this] { return this->Current.State != JobState::Running; });
}

void Job::Run() noexcept {
  try {
    this->JobTask([this](double fraction, const std::string &stage) { this->Report(fraction, stage); },
                  this->CancelSwitch);
    if (this->CancelSwitch.cancelled()) { // too late for the run to notice
      this->End(JobState::Cancelled, "The " + this->Name + " was cancelled.");
    } else {
      this->End(JobState::Ready, {});
    }
  } catch (const raterlens::Error &error) {
    const bool cancelled = error.kind() == raterlens::ErrorKind::Cancelled;
    this->End(cancelled ? JobState::Cancelled : JobState::Failed, error.what());
  } catch (const std::exception &error) {
    this->End(JobState::Failed, error.what());
  } catch (...) {
    this->End(JobState::Failed, "The " + this->Name + " stopped for an unknown reason.");
  }
}

void Job::Report(double fraction, const std::string &stage) {
  {
    const std::lock_guard<std::mutex> guard(this->Lock);
    this->Current.Fraction = fraction;
    this->Current.Stage = stage;
  }
  this->Changed.notify_all();
}

void Job::End(JobState state, std::string error) noexcept {
  {
    const std::lock_guard<std::mutex> guard(this->Lock);
    this->ErrorText = std::move(error);
    this->Current.State = state;
  }
  this->Changed.notify_all();
}

} // namespace RaterLensModule
