//! Annotated code that compiles and then runs rightly: each file of `pass/` is a case with a test `main`.

#![allow(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    reason = "the cases are written as users write"
)]

/// The runtime under other names, for cases that say `crate = …`.
mod facade {
    pub use redis_cache_runtime as cache;
    pub mod deep {
        pub use redis_cache_runtime as cache;
    }
}

#[path = "pass/all-arguments.rs"]
mod all_arguments;
#[path = "pass/bare.rs"]
mod bare;
#[path = "pass/cfg-parameters.rs"]
mod cfg_parameters;
#[path = "pass/control-flow.rs"]
mod control_flow;
#[path = "pass/crate-path.rs"]
mod crate_path;
#[path = "pass/expressions.rs"]
mod expressions;
#[path = "pass/fragments.rs"]
mod fragments;
#[path = "pass/generics.rs"]
mod generics;
#[path = "pass/hygiene.rs"]
mod hygiene;
#[path = "pass/identity.rs"]
mod identity;
#[path = "pass/left-out.rs"]
mod left_out;
#[path = "pass/macro-generated.rs"]
mod macro_generated;
#[path = "pass/nested.rs"]
mod nested;
#[path = "pass/patterns.rs"]
mod patterns;
#[path = "pass/receivers.rs"]
mod receivers;
#[path = "pass/return-types.rs"]
mod return_types;
#[path = "pass/send.rs"]
mod send;
#[path = "pass/settings-computed.rs"]
mod settings_computed;
#[path = "pass/shadowed.rs"]
mod shadowed;
#[path = "pass/threads.rs"]
mod threads;
#[path = "pass/topologies.rs"]
mod topologies;
#[path = "pass/traits.rs"]
mod traits;
#[path = "pass/traits-in-scope.rs"]
mod traits_in_scope;

/// Runs a case that is a crate of its own, because of its attributes of the whole crate.
fn run(case: &str) {
    assert!(std::process::Command::new(case).status().unwrap().success());
}

#[test]
fn attributes() {
    run(env!("CARGO_BIN_EXE_attributes"));
}

#[test]
fn forbidden_lints() {
    run(env!("CARGO_BIN_EXE_forbidden-lints"));
}
