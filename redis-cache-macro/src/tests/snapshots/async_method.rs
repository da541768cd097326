impl Handler {
    pub(crate) async fn handle(self: Arc<Self>, text: &str) -> Option<String> {
        let __settings: fn() -> ::redis_cache_runtime::__private::Settings = || ::redis_cache_runtime::__private::Settings::maxsize(
            ::redis_cache_runtime::__private::Settings::url(
                ::redis_cache_runtime::__private::Settings::new(),
                "redis://localhost",
            ),
            ::redis_cache_runtime::__private::MaxSize::Unbounded,
        );
        let __site = {
            static SITE: ::redis_cache_runtime::__private::Site = ::redis_cache_runtime::__private::Site::new(
                "text",
                ::redis_cache_runtime::__private::Origin::new(
                    ::core::option_env!("CARGO_PKG_NAME"),
                    ::core::option_env!("CARGO_PKG_VERSION"),
                    ::core::option_env!("CARGO_BIN_NAME"),
                    ::core::module_path!(),
                    true,
                    9084461740537348202u64,
                ),
            );
            &SITE
        };
        let __path = {
            fn here() {}
            ::redis_cache_runtime::__private::path_of(&here)
        };
        let __returned = ::redis_cache_runtime::__private::Returned::<
            Option<String>,
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
            {
                use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
                *match ::redis_cache_runtime::__private::Part::new(&text) {
                    __part => (&__part).__handler_cache_feed(&mut __key),
                } = ();
            }
            ::redis_cache_runtime::__private::KeyBuilder::finish(__key)
        };
        let __this = if ::redis_cache_runtime::__private::CallKey::is_identified(
            &__key,
        ) {
            {
                use ::redis_cache_runtime::__private::{KeptCopy as _, KeptNot as _};
                (&::redis_cache_runtime::__private::Kept::new(&self))
                    .__handler_cache_keep()
            }
        } else {
            ::core::option::Option::None
        };
        ::redis_cache_runtime::__private::call_async(
                __key,
                __codec,
                move || async move {
                    *::redis_cache_runtime::__private::mention(&self) = ();
                    if let ::core::option::Option::Some(__ret) = ::core::option::Option::None::<
                        Option<String>,
                    > {
                        return __ret;
                    }
                    match () {
                        () => {
                            let text = self.model.predict(text).await?;
                            Some(text)
                        }
                    }
                },
                move |__key: &mut ::redis_cache_runtime::__private::KeyBuilder| {
                    if let ::core::option::Option::Some(__this) = &__this {
                        {
                            use ::redis_cache_runtime::__private::ReceiverAnonymous as _;
                            ::redis_cache_runtime::__private::Receiver::new(__this)
                                .__handler_cache_feed(__key);
                        }
                    }
                },
            )
            .await
    }
}
