//! The program: hands over to the library at once.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

fn main() -> std::process::ExitCode {
    sessiondeck::run()
}
