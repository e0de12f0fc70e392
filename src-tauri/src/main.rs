//! The program: hands over to the library at once.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

/// Wipes what is freed: the AWS SDK frees answers with tokens in them, and keys.
#[global_allocator]
static WIPING: zalloc::ZeroizingAlloc<std::alloc::System> =
    zalloc::ZeroizingAlloc(std::alloc::System);

fn main() -> std::process::ExitCode {
    sessiondeck::run()
}
