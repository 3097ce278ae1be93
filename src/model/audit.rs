//! The ports of judging: an audit says what it must know and joins it once; its rules judge. Both are pure.
//! They open nothing, read no clock and cannot fail: what is missing is an [`Unknown`], what is broken is caught per rule.

use super::{
    case::Case,
    chart::Chart,
    evidence::{Evidence, Unknown},
    key::{Key, Query, World},
    name::{Name, name},
    node::{Bad, Node},
    outcome::Finding,
    panics::caught,
    rig::Rig,
    units::Wall,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// How much of an act; merged by maximum when several audits want the same one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    /// Measured requests.
    pub requests: u64,
    /// Requests before them that are not measured.
    pub warmup: u64,
    /// Repetitions of a probe.
    pub rounds: u64,
    /// How long, ms.
    pub lasting_ms: u64,
}

impl Effort {
    /// The larger of both in every respect.
    #[must_use]
    pub fn max(self, other: Effort) -> Effort {
        Effort {
            requests: self.requests.max(other.requests),
            warmup: self.warmup.max(other.warmup),
            rounds: self.rounds.max(other.rounds),
            lasting_ms: self.lasting_ms.max(other.lasting_ms),
        }
    }
}

/// Something an audit must know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// The question.
    pub key: Key,
    /// How much.
    pub effort: Effort,
}

impl Need {
    /// A question about this run.
    pub fn live(source: &Name, query: impl Into<Query>, effort: Effort) -> Need {
        Need { key: Key { world: World::Live, source: source.clone(), query: query.into() }, effort }
    }
}

/// What judging may look at.
#[derive(Clone, Copy, Debug)]
pub struct Context<'e> {
    /// The rig, as the spec described it before the run.
    pub rig: &'e Rig,
    /// What was gathered.
    pub evidence: &'e Evidence,
    /// The one "now" of a run: the end of gathering.
    pub as_of: Wall,
}

/// What one rule says of one subject.
pub type Judgement = Result<Finding, Unknown>;

/// A kind of examination: what it must know, and how that is joined. The implementor is its own parameter struct.
pub trait Audit: DeserializeOwned + Send + Sync + Sized + 'static {
    /// The word in a case's `audit:`.
    const NAME: &'static str;
    /// Its rules, in report order.
    const RULES: &'static [RuleEntry<Self>];
    /// Everything joined once, for the rules to read.
    type View<'e>;
    /// What it must know. Static: known before anything is sent.
    fn needs(&self, rig: &Rig) -> Vec<Need>;
    /// Joins the evidence.
    fn view<'e>(&'e self, cx: &Context<'e>) -> Self::View<'e>;
    /// Pictures of the view.
    fn charts(&self, _view: &Self::View<'_>) -> Vec<Chart> {
        vec![]
    }
    /// True things worth knowing that no rule scores, a sentence each.
    fn notes(&self, _view: &Self::View<'_>) -> Vec<String> {
        vec![]
    }
}

/// A rule. Its parameter struct is the rule.
pub trait Rule<A: Audit>: DeserializeOwned + Send + Sync + 'static {
    /// The word in a rule's `judge:`.
    const NAME: &'static str;
    /// Who is judged: from the rig, never from the evidence, so that silence cannot shrink the denominator.
    fn subjects(&self, _rig: &Rig) -> Vec<Name> {
        vec![name("")]
    }
    /// Pure; `?` on a gap makes the outcome `no_data`.
    fn judge(&self, view: &A::View<'_>, subject: &Name) -> Judgement;
    /// Negative control: makes this rule fail for this subject in a copy of the evidence.
    fn spoil(&self, audit: &A, rig: &Rig, subject: &Name, copy: &mut Evidence);
}

/// A rule of an audit's list.
pub struct RuleEntry<A: Audit> {
    /// The word in `judge:`.
    pub name: &'static str,
    bind: fn(&Node) -> Result<Box<dyn AnyRule<A>>, Bad>,
}

impl<A: Audit> RuleEntry<A> {
    /// The entry of a rule type.
    pub const fn of<R: Rule<A>>() -> Self {
        RuleEntry { name: R::NAME, bind: |params| Ok(Box::new(params.read::<R>()?)) }
    }
}

