fn double(n: u32) -> u32 {
    let __settings: fn() -> ::redis_cache_runtime::__private::Settings = || ::redis_cache_runtime::__private::Settings::timeout(
        ::redis_cache_runtime::__private::Settings::maxsize(
            ::redis_cache_runtime::__private::Settings::host(
                ::redis_cache_runtime::__private::Settings::new(),
                host(),
            ),
            ::redis_cache_runtime::__private::maxsize(SIZE),
        ),
        Duration::from_secs(1),
    );
    let __site = {
        static SITE: ::redis_cache_runtime::__private::Site = ::redis_cache_runtime::__private::Site::new(
            "n",
            ::redis_cache_runtime::__private::Origin::new(
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
        ::redis_cache_runtime::__private::path_of(&here)
    };
    let __returned = ::redis_cache_runtime::__private::Returned::<u32>::NEW;
    let __stored = {
        use ::redis_cache_runtime::__private::ReturnedWhole as _;
        __returned.__handler_cache_stored()
    };
    let __comparison = {
        use ::redis_cache_runtime::__private::{ComparedThere as _, SentThere as _};
        use ::redis_cache_runtime::__private::{ComparedByBytes as _, ComparedHere as _};
        (&&&__stored).__handler_cache_comparison()
    };
    let __codec = {
        use ::redis_cache_runtime::__private::ReturnedWhole as _;
        __returned.__handler_cache_codec(__comparison)
    };
    let __key = {
        let mut __key = ::redis_cache_runtime::__private::Site::key(
            __site,
            __path,
            ::redis_cache_runtime::__private::instance_of(&|| ()),
            __settings,
            &__codec,
        );
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&n) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        ::redis_cache_runtime::__private::KeyBuilder::finish(__key)
    };
    ::redis_cache_runtime::__private::Site::call(
        __site,
        __key,
        __codec,
        move || -> u32 {
            {
                *::redis_cache_runtime::__private::mention(&n) = ();
            }
            match () {
                () => n * 2,
            }
        },
        |_: &mut ::redis_cache_runtime::__private::KeyBuilder| {},
    )
}
