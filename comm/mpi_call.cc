#include "comm/mpi_call.h"

#include <fmt/format.h>

#include <string>

#include "comm/error.h"

namespace lockstep::comm {

MpiHandle::MpiHandle(MPI_Comm owned) : communicator(owned) {
  MPI_Comm_set_errhandler(communicator, MPI_ERRORS_RETURN);
}

MpiHandle::~MpiHandle() {
  if (!unwinding()) {
    MPI_Comm_free(&communicator);
  }
}

std::unique_ptr<MpiHandle> Duplicate(MPI_Comm communicator) {
  MPI_Comm duplicate = MPI_COMM_NULL;
  CheckMpi(MPI_Comm_dup(communicator, &duplicate), "MPI_Comm_dup");
  return std::make_unique<MpiHandle>(duplicate);
}

std::unique_ptr<MpiHandle> Split(MPI_Comm communicator, int color) {
  MPI_Comm part = MPI_COMM_NULL;
  CheckMpi(MPI_Comm_split(communicator, color, 0, &part), "MPI_Comm_split");
  return part == MPI_COMM_NULL ? nullptr : std::make_unique<MpiHandle>(part);
}

void CheckMpi(int code, const char* operation) {
  if (code == MPI_SUCCESS) {
    return;
  }
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  std::string text(MPI_MAX_ERROR_STRING, '\0');
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  text.resize(static_cast<size_t>(length));
  throw Error(fmt::format("rank {}: {} failed: {}", rank, operation, text));
}

void LetMpiProgress(const MpiHandle& handle) {
  int found = 0;
  CheckMpi(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, handle.communicator, &found, MPI_STATUS_IGNORE),
           "MPI_Iprobe");
}

}  // namespace lockstep::comm
