//! `rigcheck init`: looks at what there is, and writes a commented spec.
#![allow(clippy::disallowed_methods, reason = "writes the spec that it drafts, and names the rig after the working directory")]

use super::{Outlook, environment};
use crate::{
    cli::outputs::print,
    sources::survey::{Places, Usual, survey},
    spec::{
        Exec, Options,
        discover::FILE_NAME,
        draft::{
            Draft, TRUTH_MODEL, draft,
            found::{Asked, Found, Look, Target},
            options::{Written, header, reach},
        },
    },
};
use anyhow::{Context, bail};
use reqwest::Url;
use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// `rigcheck init`.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Base URL of the API under test, such as http://gateway:8000
    #[arg(long, value_name = "URL")]
    pub target: Option<String>,
    /// Header for the target; a secret as a reference: 'x-api-key: ${env:API_KEY}'; repeatable
    #[arg(long, value_name = "NAME: VALUE", requires = "target")]
    pub header: Vec<String>,
    /// A server with the Prometheus HTTP API
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,
    /// A Jaeger query service
    #[arg(long, value_name = "URL")]
    pub jaeger: Option<String>,
    /// A metrics page to read directly
    #[arg(long, value_name = "URL")]
    pub scrape: Option<String>,
    /// An access log, or docker:NAME for what a container writes; repeatable
    #[arg(long, value_name = "PATH")]
    pub log: Vec<String>,
    /// `rigcheck mock`, as seen from here
    #[arg(long, value_name = "URL")]
    pub truth: Option<String>,
    /// What the rig is called; without it, by the target's host or this folder
    #[arg(long, value_name = "NAME", value_parser = rig_name)]
    pub rig: Option<String>,
    /// The file to write
    #[arg(long, short, value_name = "FILE", env = "RIGCHECK_SPEC", hide_env_values = true, default_value = FILE_NAME)]
    pub spec: PathBuf,
    /// Replace the file if it is there, and keep it as FILE.bak, or FILE.bak.2 and so on where that is there
    #[arg(long)]
    pub force: bool,
    /// Print the spec instead of writing it
    #[arg(long)]
    pub print: bool,
    /// Look only at what these options name, not at the usual places of this host
    #[arg(long)]
    pub named_only: bool,
}

fn rig_name(text: &str) -> Result<String, String> {
    let named = named_after(text);
    if named.as_deref() == Some(text) { Ok(named.unwrap_or_default()) } else { Err("letters, digits, `_`, `-` and `.`, at most 64".into()) }
}

