//! Replays what the fuzz targets keep: their seeds, and every input that once found something.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use testsuite::oracles::fuzzing::TARGETS;

#[test]
fn every_kept_input_of_every_fuzz_target_keeps_its_promises() {
    let corpus = testsuite::folder().join("fuzz/corpus");
    for (name, target) in TARGETS {
        let mut count = 0;
        for entry in std::fs::read_dir(corpus.join(name)).unwrap() {
            let path = entry.unwrap().path();
            let data = std::fs::read(&path).unwrap();
            if let Err(cause) = std::panic::catch_unwind(|| target(&data)) {
                eprintln!("failing input: {}", path.display());
                std::panic::resume_unwind(cause);
            }
            count += 1;
        }
        assert!(count >= 3, "{name} has only {count} inputs");
    }
    // A target that is not replayed, or a corpus without a target.
    let directories = std::fs::read_dir(corpus).unwrap().count();
    assert_eq!(directories, TARGETS.len());
}
