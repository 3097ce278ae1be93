use crate::{
    model::{payload::SpanRow, rig::Quantity},
    traces::{Cover, Figures, Place, Shape, Stages, Tree, figures, is_body, is_listening},
};
use std::collections::BTreeSet;

/// What a trace looks like: all that rules ask of it, without its spans.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Looked {
    /// Spans in it.
    pub spans: u64,
    /// Spans for chunks of the response's body, one each as ASGI instrumentation makes them.
    pub chunk_spans: u64,
    /// Time within the request in each stage of the catalogue, by its place there, ms; `None` where the trace has no span of it.
    pub stages: Vec<Option<f64>>,
    /// The span that stands for the whole request.
    pub server: Option<Whole>,
    /// Spans that nobody in the trace called: the request's own, and others that should not be.
    pub roots: u64,
    /// Is one of them of kind client?
    pub client_root: bool,
    /// Spans with id and kind of another.
    pub duplicates: u64,
    /// Spans that call each other in a circle, and what hangs on them.
    pub cyclic: u64,
    /// Spans whose caller is not in the trace.
    pub orphans: u64,
    /// Spans that have a caller in the trace.
    pub children: u64,
    /// Of those, by how much they lie outside their caller, and how long that one is, ms; only those that do.
    pub outside: Vec<Outside>,
    /// Spans that end before they start.
    pub negative: u64,
    /// The longest span, ms, without those that only wait for the client to go away.
    pub longest_ms: f64,
    /// What the trace tells of latency.
    pub figures: Figures,
    /// Calls that stay within one service name and reach another program, or one of which that cannot be told.
    pub own_calls: u64,
    /// Calls from a service to itself, within one program.
    pub self_calls: u64,
    /// Services of which spans of more than one language's SDK came.
    pub mixed: BTreeSet<String>,
    /// Is the caller that the reference endpoint was told of a span of this trace? `None` where it was told of none.
    pub provider_parent: Option<bool>,
}

/// The span that stands for the whole request, by what its own children tell of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    /// Its length, ms.
    pub length_ms: f64,
    /// The share of it that its children account for; 0 of a span without length.
    pub covered: f64,
    /// The longest stretch in which none of them runs, ms.
    pub gap_ms: f64,
    /// The spans around that stretch, by name: `start`, `end` at the span's own.
    pub around: (String, String),
}

/// A child outside its caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Outside {
    /// By how much, ms.
    pub by_ms: f64,
    /// How long the caller is, ms.
    pub of_ms: f64,
    /// The child's name.
    pub name: String,
}

impl Looked {
    /// Looks at a trace. `provider_parent` is the caller's span that the reference endpoint was told of.
    pub fn at(trace: &[SpanRow], tree: &Tree<'_>, places: &[Place], stages: &Stages, shape: Shape, provider_parent: Option<&str>) -> Looked {
        let request = request(tree, places, stages);
        let tops = || tree.roots().iter().chain(tree.ours());
        let mut looked = Looked {
            spans: tree.len() as u64,
            chunk_spans: trace.iter().filter(|s| is_body(s)).count() as u64,
            stages: in_stages(tree, places, stages.iter().count(), request),
            server: request.map(|at| Whole::of(tree, at)),
            roots: tops().count() as u64,
            client_root: tops().any(|at| tree.span(*at).kind == "client"),
            duplicates: tree.duplicates().len() as u64,
            cyclic: tree.cyclic().len() as u64,
            orphans: tree.orphans().len() as u64,
            negative: trace.iter().filter(|s| s.end_ns < s.start_ns).count() as u64,
            longest_ms: trace.iter().filter(|s| !is_listening(s)).map(SpanRow::length_ms).fold(0.0, f64::max),
            figures: if request == tree.server() { figures(trace, shape) } else { figures(&below(tree, request), shape) },
            provider_parent: provider_parent.map(|id| trace.iter().any(|s| s.span_id == id)),
            ..Looked::default()
        };
        for at in 0..tree.len() {
            looked.look_at_child(tree, at);
        }
        looked.mixed = mixed(trace);
        looked
    }

    fn look_at_child(&mut self, tree: &Tree<'_>, at: usize) {
        let Some(parent) = tree.parent(at) else { return };
        let (child, caller) = (tree.span(at), tree.span(parent));
        self.children += 1;
        let (early, late) = (caller.start_ns.saturating_sub(child.start_ns), child.end_ns.saturating_sub(caller.end_ns));
        let by = early.max(late);
        // Who waits for the client to go away is ended by that.
        if by > 0 && !is_listening(child) {
            self.outside.push(Outside { by_ms: by as f64 / 1e6, of_ms: caller.length_ms().max(0.0), name: child.name.clone() });
        }
        if caller.kind == "client" && child.kind == "server" && caller.service == child.service {
            let instance = |s: &SpanRow| s.attributes.get(SpanRow::INSTANCE).cloned();
            match (instance(caller), instance(child)) {
                (Some(a), Some(b)) if a == b => self.self_calls += 1,
                _ => self.own_calls += 1,
            }
        }
    }

