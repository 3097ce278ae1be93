-- The gateway's tables. A key is a row that somebody inserts.
CREATE TABLE IF NOT EXISTS api_keys (key text PRIMARY KEY, owner text NOT NULL);
CREATE TABLE IF NOT EXISTS usage (
    id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), owner text NOT NULL,
    request_id text NOT NULL, model text NOT NULL, status int NOT NULL, duration_ms double precision NOT NULL
);
