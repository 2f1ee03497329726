// Files in and out: ITK's readers and writers fill and take plain memory, without a copy in an itk::Image.
#include "guard.h"
#include "itk-sys/src/bridge.rs.h"
#include "itk_sys_shim.h"

#include <itkGDCMImageIO.h>
#include <itkGDCMSeriesFileNames.h>
#include <itkGiplImageIO.h>
#include <itkMetaDataObject.h>
#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>
#include <itkPNGImageIO.h>
#include <itkTIFFImageIO.h>
#include <itkVersion.h>

#include <map>
#include <string>
#include <vector>

namespace itk_sys {
namespace {

using Bytes = rust::Slice<const std::uint8_t>;
using IOPointer = itk::ImageIOBase::Pointer;
using Component = itk::IOComponentEnum;

std::string text(Bytes bytes) { return {reinterpret_cast<const char *>(bytes.data()), bytes.size()}; }

void append(rust::Vec<std::uint8_t> &out, const std::string &value) {
  for (const char c : value) {
    if (c != '\0') {
      out.push_back(static_cast<std::uint8_t>(c));
    }
  }
  out.push_back(0);
}

// All formats, in the order in which they are asked; none is loaded from elsewhere.
std::vector<IOPointer> all_formats() {
  return {itk::NiftiImageIO::New().GetPointer(), itk::NrrdImageIO::New().GetPointer(),
          itk::MetaImageIO::New().GetPointer(),  itk::GDCMImageIO::New().GetPointer(),
          itk::GiplImageIO::New().GetPointer(),  itk::PNGImageIO::New().GetPointer(),
          itk::TIFFImageIO::New().GetPointer()};
}

std::uint8_t code(Component type) {
  // `long` is as wide as the machine says, so that sizes decide.
  const bool wide = sizeof(long) == 8;
  switch (type) {
  case Component::UCHAR:
    return 1;
  case Component::CHAR:
    return 2;
  case Component::USHORT:
    return 3;
  case Component::SHORT:
    return 4;
  case Component::UINT:
    return 5;
  case Component::INT:
    return 6;
  case Component::ULONG:
    return wide ? 7 : 5;
  case Component::LONG:
    return wide ? 8 : 6;
  case Component::ULONGLONG:
    return 7;
  case Component::LONGLONG:
    return 8;
  case Component::FLOAT:
    return 9;
  case Component::DOUBLE:
    return 10;
  default:
    return 0;
  }
}

Component component(std::uint8_t code) {
  static const Component types[] = {Component::UNKNOWNCOMPONENTTYPE,
                                    Component::UCHAR,
                                    Component::CHAR,
                                    Component::USHORT,
                                    Component::SHORT,
                                    Component::UINT,
                                    Component::INT,
                                    Component::ULONGLONG,
                                    Component::LONGLONG,
                                    Component::FLOAT,
                                    Component::DOUBLE};
  return code < 11 ? types[code] : Component::UNKNOWNCOMPONENTTYPE;
}

void set_frame(itk::ImageIOBase &io, const Frame &frame) {
  const auto dimension = static_cast<unsigned int>(frame.size.size());
  io.SetNumberOfDimensions(dimension);
  for (unsigned int a = 0; a < dimension; ++a) {
    io.SetDimensions(a, frame.size[a]);
    io.SetSpacing(a, frame.spacing[a]);
    io.SetOrigin(a, frame.origin[a]);
    std::vector<double> axis;
    for (unsigned int r = 0; r < dimension; ++r) {
      axis.push_back(frame.direction[r * dimension + a]);
    }
    io.SetDirection(a, axis);
  }
}

itk::ImageIORegion whole(const itk::ImageIOBase &io) {
  itk::ImageIORegion region(io.GetNumberOfDimensions());
  for (unsigned int a = 0; a < io.GetNumberOfDimensions(); ++a) {
    region.SetIndex(a, 0);
    region.SetSize(a, io.GetDimensions(a));
  }
  return region;
}

} // namespace

struct ImageFile::Held {
  IOPointer io;
};

ImageFile::ImageFile(std::unique_ptr<Held> held) : held_(std::move(held)) {}
ImageFile::~ImageFile() = default;

std::unique_ptr<ImageFile> open_file(Bytes path) {
  return guarded([&] {
    const std::string name = text(path);
    for (const auto &io : all_formats()) {
      if (!io->CanReadFile(name.c_str())) {
        continue;
      }
      io->SetFileName(name);
      io->ReadImageInformation();
      auto held = std::make_unique<ImageFile::Held>();
      held->io = io;
      return std::make_unique<ImageFile>(std::move(held));
    }
    throw std::runtime_error("no format that is known here fits this file");
  });
}

Frame ImageFile::frame() const {
  Frame frame;
  const auto &io = *held_->io;
  const unsigned int dimension = io.GetNumberOfDimensions();
  for (unsigned int a = 0; a < dimension; ++a) {
    frame.size.push_back(io.GetDimensions(a));
    frame.spacing.push_back(io.GetSpacing(a));
    frame.origin.push_back(io.GetOrigin(a));
  }
  for (unsigned int r = 0; r < dimension; ++r) {
    for (unsigned int a = 0; a < dimension; ++a) {
      const auto axis = io.GetDirection(a);
      frame.direction.push_back(r < axis.size() ? axis[r] : 0.0);
    }
  }
  return frame;
}

std::uint8_t ImageFile::component_type() const { return code(held_->io->GetComponentType()); }

std::uint32_t ImageFile::components() const { return held_->io->GetNumberOfComponents(); }

bool ImageFile::is_colour() const {
  const auto type = held_->io->GetPixelType();
  return type == itk::IOPixelEnum::RGB || type == itk::IOPixelEnum::RGBA;
}

void ImageFile::format(rust::Vec<std::uint8_t> &out) const { append(out, held_->io->GetNameOfClass()); }

void ImageFile::metadata(rust::Vec<std::uint8_t> &out) const {
  const auto &dictionary = held_->io->GetMetaDataDictionary();
  for (const auto &key : dictionary.GetKeys()) {
    std::string value;
    if (itk::ExposeMetaData<std::string>(dictionary, key, value)) {
      append(out, key);
      append(out, value);
    }
  }
}

void ImageFile::read(rust::Slice<std::uint8_t> out) {
  guarded([&] {
    auto &io = *held_->io;
    io.SetIORegion(whole(io));
    if (static_cast<std::size_t>(io.GetImageSizeInBytes()) != out.size()) {
      throw std::runtime_error("the memory for the voxels has the wrong size");
    }
    io.Read(out.data());
  });
}

void write_file(Bytes path, const Frame &frame, std::uint8_t component_type, std::uint32_t components,
                Bytes metadata, bool compress, Bytes voxels) {
  guarded([&] {
    const std::string name = text(path);
    for (const auto &io : all_formats()) {
      if (!io->CanWriteFile(name.c_str())) {
        continue;
      }
      io->SetFileName(name);
      set_frame(*io, frame);
      io->SetComponentType(component(component_type));
      io->SetNumberOfComponents(components);
      io->SetPixelType(components == 1 ? itk::IOPixelEnum::SCALAR : itk::IOPixelEnum::VECTOR);
      io->SetUseCompression(compress);
      std::string key;
      bool has_key = false;
      auto &dictionary = io->GetMetaDataDictionary();
      std::string word;
      for (const std::uint8_t byte : metadata) {
        if (byte != 0) {
          word.push_back(static_cast<char>(byte));
          continue;
        }
        if (has_key) {
          itk::EncapsulateMetaData<std::string>(dictionary, key, word);
        } else {
          key = word;
        }
        has_key = !has_key;
        word.clear();
      }
      io->SetIORegion(whole(*io));
      if (static_cast<std::size_t>(io->GetImageSizeInBytes()) != voxels.size()) {
        throw std::runtime_error("the voxels do not have the size of the image");
      }
      io->Write(voxels.data());
      return;
    }
    throw std::runtime_error("no format that can be written has this file name");
  });
}

void list_series(Bytes folder, bool recursive, rust::Vec<std::uint8_t> &out) {
  guarded([&] {
    const auto names = itk::GDCMSeriesFileNames::New();
    names->SetRecursive(recursive);
    names->SetUseSeriesDetails(false);
    names->SetGlobalWarningDisplay(false);
    names->SetDirectory(text(folder));
    for (const auto &uid : names->GetSeriesUIDs()) {
      append(out, uid);
      for (const auto &file : names->GetFileNames(uid)) {
        append(out, file);
      }
      append(out, "");
    }
  });
}

void version(rust::Vec<std::uint8_t> &out) { append(out, itk::Version::GetITKVersion()); }

} // namespace itk_sys