pub async fn run(args: Init) -> anyhow::Result<ExitCode> {
    let spec = &args.spec;
    if !args.print && !args.force && spec.symlink_metadata().is_ok() {
        let (kept, spec) = (free_name(spec).display().to_string(), spec.display());
        bail!("{spec} is there already, and is left as it is; --force replaces it and keeps it as {kept}, --print shows what would be written");
    }
    let folder = spec.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        bail!("--spec {}: there is no folder {}", spec.display(), folder.display());
    }
    let places = places(&args, folder)?;
    let found = Box::pin(survey(&places)).await;
    // What is not set now is set when it is needed: `validate` says so.
    let env = |name: &str| environment(name).filter(|v| !v.is_empty()).or_else(|| Some("unset".into()));
    let cost = |loaded: &_| {
        let outlook = Outlook::of(loaded);
        (outlook.target.requests, outlook.target.tokens)
    };
    let draft = draft(&found, folder, &Options { checks_dir: None, env: &env, exec: Exec::NotRun }, &cost);
    let report = |kept: Option<&Path>| report(&args, &places, &found, &draft, kept);
    if args.print {
        print(&draft.text)?;
        eprintln!("{}", report(None).trim_end());
    } else {
        let kept = write(spec, &draft.text, args.force)?;
        print(&report(kept.as_deref()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn places(args: &Init, folder: &Path) -> anyhow::Result<Places> {
    let headers = args.header.iter().map(|text| header(text)).collect::<Result<Vec<_>, _>>()?;
    let (target, prometheus, jaeger) = (args.target.clone(), args.prometheus.clone(), args.jaeger.clone());
    let written = Written { target, headers, prometheus, jaeger, scrape: args.scrape.clone(), truth: args.truth.clone() };
    let reach = reach(&written, folder, &Options { checks_dir: None, env: &environment, exec: Exec::Refused })?;
    let here = std::env::current_dir()?;
    let beside = folder == Path::new(".");
    let log = |at: &String| {
        if at.starts_with("docker:") || at == "-" {
            return (at.clone(), None);
        }
        // Paths of a spec begin at its folder, those of an option here.
        let path = here.join(at);
        (if beside { at.clone() } else { path.display().to_string() }, Some(path))
    };
    let host = reach.target.as_ref().and_then(|(c, loopback)| if *loopback { None } else { host_of(&c.url) });
    let named = [args.rig.clone(), host, here.file_name().map(|n| n.to_string_lossy().into_owned())];
    let rig = named.into_iter().flatten().find_map(|n| named_after(&n)).unwrap_or_else(|| "local".into());
    let usual = if args.named_only { Usual::default() } else { Usual::of_this_host() };
    Ok(Places { written, reach, logs: args.log.iter().map(log).collect(), rig, usual })
}

fn host_of(url: &str) -> Option<String> {
    Some(Url::parse(url).ok()?.host_str()?.to_owned())
}

/// A name of a rig that begins like this text.
fn named_after(text: &str) -> Option<String> {
    let fits = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '-' };
    let name: String = text.chars().map(fits).take(64).collect();
    let name = name.trim_matches(['-', '.']).to_owned();
    (!name.is_empty()).then_some(name)
}

/// Writes the file; what was there is kept under a name that was free, which is returned.
fn write(spec: &Path, text: &str, force: bool) -> anyhow::Result<Option<PathBuf>> {
    let mut kept = None;
    if force && spec.symlink_metadata().is_ok() {
        let backup = free_name(spec);
        fs::rename(spec, &backup).with_context(|| format!("keeping {} as {}", spec.display(), backup.display()))?;
        kept = Some(backup);
    }
    // Whatever came there meanwhile is not overwritten either.
    let done = fs::File::create_new(spec).and_then(|mut file| file.write_all(text.as_bytes()));
    done.with_context(|| format!("writing {}", spec.display()))?;
    Ok(kept)
}

/// `x.yaml.bak`, or `x.yaml.bak.2` and so on where that is there.
fn free_name(spec: &Path) -> PathBuf {
    let named = |end: &str| {
        let mut name = spec.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    let mut candidate = named(".bak");
    let mut nth = 2;
    while candidate.symlink_metadata().is_ok() {
        candidate = named(&format!(".bak.{nth}"));
        nth += 1;
    }
    candidate
}

fn report(args: &Init, places: &Places, found: &Found, draft: &Draft, kept: Option<&Path>) -> String {
    let mut out = String::new();
    let spec = args.spec.display();
    if !args.print {
        let before = kept.map(|k| format!("; what was there is now {}", k.display())).unwrap_or_default();
        let _ = writeln!(out, "Wrote {spec}{before}. Only GETs were sent, none that costs anything.\n");
    }
    out.push_str("looked at\n");
    found.looks.iter().for_each(|look| line(&mut out, look));
    if found.looks.iter().all(|look| look.asked == Asked::Usual && look.saw.is_err()) {
        out.push_str("  nothing was named, and none of the usual places of this host answers\n");
    }
    for name in &places.reach.unset {
        let _ = writeln!(out, "  ! the header {name} was not sent: its variable is not set");
    }
    let (inside, all) = draft.scope;
    if found.target.is_none() && inside == 0 && draft.problems.is_none() {
        // Nothing can be said before that, and no other command does anything.
        let _ = writeln!(out, "\nnext    name your API: {} --target URL", again(args));
        return out;
    }
    let _ = writeln!(out, "\nscope   {inside} of {all} rules; the end of the file names those that are out, and what brings them in");
    for (capability, rules) in &draft.missing {
        let n = rules.len();
        let _ = writeln!(out, "  {n:>2} rule{} for it: {}", if n == 1 { " waits" } else { "s wait" }, capability.how());
    }
    if let Some(problems) = &draft.problems {
        let _ = writeln!(out, "\nThe file is not sound yet:\n{problems}");
    }
    if !draft.to_confirm.is_empty() {
        out.push_str("\nlook at (GUESS and CONFIRM in the file)\n");
        for what in &draft.to_confirm {
            let _ = writeln!(out, "  - {what}");
        }
    }
    for (what, lines) in &draft.snippets {
        let _ = writeln!(out, "\npaste   {what}");
        for line in lines.lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    let empty = found.pages.iter().any(|page| page.said.as_ref().is_ok_and(|p| p.families == 0));
    if let Some(target) = found.target.as_ref().filter(|_| empty) {
        let _ = writeln!(out, "\nfirst   the metrics page is empty until a request has come; send one, then look again:");
        let _ = writeln!(out, "    {}\n    {}", first_request(target), again(args));
    }
    let at = if args.spec == Path::new(FILE_NAME) { String::new() } else { format!(" --spec {spec}") };
    let _ = writeln!(out, "\nnext    rigcheck validate{at} · rigcheck plan --probe{at} · rigcheck audit{at}");
    out
}

fn line(out: &mut String, look: &Look) {
    let how = look.saw.as_ref().map_or("", |_| look.asked.unasked());
    let (mark, saw) = match &look.saw {
        Ok(saw) => ("✓ found", saw.clone()),
        Err(why) => unseen(&look.what, why),
    };
    let _ = writeln!(out, "  {mark:<11}  {:<13} {}{how}\n                             {saw}", look.what, look.at);
}

/// Nothing there, nothing of that kind there, or no answer: three things to mend.
fn unseen(what: &str, why: &str) -> (&'static str, String) {
    let is = match what {
        "prometheus" => "Prometheus",
        "jaeger" => "Jaeger",
        "truth" => "`rigcheck mock`",
        "target" => "API of this kind",
        other => other,
    };
    let status = why.strip_prefix("answered ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse::<u16>().ok());
    match status {
        Some(401 | 403) => ("✗ refused", why.to_owned()),
        Some(500..) => ("✗ failing", why.to_owned()),
        Some(code) => ("✗ other", format!("is no {is} ({code})")),
        None if why.contains("No such") => ("✗ not found", why.to_owned()),
        None if why.starts_with("answer") || why.starts_with("redirects") || why.starts_with("not a ") => ("✗ other", format!("is no {is}: {why}")),
        None => ("✗ silent", why.to_owned()),
    }
}

/// The same command once more, over the file that is now there.
fn again(args: &Init) -> String {
    let named = [("--target", &args.target), ("--prometheus", &args.prometheus), ("--jaeger", &args.jaeger), ("--scrape", &args.scrape)];
    let named = named.into_iter().chain([("--truth", &args.truth), ("--rig", &args.rig)]);
    let mut words: Vec<String> = named.filter_map(|(option, value)| Some(format!("{option} {}", quoted(value.as_ref()?)))).collect();
    words.extend(args.log.iter().map(|log| format!("--log {}", quoted(log))));
    words.extend(args.header.iter().map(|header| format!("--header {}", quoted(header))));
    words.extend((args.spec != Path::new(FILE_NAME)).then(|| format!("--spec {}", quoted(&args.spec.display().to_string()))));
    words.extend(args.named_only.then(|| "--named-only".to_owned()));
    let force = if args.print { "" } else { " --force" };
    words.iter().fold(format!("rigcheck init{force}"), |line, word| line + " " + word)
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let tame = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(tame) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

/// A request that gives a metrics page its first labels: references to variables become the shell's own.
fn first_request(target: &Target) -> String {
    let shown = |value: &str| value.replace('"', "\\\"").replace("${env:", "${");
    let headers: Vec<_> = target.headers.iter().map(|(name, value)| format!(" -H \"{name}: {}\"", shown(value))).collect();
    let headers = headers.concat();
    let path = target.chat_path.as_deref().unwrap_or("/v1/chat/completions");
    let body = format!(r#"{{"model":"{TRUTH_MODEL}","max_tokens":1,"messages":[{{"role":"user","content":"hi"}}]}}"#);
    let url = quoted(&format!("{}{path}", target.url.trim_end_matches('/')));
    format!("curl -s {url} -H 'content-type: application/json'{headers} -d '{body}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rig_is_named_after_its_host() {
        let named = |url: &str| host_of(url).and_then(|host| named_after(&host));
        assert_eq!(named("https://gw.staging:8443/v1?x=1").as_deref(), Some("gw.staging"));
        assert_eq!(named("http://[2001:db8::1]/v1").as_deref(), Some("2001-db8--1"));
        assert_eq!(named("http://[2001:db8::1]:8000").as_deref(), Some("2001-db8--1"));
        assert_eq!(named("gateway"), None);
    }
}
