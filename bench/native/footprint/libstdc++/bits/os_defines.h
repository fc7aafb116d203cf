// In place of the host's, whose c++config asks it what glibc has: a chip's C library is newlib's kin.
#pragma once
