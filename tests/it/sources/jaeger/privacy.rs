//! A prompt, an address and an unknown token in every place of a span.

use super::{
    super::traced_act::{ask, sent, slot, spans, trace},
    client,
    fake::{Manner, Presence, request, serve},
    whole,
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn nothing_unlisted_is_kept() {
    for v3 in [Presence::There, Presence::NotFound] {
        let mut all: Vec<_> = (0..3).flat_map(|n| request(&trace(n), sent(n))).collect();
        all.extend(request("ffff0000000000000000000000000001", sent(1)));
        for span in &mut all {
            span.name = "POST /chat?prompt=the%20planted%20prompt&key=tok-1234567890".into();
            let text = |t: &str| json!({"stringValue": t});
            span.attributes.extend([
                ("user.email".to_owned(), text("jane@example.com")),
                ("gen_ai.prompt".to_owned(), text("the planted prompt")),
                ("http.request.header.authorization".to_owned(), text("Bearer tok-1234567890")),
                ("http.route".to_owned(), text("/of/jane@example.com/chat?key=tok-1234567890")),
                ("gen_ai.operation.name".to_owned(), text("the planted prompt")),
                ("http.method".to_owned(), text("jane@example.com")),
                ("gen_ai.server.time_to_first_token".to_owned(), text("tok-1234567890")),
            ]);
        }
        let (url, _) = serve(all, Manner { v3, ..Manner::default() }).await;
        let seen = ask(&client(&url), &spans(), &slot(3, Duration::from_secs(20))).await.unwrap();
        let text = serde_json::to_string(&seen).unwrap();
        for planted in ["jane", "planted", "tok-1234567890", "Bearer"] {
            assert!(!text.contains(planted), "{planted} in {text}");
        }
        assert!(!text.contains("ffff0000000000000000000000000001"), "ids of others are not kept");
        let (found, _) = whole(Ok(seen));
        assert_eq!((found.traces, found.foreign), (3, 1));
        assert_eq!(found.spans.iter().next().unwrap().name, "POST /chat");
    }
}
