#include <cstring>

#include "ports/host/test.h"

namespace fb_test {
namespace {
Case* first = nullptr;
int failures = 0;
}  // namespace

Case::Case(const char* file_name, const char* case_name, void (*body)())
    : file(file_name), name(case_name), run(body), next(first) {
  first = this;
}

void fail(const char* file, int line, const std::string& what) {
  failures++;
  std::printf("    %s:%d: %s\n", file, line, what.c_str());
}

}  // namespace fb_test

/// Runs the cases of the test file named (its stem), or all.
int main(int count, char** arguments) {
  int run = 0;
  for (const fb_test::Case* c = fb_test::first; c != nullptr; c = c->next) {
    if (count > 1 && std::strstr(c->file, (std::string("/") + arguments[1] + ".cpp").c_str()) == nullptr) continue;
    std::printf("%s\n", c->name);
    c->run();
    run++;
  }
  std::printf("%d run, %d failures\n", run, fb_test::failures);
  return run == 0 || fb_test::failures > 0 ? 1 : 0;
}
