#include "comm/environment.h"

#include <mpi.h>

#include "comm/error.h"
#include "comm/mpi_call.h"

namespace lockstep::comm {

Environment::Environment() {
  int provided = MPI_THREAD_SINGLE;
  CheckMpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  if (provided < MPI_THREAD_FUNNELED) {
    MPI_Finalize();
    throw Error(
        "this MPI library supports one thread only; lockstep needs MPI_THREAD_FUNNELED, which "
        "Open MPI and MPICH have unless built without it");
  }
  CheckMpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
}

Environment::~Environment() {
  if (!unwinding_()) {
    MPI_Finalize();
  }
}

}  // namespace lockstep::comm
