//! The program: builds the real world and hands it to the command line.

use std::process::ExitCode;

/// Wipes everything that is freed, whoever freed it: parsers, ciphers and libraries included.
#[global_allocator]
static WIPING: zeroizing_alloc::ZeroAlloc<std::alloc::System> =
    zeroizing_alloc::ZeroAlloc(std::alloc::System);

fn main() -> ExitCode {
    ExitCode::from(lacre::cli::main())
}
