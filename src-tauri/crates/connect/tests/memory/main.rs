//! What has ended, or was forgotten, is not in the program's memory any more; and the search would see it.
//!
//! Two programs, both this file: one holds secrets, gives them up and then waits; the other runs the simulator and
//! searches the first one's writable memory, before and after. A piece of a secret is a hit: what is freed loses its
//! first bytes to the allocator, and the rest can be read for as long as nobody needs the place.

/// As the programs have it: what the AWS SDK frees holds answers and keys.
#[global_allocator]
static WIPING: zalloc::ZeroizingAlloc<std::alloc::System> =
    zalloc::ZeroizingAlloc(std::alloc::System);

#[cfg(target_os = "linux")]
mod broker;
#[cfg(target_os = "linux")]
mod program;
#[cfg(target_os = "linux")]
mod session;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    let is = |role: &str| std::env::args().any(|argument| argument == role);
    if is(session::ROLE) {
        session::hold();
    } else if is(broker::ROLE) {
        broker::hold();
    } else {
        let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
        session::search(&runtime);
        broker::search(&runtime);
    }
}
