impl Handler {
    fn handle<'a, T: Serialize, const N: usize>(
        &'a mut self,
        values: [T; N],
        other: impl AsRef<str> + Serialize,
    ) -> Answer<Cow<'a, str>>
    where
        T: Clone,
    {
        let __settings: fn() -> ::redis_cache_runtime::__private::Settings = || ::redis_cache_runtime::__private::Settings::new();
        let __site = {
            static SITE: ::redis_cache_runtime::__private::Site = ::redis_cache_runtime::__private::Site::new(
                "values, other",
                ::redis_cache_runtime::__private::Origin::new(
                    ::core::option_env!("CARGO_PKG_NAME"),
                    ::core::option_env!("CARGO_PKG_VERSION"),
                    ::core::option_env!("CARGO_BIN_NAME"),
                    ::core::module_path!(),
                    true,
                    14989793634524293261u64,
                ),
            );
            &SITE
        };
        let __path = {
            fn here() {}
            ::redis_cache_runtime::__private::path_of(&here)
        };
        let __returned = ::redis_cache_runtime::__private::Returned::<
            Answer<Cow<'a, str>>,
        >::NEW;
        let __stored = {
            use ::redis_cache_runtime::__private::ReturnedWhole as _;
            __returned.__handler_cache_stored()
        };
        let __comparison = {
            use ::redis_cache_runtime::__private::{
                ComparedByBytes as _, ComparedHere as _,
            };
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
                use ::redis_cache_runtime::__private::ReceiverAnonymous as _;
                ::redis_cache_runtime::__private::Receiver::new(&self)
                    .__handler_cache_feed(&mut __key);
            }
            {
                use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
                *match ::redis_cache_runtime::__private::Part::new(&values) {
                    __part => (&__part).__handler_cache_feed(&mut __key),
                } = ();
            }
            {
                use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
                *match ::redis_cache_runtime::__private::Part::new(&other) {
                    __part => (&__part).__handler_cache_feed(&mut __key),
                } = ();
            }
            ::redis_cache_runtime::__private::KeyBuilder::finish(__key)
        };
        ::redis_cache_runtime::__private::Site::call(
            __site,
            __key,
            __codec,
            move || -> Answer<Cow<'a, str>> {
                {
                    *::redis_cache_runtime::__private::mention(&other) = ();
                }
                {
                    *::redis_cache_runtime::__private::mention(&values) = ();
                }
                match () {
                    () => unreachable!(),
                }
            },
            |_: &mut ::redis_cache_runtime::__private::KeyBuilder| {},
        )
    }
}
