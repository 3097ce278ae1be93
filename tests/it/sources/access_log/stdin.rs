use super::{id, ids, line, lines, query, settings, slot};
use rigcheck::{
    model::{audit::Effort, evidence::Gap, name::name, source::Source},
    sources::access_log::Log,
    spec::settings::LogPlace,
};
use std::{
    io::{Cursor, Read},
    sync::mpsc,
    time::{Duration, Instant},
};

#[tokio::test]
async fn standard_input_is_read_once_and_answers_twice() {
    let text = [&line(0), "garbage\n", &line(1)].concat();
    let log = Log::new(name("access_log"), &settings(LogPlace::Stdin)).unwrap().with_stdin(Cursor::new(text.clone()));
    for _ in 0..2 {
        let seen = log.ask(&query(), Effort::default(), &slot(2)).await.unwrap();
        assert_eq!(ids(&seen), [id(0), id(1)]);
        assert_eq!((lines(&seen).bad, lines(&seen).first_bad[0].place.as_str()), (1, "stdin:2"));
        assert_eq!(seen.origin.request, "stdin:1-3");
    }
    assert_eq!(log.cost().bytes, text.len() as u64);
}

/// Gives nothing until told to end.
struct Open(mpsc::Receiver<()>);

impl Read for Open {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        let _ = self.0.recv();
        Ok(0)
    }
}

#[tokio::test]
async fn an_input_that_does_not_end_is_a_gap_in_time() {
    let (end, ended) = mpsc::channel();
    let log = Log::new(name("access_log"), &settings(LogPlace::Stdin)).unwrap().with_stdin(Open(ended));
    let mut short = slot(1);
    short.deadline = Instant::now() + Duration::from_millis(600);
    assert!(matches!(log.ask(&query(), Effort::default(), &short).await, Err(Gap::TooLate(_))));
    let cancelled = slot(1);
    cancelled.cancel.cancel();
    assert!(matches!(log.ask(&query(), Effort::default(), &cancelled).await, Err(Gap::NotReached(_))));
    drop(end);
    let seen = log.ask(&query(), Effort::default(), &slot(1)).await.unwrap();
    assert_eq!(lines(&seen).read, 0);
}
