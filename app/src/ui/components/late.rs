//! Parts of the frame whose code comes when they are first wanted.

use std::future::Future;

use leptos::prelude::*;

/// Shows what a lazy function makes, from the first moment that it is wanted on. Most pages are read without it.
#[cfg_attr(feature = "ssr", allow(unused_variables))]
pub fn late<F>(
    wanted: impl Fn() -> bool + Send + Sync + 'static,
    load: impl Fn() -> F + Send + Sync + 'static,
) -> impl Fn() -> Option<AnyView> + Send + 'static
where
    F: Future<Output = AnyView> + 'static,
{
    #[cfg(feature = "ssr")]
    {
        || None
    }
    #[cfg(not(feature = "ssr"))]
    {
        use leptos::reactive::computed::ScopedFuture;
        let made = RwSignal::new_local(None::<AnyView>);
        // What is made belongs to the frame, and not to one run of the effect.
        let frame = Owner::current();
        Effect::new(move |asked: Option<bool>| {
            let asked = asked.unwrap_or(false);
            if asked || !wanted() {
                return asked;
            }
            if let Some(frame) = &frame {
                let making = frame.with(|| ScopedFuture::new(load()));
                leptos::task::spawn_local(async move {
                    let part = making.await;
                    made.try_set(Some(part));
                });
            }
            true
        });
        move || {
            made.track();
            made.try_update_untracked(Option::take).flatten()
        }
    }
}
