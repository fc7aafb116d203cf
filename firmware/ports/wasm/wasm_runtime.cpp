// What the C++ runtime does when it can go on no more: it traps, and the host says which device it was. The library's own
// versions print first, with all of printf, 20 KB of this body, to a console that is not there.
#include <__verbose_abort>
#include <cstdlib>
#include <new>

extern "C" [[noreturn]] void __cxa_pure_virtual() { __builtin_trap(); }

_LIBCPP_BEGIN_NAMESPACE_STD
[[noreturn]] void __libcpp_verbose_abort(const char*, ...) noexcept { __builtin_trap(); }
_LIBCPP_END_NAMESPACE_STD

void* operator new(size_t size) {
  void* const made = std::malloc(size);
  if (made == nullptr) __builtin_trap();
  return made;
}
void* operator new(size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* made) noexcept { std::free(made); }
void operator delete(void* made, size_t) noexcept { std::free(made); }
void operator delete[](void* made) noexcept { std::free(made); }