trait AnyRule<A: Audit>: Send + Sync {
    fn subjects(&self, rig: &Rig) -> Vec<Name>;
    fn judge(&self, view: &A::View<'_>, subject: &Name) -> Judgement;
    fn spoil(&self, audit: &A, rig: &Rig, subject: &Name, copy: &mut Evidence);
}

impl<A: Audit, R: Rule<A>> AnyRule<A> for R {
    fn subjects(&self, rig: &Rig) -> Vec<Name> {
        Rule::subjects(self, rig)
    }
    fn judge(&self, view: &A::View<'_>, subject: &Name) -> Judgement {
        Rule::judge(self, view, subject)
    }
    fn spoil(&self, audit: &A, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        Rule::spoil(self, audit, rig, subject, copy);
    }
}

/// What judging a case gave, before strength and waivers are looked at.
#[derive(Debug, Default)]
pub struct Judged {
    /// One per rule of the case that is in scope and per subject: index of the rule, subject, what was said.
    /// `Err(text)` of the outer result means that our own code broke.
    pub findings: Vec<(usize, Name, Result<Judgement, String>)>,
    /// Pictures.
    pub charts: Vec<Chart>,
    /// Unscored truths.
    pub notes: Vec<String>,
}

/// A case bound to its audit and rules; the engine sees only this.
pub trait AnyCase: Send + Sync {
    /// The case as resolved.
    fn case(&self) -> &Case;
    /// What it must know.
    fn needs(&self, rig: &Rig) -> Vec<Need>;
    /// Who each rule judges, by the rule's index.
    fn subjects(&self, rig: &Rig) -> Vec<(usize, Name)>;
    /// Judges the rules that are in scope; a panicking rule costs itself only.
    fn judge(&self, cx: &Context<'_>) -> Judged;
    /// What one rule says of one subject; `Err` means that our own code broke.
    fn judge_one(&self, rule: usize, subject: &Name, cx: &Context<'_>) -> Result<Judgement, String>;
    /// Negative control of one rule and subject.
    fn spoil(&self, rule: usize, rig: &Rig, subject: &Name, copy: &mut Evidence);
}

struct Bound<A: Audit> {
    case: Case,
    audit: A,
    rules: Vec<Box<dyn AnyRule<A>>>,
}

impl<A: Audit> AnyCase for Bound<A> {
    fn case(&self) -> &Case {
        &self.case
    }
    fn needs(&self, rig: &Rig) -> Vec<Need> {
        // What it throws is told when it is judged.
        caught(|| self.audit.needs(rig)).unwrap_or_default()
    }
    fn subjects(&self, rig: &Rig) -> Vec<(usize, Name)> {
        let in_scope = self.rules.iter().enumerate().filter(|(i, _)| self.case.rules[*i].in_scope(&rig.capabilities));
        in_scope.flat_map(|(i, rule)| caught(|| rule.subjects(rig)).unwrap_or_default().into_iter().map(move |s| (i, s))).collect()
    }
    fn judge(&self, cx: &Context<'_>) -> Judged {
        let subjects = self.subjects(cx.rig);
        let view = match caught(|| self.audit.needs(cx.rig)).and_then(|_| caught(|| self.audit.view(cx))) {
            Ok(view) => view,
            Err(text) => {
                let findings = subjects.into_iter().map(|(i, s)| (i, s, Err(text.clone()))).collect();
                return Judged { findings, ..Judged::default() };
            }
        };
        let findings = subjects.into_iter().map(|(i, subject)| {
            let said = caught(|| self.rules[i].judge(&view, &subject));
            (i, subject, said)
        });
        Judged {
            findings: findings.collect(),
            charts: caught(|| self.audit.charts(&view)).unwrap_or_default(),
            notes: caught(|| self.audit.notes(&view)).unwrap_or_default(),
        }
    }
    fn judge_one(&self, rule: usize, subject: &Name, cx: &Context<'_>) -> Result<Judgement, String> {
        let view = caught(|| self.audit.view(cx))?;
        caught(|| self.rules[rule].judge(&view, subject))
    }
    fn spoil(&self, rule: usize, rig: &Rig, subject: &Name, copy: &mut Evidence) {
        self.rules[rule].spoil(&self.audit, rig, subject, copy);
    }
}

/// An audit of the list of audits.
pub struct Entry {
    /// The word in `audit:`.
    pub name: &'static str,
    /// The words allowed in `judge:`, in report order.
    pub rules: fn() -> Vec<&'static str>,
    /// Binds a case; all problems at once, each at its place.
    pub bind: fn(Case) -> Result<Box<dyn AnyCase>, Vec<Bad>>,
}

impl Entry {
    /// The entry of an audit type.
    pub const fn of<A: Audit>() -> Entry {
        Entry { name: A::NAME, rules: || A::RULES.iter().map(|r| r.name).collect(), bind: bind::<A> }
    }
}

fn bind<A: Audit>(case: Case) -> Result<Box<dyn AnyCase>, Vec<Bad>> {
    let mut bad = vec![];
    let mut rules = vec![];
    for spec in &case.rules {
        match A::RULES.iter().find(|entry| entry.name == spec.judge.as_str()) {
            None => bad.push(Bad::new(spec.params.at, format!("rule {}: the audit `{}` has no judge `{}`", spec.id, A::NAME, spec.judge))),
            Some(entry) => match (entry.bind)(&spec.params) {
                Ok(rule) => rules.push(rule),
                Err(b) => bad.push(Bad::new(b.at, format!("rule {}: {}", spec.id, b.why))),
            },
        }
    }
    match case.params.read::<A>() {
        Ok(audit) if bad.is_empty() => Ok(Box::new(Bound { case, audit, rules })),
        Ok(_) => Err(bad),
        Err(b) => {
            bad.push(Bad::new(b.at, format!("audit `{}`: {}", A::NAME, b.why)));
            Err(bad)
        }
    }
}
