//! `sessiondeck-cli`: Session Manager in the terminal at hand.
//!
//! The companion of the desktop application, on the same crates: `engine` drives a session, `connect` joins it to AWS,
//! `profiles` has the saved connections. This program parses, hands the terminal over and maps the end to an exit
//! status; it knows nothing of the protocol.

mod ending;
mod escape;
mod found;
mod keys;
mod options;
mod parameters;
mod person;
mod place;
mod session;
mod sessions;
mod sign_in;
mod signals;
mod streams;
mod terminal;
mod trouble;

use std::process::ExitCode;

use options::{Options, Wish};
use session::How;
use trouble::Trouble;

/// Wipes what is freed: the AWS SDK frees answers with tokens in them, and keys.
#[global_allocator]
static WIPING: zalloc::ZeroizingAlloc<std::alloc::System> =
    zalloc::ZeroizingAlloc(std::alloc::System);

fn main() -> ExitCode {
    // The standard hook prints also what may be a secret.
    std::panic::set_hook(Box::new(|panic| {
        streams::say(&logging::describe_panic(panic))
    }));
    let status = options::parse(std::env::args_os().skip(1))
        .and_then(|(wish, options)| run(wish, &options))
        .unwrap_or_else(|trouble| {
            for line in trouble.lines() {
                streams::say(&line);
            }
            trouble.status
        });
    ExitCode::from(status)
}

fn run(wish: Wish, options: &Options) -> Result<u8, Trouble> {
    if let Some(wish) = &options.log {
        // Without a log the program does what it should.
        if let Err(problem) = logging::init_stderr(wish) {
            streams::say(&problem.to_string());
        }
    }
    match wish {
        Wish::Print(text) => sessions::print(&text),
        Wish::Resume => Err(sessions::resume()),
        Wish::Connect { place, has_escape } => {
            let plan = place::plan(&place, options)?;
            let reason = options.reason.clone();
            wait(session::run(plan, reason, How::Connect { has_escape }))
        }
        Wish::Exec { place } => {
            let plan = place::plan(&place, options)?;
            wait(session::run(plan, options.reason.clone(), How::Exec))
        }
        Wish::List { owner } => wait(sessions::list(options, owner.as_deref())),
        Wish::End { session_id } => wait(sessions::end(options, &session_id)),
        Wish::AddKeys { name } => wait(keys::add(&name)),
        Wish::ListKeys => wait(keys::list()),
        Wish::DeleteKeys { name } => wait(keys::delete(&name)),
    }
}

/// One thread is enough for one session.
fn wait(work: impl Future<Output = Result<u8, Trouble>>) -> Result<u8, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Trouble::failed("The program cannot start.").with_detail(error.to_string())
        })?;
    let result = runtime.block_on(work);
    // A look-up of a name that hangs must not keep the program.
    runtime.shutdown_background();
    result
}
