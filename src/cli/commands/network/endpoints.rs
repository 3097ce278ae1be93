use crate::{
    cli::outputs::{flowing, print, rows},
    spec::endpoints::{Endpoints, Pattern},
};
use std::process::ExitCode;

pub fn run() -> anyhow::Result<ExitCode> {
    let all = Endpoints::embedded()?;
    let row = |pattern: &Pattern| {
        let regions = if pattern.regions.is_empty() { "none".to_owned() } else { pattern.regions.join(" ") };
        [pattern.name.clone(), pattern.host.clone(), regions, pattern.of.clone(), pattern.proves.clone()]
    };
    let listed: Vec<_> = all.patterns.iter().map(row).collect();
    let said = format!(
        "Endpoint catalogue {}, compared with the providers' documentation on {}. In the spec: `network: {{endpoints: {{NAME: {{from: \
         bedrock-runtime, region: us-east-1}}}}}}`; any other endpoint by `url: https://HOST/PATH`.",
        all.version, all.as_of
    );
    print(&format!("{}{}", rows(["from", "host", "regions", "what", "a connection proves"], &listed), flowing(&said, 0)))?;
    Ok(ExitCode::SUCCESS)
}
