extern "C" __attribute__((export_name("fb_abi_version"))) unsigned fb_abi_version() { return 1; }
