#pragma once

#include <cstdio>
#include <string>

namespace fb_test {

/// A test of one file; made by FB_TEST, run by test_main.cpp.
struct Case {
  Case(const char* file, const char* name, void (*run)());
  const char* file;
  const char* name;
  void (*run)();
  Case* next;
};

/// Notes a failure of the running test, with the vector's name or other context.
void fail(const char* file, int line, const std::string& what);

}  // namespace fb_test

#define FB_JOIN_(a, b) a##b
#define FB_JOIN(a, b) FB_JOIN_(a, b)
/// FB_TEST("drops what is damaged") { … }
#define FB_TEST(name)                                                                                            \
  static void FB_JOIN(fb_test_, __LINE__)();                                                                     \
  static fb_test::Case FB_JOIN(fb_case_, __LINE__)(__FILE__, name, FB_JOIN(fb_test_, __LINE__));                 \
  static void FB_JOIN(fb_test_, __LINE__)()
#define EXPECT(condition) \
  do {                    \
    if (!(condition)) fb_test::fail(__FILE__, __LINE__, #condition); \
  } while (false)
/// As EXPECT, saying which case it was.
#define EXPECT_IN(context, condition) \
  do {                                \
    if (!(condition)) fb_test::fail(__FILE__, __LINE__, std::string(context) + ": " #condition); \
  } while (false)
