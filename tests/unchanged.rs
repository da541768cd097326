//! A handler treats its parameters as it does without the attribute.

use std::{cell::RefCell, rc::Rc};

use redis_cache_runtime::{SkipInKey, handler_cache};

type Said = Rc<RefCell<Vec<&'static str>>>;

/// Says its name when it is dropped.
struct Guard(&'static str, Said);

impl SkipInKey for Guard {}

struct Pair(Guard, Guard);

impl SkipInKey for Pair {}

impl Pair {
    fn first(&self) -> &'static str {
        self.0.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.1.borrow_mut().push(self.0);
    }
}

/// Two handlers with one signature and one body, of which the second is cached.
macro_rules! twice {
    ($($fn:tt)*) => {
        mod bare {
            use super::*;
            pub(super) $($fn)*
        }
        mod cached {
            use super::*;
            #[handler_cache(url = "redis://127.0.0.1:1")]
            pub(super) $($fn)*
        }
    };
}

fn said(call: impl FnOnce(&dyn Fn(&'static str) -> Guard)) -> Vec<&'static str> {
    let said = Said::default();
    call(&|name| Guard(name, Rc::clone(&said)));
    said.take()
}

#[test]
fn parameters_are_dropped_in_reverse() {
    twice! {
        fn handle(first: Guard, _second: Guard, third: Guard, mut fourth: Guard, _: Guard) -> u32 {
            let _local = Guard("local", Rc::clone(&first.1));
            fourth = Guard("fourth again", Rc::clone(&fourth.1));
            _ = (&third, &fourth);
            1
        }
    }
    let arguments = |guard: &dyn Fn(_) -> _, handle: fn(_, _, _, _, _) -> u32| {
        _ = handle(guard("1"), guard("2"), guard("3"), guard("4"), guard("5"));
    };
    assert_eq!(
        said(|guard| arguments(guard, cached::handle)),
        said(|guard| arguments(guard, bare::handle))
    );
}

#[test]
fn parameters_of_an_async_handler_are_dropped_in_reverse() {
    twice! {
        async fn handle(first: Guard, _second: Guard, third: Guard, pair: Pair, _: Guard) -> u32 {
            let _local = Guard("local", Rc::clone(&first.1));
            std::future::ready(()).await;
            _ = (&third, &pair.1);
            assert!(!pair.first().is_empty());
            1
        }
    }
    let run = |guard: &dyn Fn(_) -> Guard, is_cached| {
        let pair = Pair(guard("4"), guard("5"));
        let (first, second, third, last) = (guard("1"), guard("2"), guard("3"), guard("6"));
        if is_cached {
            pollster::block_on(cached::handle(first, second, third, pair, last))
        } else {
            pollster::block_on(bare::handle(first, second, third, pair, last))
        }
    };
    assert_eq!(
        said(|guard| _ = run(guard, true)),
        said(|guard| _ = run(guard, false))
    );
}

#[test]
#[expect(clippy::toplevel_ref_arg, reason = "a parameter may be written so")]
fn a_parameter_that_is_only_borrowed_is_dropped_in_its_turn() {
    twice! {
        fn handle(
            first: Guard,
            ref second: Guard,
            mut third: Guard,
            Guard(..): Guard,
            Pair(ref fourth, _): Pair,
            ref mut fifth: Guard,
            _: Guard,
        ) -> u32 {
            let _local = Guard("local", Rc::clone(&first.1));
            third = Guard("third again", Rc::clone(&third.1));
            fifth.0 = "fifth again";
            assert!(!second.0.is_empty() && !third.0.is_empty() && !fourth.0.is_empty());
            1
        }
    }
    let arguments = |guard: &dyn Fn(_) -> Guard, is_cached| {
        let pair = |left, right| Pair(guard(left), guard(right));
        let handle = if is_cached {
            cached::handle
        } else {
            bare::handle
        };
        _ = handle(
            guard("1"),
            guard("2"),
            guard("3"),
            guard("4"),
            pair("5", "6"),
            guard("7"),
            guard("8"),
        );
    };
    assert_eq!(
        said(|guard| arguments(guard, true)),
        said(|guard| arguments(guard, false))
    );
}

#[test]
#[expect(clippy::toplevel_ref_arg, reason = "a parameter may be written so")]
fn what_an_async_handler_only_borrows_is_dropped_in_its_turn() {
    twice! {
        async fn handle(first: Guard, ref second: Guard, mut third: Guard, Pair(..): Pair) -> u32 {
            std::future::ready(()).await;
            third = Guard("third again", Rc::clone(&third.1));
            assert!(!first.0.is_empty() && !second.0.is_empty() && !third.0.is_empty());
            1
        }
    }
    let run = |guard: &dyn Fn(_) -> Guard, is_cached| {
        let pair = Pair(guard("4"), guard("5"));
        let (first, second, third) = (guard("1"), guard("2"), guard("3"));
        if is_cached {
            pollster::block_on(cached::handle(first, second, third, pair))
        } else {
            pollster::block_on(bare::handle(first, second, third, pair))
        }
    };
    assert_eq!(
        said(|guard| _ = run(guard, true)),
        said(|guard| _ = run(guard, false))
    );
}

#[test]
fn a_receiver_is_dropped_last_and_whole() {
    struct Owner {
        first: Guard,
        second: Guard,
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "it is dropped with the others"
    )]
    impl Owner {
        fn bare(self, other: Guard) -> u32 {
            u32::from(self.second.0.is_empty() || other.0.is_empty())
        }

        #[handler_cache(url = "redis://127.0.0.1:1")]
        fn cached(self, other: Guard) -> u32 {
            u32::from(self.second.0.is_empty() || other.0.is_empty())
        }
    }

    let run = |call: fn(Owner, Guard) -> u32| {
        said(|guard| {
            let owner = Owner {
                first: guard("first"),
                second: guard("second"),
            };
            assert!(!owner.first.0.is_empty());
            _ = call(owner, guard("other"));
        })
    };
    assert_eq!(run(Owner::cached), run(Owner::bare));
}
