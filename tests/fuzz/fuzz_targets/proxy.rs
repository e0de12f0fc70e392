#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| testsuite::oracles::fuzzing::proxy(data));
