//! The program; everything is in the library, where tests reach it.

#![recursion_limit = "512"]

use std::process::ExitCode;

fn main() -> ExitCode {
    launchway::cli::main()
}
