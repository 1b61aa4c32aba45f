#include "storage/hdf5_handle.h"

#include <hdf5.h>

#include <type_traits>

namespace lockstep::storage {

static_assert(std::is_same_v<Hdf5Id, hid_t>);
static_assert(std::is_same_v<int, herr_t>);

void SilenceHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string LastHdf5Error() {
  std::string text;
  const auto take_description = [](unsigned, const H5E_error2_t* error, void* result) -> herr_t {
    static_cast<std::string*>(result)->assign(error->desc != nullptr ? error->desc : "");
    return 1;  // the first entry is the innermost one: stop here
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_description, &text);
  return text.empty() ? "unknown HDF5 error" : text;
}

}  // namespace lockstep::storage
