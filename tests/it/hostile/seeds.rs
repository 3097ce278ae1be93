//! The laws that the fuzzers try to break hold for their seeds, and for what broke them once.

use std::{fs, path::Path};

#[path = "../../../fuzz/laws.rs"]
mod laws;

#[test]
fn every_seed_of_the_fuzzers_holds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let targets: [(&str, fn(&[u8])); 6] = [
        ("access_log", laws::access_log),
        ("exposition", laws::exposition),
        ("otlp_json", laws::otlp_json),
        ("otlp_protobuf", laws::otlp_protobuf),
        ("spec", laws::spec),
        ("sse", laws::sse),
    ];
    let mut folders: Vec<_> = fs::read_dir(&seeds).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, targets.map(|(target, _)| target));
    let manifest = fs::read_to_string(seeds.with_file_name("Cargo.toml")).unwrap();
    for (target, law) in targets {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
        let files: Vec<_> = fs::read_dir(seeds.join(target)).unwrap().map(|e| e.unwrap().path()).collect();
        assert!(!files.is_empty(), "{target} has no seeds");
        for file in files {
            law(&fs::read(file).unwrap());
        }
    }
}
