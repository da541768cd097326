fn double(n: u32) -> u32 {
    let __settings: fn() -> crate::facade::cache::__private::Settings = || crate::facade::cache::__private::Settings::maxsize(
        crate::facade::cache::__private::Settings::new(),
        crate::facade::cache::__private::maxsize(4usize),
    );
    let __site = {
        static SITE: crate::facade::cache::__private::Site = crate::facade::cache::__private::Site::new(
            "n",
            crate::facade::cache::__private::Origin::new(
                ::core::option_env!("CARGO_PKG_NAME"),
                ::core::option_env!("CARGO_PKG_VERSION"),
                ::core::option_env!("CARGO_BIN_NAME"),
                ::core::module_path!(),
                false,
                2990392781529827546u64,
            ),
        );
        &SITE
    };
    let __path = {
        fn here() {}
        crate::facade::cache::__private::path_of(&here)
    };
    let __returned = crate::facade::cache::__private::Returned::<u32>::NEW;
    let __stored = {
        use crate::facade::cache::__private::ReturnedWhole as _;
        __returned.__handler_cache_stored()
    };
    let __comparison = {
        use crate::facade::cache::__private::{ComparedThere as _, SentThere as _};
        use crate::facade::cache::__private::{ComparedByBytes as _, ComparedHere as _};
        (&&&__stored).__handler_cache_comparison()
    };
    let __codec = {
        use crate::facade::cache::__private::ReturnedWhole as _;
        __returned.__handler_cache_codec(__comparison)
    };
    let __key = {
        let mut __key = crate::facade::cache::__private::Site::key(
            __site,
            __path,
            crate::facade::cache::__private::instance_of(&|| ()),
            __settings,
            &__codec,
        );
        {
            use crate::facade::cache::__private::{PartFast as _, PartSerde as _};
            *match crate::facade::cache::__private::Part::new(&n) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        crate::facade::cache::__private::KeyBuilder::finish(__key)
    };
    crate::facade::cache::__private::Site::call(
        __site,
        __key,
        __codec,
        move || -> u32 {
            {
                *crate::facade::cache::__private::mention(&n) = ();
            }
            match () {
                () => n * 2,
            }
        },
        |_: &mut crate::facade::cache::__private::KeyBuilder| {},
    )
}
