#![no_main]

#[allow(dead_code)]
#[path = "../../tests/it/hostile/laws.rs"]
mod laws;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| laws::dns(bytes));
