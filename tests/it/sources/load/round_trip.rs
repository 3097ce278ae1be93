use super::{
    act, ask, effort,
    fake::{Fake, stream, whole},
    slot, target,
};
use crate::address::nobody;
use rigcheck::{
    model::{
        audit::Effort,
        evidence::Gap,
        key::{Question, RoundTrip},
        secret::Secret,
        source::Source,
    },
    sources::load::Load,
    spec::settings::{Auth, Proxy, TargetSettings},
};

#[tokio::test]
async fn connections_are_timed_and_the_vantage_point_is_named_only_on_loopback() {
    let server = Fake::answering(|_, _| vec![]).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    for (rounds, expected) in [(0, 20), (5, 5)] {
        let seen = load.ask(&RoundTrip {}.into(), Effort { rounds, ..Effort::default() }, &slot()).await.unwrap();
        let trips = RoundTrip::pick(&seen.payload).unwrap();
        assert_eq!((trips.connect_ms.len(), trips.from.as_str()), (expected, "127.0.0.1"));
        assert!(trips.connect_ms.iter().all(|ms| *ms > 0.0 && *ms < 5_000.0));
        assert!(seen.covered.length().0 >= (expected - 1) as f64 * 20.0, "they are spaced");
        assert_eq!(seen.origin.request, format!("TCP connect 127.0.0.1:{} × {expected}", server.port));
        assert_eq!(seen.partial, None);
    }
    assert!(server.received().is_empty(), "nothing is sent");
}

#[tokio::test]
async fn nobody_there_is_a_gap() {
    let ask = async |load: Load| load.ask(&RoundTrip {}.into(), Effort::default(), &slot()).await.map(|_| ());
    let load = Load::new(Some(&target(&format!("http://{}", nobody()))), None).unwrap();
    assert!(matches!(ask(load).await, Err(Gap::Unreachable(_))));
    assert!(matches!(ask(Load::new(None, None).unwrap()).await, Err(Gap::NotConfigured(_))));
    assert!(matches!(ask(Load::new(Some(&target("nonsense")), None).unwrap()).await, Err(Gap::NotConfigured(_))));
}

/// A target that only a proxy could reach: nobody has this name (RFC 2606).
fn behind(proxy: &Fake) -> TargetSettings {
    let mut settings = target("http://target.invalid:8000");
    let auth = Auth::Basic { user: "me".into(), password: Secret::new("pass".to_owned()) };
    settings.connection.proxy = Some(Proxy { url: proxy.url.clone(), auth });
    settings.connection.auth = Auth::Bearer(Secret::new("of-the-target".to_owned()));
    settings
}

#[tokio::test]
async fn through_a_proxy_the_way_to_the_target_is_timed_and_not_the_proxy() {
    let proxy = Fake::answering(|_, r| if r.line.starts_with("CONNECT ") { vec![whole("200 OK", "", "")] } else { stream() }).await;
    let load = Load::new(Some(&behind(&proxy)), None).unwrap();
    let seen = load.ask(&RoundTrip {}.into(), Effort { rounds: 3, ..Effort::default() }, &slot()).await.unwrap();
    assert_eq!(RoundTrip::pick(&seen.payload).unwrap().connect_ms.len(), 3);
    assert_eq!(seen.origin.request, format!("CONNECT target.invalid:8000 through the proxy {} × 3", proxy.url));
    assert!(seen.notes[0].contains("a proxy that answers before it has connected"), "{:?}", seen.notes);
    for asked in proxy.received() {
        assert_eq!((asked.line.as_str(), asked.header("proxy-authorization")), ("CONNECT target.invalid:8000 HTTP/1.1", "Basic bWU6cGFzcw=="));
        assert!(!asked.headers.contains_key("authorization"), "the target's credentials are the target's");
    }
    // The load itself goes the same way, whole, with both credentials.
    let seen = ask(&load, act(100), effort(0, 2)).await.unwrap();
    assert!(seen.origin.request.contains(&format!("through the proxy {}", proxy.url)), "{}", seen.origin.request);
    let sent = proxy.received().pop().unwrap();
    assert_eq!(sent.line, "POST http://target.invalid:8000/v1/chat/completions HTTP/1.1");
    assert_eq!((sent.header("proxy-authorization"), sent.header("authorization")), ("Basic bWU6cGFzcw==", "Bearer of-the-target"));
}

#[tokio::test]
async fn a_proxy_that_refuses_is_denied_and_says_what_to_allow() {
    for (status, words) in [
        ("403 Forbidden", "allow CONNECT to this host and port"),
        ("407 Proxy Authentication Required", "answers CONNECT with 407 (wants credentials)"),
    ] {
        let proxy = Fake::answering(move |_, _| vec![whole(status, "text/html", "the proxy's own words")]).await;
        let load = Load::new(Some(&behind(&proxy)), None).unwrap();
        let gap = load.ask(&RoundTrip {}.into(), Effort { rounds: 3, ..Effort::default() }, &slot()).await.unwrap_err();
        assert!(matches!(&gap, Gap::Denied(t) if t.contains(words) && t.contains(&proxy.url) && !t.contains("own words")), "{gap}");
    }
    let proxy = Fake::answering(|_, _| vec![whole("407 Proxy Authentication Required", "", "")]).await;
    let gap = ask(&Load::new(Some(&behind(&proxy)), None).unwrap(), act(100), effort(0, 5)).await.unwrap_err();
    assert!(matches!(&gap, Gap::Denied(t) if t.contains("asks for credentials, or refuses those it was shown (407)")), "{gap}");
}
