impl Handler {
    pub(crate) async fn handle(self: Arc<Self>, text: &str) -> Option<String> {
        let __settings: fn() -> ::redis_cache_runtime::__private::Settings = || {
            ::redis_cache_runtime::__private::Settings::new()
                .url("redis://localhost")
                .maxsize(::redis_cache_runtime::__private::MaxSize::Unbounded)
        };
        let __site = {
            static SITE: ::redis_cache_runtime::__private::Site = ::redis_cache_runtime::__private::Site::new(
                "text",
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
        let mut __key = __site
            .key(
                __path,
                ::redis_cache_runtime::__private::instance_of(&|| ()),
                __settings,
                &__codec,
            );
        {
            use ::redis_cache_runtime::__private::ReceiverAnonymous as _;
            ::redis_cache_runtime::__private::Receiver::new(&self).feed(&mut __key);
        }
        {
            use ::redis_cache_runtime::__private::{PartFast as _, PartSerde as _};
            let __part = ::redis_cache_runtime::__private::Part::new(&text);
            (&__part).feed(&mut __key);
        }
        let __key = __key.finish();
        let __body = ::core::pin::pin!(
            async move { if let ::core::option::Option::Some(__ret) =
            ::core::option::Option::None:: < Option < String > > { return __ret; } { let
            text = self.model.predict(text). await ?; Some(text) } }
        );
        __site.call_async(__key, __codec, __body).await
    }
}
