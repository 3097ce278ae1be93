//! `rigcheck waive`: a failure of a run that somebody answers for, for a time, written into the spec.
#![allow(clippy::disallowed_methods, reason = "asks git who the user is, and shows the spec as seen from here")]

mod expiry;

use super::{environment, folder_of, load};
use crate::{
    cli::{args::SpecArgs, judged, outputs::print},
    engine,
    model::{
        outcome::{Outcome, Status},
        units::Wall,
        waiver::{self, Range, WaiverState},
    },
    report::{Report, phrases},
    scoring,
    spec::{self, Exec, Loaded, bounded_file, catalogue::Catalogue, edit, replace_spec::replace, waiver_range::around, waivers::bounds},
    store::{Recorded, Shelf, id_of},
};
use anyhow::{Context, bail};
use std::{fmt::Write as _, path::Path, process::ExitCode};

/// `rigcheck waive`.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "flags as they are written")]
pub struct Waive {
    /// The rule that failed: LAT-14
    pub rule: String,
    /// The run in which it failed: its id, the start of its id, a path, or `latest`
    #[arg(long, default_value = "latest")]
    pub run: String,
    /// Why the failure is accepted
    #[arg(long, value_name = "TEXT")]
    pub reason: String,
    /// When that ends, within a year: `30d`, a date, or a time with its offset
    #[arg(long, value_name = "WHEN")]
    pub expires: String,
    /// Whom it failed for, where it failed for several: `access_log:total`, or `access_log` for all of that source; repeatable
    #[arg(long, value_name = "SUBJECT")]
    pub of: Vec<String>,
    /// Everybody it failed for
    #[arg(long, conflicts_with = "of")]
    pub all: bool,
    /// Who answers for it [default: the e-mail address that git knows]
    #[arg(long, value_name = "WHO", env = "RIGCHECK_OWNER", hide_env_values = true)]
    pub owner: Option<String>,
    /// It holds while the observed figure stays in this range [default: its bounds, rounded outwards by at most a fifth]
    #[arg(long = "while", value_name = "RANGE", allow_hyphen_values = true)]
    pub holds: Option<String>,
    /// It holds whatever is observed
    #[arg(long, conflicts_with = "holds")]
    pub any_value: bool,
    /// Which spec.
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Print the entry, and leave the spec as it is
    #[arg(long)]
    pub print: bool,
    /// Also where the run was judged by other cases, thresholds or gate than those of the spec
    #[arg(long)]
    pub force: bool,
}

