# How HDF5, the one library that CMake builds here, is optimised. CMake's own kinds of builds are -Os and -O3: -O1 takes three quarters of
# the processor time of -Os to build, and `signals` reads an archive as fast.
foreach(build_type RELEASE MINSIZEREL)
    set(CMAKE_C_FLAGS_${build_type} "-O1 -DNDEBUG" CACHE STRING "Flags of ${build_type}")
endforeach()
