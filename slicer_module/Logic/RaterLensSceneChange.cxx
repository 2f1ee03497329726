#include "RaterLensSceneChange.h"

#include <vtkCollection.h>
#include <vtkMRMLNode.h>
#include <vtkMRMLScene.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace RaterLensModule {

SceneChange::SceneChange(vtkMRMLScene *scene) : Scene(scene) {
  scene->SaveStateForUndo();
  for (int index = 0; index < scene->GetNumberOfNodes(); ++index) {
    this->Before.insert(scene->GetNthNode(index));
  }
}

SceneChange::~SceneChange() {
  if (this->Completed) {
    return;
  }
  try {
    this->RollBack();
  } catch (...) { // An observer of the scene threw; nothing more can be done from a destructor.
  }
}

void SceneChange::Add(vtkMRMLNode *node) {
  node->SetUndoEnabled(this->Scene->GetUndoFlag());
  if (!this->Scene->AddNode(node)) {
    throw std::runtime_error(std::string("The scene refused a node of class ") + node->GetClassName() + ".");
  }
}

void SceneChange::RollBack() {
  std::vector<vtkMRMLNode *> added;
  for (int index = this->Scene->GetNumberOfNodes() - 1; index >= 0; --index) {
    vtkMRMLNode *node = this->Scene->GetNthNode(index);
    if (this->Before.count(node) == 0) {
      added.push_back(node);
    }
  }
  for (vtkMRMLNode *node : added) {
    if (this->Scene->IsNodePresent(node)) { // removing one node may remove others
      this->Scene->RemoveNode(node);
    }
  }
}

} // namespace RaterLensModule
