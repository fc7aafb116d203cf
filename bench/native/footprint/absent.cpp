// What of libstdc++ the core links to, which is not there for this target. Counted apart: on a chip it is the SDK's.
#include <cstdlib>
#include <new>

void* operator new(size_t size) { return std::malloc(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, size_t) noexcept { std::free(place); }
void operator delete[](void* place) noexcept { std::free(place); }
extern "C" void __cxa_pure_virtual() { __builtin_trap(); }
namespace std {
const nothrow_t nothrow{};
void __throw_out_of_range_fmt(const char*, ...) { __builtin_trap(); }
void __throw_length_error(const char*) { __builtin_trap(); }
void __throw_logic_error(const char*) { __builtin_trap(); }
void __throw_bad_alloc() { __builtin_trap(); }
void __throw_bad_optional_access() { __builtin_trap(); }
void __glibcxx_assert_fail(const char*, int, const char*, const char*) noexcept { __builtin_trap(); }
}  // namespace std
