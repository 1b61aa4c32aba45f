#pragma once

// Only this folder's own sources include this: what they share of MPI's C interface.

#include <mpi.h>

#include <memory>

#include "comm/unwinding.h"

namespace lockstep::comm {

// Which MPI this is compiled with, as Slurm's `srun --mpi=` and people call it.
#if defined(OPEN_MPI)
inline constexpr const char* kMpiName = "Open MPI";
inline constexpr const char* kSlurmPlugin = "pmix";
#elif defined(MPICH_VERSION)
inline constexpr const char* kMpiName = "MPICH";
inline constexpr const char* kSlurmPlugin = "pmi2";
#else
inline constexpr const char* kMpiName = "MPI";
inline constexpr const char* kSlurmPlugin = "pmix";
#endif

// A communicator of our own, on which errors are returned rather than fatal. Freeing it is
// collective, so an exception that passes on one rank alone leaves it to MPI_Abort.
struct MpiHandle {
  explicit MpiHandle(MPI_Comm owned);
  ~MpiHandle();
  MpiHandle(const MpiHandle&) = delete;
  MpiHandle& operator=(const MpiHandle&) = delete;

  MPI_Comm communicator;
  Unwinding unwinding;
};

// Collective over `communicator`: the same ranks, but messages of their own.
std::unique_ptr<MpiHandle> Duplicate(MPI_Comm communicator);

// Collective over `communicator`: the ranks that pass the same `color`; nothing where that is
// MPI_UNDEFINED.
std::unique_ptr<MpiHandle> Split(MPI_Comm communicator, int color);

// What a rank that waits without MPI calls now and then: MPI may still have something of this rank
// to pass on to others.
void LetMpiProgress(const MpiHandle& handle);

// Throws Error that names this rank, `operation` and MPI's own message unless `code` is
// MPI_SUCCESS.
void CheckMpi(int code, const char* operation);

}  // namespace lockstep::comm
