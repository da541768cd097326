impl Handler {
    /// Handles.
    #[inline]
    pub fn handle(
        &self,
        images: &[u8],
        n: u32,
        context: &Context,
    ) -> Result<Prediction, HandleError> {
        let __settings: fn() -> ::redis_cache_runtime::__private::Settings = || ::redis_cache_runtime::__private::Settings::timeout(
            ::redis_cache_runtime::__private::Settings::name(
                ::redis_cache_runtime::__private::Settings::maxsize(
                    ::redis_cache_runtime::__private::Settings::db(
                        ::redis_cache_runtime::__private::Settings::port(
                            ::redis_cache_runtime::__private::Settings::host(
                                ::redis_cache_runtime::__private::Settings::new(),
                                "localhost",
                            ),
                            6379u16,
                        ),
                        0i64,
                    ),
                    ::redis_cache_runtime::__private::maxsize(128usize),
                ),
                "images",
            ),
            ::core::time::Duration::from_nanos(50000000u64),
        );
        let __site = {
            static SITE: ::redis_cache_runtime::__private::Site = ::redis_cache_runtime::__private::Site::new(
                "images, n",
                ::redis_cache_runtime::__private::Origin::new(
                    ::core::option_env!("CARGO_PKG_NAME"),
                    ::core::option_env!("CARGO_PKG_VERSION"),
                    ::core::option_env!("CARGO_BIN_NAME"),
                    ::core::module_path!(),
                    true,
                    9359997993335632758u64,
                ),
            );
            &SITE
        };
        let __path = {
            fn here() {}
            ::redis_cache_runtime::__private::path_of(&here)
        };
        let __returned = ::redis_cache_runtime::__private::Returned::<
            Result<Prediction, HandleError>,
        >::NEW;
        let __stored = {
            use ::redis_cache_runtime::__private::ReturnedWhole as _;
            __returned.__handler_cache_stored()
        };
        let __comparison = {
            use ::redis_cache_runtime::__private::{ComparedThere as _, SentThere as _};
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
            ::redis_cache_runtime::__private::KeyBuilder::version(
                &mut __key,
                &(self.rev()),
            );
            {
                use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
                *match ::redis_cache_runtime::__private::Part::new(&images) {
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
            move || -> Result<Prediction, HandleError> {
                {
                    *::redis_cache_runtime::__private::mention(&n) = ();
                }
                let mut n = n;
                {
                    *::redis_cache_runtime::__private::mention(&n) = ();
                }
                match () {
                    () => {
                        n += 1;
                        self.model.predict(images, n, context)
                    }
                }
            },
            move |__key: &mut ::redis_cache_runtime::__private::KeyBuilder| {
                {
                    use ::redis_cache_runtime::__private::ReceiverAnonymous as _;
                    ::redis_cache_runtime::__private::Receiver::new(&self)
                        .__handler_cache_feed(__key);
                }
                ::redis_cache_runtime::__private::KeyBuilder::version(
                    __key,
                    &(self.rev()),
                );
            },
        )
    }
}