    /// What the trace tells of a quantity, ms.
    pub fn figure(&self, quantity: Quantity) -> Option<f64> {
        self.figures.get(quantity)
    }
}

impl Whole {
    fn of(tree: &Tree<'_>, at: usize) -> Whole {
        let cover = Cover::of_request(tree, at);
        let gap = cover.gaps.first();
        let name = |at: Option<usize>, none: &str| at.map_or_else(|| none.to_owned(), |at| named(tree.span(at)));
        Whole {
            length_ms: cover.length as f64 / 1e6,
            covered: cover.share().unwrap_or_default(),
            gap_ms: gap.map_or(0.0, |gap| gap.length() as f64 / 1e6),
            around: (name(gap.and_then(|g| g.after), "its start"), name(gap.and_then(|g| g.before), "its end")),
        }
    }
}

/// A span's name in quotes; where nothing of it was kept, its kind.
fn named(span: &SpanRow) -> String {
    match (span.name.as_str(), span.kind.as_str()) {
        ("", "") => "a span without a name".into(),
        ("", kind) => format!("a {kind} span"),
        (name, _) => format!("`{name}`"),
    }
}

/// The server span of the program under test: below it lie most spans of required stages. A proxy before it has none, and is where
/// the trace comes in; in a trace without stages nothing tells them apart.
fn request(tree: &Tree<'_>, places: &[Place], stages: &Stages) -> Option<usize> {
    let required: Vec<bool> = stages.iter().map(|(_, stage)| stage.required).collect();
    let (mut within, mut told): (Vec<Option<usize>>, Vec<u64>) = (vec![None; tree.len()], vec![0; tree.len()]);
    for at in tree.walk() {
        within[at] = if tree.span(at).kind == "server" { Some(at) } else { tree.parent(at).and_then(|above| within[above]) };
        if let (Place::Stage(stage), Some(server)) = (places[at], within[at]) {
            told[server] += u64::from(required[stage]);
        }
    }
    // Of those that are alike the one that began first.
    let Some(most) = (0..tree.len()).rev().max_by_key(|at| told[*at]).filter(|at| told[*at] > 0) else { return tree.server() };
    // A program that calls itself is asked once: by the outermost.
    let (mut outermost, mut at) = (most, most);
    while let Some(above) = tree.parent(at) {
        if tree.span(above).kind == "server" && tree.span(above).service == tree.span(most).service {
            outermost = above;
        }
        at = above;
    }
    Some(outermost)
}

/// The spans at and below this one.
fn below(tree: &Tree<'_>, top: Option<usize>) -> Vec<SpanRow> {
    let mut next: Vec<usize> = top.into_iter().collect();
    let mut all = vec![];
    while let Some(at) = next.pop() {
        all.push(tree.span(at).clone());
        next.extend(tree.children(at));
    }
    all
}

/// The time in each stage: the union of its spans within the request, so that spans of a stage that lie in each other count once.
fn in_stages(tree: &Tree<'_>, places: &[Place], stages: usize, request: Option<usize>) -> Vec<Option<f64>> {
    let whole = request.map(|at| (tree.span(at).start_ns, tree.span(at).end_ns));
    let mut until: Vec<Option<u64>> = vec![None; stages];
    let mut told: Vec<Option<f64>> = vec![None; stages];
    // In order of their start.
    for (span, place) in tree.spans().iter().zip(places) {
        let Place::Stage(place) = *place else { continue };
        if is_listening(span) {
            // It is there, and takes no time of the request.
            told[place].get_or_insert(0.0);
            continue;
        }
        let (from, to) = whole.map_or((span.start_ns, span.end_ns), |(a, z)| (span.start_ns.clamp(a, z.max(a)), span.end_ns.clamp(a, z.max(a))));
        let new = to.saturating_sub(from.max(until[place].unwrap_or_default()));
        *told[place].get_or_insert(0.0) += new as f64 / 1e6;
        until[place] = Some(to.max(until[place].unwrap_or_default()));
    }
    told
}

/// Services that several languages' SDKs report for.
fn mixed(trace: &[SpanRow]) -> BTreeSet<String> {
    let mut languages: BTreeSet<(&str, &str)> = BTreeSet::new();
    for span in trace {
        if let Some(language) = span.attributes.get(SpanRow::LANGUAGE) {
            languages.insert((&span.service, language));
        }
    }
    let all: Vec<&str> = languages.iter().map(|(service, _)| *service).collect();
    all.windows(2).filter(|w| w[0] == w[1]).map(|w| w[0].to_owned()).collect()
}
