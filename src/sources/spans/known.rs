//! Closed lists: names and values that standards and tools give, so that no text of anybody's is among them.

/// Methods of HTTP (RFC 9110, RFC 5789).
pub const METHODS: &[&str] = &["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "HTTP"];
/// Well-known values of `gen_ai.operation.name` (OpenTelemetry's semantic conventions).
pub const OPERATIONS: &[&str] =
    &["chat", "create_agent", "embeddings", "execute_tool", "generate_content", "invoke_agent", "rerank", "retrieval", "text_completion"];
/// Operations of tools whose span name goes on with a name that somebody gave: LiteLLM's guardrails.
pub const NAMED_BY_USERS: &[&str] = &["execute_guardrail"];
/// Values of `gen_ai.provider.name`, and of `gen_ai.system` before it (OpenTelemetry's semantic conventions); then what OpenLLMetry,
/// LiteLLM and engines write there.
pub const PROVIDERS: &[&str] = &[
    "openai",
    "gcp.gen_ai",
    "gcp.vertex_ai",
    "gcp.gemini",
    "vertex_ai",
    "gemini",
    "anthropic",
    "cohere",
    "azure.ai.inference",
    "azure.ai.openai",
    "az.ai.inference",
    "az.ai.openai",
    "ibm.watsonx.ai",
    "aws.bedrock",
    "perplexity",
    "x_ai",
    "xai",
    "deepseek",
    "groq",
    "mistral_ai",
    "aws",
    "azure",
    "bedrock",
    "fireworks_ai",
    "google",
    "huggingface",
    "langchain",
    "litellm",
    "mistral",
    "mistralai",
    "ollama",
    "openrouter",
    "sglang",
    "together_ai",
    "vllm",
];
/// Values of `rpc.system` and `rpc.system.name`.
pub const RPC_SYSTEMS: &[&str] =
    &["apache_dubbo", "aws-api", "connect_rpc", "connectrpc", "dotnet_wcf", "dubbo", "grpc", "java_rmi", "jsonrpc", "onc_rpc"];
/// Values of `db.system` and `db.system.name`, without those that nobody serves requests from any more; then vector stores.
pub const DATABASES: &[&str] = &[
    "aws.dynamodb",
    "aws.redshift",
    "azure.cosmosdb",
    "cassandra",
    "clickhouse",
    "cockroachdb",
    "cosmosdb",
    "couchbase",
    "couchdb",
    "db2",
    "dynamodb",
    "elasticsearch",
    "gcp.spanner",
    "geode",
    "hbase",
    "hive",
    "ibm.db2",
    "influxdb",
    "mariadb",
    "memcached",
    "microsoft.sql_server",
    "mongodb",
    "mssql",
    "mysql",
    "neo4j",
    "opensearch",
    "oracle",
    "oracle.db",
    "other_sql",
    "postgresql",
    "redis",
    "redshift",
    "spanner",
    "sqlite",
    "teradata",
    "trino",
    "chroma",
    "milvus",
    "pinecone",
    "qdrant",
    "weaviate",
];
/// Values of `openinference.span.kind` (OpenInference's specification of traces).
pub const OPENINFERENCE_KINDS: &[&str] =
    &["AGENT", "CHAIN", "EMBEDDING", "EVALUATOR", "GUARDRAIL", "LLM", "PROMPT", "RERANKER", "RETRIEVER", "TOOL", "UNKNOWN"];
/// Values of `telemetry.sdk.language`.
pub const LANGUAGES: &[&str] = &["cpp", "dotnet", "erlang", "go", "java", "kotlin", "nodejs", "php", "python", "ruby", "rust", "swift", "webjs"];
/// What ASGI instrumentation adds to the name of a server span.
pub const PARTS: &[&str] = &["http send", "http receive", "websocket send", "websocket receive"];
/// Span names of more than two words, which tools write: LiteLLM's proxy.
pub const NAMES: &[&str] = &["Received Proxy Server Request", "Failed Proxy Server Request"];
