//! Types and handlers that are called alike in one process.

use super::*;

#[test]
fn two_handlers_under_one_name_do_not_share() {
    #[handler_cache(config = config(), shards = shards(), name = "taken")]
    fn double(n: u32) -> u32 {
        n * 2
    }
    #[handler_cache(config = config(), shards = shards(), name = "taken")]
    fn triple(n: u32) -> u32 {
        n * 3
    }
    for _ in 0..2 {
        assert_eq!((double(5), triple(5)), (10, 15));
        flush_all();
    }
}

#[test]
fn instantiations_that_are_called_the_same() {
    struct Model<F>(F);
    impl<F: Fn(u32) -> u32> Model<F> {
        #[handler_cache(config = config(), shards = shards(), name = "closures")]
        fn predict(&self, n: u32) -> u32 {
            (self.0)(n)
        }
    }
    #[handler_cache(config = config(), shards = shards(), name = "namesakes")]
    fn name<T: Default + std::fmt::Debug>(n: u32) -> String {
        format!("{:?} {n}", T::default())
    }

    let double = Model(|n| n * 2);
    let square = Model(|n| n * n);
    let left = || {
        #[derive(Debug, Default)]
        struct X {
            _left: u8,
        }
        name::<X>(1)
    };
    let right = || {
        #[derive(Debug, Default)]
        struct X {
            _right: u8,
        }
        name::<X>(1)
    };

    for _ in 0..2 {
        assert_eq!((double.predict(5), square.predict(5)), (10, 25));
        assert_ne!(left(), right());
        flush_all();
    }
}

#[test]
fn parameters_of_one_name_under_opposite_conditions() {
    #[handler_cache(config = config(), shards = shards(), name = "opposite-conditions")]
    fn text(#[cfg(not(unix))] n: f32, #[cfg(unix)] n: f64) -> String {
        n.to_string()
    }
    for _ in 0..2 {
        assert_eq!((text(1.0), text(2.0)), ("1".to_owned(), "2".to_owned()));
        flush_all();
    }
}

trait Kind {
    const KIND: &'static str;

    fn factor(&self) -> u32;

    #[handler_cache(config = config(), shards = shards(), timeout = "5s")]
    fn scaled(&self, n: u32) -> u32 {
        n * self.factor()
    }
}

#[handler_cache(config = config(), shards = shards(), name = "of-local-types", timeout = "5s")]
fn kind<T: Kind>(n: u32) -> String {
    format!("{} {n}", T::KIND)
}

struct Service;
struct One<T>(u32, PhantomData<T>);
struct Two<T>(PhantomData<T>);
impl<T> Kind for One<T> {
    const KIND: &'static str = "one";

    fn factor(&self) -> u32 {
        self.0
    }
}
impl<T> Kind for Two<T> {
    const KIND: &'static str = "two";

    fn factor(&self) -> u32 {
        2
    }
}

/// Another module than the type's.
mod elsewhere {
    use super::{Kind as _, One, PhantomData, Service, Two, kind};

    impl Service {
        pub(super) fn kinds() -> [String; 2] {
            struct Local;
            [kind::<One<Local>>(5), kind::<Two<Local>>(5)]
        }

        /// The answer of a body that does not know its type.
        pub(super) fn scaled() -> [u32; 2] {
            struct Local;
            let one = |factor| One(factor, PhantomData::<Local>);
            [one(2).scaled(5), one(3).scaled(5)]
        }
    }
}

/// The compiler names a local type of a method by the `impl` that the method stands in.
#[test]
fn types_that_are_local_to_a_method() {
    for _ in 0..2 {
        assert_eq!(Service::kinds(), ["one 5", "two 5"]);
        assert_eq!(Service::scaled(), [10, 15]);
        flush_all();
    }
}

#[test]
fn what_is_behind_a_trait_object() {
    trait Dynamic {
        fn factor(&self) -> u32;
    }
    struct Factor(u32);
    impl Dynamic for Factor {
        fn factor(&self) -> u32 {
            self.0
        }
    }
    impl dyn Dynamic {
        #[handler_cache(config = config(), shards = shards(), name = "trait-object", timeout = "5s")]
        fn scaled(&self, n: u32) -> u32 {
            n * self.factor()
        }
    }
    trait Boxed {
        fn boxed(&self, n: u32) -> u32;
    }
    impl Boxed for Box<dyn Dynamic> {
        #[handler_cache(config = config(), shards = shards(), name = "boxed-trait-object", timeout = "5s")]
        fn boxed(&self, n: u32) -> u32 {
            n * self.factor()
        }
    }

    let objects: [Box<dyn Dynamic>; 2] = [Box::new(Factor(2)), Box::new(Factor(3))];
    for _ in 0..2 {
        assert_eq!(objects.each_ref().map(|object| object.scaled(5)), [10, 15]);
        assert_eq!(objects.each_ref().map(|object| object.boxed(5)), [10, 15]);
        flush_all();
    }
}
