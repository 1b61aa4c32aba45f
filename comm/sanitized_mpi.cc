// Linked where the leak sanitizer is, in front of the MPI library: what Open MPI allocates while it
// starts and ends, and keeps, is not looked at. Suppressions alone would need the whole stack of
// every allocation, unwound through libraries without frame pointers: slower than all else
// together.

#include <mpi.h>
#include <sanitizer/lsan_interface.h>

extern "C" {

int MPI_Init_thread(int* argc, char*** argv, int required, int* provided) {
  const __lsan::ScopedDisabler disabler;
  return PMPI_Init_thread(argc, argv, required, provided);
}

int MPI_Finalize() {
  const __lsan::ScopedDisabler disabler;
  return PMPI_Finalize();
}

// What MPI's own threads allocate comes from libraries that it unloads before the end. They stay,
// so that the sanitizer can tell whose it is and lsan.supp can name them.
int dlclose(void* /*handle*/) { return 0; }
}
