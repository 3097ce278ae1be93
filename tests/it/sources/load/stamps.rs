use super::{
    act, ask, effort,
    fake::{DONE, FINISH, Fake, ROLE, Step, USAGE, chunk, content, end, head, stream, whole},
    one, one_within, rows, target,
};
use rigcheck::{
    model::timeline::{Class, Timeline, Usage},
    sources::load::Load,
};
use std::time::Duration;

fn classes(t: &Timeline) -> Vec<Class> {
    t.events.iter().map(|e| e.class).collect()
}

fn ordered(t: &Timeline) {
    let mut last = t.sent;
    for at in t.connected.into_iter().chain(t.headers).chain(t.events.iter().map(|e| e.at)).chain(t.closed) {
        assert!(at >= last, "{t:?}");
        last = at;
    }
    assert!(t.sent >= t.scheduled);
}

#[tokio::test]
async fn a_plain_stream_is_stamped_event_by_event() {
    let t = one(stream()).await;
    assert!(t.ok() && t.stream && !t.warmup && t.planted.is_none(), "{t:?}");
    assert_eq!(classes(&t), [Class::Role, Class::Content, Class::Content, Class::Finish, Class::Usage, Class::Done]);
    assert_eq!(t.usage, Some(Usage { prompt: 7, completion: 2 }));
    assert_eq!((t.status, t.error.as_deref()), (Some(200), None));
    ordered(&t);
}

#[tokio::test]
async fn delays_are_seen_where_they_were() {
    let steps = vec![
        Step::Wait(150),
        head("text/event-stream"),
        chunk(ROLE),
        Step::Wait(200),
        chunk(&content("a")),
        Step::Wait(100),
        chunk(&content("b")),
        Step::Wait(120),
        chunk(DONE),
        end(),
    ];
    let t = one(steps).await;
    ordered(&t);
    // A server's sleep is never short; how long it gets on a busy machine is not ours to say.
    let gaps = [
        t.headers.unwrap().since(t.sent).0,
        t.events[1].at.since(t.events[0].at).0,
        t.events[2].at.since(t.events[1].at).0,
        t.closed.unwrap().since(t.events[2].at).0,
    ];
    for (gap, least) in gaps.into_iter().zip([149.0, 150.0, 60.0, 80.0]) {
        assert!((least..least + 1_500.0).contains(&gap), "{gaps:?}");
    }
}

#[tokio::test]
async fn events_split_over_reads_and_several_in_one() {
    let text = content("a");
    let (left, right) = text.split_at(text.len() / 2);
    let crlf = content("b").replace('\n', "\r\n");
    let glued = format!("{crlf}{}: keep-alive\n\n{FINISH}", content("c"));
    let steps = vec![
        head("text/event-stream"),
        chunk(left),
        Step::Wait(120),
        chunk(right),
        Step::Wait(120),
        chunk(&glued),
        Step::Wait(60),
        chunk("data: [DO"),
        Step::Wait(60),
        chunk("NE]"),
        end(),
    ];
    let t = one(steps).await;
    assert!(t.ok());
    assert_eq!(classes(&t), [Class::Content, Class::Content, Class::Content, Class::Other, Class::Finish, Class::Done]);
    // The half event took its stamp from the read that completed it, and the four glued ones share theirs.
    assert!(t.events[0].at.since(t.headers.unwrap()).0 > 80.0, "{t:?}");
    assert_eq!(t.events[0].read, 1);
    assert!(t.events[1..5].iter().all(|e| e.at == t.events[1].at && e.read == 2), "{t:?}");
    assert_eq!(t.events[5].read, 4);
    ordered(&t);
}

