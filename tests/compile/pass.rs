//! What compiles, and then does what it says: each file of `pass/` is a case.

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

/// A case that is a crate of its own, because of what it says of itself as a whole.
fn run(case: &str) {
    assert!(std::process::Command::new(case).status().unwrap().success());
}

#[test]
fn all_arguments() {
    all_arguments::main();
}

#[test]
fn attributes() {
    run(env!("CARGO_BIN_EXE_attributes"));
}

#[test]
fn bare() {
    bare::main();
}

#[test]
fn cfg_parameters() {
    cfg_parameters::main();
}

#[test]
fn control_flow() {
    control_flow::main();
}

#[test]
fn crate_path() {
    crate_path::main();
}

#[test]
fn expressions() {
    expressions::main();
}

#[test]
fn forbidden_lints() {
    run(env!("CARGO_BIN_EXE_forbidden-lints"));
}

#[test]
fn fragments() {
    fragments::main();
}

#[test]
fn generics() {
    generics::main();
}

#[test]
fn hygiene() {
    hygiene::main();
}

#[test]
fn identity() {
    identity::main();
}

#[test]
fn left_out() {
    left_out::main();
}

#[test]
fn macro_generated() {
    macro_generated::main();
}

#[test]
fn nested() {
    nested::main();
}

#[test]
fn patterns() {
    patterns::main();
}

#[test]
fn receivers() {
    receivers::main();
}

#[test]
fn return_types() {
    return_types::main();
}

#[test]
fn send() {
    send::main();
}

#[test]
fn settings_computed() {
    settings_computed::main();
}

#[test]
fn shadowed() {
    shadowed::main();
}

#[test]
fn threads() {
    threads::main();
}

#[test]
fn topologies() {
    topologies::main();
}

#[test]
fn traits_in_scope() {
    traits_in_scope::main();
}

#[test]
fn traits() {
    traits::main();
}
