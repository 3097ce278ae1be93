//! `rigcheck trace`: one trace, as a picture.

use super::{load, shelf};
use crate::{
    cli::{
        args::SpecArgs,
        outputs::{Output, Pages},
    },
    model::{
        case::Case,
        evidence::Gap,
        key::{Payload, Query},
        payload::SpanRow,
    },
    report::{Format, waterfall::Page},
    sources::trace::{self, Found, Wanted},
    spec::{Exec, Loaded, catalogue::Catalogue, discover::NotFound},
    store::{self, Recorded, Shelf, id_of},
    traces::{Stages, Tree, normal_id, trace_number, waterfall as picture},
};
use anyhow::{anyhow, bail};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// `rigcheck trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = "A trace is looked for in the recorded runs, the newest first, then in the trace stores of the spec. What a store has of \
                  others is shown, and never recorded.")]
pub struct Trace {
    /// The trace: its id (hex or base64), or `last` for the newest of a request of ours
    #[arg(value_name = "TRACE_ID")]
    pub wanted: String,
    /// Only in this run: its id, the start of its id, a path, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with = "file")]
    pub run: Option<String>,
    /// In this file (OTLP-JSON, or what Jaeger's web page saves) instead, without any spec
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// As FORMAT or FORMAT:PATH; repeatable, one without a path goes to standard output. Formats: human, json, html
    #[arg(long, short, value_name = "FORMAT[:PATH]", env = "RIGCHECK_TRACE_OUTPUT", hide_env_values = true)]
    pub output: Vec<Output>,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Run the programs that the spec names in ${exec:PROGRAM ARG ...}, for secrets
    #[arg(long)]
    pub allow_exec: bool,
}

/// A trace with where it was found, and the stages that its spans are told by.
struct Shown {
    found: Found,
    stages: Stages,
}

