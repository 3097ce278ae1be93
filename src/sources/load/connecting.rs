//! When a request's own connection stood.
//!
//! The pool of the HTTP client looks for a connection and sets one up at the same time, and takes whichever is there first.
//! What loses is finished in a task of its own, for somebody else. So the stamp belongs to a request only if the
//! connection came to stand while that request's task was waiting for it.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};
use tokio::{task_local, time::Instant};
use tower_layer::Layer;
use tower_service::Service;

/// When the connection of one request stood; empty while, and if, it has none of its own.
pub type Stood = Arc<OnceLock<Instant>>;

task_local! {
    static OWN: Stood;
}

/// Sends, and lets a connection that is set up for it be stamped in `stood`.
pub async fn watched<F: Future>(stood: &Stood, sending: F) -> F::Output {
    OWN.scope(Arc::clone(stood), sending).await
}

/// What the client's connector is wrapped in.
#[derive(Clone, Copy)]
pub struct Stamping;

impl<S> Layer<S> for Stamping {
    type Service = Stamped<S>;
    fn layer(&self, connector: S) -> Stamped<S> {
        Stamped(connector)
    }
}

/// A connector that stamps: name resolution, TCP and TLS are over when it is.
#[derive(Clone)]
pub struct Stamped<S>(S);

impl<S, R> Service<R> for Stamped<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }
    fn call(&mut self, to: R) -> Self::Future {
        let connecting = self.0.call(to);
        Box::pin(async move {
            let connection = connecting.await?;
            // Outside a request's task there is no slot, and nobody to stamp it for.
            let _ = OWN.try_with(|own| own.set(Instant::now()));
            Ok(connection)
        })
    }
}
