use super::{id, ids, line, lines, query, settings, slot};
use crate::address::nobody;
use axum::{
    Router,
    extract::{Path, Query, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use rigcheck::{
    model::{
        audit::Effort,
        evidence::{Gap, Seen},
        name::name,
        source::Source,
    },
    sources::access_log::Log,
    spec::settings::LogPlace,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

type Asked = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

/// Docker's stream format: stream number, three zeros, length, bytes.
fn frame(stream: u8, text: &str) -> Vec<u8> {
    let mut bytes = vec![stream, 0, 0, 0];
    bytes.extend((text.len() as u32).to_be_bytes());
    bytes.extend(text.bytes());
    bytes
}

async fn logs(State(asked): State<Asked>, Path(container): Path<String>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let looks = {
        let mut asked = asked.lock().unwrap();
        asked.push(query);
        asked.len()
    };
    match container.as_str() {
        "gateway" => {
            let (left, right) = (line(1)[..9].to_owned(), line(1)[9..].to_owned());
            let mut bytes = [frame(1, &line(0)), frame(1, &left), frame(2, "a warning to jane@example.com\n"), frame(1, &right)].concat();
            if looks > 2 {
                bytes.extend(frame(2, &line(2)));
            }
            ([(CONTENT_TYPE, "application/vnd.docker.multiplexed-stream")], bytes).into_response()
        }
        "closed" => (StatusCode::FORBIDDEN, r#"{"message":"jane@example.com may not"}"#).into_response(),
        "syslog" => (StatusCode::NOT_IMPLEMENTED, r#"{"message":"configured logging driver does not support reading"}"#).into_response(),
        _ => (StatusCode::NOT_FOUND, r#"{"message":"No such container: jane@example.com"}"#).into_response(),
    }
}

async fn ask(container: &str) -> (Result<Seen, Gap>, Vec<BTreeMap<String, String>>) {
    let asked = Asked::default();
    let app = Router::new().route("/containers/{name}/logs", get(logs)).with_state(Arc::clone(&asked));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("tcp://{}", listener.local_addr().unwrap());
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move { axum::serve(listener, app).await.unwrap() });
    let log = Log::new(name("access_log"), &settings(LogPlace::Docker(container.into()))).unwrap().with_docker_host(&host);
    let seen = log.ask(&query(), Effort::default(), &slot(3)).await;
    let asked = asked.lock().unwrap().clone();
    (seen, asked)
}

#[tokio::test]
async fn both_streams_are_read_again_until_all_lines_are_there() {
    let (seen, asked) = ask("gateway").await;
    let seen = seen.unwrap();
    assert_eq!(ids(&seen), [id(0), id(1), id(2)]);
    assert_eq!((lines(&seen).read, lines(&seen).bad, lines(&seen).first_bad[0].place.as_str()), (4, 1, "docker gateway:2"));
    assert!(!serde_json::to_string(&seen).unwrap().contains("jane"));
    assert_eq!((asked.len(), seen.origin.request.as_str()), (3, "docker logs gateway:1-4"));
    let now = jiff::Timestamp::now().as_second();
    for query in asked {
        let of = |name: &str| query.get(name).map(String::as_str);
        assert_eq!((of("stdout"), of("stderr"), of("follow"), of("timestamps")), (Some("true"), Some("true"), Some("false"), Some("false")));
        let since: i64 = of("since").unwrap().parse().unwrap();
        assert!((5..60).contains(&(now - since)), "since the act began, ten seconds ago");
    }
}

#[tokio::test]
async fn refusals_say_what_to_do_and_repeat_nothing() {
    let gap = async |container: &str| ask(container).await.0.map(|_| ()).unwrap_err();
    let (none, closed, syslog) = (gap("nobody").await, gap("closed").await, gap("syslog").await);
    assert!(matches!(&none, Gap::NotConfigured(t) if t.contains("no container `nobody`") && t.contains("docker ps")), "{none}");
    assert!(matches!(&closed, Gap::Denied(_)), "{closed}");
    assert!(matches!(&syslog, Gap::Malformed(t) if t.contains("logging driver")), "{syslog}");
    assert!(!format!("{none}{closed}{syslog}").contains("jane"));
}

#[tokio::test]
async fn no_daemon_is_a_gap() {
    for host in [format!("tcp://{}", nobody()), "unix:///no/such/docker.sock".into()] {
        let log = Log::new(name("access_log"), &settings(LogPlace::Docker("gateway".into()))).unwrap().with_docker_host(&host);
        let gap = log.ask(&query(), Effort::default(), &slot(1)).await.map(|_| ()).unwrap_err();
        assert!(matches!(&gap, Gap::Unreachable(t) if t.contains("start Docker")), "{host}: {gap}");
    }
    let log = Log::new(name("access_log"), &settings(LogPlace::Docker("gateway".into()))).unwrap().with_docker_host("https://127.0.0.1:1");
    assert!(matches!(log.ask(&query(), Effort::default(), &slot(1)).await, Err(Gap::NotConfigured(_))));
}
