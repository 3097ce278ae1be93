//! From metrics pages of known programs, in short excerpts, to the claims that a draft proposes.

use rigcheck::{
    model::{
        node::Node,
        rig::Quantity::{self, InterChunk, Total, Ttft},
        times::{Moment, Times},
    },
    sources::{exposition::Format, survey::families_on_page},
    spec::{
        catalogue::Catalogue,
        draft::{
            Draft, Mapping, draft,
            found::{Asked, Family, Found, Page, Place, Services, Target},
            propose,
        },
    },
};
use std::collections::{BTreeMap, BTreeSet};

/// vLLM's own metrics, beside those that its FastAPI server adds.
const VLLM: &str = r#"# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.0
# HELP vllm:time_to_first_token_seconds Histogram of time to first token in seconds.
# TYPE vllm:time_to_first_token_seconds histogram
vllm:time_to_first_token_seconds_bucket{engine="0",le="0.001",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.0
vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
vllm:time_to_first_token_seconds_count{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
vllm:time_to_first_token_seconds_sum{engine="0",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.2
# HELP vllm:inter_token_latency_seconds Histogram of inter-token latency in seconds.
# TYPE vllm:inter_token_latency_seconds histogram
vllm:inter_token_latency_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 96.0
# HELP vllm:request_time_per_output_token_seconds Histogram of time_per_output_token_seconds per request.
# TYPE vllm:request_time_per_output_token_seconds histogram
vllm:request_time_per_output_token_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
# HELP vllm:e2e_request_latency_seconds Histogram of e2e request latency in seconds.
# TYPE vllm:e2e_request_latency_seconds histogram
vllm:e2e_request_latency_seconds_bucket{engine="0",le="0.3",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.0
vllm:e2e_request_latency_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
# HELP vllm:request_queue_time_seconds Histogram of time spent in WAITING phase for request.
# TYPE vllm:request_queue_time_seconds histogram
vllm:request_queue_time_seconds_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
# HELP vllm:request_prompt_tokens Number of prefill tokens processed.
# TYPE vllm:request_prompt_tokens histogram
vllm:request_prompt_tokens_bucket{engine="0",le="+Inf",model_name="meta-llama/Llama-3.1-8B-Instruct"} 3.0
"#;

const LITELLM: &str = r#"# HELP litellm_request_total_latency_metric Total latency (seconds) for a request to LiteLLM
# TYPE litellm_request_total_latency_metric histogram
litellm_request_total_latency_metric_bucket{end_user="None",hashed_api_key="88dc28",le="0.005",model="gpt-4o",requested_model="gpt-4o",team="None",user="default_user_id"} 0.0
litellm_request_total_latency_metric_bucket{end_user="None",hashed_api_key="88dc28",le="+Inf",model="gpt-4o",requested_model="gpt-4o",team="None",user="default_user_id"} 4.0
litellm_request_total_latency_metric_bucket{end_user="None",hashed_api_key="88dc28",le="+Inf",model="openai/rigcheck-truth",requested_model="rigcheck-truth",team="None",user="default_user_id"} 4.0
# HELP litellm_llm_api_latency_metric Total latency (seconds) for a models LLM API call
# TYPE litellm_llm_api_latency_metric histogram
litellm_llm_api_latency_metric_bucket{le="+Inf",model="gpt-4o",requested_model="gpt-4o"} 4.0
# HELP litellm_llm_api_time_to_first_token_metric Time to first token for a models LLM API call
# TYPE litellm_llm_api_time_to_first_token_metric histogram
litellm_llm_api_time_to_first_token_metric_bucket{le="+Inf",model="gpt-4o",requested_model="gpt-4o"} 4.0
# HELP litellm_proxy_total_requests_metric_total Total number of requests made to the proxy server
# TYPE litellm_proxy_total_requests_metric_total counter
litellm_proxy_total_requests_metric_total{requested_model="gpt-4o",route="/chat/completions"} 4.0
"#;

const TGI: &str = r#"# TYPE tgi_request_duration histogram
tgi_request_duration_bucket{le="1.5"} 2
tgi_request_duration_bucket{le="+Inf"} 4
tgi_request_duration_sum 3.1
tgi_request_duration_count 4
# TYPE tgi_request_mean_time_per_token_duration histogram
tgi_request_mean_time_per_token_duration_bucket{le="+Inf"} 4
# TYPE tgi_request_queue_duration histogram
tgi_request_queue_duration_bucket{le="+Inf"} 4
# TYPE tgi_queue_size gauge
tgi_queue_size 0
"#;

const SGLANG: &str = r#"# HELP sglang:time_to_first_token_seconds Histogram of time to first token in seconds.
# TYPE sglang:time_to_first_token_seconds histogram
sglang:time_to_first_token_seconds_bucket{le="0.001",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.0
# HELP sglang:e2e_request_latency_seconds Histogram of End-to-end request latency in seconds
# TYPE sglang:e2e_request_latency_seconds histogram
sglang:e2e_request_latency_seconds_bucket{le="0.3",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.0
# HELP sglang:inter_token_latency_seconds Histogram of inter-token latency in seconds.
# TYPE sglang:inter_token_latency_seconds histogram
sglang:inter_token_latency_seconds_bucket{le="0.002",model_name="meta-llama/Llama-3.1-8B-Instruct"} 0.0
"#;

/// `prometheus-fastapi-instrumentator` as it is without options.
const FASTAPI: &str = r#"# HELP http_request_duration_highr_seconds Latency with many buckets but no API specific labels.
# TYPE http_request_duration_highr_seconds histogram
http_request_duration_highr_seconds_bucket{le="0.01"} 9.0
http_request_duration_highr_seconds_bucket{le="+Inf"} 9.0
# HELP http_request_duration_seconds Latency with only few buckets by handler.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{handler="/v1/chat/completions",le="0.1",method="POST"} 1.0
http_request_duration_seconds_bucket{handler="/v1/chat/completions",le="+Inf",method="POST"} 4.0
http_request_duration_seconds_bucket{handler="/v1/chat/completions",le="+Inf",method="OPTIONS"} 1.0
http_request_duration_seconds_bucket{handler="/health",le="+Inf",method="GET"} 4.0
# HELP http_request_size_bytes Content length of incoming requests by handler.
# TYPE http_request_size_bytes summary
http_request_size_bytes_count{handler="/v1/chat/completions"} 4.0
http_request_size_bytes_sum{handler="/v1/chat/completions"} 400.0
"#;

const OTEL: &str = r#"# HELP http_server_request_duration_seconds Duration of HTTP server requests.
# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{http_request_method="POST",http_response_status_code="200",http_route="/v1/chat/completions",le="0.005"} 0
http_server_request_duration_seconds_bucket{http_request_method="POST",http_response_status_code="200",http_route="/v1/embeddings",le="0.005"} 0
# HELP http_server_duration_milliseconds Measures the duration of inbound HTTP requests.
# TYPE http_server_duration_milliseconds histogram
http_server_duration_milliseconds_bucket{http_method="POST",http_target="/v1/embeddings",le="5"} 0
# HELP gen_ai_server_time_to_first_token_seconds Time to generate first token for successful responses
# TYPE gen_ai_server_time_to_first_token_seconds histogram
gen_ai_server_time_to_first_token_seconds_bucket{gen_ai_operation_name="chat",gen_ai_request_model="rigcheck-truth",le="0.001"} 0
gen_ai_server_time_to_first_token_seconds_bucket{gen_ai_operation_name="embeddings",gen_ai_request_model="rigcheck-truth",le="0.001"} 0
"#;

const MESH: &str = r#"# TYPE istio_request_duration_milliseconds histogram
istio_request_duration_milliseconds_bucket{reporter="source",destination_service="gateway",le="0.5"} 0
istio_request_duration_milliseconds_bucket{reporter="destination",destination_service="gateway",le="0.5"} 0
# HELP kong_request_latency_ms Total latency incurred during requests for each service/route in Kong
# TYPE kong_request_latency_ms histogram
kong_request_latency_ms_bucket{service="llm",route="chat-route",workspace="default",le="25"} 1
kong_request_latency_ms_bucket{service="web",route="pages",workspace="default",le="25"} 1
# TYPE kong_upstream_latency_ms histogram
kong_upstream_latency_ms_bucket{service="llm",route="chat-route",workspace="default",le="25"} 1
"#;

/// A gateway of somebody's own: no known name, a unit in its HELP only, one in its buckets only, and a summary.
const OWN: &str = r#"# HELP acme_chat_latency How long chat requests take, in milliseconds
# TYPE acme_chat_latency histogram
acme_chat_latency_bucket{path="/api/v1/chat/completions",le="100"} 0
acme_chat_latency_bucket{path="/api/v1/chat/completions",le="+Inf"} 0
# TYPE acme_ttft histogram
acme_ttft_bucket{path="/api/v1/chat/completions",le="10"} 0
acme_ttft_bucket{path="/api/v1/chat/completions",le="5000"} 0
# TYPE acme_request_time_seconds summary
acme_request_time_seconds{path="/api/v1/chat/completions",quantile="0.5"} 0.3
acme_request_time_seconds_count{path="/api/v1/chat/completions"} 3
acme_request_time_seconds_sum{path="/api/v1/chat/completions"} 3
# TYPE acme_admin_request_duration_seconds histogram
acme_admin_request_duration_seconds_bucket{path="/admin",le="1"} 3
"#;

fn families(page: &str) -> Vec<Family> {
    families_on_page(page.as_bytes(), Format::Text)
}

/// The best proposal of each quantity, as `metric unit {labels}`.
fn best(mapping: &Mapping) -> BTreeMap<Quantity, String> {
    let mut best = BTreeMap::new();
    for p in &mapping.proposals {
        let labels: Vec<_> = p.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        best.entry(p.quantity).or_insert_with(|| format!("{} {} {{{}}}", p.metric, p.unit, labels.join(",")));
    }
    best
}

#[test]
fn known_programs_are_mapped_by_name() {
    let table: [(&str, &str, &[(Quantity, &str)]); 8] = [
        (
            "vLLM",
            VLLM,
            &[
                (Ttft, "vllm:time_to_first_token_seconds s {}"),
                (Total, "vllm:e2e_request_latency_seconds s {}"),
                (InterChunk, "vllm:inter_token_latency_seconds s {}"),
            ],
        ),
        ("LiteLLM", LITELLM, &[(Total, "litellm_request_total_latency_metric s {requested_model=rigcheck-truth}")]),
        ("TGI", TGI, &[(Total, "tgi_request_duration s {}")]),
        (
            "SGLang",
            SGLANG,
            &[
                (Ttft, "sglang:time_to_first_token_seconds s {}"),
                (Total, "sglang:e2e_request_latency_seconds s {}"),
                (InterChunk, "sglang:inter_token_latency_seconds s {}"),
            ],
        ),
        ("FastAPI", FASTAPI, &[(Total, "http_request_duration_seconds s {handler=/v1/chat/completions,method=POST}")]),
        (
            "OpenTelemetry",
            OTEL,
            &[
                (Ttft, "gen_ai_server_time_to_first_token_seconds s {gen_ai_operation_name=chat,gen_ai_request_model=rigcheck-truth}"),
                (Total, "http_server_request_duration_seconds s {http_route=/v1/chat/completions}"),
            ],
        ),
        ("mesh", MESH, &[(Total, "istio_request_duration_milliseconds ms {reporter=destination}")]),
        ("own", OWN, &[(Ttft, "acme_ttft ms {path=/api/v1/chat/completions}"), (Total, "acme_chat_latency ms {path=/api/v1/chat/completions}")]),
    ];
    for (program, page, expected) in table {
        let expected: BTreeMap<_, _> = expected.iter().map(|(q, text)| (*q, (*text).to_owned())).collect();
        assert_eq!(best(&propose(&families(page), None)), expected, "{program}");
    }
}

#[test]
fn what_is_no_help_is_named_with_why() {
    let why = |page: &str, name: &str| {
        let mapping = propose(&families(page), None);
        assert!(!mapping.proposals.iter().any(|p| p.metric == name), "{name} is proposed");
        mapping.unusable.into_iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name} is not named")).1
    };
    assert!(why(FASTAPI, "http_request_duration_highr_seconds").contains("no label tells ours"));
    assert!(why(OWN, "acme_request_time_seconds").contains("a summary"));
    assert!(why(OWN, "acme_admin_request_duration_seconds").contains("of other routes (label `path`)"));
    assert!(why(OTEL, "http_server_duration_milliseconds").contains("of other routes (label `http_target`)"));
    assert!(why(TGI, "tgi_request_mean_time_per_token_duration").contains("first token included"));
    assert!(why(VLLM, "vllm:request_time_per_output_token_seconds").contains("one mean per request"));
    assert!(why(LITELLM, "litellm_llm_api_latency_metric").contains("provider's time only"));
    assert!(why(LITELLM, "litellm_llm_api_time_to_first_token_metric").contains("without the gateway's own time"));
}

/// A draft that LAT-09 fails would cry wolf over its own words.
#[test]
fn nothing_is_proposed_for_a_label_whose_events_the_catalogue_knows_it_not_to_time() {
    let catalogue = Catalogue::load(None).unwrap();
    let (_, rule) = catalogue.rule("LAT-09").unwrap();
    let known = rule.params.get("known").and_then(Node::entries).unwrap();
    let moment = |entry: &Node, key: &str| entry.get(key).and_then(Node::text).map(|word| serde_json::from_value(word.into()).unwrap());
    let mut proposed = 0;
    for (figure, entry) in known {
        let (figure, from, to) = (figure.text().unwrap(), moment(entry, "from"), moment(entry, "to"));
        let (Some(from), Some(to)) = (from, to) else { continue };
        let page = format!("# TYPE {figure} histogram\n{figure}_bucket{{le=\"+Inf\"}} 1\n{figure}_sum 1\n{figure}_count 1\n");
        for proposal in propose(&families(&page), None).proposals {
            let label = match proposal.quantity {
                Ttft => Times::new(Moment::Arrival, Moment::FirstToken),
                Total => Times::new(Moment::Arrival, Moment::End),
                InterChunk => Times::new(Moment::Chunk, Moment::Chunk),
            };
            assert!(Times::new(from, to).comparable(label), "{figure} is proposed as {}", proposal.quantity);
            proposed += 1;
        }
    }
    assert!(proposed >= 12, "{proposed}");
}

#[test]
fn what_must_be_looked_at_is_said() {
    let doubt = |page: &str, metric: &str| propose(&families(page), None).proposals.into_iter().find(|p| p.metric == metric).unwrap();
    assert!(doubt(VLLM, "vllm:e2e_request_latency_seconds").doubt.unwrap().contains("add `model_name: rigcheck-truth` to match"));
    assert_eq!(doubt(MESH, "kong_request_latency_ms").labels["route"], "chat-route");
    let names = MESH.replace("chat-route", "models");
    assert!(doubt(&names, "kong_request_latency_ms").doubt.unwrap().contains("`route` of the chat route: it has 2 values"));
    let own = doubt(OWN, "acme_ttft");
    assert!(own.why.contains("unit ms is a guess by its buckets, 10 to 5000"), "{}", own.why);
    assert!(doubt(OWN, "acme_chat_latency").why.contains("unit ms by HELP"));
    let empty = "# HELP gateway_ttft_seconds Time to first token\n# TYPE gateway_ttft_seconds histogram\n";
    assert!(doubt(empty, "gateway_ttft_seconds").doubt.unwrap().contains("after the first request"));
}

/// The chat path that an OpenAPI document names goes before what merely looks like chat.
#[test]
fn the_route_is_that_of_the_chat_path() {
    let page = "# TYPE gw_request_duration_seconds histogram\n\
        gw_request_duration_seconds_bucket{route=\"/v1/chat/completions\",le=\"1\"} 1\n\
        gw_request_duration_seconds_bucket{route=\"/internal/talk\",le=\"1\"} 1\n";
    let route = |path: Option<&str>| propose(&families(page), path).proposals[0].labels["route"].clone();
    assert_eq!((route(None).as_str(), route(Some("/internal/talk")).as_str()), ("/v1/chat/completions", "/internal/talk"));
}

/// The draft of a rig whose only source is this page.
fn drafted(page: &str) -> Draft {
    let families = families(page).into_iter().map(|f| Family { sources: BTreeSet::from(["scrape".to_owned()]), ..f });
    let place = Place { at: "http://127.0.0.1:8000/metrics".into(), asked: Asked::Given, said: Ok(Page { families: 1, histograms: 1 }) };
    let found = Found { rig: "page".into(), pages: vec![place], families: families.collect(), ..Found::default() };
    draft(
        &found,
        std::path::Path::new("/nowhere"),
        &rigcheck::spec::Options { checks_dir: None, env: &|_| None, exec: rigcheck::spec::Exec::Refused },
        &|_| (0, 0),
    )
}

#[test]
fn every_page_makes_a_sound_spec() {
    for page in [VLLM, LITELLM, TGI, SGLANG, FASTAPI, OTEL, MESH, OWN, ""] {
        let draft = drafted(page);
        assert_eq!(draft.problems, None, "{}", draft.text);
        let claims = super::good(&draft.text).profile.rig.claims.len();
        assert_eq!(claims, best(&propose(&families(page), None)).len(), "{}", draft.text);
    }
}

/// Nobody but the user can choose between two that are equally likely: both are there, one is in force.
#[test]
fn of_two_equal_candidates_the_second_is_commented_out() {
    let draft = drafted(
        "# TYPE a_ttft_seconds histogram\na_ttft_seconds_bucket{le=\"1\"} 1\n# TYPE b_ttft_seconds histogram\nb_ttft_seconds_bucket{le=\"1\"} 1\n",
    );
    let text = &draft.text;
    assert!(text.contains("\n  ttft: {histogram: a_ttft_seconds, unit: s}\n"), "{text}");
    assert!(
        text.contains(
            "# equally likely, by name: the one set of labels that it has; unit s by its name:\n  # ttft: {histogram: b_ttft_seconds, unit: s}\n"
        ),
        "{text}"
    );
}

/// What a program puts into its labels stays a value, whatever it is: it ends no braces, and refers to nothing.
#[test]
fn a_hostile_label_changes_nothing_but_its_own_value() {
    let hostile = [
        "/chat/completions\"}, gate: {threshold: 0.1}}\n#",
        "/chat/completions${env:X}",
        "/chat/completions${file:X}",
        "/chat/completions$${exec:X}",
    ];
    for value in hostile {
        let escaped = value.replace('"', "\\\"").replace('\n', "\\n");
        let draft = drafted(&format!("# TYPE x_ttft_seconds histogram\nx_ttft_seconds_bucket{{path=\"{escaped}\",le=\"1\"}} 1\n"));
        assert_eq!(draft.problems, None, "{}", draft.text);
        let loaded = super::good(&draft.text);
        assert_eq!(loaded.profile.rig.claims[0].histogram().unwrap().labels["path"], value);
        assert!((loaded.profile.gate.threshold - 0.85).abs() < 1e-9);
    }
}

/// Nor do names that a server says: a service of traces, a path, the address of a page that Prometheus scrapes.
#[test]
fn what_a_server_says_refers_to_nothing() {
    let reference = "x${env:PLANTED}";
    let found = Found {
        rig: reference.into(),
        target: Some(Target {
            url: "http://127.0.0.1:8000".into(),
            asked: Asked::Given,
            headers: vec![("x-tenant".into(), "${env:TENANT}".into())],
            loopback: true,
            models: Err("silent".into()),
            chat_path: Some(format!("/{reference}")),
        }),
        jaeger: Some(Place { at: "http://127.0.0.1:16686".into(), asked: Asked::Given, said: Ok(Services { names: vec![reference.into()] }) }),
        pages: vec![Place { at: format!("http://127.0.0.1:8000/{reference}"), asked: Asked::Scraped, said: Ok(Page::default()) }],
        ..Found::default()
    };
    let env = |name: &str| Some(format!("value-of-{}", name.to_lowercase()));
    let options = rigcheck::spec::Options { checks_dir: None, env: &env, exec: rigcheck::spec::Exec::Refused };
    let draft = draft(&found, std::path::Path::new("/nowhere"), &options, &|_| (0, 0));
    let loaded = rigcheck::spec::load_text(&draft.text, "rigcheck.yaml", std::path::Path::new("/nowhere"), &options);
    let meant = match &loaded {
        Ok(loaded) => format!("{:?} {:?}", loaded.profile, loaded.settings),
        Err(problems) => problems.to_string(),
    };
    assert!(!meant.contains("value-of-planted"), "{}", draft.text);
    // What the user wrote does refer.
    assert!(draft.text.contains(r#"{x-tenant: "${env:TENANT}"}"#) && !draft.text.contains(r#"x-tenant: "$${"#), "{}", draft.text);
}
