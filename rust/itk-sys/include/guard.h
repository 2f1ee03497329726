// Turns what ITK throws into what crosses the bridge.
#pragma once

#include <itkMacro.h>
#include <itkProcessObject.h>

#include <new>
#include <stdexcept>

namespace itk_sys {

// Runs `work`; whatever leaves it is a std::runtime_error with ITK's own reason, without ITK's source lines.
template <typename Work> auto guarded(Work &&work) -> decltype(work()) {
  try {
    return work();
  } catch (const itk::ProcessAborted &) {
    throw std::runtime_error("cancelled");
  } catch (const itk::ExceptionObject &error) {
    throw std::runtime_error(error.GetDescription());
  } catch (const std::bad_alloc &) {
    throw std::runtime_error("there is not enough memory");
  } catch (const std::exception &error) {
    throw std::runtime_error(error.what());
  } catch (...) {
    throw std::runtime_error("an unknown error");
  }
}

} // namespace itk_sys
