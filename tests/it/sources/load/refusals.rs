use super::{
    act, ask, effort,
    fake::{Fake, Step, stream, whole},
    performed, rows, target,
};
use rigcheck::{
    model::{
        act::{Destination, LoadAct},
        evidence::Gap,
        units::{Count, PerSecond},
    },
    sources::load::Load,
    spec::settings::Connection,
};

#[tokio::test]
async fn nothing_is_sent_beyond_what_is_allowed() {
    let server = Fake::answering(|_, _| stream()).await;
    let with = |requests, tokens, rate| {
        let mut t = target(&server.url);
        (t.allow.requests, t.allow.tokens, t.allow.rate) = (Count(requests), Count(tokens), PerSecond(rate));
        Load::new(Some(&t), None).unwrap()
    };
    for (load, limit) in [(with(9, 60_000, 50.0), "requests"), (with(10, 500, 50.0), "tokens"), (with(10, 60_000, 49.0), "rate")] {
        let Err(Gap::Refused(text)) = ask(&load, act(50), effort(2, 8)).await else { panic!("{limit}: sent") };
        assert!(text.contains(&format!("`target.allow.{limit}`")) && text.contains("write `allow: {"), "{text}");
    }
    assert!(server.received().is_empty());
    let load = with(10, 60_000, 50.0);
    assert!(ask(&load, act(50), effort(2, 8)).await.is_ok());
    assert!(matches!(ask(&load, act(50), effort(0, 1)).await, Err(Gap::Refused(_))), "the allowance is for the run, not for the act");
    assert_eq!(server.received().len(), 10);
}

#[tokio::test]
async fn the_reference_endpoint_is_ours_and_free() {
    let server =
        Fake::answering(
            |_, r| if r.line.starts_with("GET /rigcheck/emissions") { vec![whole("200 OK", "application/x-ndjson", "")] } else { stream() },
        )
        .await;
    let reference = Connection { url: server.url.clone(), ..Connection::default() };
    let load = Load::new(None, Some(&reference)).unwrap();
    let to_reference = LoadAct { to: Destination::Reference, ..act(100) };
    assert!(ask(&load, to_reference.clone(), effort(0, 5)).await.is_ok());
    assert!(matches!(ask(&load, act(100), effort(0, 5)).await, Err(Gap::NotConfigured(_))));
    let only_target = Load::new(Some(&target(&server.url)), None).unwrap();
    assert!(matches!(ask(&only_target, to_reference, effort(0, 5)).await, Err(Gap::NotConfigured(_))));
    assert_eq!(server.received().len(), 6, "five, and the question whether it is a mock");
}

/// `sources.truth` names something that is no mock, perhaps a paid API: no limit guards it, so nothing is sent.
#[tokio::test]
async fn nothing_is_sent_to_a_reference_endpoint_that_is_none() {
    for answer in [whole("404 Not Found", "application/json", "{}"), whole("200 OK", "application/json", "{}"), whole("401 Unauthorized", "", "")] {
        let server = Fake::answering(move |_, r| if r.line.starts_with("GET ") { vec![answer.clone()] } else { stream() }).await;
        let reference = Connection { url: server.url.clone(), ..Connection::default() };
        let load = Load::new(None, Some(&reference)).unwrap();
        let asked = ask(&load, LoadAct { to: Destination::Reference, ..act(100) }, effort(0, 5)).await;
        assert!(matches!(&asked, Err(Gap::Refused(t)) if t.contains("no `rigcheck mock`")), "{asked:?}");
        assert!(server.received().iter().all(|r| r.line.starts_with("GET ")), "a request was sent");
    }
}

#[tokio::test]
async fn the_first_429_ends_the_act() {
    let server = Fake::answering(|n, _| if n == 4 { vec![whole("429 Too Many Requests", "application/json", "{}")] } else { stream() }).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, act(20), effort(0, 200)).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::Busy(t)) if t.contains("429")), "{:?}", seen.partial);
    assert!(performed(&seen).cut.as_ref().unwrap().contains("429"));
    assert!((5..100).contains(&server.received().len()), "{}", server.received().len());
    assert_eq!(performed(&seen).asked, 200);
    assert_eq!(rows(&seen).len(), server.received().len(), "every request that was begun has a row");
}

#[tokio::test]
async fn a_burst_of_errors_ends_the_act_and_single_ones_do_not() {
    let failing = || vec![whole("503 Service Unavailable", "text/plain", "")];
    let server = Fake::answering(move |n, _| if n >= 10 { failing() } else { stream() }).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, act(20), effort(0, 200)).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::NotReached(t)) if t.contains("status 503")), "{:?}", seen.partial);
    assert!((15..100).contains(&server.received().len()), "{}", server.received().len());

    // One in four, evenly: what is left over is no sample of the target's traffic. One in seven is told, and judged.
    for (every, ends) in [(4, true), (7, false)] {
        let server = Fake::answering(move |n, _| if n % every == 0 { failing() } else { stream() }).await;
        let load = Load::new(Some(&target(&server.url)), None).unwrap();
        let seen = ask(&load, act(50), effort(0, 150)).await.unwrap();
        let ended = matches!(&seen.partial, Some(Gap::NotReached(t)) if t.contains("10 of the last 50 requests failed"));
        assert_eq!((ended, seen.partial.is_some()), (ends, ends), "{:?}", seen.partial);
        assert_eq!(rows(&seen).len() < 150, ends);
    }
}

#[tokio::test]
async fn nobody_there_is_a_gap_and_not_a_result() {
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let mut settings = target(&format!("http://127.0.0.1:{port}"));
    settings.allow.requests = Count(300);
    let load = Load::new(Some(&settings), None).unwrap();
    for _ in 0..2 {
        // Twice: what was not sent must not count against the allowance.
        let Err(Gap::Unreachable(text)) = ask(&load, act(20), effort(0, 250)).await else { panic!("somebody answered") };
        assert!(text.contains("refused") && text.contains(&port.to_string()), "{text}");
    }
}

#[tokio::test]
async fn a_server_that_resets_every_connection_ends_the_act() {
    let server = Fake::answering(|_, _| vec![Step::Reset]).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, act(20), effort(0, 200)).await.unwrap();
    assert!(matches!(&seen.partial, Some(Gap::NotReached(t)) if t.contains("in a row")), "{:?}", seen.partial);
    assert!(rows(&seen).iter().all(|t| !t.ok()));
}
