//! The `rigcheck` command: arguments in, exit code out.

fn main() -> std::process::ExitCode {
    rigcheck::cli::main()
}
