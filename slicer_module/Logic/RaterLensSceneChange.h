// All or nothing: nodes added to a scene stay only when the change is completed.
#pragma once

#include <vtkSmartPointer.h>

#include <set>

class vtkMRMLNode;
class vtkMRMLScene;

namespace RaterLensModule {

/// Remembers the nodes of a scene, and on destruction removes every node that was added since, unless
/// `Complete()` was called. Saves the state for undo once, at the beginning.
class SceneChange {
public:
  explicit SceneChange(vtkMRMLScene *scene);
  ~SceneChange();
  SceneChange(const SceneChange &) = delete;
  SceneChange &operator=(const SceneChange &) = delete;

  /// Adds `node`. Throws std::runtime_error when the scene refuses it.
  void Add(vtkMRMLNode *node);
  /// Keeps what was added.
  void Complete() { this->Completed = true; }

private:
  void RollBack();

  vtkSmartPointer<vtkMRMLScene> Scene;
  std::set<vtkMRMLNode *> Before;
  bool Completed = false;
};

} // namespace RaterLensModule
