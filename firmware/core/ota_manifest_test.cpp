#include "core/ota_manifest.h"

#include <string>

#include "ports/host/test.h"

FB_TEST("versions are ordered as semantic versioning 11 says") {
  // The standard's own chain, and what it says around it.
  const char* const rising[] = {"not a version",
                                "0.0.1",
                                "0.9.10",
                                "0.10.2",
                                "1.0.0-0",
                                "1.0.0-2",
                                "1.0.0-11",
                                "1.0.0-alpha",
                                "1.0.0-alpha.1",
                                "1.0.0-alpha.beta",
                                "1.0.0-beta",
                                "1.0.0-beta.2",
                                "1.0.0-beta.11",
                                "1.0.0-rc.1",
                                "1.0.0",
                                "1.0.1-x-y-z.4",
                                "18446744073709551617.0.0"};
  const int count = static_cast<int>(sizeof rising / sizeof *rising);
  for (int i = 0; i < count; i++) {
    for (int j = 0; j < count; j++) {
      const int order = fb::compare_versions(rising[i], rising[j]);
      EXPECT_IN(std::string(rising[i]) + " and " + rising[j], (order > 0) - (order < 0) == (i > j) - (i < j));
    }
  }
  EXPECT(fb::compare_versions("1.2.3+build.07", "1.2.3+other-9") == 0);
}

FB_TEST("what semantic versioning does not allow is no version") {
  for (const char* const text :
       {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.02.3", "1.2.", ".2.3", "1.2.3-", "1.2.3-a..b", "1.2.3-01", "1.2.3-a_b",
        "1.2.3+", "1.2.3+a+b", "1.2.3-a.", " 1.2.3", "v1.2.3", "1.2.x"}) {
    EXPECT_IN(text, fb::compare_versions(text, "0.0.0-0") < 0);
    EXPECT_IN(text, fb::compare_versions(text, "nonsense") == 0);
  }
}

FB_TEST("chunks are cut so that the last has the rest, filled up to a block") {
  fb::OtaManifest manifest;
  struct Case {
    uint32_t size, chunks;
    size_t last;
  };
  for (const Case& of : {Case{24, 1, 32}, {2048, 1, 2048}, {2049, 2, 16}, {5000, 3, 912}, {16u << 20, 8192, 2048}}) {
    manifest.size = of.size;
    EXPECT(manifest.chunks() == of.chunks);
    EXPECT(manifest.chunk_size(of.chunks - 1) == of.last);
    EXPECT(of.chunks == 1 || manifest.chunk_size(0) == 2048);
  }
}
