// Carrier of the shared precompiled header; see cmake/phendau.cmake.
