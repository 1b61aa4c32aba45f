# What CPack writes into the package. dpkg-shlibdeps finds the libraries that the program needs; what it
# cannot find is mpirun.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "Lockstep <lockstep@localhost>")
set(CPACK_PACKAGE_VENDOR "Lockstep")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "data-parallel CNN training, bit-identical on any rank count")
set(CPACK_PACKAGE_DESCRIPTION
"Lockstep trains convolutional networks on clusters of CPUs. Every MPI rank
works on its share of every mini-batch; the gradients are summed exactly, so
that the weights are the same, byte for byte, on any number of ranks and
threads, stopped and resumed anywhere.
.
Networks from LeNet-5 to ResNeXt, read from job files; checkpoints and metrics
are HDF5 files that PyTorch, pandas and h5py read. Started by mpirun or Slurm.")
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS openmpi-bin)
if(MPI_C_INCLUDE_DIRS MATCHES mpich)
  set(CPACK_DEBIAN_PACKAGE_DEPENDS mpich)
endif()
# For `lockstep data fetch`, which speaks https, and for lockstep-launch.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, python3, openssh-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS slurm-client)

# The changelog that Debian asks for is the package's, not the program's: its history is the repository's.
set(CHANGELOG ${PROJECT_BINARY_DIR}/debian/changelog)
configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${CHANGELOG} @ONLY)
add_custom_command(OUTPUT ${CHANGELOG}.gz COMMAND gzip -9nkf ${CHANGELOG} DEPENDS ${CHANGELOG} VERBATIM)
add_custom_target(changelog ALL DEPENDS ${CHANGELOG}.gz)
install(FILES ${CHANGELOG}.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})

include(CPack)