#[tokio::test]
async fn bad_endings_are_named_in_a_word_or_two() {
    let cases: Vec<(&str, Vec<Step>)> = vec![
        ("connection reset", vec![head("text/event-stream"), chunk(&content("a")), Step::Wait(50), Step::Reset]),
        ("status 404", vec![whole("404 Not Found", "application/json", "{\"error\":{\"message\":\"secret\"}}")]),
        ("an HTML page", vec![whole("200 OK", "text/html", "<!doctype html><p>log in</p>")]),
        ("no chat completion", vec![whole("200 OK", "application/json", "{\"status\":\"ok\"}")]),
        ("body is not JSON", vec![whole("200 OK", "application/json", "fine")]),
        ("error object", vec![head("text/event-stream"), chunk("data: {\"error\":{\"message\":\"secret\"}}\n\n"), end()]),
        ("status 302", vec![whole("302 Found\r\nlocation: http://127.0.0.1:9/", "text/plain", "")]),
        ("body over 1 MiB", vec![head("text/event-stream"), chunk(&":".repeat(700_000)), chunk(&":".repeat(700_000)), end()]),
    ];
    for (word, steps) in cases {
        let t = one(steps).await;
        assert!(!t.ok() && !t.measured());
        assert_eq!(t.error.as_deref(), Some(word), "{t:?}");
        assert!(!format!("{t:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_stream_that_is_cut_in_a_chunk_is_no_success() {
    let t = one(vec![head("text/event-stream"), chunk(&content("a")), Step::Send(b"40\r\ndata: {".to_vec()), Step::Reset]).await;
    assert!(!t.ok() && t.closed.is_none() && t.error.is_some(), "{t:?}");
    assert_eq!(classes(&t), [Class::Content]);
}

#[tokio::test]
async fn a_stream_that_never_ends_is_cut_by_its_timeout() {
    // Long enough for a busy machine to connect and to read what there is.
    let timeout = Duration::from_secs(3);
    let t = one_within(vec![head("text/event-stream"), chunk(&content("a")), Step::Hang], timeout).await;
    assert_eq!((t.error.as_deref(), t.closed, t.status), (Some("timeout"), None, Some(200)));
    assert_eq!(classes(&t), [Class::Content], "what came before is kept");
    let t = one_within(vec![Step::Hang], timeout).await;
    assert_eq!((t.error.as_deref(), t.headers), (Some("timeout"), None));
    assert!(t.connected.is_some(), "it had come that far");
}

#[tokio::test]
async fn a_connection_is_stamped_for_the_request_that_waited_for_it() {
    let mut answer = vec![Step::Wait(60)];
    answer.extend(stream());
    let server = Fake::answering(move |_, _| answer.clone()).await;
    let load = Load::new(Some(&target(&server.url)), None).unwrap();
    let seen = ask(&load, act(50), effort(0, 60)).await.unwrap();
    let received = server.received();
    let mut stamped = 0;
    for t in rows(&seen) {
        ordered(&t);
        let here = received.iter().position(|r| r.header("x-request-id") == t.id).unwrap();
        let reused = received[..here].iter().any(|r| r.connection == received[here].connection);
        // A connection that lost the race against one that came free serves a later request, which did not wait for it.
        assert!(t.connected.is_none() || !reused, "{t:?}");
        stamped += usize::from(t.connected.is_some());
    }
    let connections = received.iter().map(|r| r.connection).max().unwrap() + 1;
    assert!((2..=connections).contains(&stamped), "{stamped} stamps of {connections} connections");
}

#[tokio::test]
async fn a_stream_without_events_is_no_answer() {
    let t = one(vec![head("text/event-stream"), end()]).await;
    assert_eq!((t.error.as_deref(), t.ok(), t.closed.is_some()), (Some("an empty stream"), false, true));
}

#[tokio::test]
async fn a_whole_body_is_one_event() {
    let body = "{\"choices\":[{\"message\":{\"content\":\"hi\"}}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}";
    let t = one(vec![whole("200 OK", "application/json; charset=utf-8", body)]).await;
    assert!(t.ok());
    assert_eq!((classes(&t), t.usage), (vec![Class::Body], Some(Usage { prompt: 3, completion: 4 })));
    ordered(&t);
}

#[tokio::test]
async fn a_stream_under_a_wrong_type_is_still_read() {
    let t = one(vec![head("text/plain"), chunk("\n"), chunk(&content("a")), chunk(USAGE), end()]).await;
    assert!(t.ok());
    assert_eq!(classes(&t), [Class::Content, Class::Usage]);
}
