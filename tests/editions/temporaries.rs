//! When the temporaries of a body's last expression are dropped depends on the edition, and not on the attribute.

use std::{cell::RefCell, rc::Rc};

use redis_cache_runtime::{handler_cache, SkipInKey};

#[derive(Clone, Default)]
struct Said(Rc<RefCell<Vec<&'static str>>>);

impl SkipInKey for Said {}

impl Said {
    fn guard(&self, name: &'static str) -> Guard {
        Guard(name, self.clone())
    }
}

/// Says its name when it is dropped.
struct Guard(&'static str, Said);

impl SkipInKey for Guard {}

impl Guard {
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        (self.1).0.borrow_mut().push(self.0);
    }
}

/// Two handlers with one signature and one body, of which the second is cached.
macro_rules! twice {
    ($($item:tt)*) => {
        mod bare {
            use super::*;
            pub(super) $($item)*
        }
        mod cached {
            use super::*;
            #[handler_cache(url = "redis://127.0.0.1:1")]
            pub(super) $($item)*
        }
    };
}

/// In the editions up to 2021 the temporary outlives the local.
const EXPECTED: [&str; 3] = ["local", "temporary", "parameter"];

#[test]
fn temporaries_of_a_blocking_body() {
    twice! {
        fn handle(said: Said, _parameter: Guard) -> usize {
            let _local = said.guard("local");
            said.guard("temporary").len()
        }
    }
    for handle in [bare::handle, cached::handle] {
        let said = Said::default();
        assert_eq!(handle(said.clone(), said.guard("parameter")), 9);
        assert_eq!(*said.0.borrow(), EXPECTED);
    }
}

#[test]
fn temporaries_of_an_async_body() {
    twice! {
        async fn handle(said: Said, _parameter: Guard) -> usize {
            let _local = said.guard("local");
            std::future::ready(()).await;
            said.guard("temporary").len()
        }
    }
    let said = Said::default();
    pollster::block_on(bare::handle(said.clone(), said.guard("parameter")));
    assert_eq!(*said.0.borrow(), EXPECTED);
    let said = Said::default();
    pollster::block_on(cached::handle(said.clone(), said.guard("parameter")));
    assert_eq!(*said.0.borrow(), EXPECTED);
}

struct Shared(RefCell<u32>);

impl SkipInKey for Shared {}

/// The temporary borrows from a parameter, which it must not outlive.
#[test]
fn temporaries_that_borrow_from_a_parameter() {
    twice! {
        fn handle(shared: Shared) -> u32 {
            *shared.0.borrow()
        }
    }
    let shared = || Shared(1.into());
    assert_eq!([bare::handle(shared()), cached::handle(shared())], [1, 1]);
}

#[test]
fn temporaries_that_borrow_from_a_parameter_of_an_async_body() {
    twice! {
        async fn handle(shared: Shared) -> u32 {
            *shared.0.borrow()
        }
    }
    let shared = || Shared(1.into());
    let bare = pollster::block_on(bare::handle(shared()));
    let cached = pollster::block_on(cached::handle(shared()));
    assert_eq!([bare, cached], [1, 1]);
}