pub fn run(args: &Waive) -> anyhow::Result<ExitCode> {
    let (path, loaded) = load(&args.spec, Exec::NotRun)?;
    let now = engine::wall_now();
    let (_, expires) = expiry::expiry(&args.expires, now, &jiff::tz::TimeZone::system())?;
    let run = Shelf::of(folder_of(&path)).find(&args.run)?;
    let (recorded, doubt) = judged::open(&run)?;
    if let Some(doubt) = doubt {
        eprintln!("note: run {}: {doubt}", id_of(&run));
    }
    let report = Report::of(&recorded.events);
    same_rig(&recorded, &loaded, &run, args.force)?;
    let failing = failing(&report, &args.rule, &args.spec, &run)?;
    let chosen = chosen(&failing, args)?;
    let new: Vec<_> = chosen.iter().filter(|o| covering(o, &loaded, now).is_none()).copied().collect();
    if let ([], Some(first)) = (new.as_slice(), chosen.first()) {
        let held = covering(first, &loaded, now).unwrap_or_default();
        bail!("{} has a waiver of {}{} that holds until {held}: change that one", path.display(), args.rule, of(first));
    }
    let owner = owner(args, folder_of(&path))?;
    if args.reason.trim().is_empty() {
        bail!("--reason: say why the failure is accepted; the report shows it");
    }
    let entry = |o: &Outcome| -> anyhow::Result<edit::Entry> {
        Ok(edit::Entry {
            rule: o.rule.clone(),
            of: Some(o.subject.clone()).filter(|s| !s.as_str().is_empty()),
            holds: range(o, args)?,
            reason: args.reason.trim().into(),
            owner: owner.clone(),
            expires: expires.clone(),
        })
    };
    let entries = new.iter().map(|o| entry(o)).collect::<anyhow::Result<Vec<_>>>()?;
    let blocks = new.iter().any(|o| o.blocker);
    let idle =
        || format!("! {} is no blocker: {} no verdict.", args.rule, if new.len() == 1 { "this waiver changes" } else { "these waivers change" });
    if args.print {
        print(&edit::section(&entries))?;
        if !blocks {
            eprintln!("{}", idle());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let again = match write(&path, &loaded, &entries, args) {
        Ok(again) => again,
        Err(why) => {
            eprintln!("{}", edit::section(&entries));
            if loaded.waivers_elsewhere() {
                bail!(
                    "the waivers of {0} stand in a file that it extends, and a list in {0} would replace them: add the lines above to that list; nothing was changed",
                    path.display()
                );
            }
            bail!("{why:#}; nothing was changed: add the lines above to {} yourself", path.display());
        }
    };
    let effect = if blocks { effect(&report, &again, new.len(), now) } else { idle() };
    let here = std::env::current_dir().unwrap_or_default();
    let seen = path.strip_prefix(here).unwrap_or(&path).display().to_string();
    let see = format!("See it: rigcheck replay {} --spec {}", shown_as(&args.run), shown_as(&seen));
    print(&format!("{}{effect}\n{see}\n", said(&path, &entries, &new)))?;
    Ok(ExitCode::SUCCESS)
}

/// A word of the next command.
fn shown_as(word: &str) -> String {
    if word.contains(char::is_whitespace) { format!("'{word}'") } else { word.to_owned() }
}

/// A waiver is for the failure that somebody saw: of this rig, judged as it is judged now.
fn same_rig(recorded: &Recorded, loaded: &Loaded, run: &Path, force: bool) -> anyhow::Result<()> {
    let (then, now) = (&recorded.profile.rig, &loaded.profile.rig);
    let id = id_of(run);
    if then.name != now.name {
        bail!("run {id} is of rig `{}`, and the spec describes `{}`: take a run of this rig", then.name, now.name);
    }
    if then.target_url() != now.target_url() {
        bail!("run {id} had the target {}, and the spec has {}: take a run of this target", then.target_url(), now.target_url());
    }
    let (then, now) = (recorded.profile.digest(), loaded.profile.digest());
    if then != now && !force {
        bail!("run {id} was judged by other cases, thresholds or gate (profile {then}) than the spec has now ({now}): audit again, or say `--force`");
    }
    Ok(())
}

/// The failures of a rule; why there are none, else.
fn failing<'r>(report: &'r Report, rule: &str, args: &SpecArgs, run: &Path) -> anyhow::Result<Vec<&'r Outcome>> {
    let of_rule: Vec<_> = report.outcomes().filter(|o| o.rule.as_str() == rule).collect();
    let failing: Vec<_> = of_rule.iter().filter(|o| o.status == Status::Fail).copied().collect();
    if !failing.is_empty() {
        return Ok(failing);
    }
    let id = id_of(run);
    let mut found: Vec<_> = of_rule.iter().map(|o| o.status.word()).collect();
    found.dedup();
    if !found.is_empty() {
        bail!("{rule} did not fail in run {id}: it says {}; a waiver is for a failure that was seen", found.join(", "));
    }
    let catalogue = Catalogue::load(args.checks.checks.as_deref())?;
    let ids: Vec<_> = catalogue.cases.iter().flat_map(|c| &c.rules).map(|r| r.id.as_str()).collect();
    if ids.contains(&rule) {
        bail!("{rule} was not judged in run {id}: it is not selected, or out of scope");
    }
    match spec::diagnostics::nearest(rule, ids) {
        Some(near) => bail!("there is no rule `{rule}`; did you mean `{near}`? `rigcheck list` shows the rules"),
        None => bail!("there is no rule `{rule}`: `rigcheck list` shows the rules"),
    }
}

/// Those whose failure is to be accepted.
fn chosen<'r>(failing: &[&'r Outcome], args: &Waive) -> anyhow::Result<Vec<&'r Outcome>> {
    let names = || failing.iter().map(|o| o.subject.as_str()).collect::<Vec<_>>().join(", ");
    if args.of.is_empty() {
        if failing.len() > 1 && !args.all {
            bail!("{} failed for {}: name whose failure is accepted by `--of SUBJECT`, or say `--all`", args.rule, names());
        }
        return Ok(failing.to_vec());
    }
    for of in &args.of {
        if !failing.iter().any(|o| waiver::names(of, &o.subject)) {
            let whom = if names().is_empty() { "the rig as a whole: leave `--of` out".into() } else { names() };
            bail!("--of {of}: {} did not fail for it; it failed for {whom}", args.rule);
        }
    }
    Ok(failing.iter().filter(|o| args.of.iter().any(|of| waiver::names(of, &o.subject))).copied().collect())
}

/// The end of a waiver that covers a failure already.
fn covering(outcome: &Outcome, loaded: &Loaded, now: Wall) -> Option<String> {
    let mut waivers = loaded.profile.waivers.iter();
    waivers.find(|w| w.on(outcome, now) == Some(WaiverState::Holds)).map(|w| w.expires_text.clone())
}

/// The figure's name and the range in which the waiver holds.
fn range(outcome: &Outcome, args: &Waive) -> anyhow::Result<Option<(String, String)>> {
    let Some(figure) = outcome.finding.as_ref().map(|f| &f.figure).filter(|_| !args.any_value) else { return Ok(None) };
    let Some(wish) = &args.holds else { return Ok(Some((figure.name.clone(), around(figure)))) };
    let (lo, hi, unit) = bounds(wish).map_err(|(what, todo)| anyhow::anyhow!("--while {wish}: {what}; {todo}"))?;
    let range = Range { figure: figure.name.clone(), unit: unit.into(), lo, hi };
    if !range.holds(figure) {
        let of = of(outcome);
        bail!("--while {wish}: the observed {}{of} is not in it: such a waiver would never hold", phrases::figure(figure));
    }
    let seen = [figure.value, figure.lo, figure.hi].iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let reaches = range.lo.abs().max(range.hi.abs());
    if reaches > FAR * seen {
        eprintln!(
            "warning: --while {wish} reaches more than {FAR:.0} times as far as the observed {}{}: the waiver holds nearly whatever is observed; by default it would be {}",
            phrases::figure(figure),
            of(outcome),
            around(figure)
        );
    } else if range.lo < 0.0 && range.hi > 0.0 && (figure.lo > 0.0 || figure.hi < 0.0) {
        eprintln!(
            "warning: --while {wish} also accepts the opposite of the observed {}{}; by default it would be {}",
            phrases::figure(figure),
            of(outcome),
            around(figure)
        );
    }
    Ok(Some((figure.name.clone(), wish.clone())))
}

