fn handle(
    (a, mut b): (u32, u32),
    Json(Point { x, y: height, .. }): Json<Point>,
    whole @ [first,
    ..,
    ]: [u8; 2],
    __unnamed3: String,
    _: &Context,
    _unused: u8,
    (Ok(n) | Err(n)): Result<u32, u32>,
) -> u32 {
    let ref text = __unnamed3;
    {
        *::redis_cache_runtime::__private::mention(&text) = ();
    }
    let __settings: fn() -> ::redis_cache_runtime::__private::Settings = || ::redis_cache_runtime::__private::Settings::new();
    let __site = {
        static SITE: ::redis_cache_runtime::__private::Site = ::redis_cache_runtime::__private::Site::new(
            "a, x, height, whole, first, text, _unused, n",
            ::redis_cache_runtime::__private::Origin::new(
                ::core::option_env!("CARGO_PKG_NAME"),
                ::core::option_env!("CARGO_PKG_VERSION"),
                ::core::option_env!("CARGO_BIN_NAME"),
                ::core::module_path!(),
                false,
                10285042136072747921u64,
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
            *match ::redis_cache_runtime::__private::Part::new(&a) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&x) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&height) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&whole) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&first) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&text) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            *match ::redis_cache_runtime::__private::Part::new(&_unused) {
                __part => (&__part).__handler_cache_feed(&mut __key),
            } = ();
        }
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
            {
                *::redis_cache_runtime::__private::mention(&_unused) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&__unnamed3) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&first) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&whole) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&height) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&x) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&b) = ();
            }
            {
                *::redis_cache_runtime::__private::mention(&a) = ();
            }
            let ref text = __unnamed3;
            {
                *::redis_cache_runtime::__private::mention(&text) = ();
            }
            match () {
                () => 0,
            }
        },
        |_: &mut ::redis_cache_runtime::__private::KeyBuilder| {},
    )
}
