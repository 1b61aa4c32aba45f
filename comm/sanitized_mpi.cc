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

// The sanitizer takes what stands before a thread-local block of a loaded library for the header of
// glibc 2.19 wherever the block begins 16 bytes into a page, and crashes reading where that points.
// Open MPI's libraries have such blocks; where they begin hangs on the length of the process's
// number. Blocks of loaded libraries are not looked at, then; those of this program are.
const char* __asan_default_options() { return "intercept_tls_get_addr=0"; }

// What MPI's own threads allocate comes from libraries that it unloads before the end. They stay,
// so that the sanitizer can tell whose it is and lsan.supp can name them.
int dlclose(void* /*handle*/) { return 0; }
}
