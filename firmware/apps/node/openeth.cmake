# ESP-IDF 5.1 builds its driver of the OpenCores MAC for the ESP32 alone: on other chips esp_eth lacks the two numbers that its
# openeth.h names, and the driver of the DP83848. Both are given to it here with the values of ESP-IDF 5.2 (its
# components/esp_eth/src/esp_openeth.h): an address range that these chips do not use, and the interrupt of Wi-Fi, which the
# emulator does not have. Where esp_eth has them, nothing is added.
idf_component_get_property(ESP_ETH esp_eth COMPONENT_LIB)
idf_component_get_property(ESP_ETH_DIR esp_eth COMPONENT_DIR)

get_target_property(ESP_ETH_SOURCES ${ESP_ETH} SOURCES)
if(NOT ESP_ETH_SOURCES MATCHES "dp83848" AND EXISTS "${ESP_ETH_DIR}/src/esp_eth_phy_dp83848.c")
  target_sources(${ESP_ETH} PRIVATE "${ESP_ETH_DIR}/src/esp_eth_phy_dp83848.c")
endif()

# From 5.2 on openeth.h reads them from esp_openeth.h, which lies beside it, wherever that is.
file(GLOB_RECURSE ESP_ETH_OPENETH_NUMBERS "${ESP_ETH_DIR}/esp_openeth.h")
idf_build_get_property(CHIP IDF_TARGET)
if(NOT ESP_ETH_OPENETH_NUMBERS AND NOT CHIP STREQUAL "esp32")
  target_compile_definitions(${ESP_ETH} PRIVATE DR_REG_EMAC_BASE=0x600CD000 ETS_ETH_MAC_INTR_SOURCE=0)
endif()
