-- name: knowledge_version$
SELECT version FROM knowledge_version;

-- name: load_articles
SELECT article.id, article.key, article.category, t.language, t.title, t.answer, t.variants
FROM article JOIN article_text AS t ON t.article_id = article.id
WHERE article.published ORDER BY article.id, t.language DESC;

-- name: load_policy$
SELECT document FROM policy;

-- name: save_policy!
INSERT INTO policy (document) VALUES (:document::text::jsonb)
ON CONFLICT (one) DO UPDATE SET document = excluded.document, updated_at = now();

-- name: save_endpoints
-- Make the endpoint rows follow the configuration; those no longer configured stay, inactive.
WITH given AS (
    SELECT * FROM unnest(:keys::text[], :channels::text[], :providers::text[], :addresses::text[], :accounts::text[],
                         :names::text[], :rates::real[])
        AS t (key, channel, provider, address, account, name, sends_per_second)
), retired AS (
    UPDATE endpoint SET active = false WHERE key NOT IN (SELECT key FROM given) AND active
)
INSERT INTO endpoint (key, channel, provider, address, account, name, sends_per_second)
SELECT key, channel, provider, address, account, name, sends_per_second FROM given ORDER BY key
ON CONFLICT (key) DO UPDATE
SET account = excluded.account, name = excluded.name, sends_per_second = excluded.sends_per_second, active = true
RETURNING id, key;