pub async fn run(args: &Trace) -> anyhow::Result<ExitCode> {
    let pages = Pages::new(&args.output, &[Format::Human, Format::Json, Format::Html])?;
    let wanted = wanted(&args.wanted)?;
    let shown = match &args.file {
        Some(file) => in_file(args, file, wanted)?,
        None => look_around(args, wanted).await?,
    };
    let tree = Tree::of(&shown.found.spans);
    let id = shown.found.spans.first().map(|span| span.trace_id.clone()).unwrap_or_default();
    let drawn = picture(&tree, &shown.stages).ok_or_else(|| anyhow!("the trace has no spans"))?;
    let page = Page { trace: id, at: shown.found.at, notes: shown.found.notes, picture: drawn };
    pages.write(|format, width| match format {
        Format::Json => page.json(),
        Format::Html => page.html(),
        _ => page.human(width),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn wanted(text: &str) -> anyhow::Result<Wanted> {
    if text == "last" {
        return Ok(Wanted::Newest);
    }
    let id = normal_id(text, 16).and_then(|hex| trace_number(&hex));
    id.map(Wanted::Id).ok_or_else(|| anyhow!("`{text}` is no trace id: write 32 hexadecimal digits, or `last` for the newest trace of ours"))
}

fn in_file(args: &Trace, file: &Path, wanted: Wanted) -> anyhow::Result<Shown> {
    let stages = if args.spec.spec.is_some() { stages_of(&load(&args.spec, Exec::NotRun)?.1.profile.cases)? } else { None };
    let stages = stages.map_or_else(|| defaults(args), Ok)?;
    let found = trace::in_file(file, wanted).map_err(|gap| match gap {
        Gap::Unreachable(_) => anyhow!("--file {}: there is no such file", file.display()),
        gap => anyhow!("{}", gap.detail()),
    })?;
    let found = found.ok_or_else(|| match wanted {
        Wanted::Id(id) => anyhow!("{} has no span of trace {id:032x}", file.display()),
        Wanted::Newest => anyhow!("{} has no spans", file.display()),
    })?;
    Ok(Shown { found, stages })
}

/// In the runs, and for an id then in the stores.
async fn look_around(args: &Trace, wanted: Wanted) -> anyhow::Result<Shown> {
    let shelf = shelf(args.spec.spec.as_deref())?;
    let runs = match &args.run {
        Some(run) => vec![shelf.find(run)?],
        None => shelf.list()?,
    };
    let mut unread = vec![];
    for run in &runs {
        let recorded = match store::open(run) {
            Ok(recorded) => recorded,
            Err(error) if args.run.is_some() => return Err(error.into()),
            Err(error) => {
                unread.push(format!("run {} was passed over: {error}", id_of(run)));
                continue;
            }
        };
        if let Some(mut found) = in_run(&recorded, wanted) {
            found.at = format!("run {}, {}", id_of(run), found.at);
            found.notes.append(&mut unread);
            let stages = stages_of(&recorded.profile.cases)?.map_or_else(|| defaults(args), Ok)?;
            return Ok(Shown { found, stages });
        }
    }
    let mut looked = vec![said_of(&shelf, runs.len(), args.run.as_deref())];
    looked.append(&mut unread);
    match wanted {
        Wanted::Newest => bail!(
            "no recorded run has a trace ({}): `rigcheck audit` records those of its own requests where the spec has a `jaeger` or `otlp` source; \
             `--file FILE` shows one of a file",
            looked.join("; ")
        ),
        Wanted::Id(id) if args.run.is_some() => {
            bail!("{} has no trace {id:032x}: without `--run` it is looked for in every run and in the trace stores", looked.join("; "))
        }
        Wanted::Id(id) => in_stores(args, id, looked).await,
    }
}

fn said_of(shelf: &Shelf, runs: usize, run: Option<&str>) -> String {
    match (run, runs) {
        (Some(run), _) => format!("run {run}"),
        (None, 0) => format!("there is no run in {}", shelf.runs().display()),
        (None, 1) => format!("1 run in {}", shelf.runs().display()),
        (None, many) => format!("{many} runs in {}", shelf.runs().display()),
    }
}

/// Of several sources that have it the one with most spans.
fn in_run(recorded: &Recorded, wanted: Wanted) -> Option<Found> {
    let answers = recorded.evidence.iter().filter(|(key, _)| matches!(key.query, Query::Spans(_)));
    let answers = answers.filter_map(|(key, answer)| Some((key, answer.as_ref().ok()?)));
    let found = answers.filter_map(|(key, seen)| {
        let Payload::Spans(spans) = &seen.payload else { return None };
        let id = match wanted {
            Wanted::Id(id) => format!("{id:032x}"),
            Wanted::Newest => spans.spans.iter().max_by_key(|span| span.start_ns)?.trace_id,
        };
        let of_trace = spans.spans.iter().skip_while(|span| span.trace_id < id).take_while(|span| span.trace_id == id);
        let rows: Vec<SpanRow> = of_trace.collect();
        (!rows.is_empty()).then(|| Found { spans: rows, at: format!("from {}", key.source), notes: vec![] })
    });
    match wanted {
        Wanted::Id(_) => found.max_by_key(|found| found.spans.len()),
        Wanted::Newest => found.max_by_key(|found| (found.spans.iter().map(|span| span.start_ns).min(), found.spans.len())),
    }
}

async fn in_stores(args: &Trace, id: u128, mut looked: Vec<String>) -> anyhow::Result<Shown> {
    let Some(loaded) = spec(args)? else {
        bail!(
            "no trace {id:032x}: {}, and no rigcheck.yaml names a trace store; name a spec by --spec, or a file of traces by --file",
            looked.join("; ")
        );
    };
    let mut silent = false;
    for (source, how) in loaded.settings.sources.iter().filter(|(_, how)| trace::keeps(how)) {
        match trace::ask(source, how, id).await {
            Ok(Some(mut found)) => {
                found.at = format!("{source}, {}", found.at);
                let stages = stages_of(&loaded.profile.cases)?.map_or_else(|| defaults(args), Ok)?;
                return Ok(Shown { found, stages });
            }
            Ok(None) => looked.push(format!("{source} has none of that id")),
            Err(gap) => {
                silent = true;
                looked.push(format!("{source} did not tell: {}", loaded.settings.redactor.clean(&gap.to_string())));
            }
        }
    }
    let hint = if silent { "" } else { "; a store may have dropped it since, or never have been sent it" };
    bail!("no trace {id:032x} was found: {}{hint}", looked.join("; "))
}

/// The spec, if there is one; a broken one is an error.
fn spec(args: &Trace) -> anyhow::Result<Option<Loaded>> {
    match load(&args.spec, if args.allow_exec { Exec::Allowed } else { Exec::Refused }) {
        Ok((_, loaded)) => Ok(Some(loaded)),
        Err(error) if matches!(error.downcast_ref(), Some(NotFound::Nowhere { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The stages of the case that has some: a parameter of its audit, or of one of its rules.
fn stages_of(cases: &[Case]) -> anyhow::Result<Option<Stages>> {
    let mut params = cases.iter().flat_map(|case| std::iter::once(&case.params).chain(case.rules.iter().map(|rule| &rule.params)));
    let written = params.find_map(|params| params.get("stages"));
    written.map(|stages| stages.read().map_err(|bad| anyhow!("the stages of the recorded case cannot be read: {bad}"))).transpose()
}

/// The stages of this release.
fn defaults(args: &Trace) -> anyhow::Result<Stages> {
    let catalogue = Catalogue::load(args.spec.checks.checks.as_deref())?;
    Ok(stages_of(&catalogue.cases)?.unwrap_or_default())
}
