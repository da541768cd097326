//! Makes up `DIFFERENTIAL_TYPES` types (24), at random from `DIFFERENTIAL_SEED` (1), and writes two
//! builds of a handler for each: the second has changes to the type that a developer might make.

#![expect(clippy::unwrap_used, reason = "what fails here fails the build")]

mod change;
mod made_up;
mod source;

use std::{env, fs, path::Path};

use crate::made_up::MakeUp;

fn main() {
    println!("cargo::rerun-if-changed=build");
    let types = number("DIFFERENTIAL_TYPES", 24);
    let mut make_up = MakeUp::with_seed(number("DIFFERENTIAL_SEED", 1));
    let handlers: Vec<_> = (0..types).map(|_| make_up.handler()).collect();
    let file = Path::new(&env::var_os("OUT_DIR").unwrap()).join("handlers.rs");
    fs::write(file, source::handlers(&handlers)).unwrap();
}

fn number(variable: &str, default: u64) -> u64 {
    println!("cargo::rerun-if-env-changed={variable}");
    env::var(variable).map_or(default, |number| number.parse().unwrap())
}