/// A range that reaches so many times as far as what was observed bounds nothing.
const FAR: f64 = 10.0;

fn of(outcome: &Outcome) -> String {
    if outcome.subject.as_str().is_empty() { String::new() } else { format!(" of {}", outcome.subject) }
}

/// Somebody must answer for it.
fn owner(args: &Waive, folder: &Path) -> anyhow::Result<String> {
    let told = args.owner.clone().or_else(|| {
        let git = std::process::Command::new("git").args(["config", "user.email"]).current_dir(folder).output().ok()?;
        String::from_utf8(git.stdout).ok().filter(|_| git.status.success())
    });
    match told.map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()) {
        Some(owner) => Ok(owner),
        None => bail!("somebody must answer for it: `--owner WHO`, or set RIGCHECK_OWNER"),
    }
}

/// Writes the spec, if it then means what it meant, and these waivers.
fn write(path: &Path, loaded: &Loaded, entries: &[edit::Entry], args: &Waive) -> anyhow::Result<Loaded> {
    let was = bounded_file::yaml(path).with_context(|| format!("reading {}", path.display()))?;
    let text = edit::add(&was, entries).context("the spec's waivers are written in a way that cannot be added to")?;
    let options = spec::Options { checks_dir: args.spec.checks.checks.clone(), env: &environment, exec: Exec::NotRun };
    let again = spec::load_instead(&text, path, &args.spec.set, &options)
        .ok()
        .filter(|again| means(again, loaded, entries))
        .context("with them the spec would mean something else")?;
    replace(path, &was, &text).with_context(|| format!("writing {}", path.display()))?;
    Ok(again)
}

/// The same as before, with these waivers at the end. Places in the text may move; the digest holds none.
fn means(again: &Loaded, before: &Loaded, entries: &[edit::Entry]) -> bool {
    let (a, b) = (&again.profile, &before.profile);
    let same = a.rig == b.rig && a.digest() == b.digest() && a.gate == b.gate && a.changed == b.changed && a.cases.len() == b.cases.len();
    let Some((old, new)) = a.waivers.split_at_checked(b.waivers.len()) else { return false };
    let written = new.iter().zip(entries).all(|(w, e)| {
        let range = w.holds.as_ref().map(|r| (r.figure.as_str(), r.lo, r.hi));
        let asked = e.holds.as_ref().and_then(|(f, r)| bounds(r).ok().map(|(lo, hi, _)| (f.as_str(), lo, hi)));
        (&w.rule, &w.of, &w.reason, &w.owner, &w.expires_text) == (&e.rule, &e.of, &e.reason, &e.owner, &e.expires) && range == asked
    });
    same && old == b.waivers && new.len() == entries.len() && written
}

/// What the waivers make of the run: judged again, nothing is asked.
fn effect(report: &Report, again: &Loaded, added: usize, now: Wall) -> String {
    if report.interrupted {
        return "The run was interrupted: what the waiver changes, the next run shows.".into();
    }
    let mut cases = report.cases.clone();
    for outcome in cases.iter_mut().flat_map(|c| &mut c.outcomes) {
        let states = again.profile.waivers.iter().enumerate().filter_map(|(at, w)| Some((at, w.on(outcome, now)?)));
        outcome.waiver = states.min_by_key(|(_, s)| *s != WaiverState::Holds);
    }
    let then = report.assessment.verdict;
    let with = scoring::assess(&cases, &report.header.gate);
    let word = if with.verdict == then { "still " } else { "" };
    let them = if added == 1 { "it" } else { "them" };
    format!("With {them} the run is {word}{}: {}. The score stays the same.", with.verdict.words(), with.because)
}

fn said(path: &Path, entries: &[edit::Entry], outcomes: &[&Outcome]) -> String {
    let mut text = format!("Added to {}:\n\n{}\n", path.display(), edit::section(entries));
    for (entry, outcome) in entries.iter().zip(outcomes) {
        let Some(figure) = outcome.finding.as_ref().map(|f| &f.figure) else { continue };
        let until = match &entry.holds {
            Some((_, range)) => format!("the waiver ends when it leaves {range}"),
            None => "the waiver holds whatever is observed".into(),
        };
        let _ = writeln!(text, "Observed{}: {}; {until}.", of(outcome), phrases::figure(figure));
    }
    text
}
