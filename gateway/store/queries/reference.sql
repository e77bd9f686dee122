-- name: knowledge_version$
SELECT version FROM knowledge_version;

-- name: bump_version!
-- Tell every process that policy or knowledge changed.
UPDATE knowledge_version SET version = version + 1;

-- name: load_articles
SELECT article.id, article.key, article.category, t.language, t.title, t.answer, t.variants
FROM article JOIN article_text AS t ON t.article_id = article.id
WHERE article.published ORDER BY article.id, t.language DESC;

-- name: save_articles!
WITH given AS (
    SELECT * FROM unnest(:keys::text[], :categories::text[], :languages::text[], :titles::text[], :answers::text[],
                         :variants::text[]) AS t (key, category, language, title, answer, variants)
), saved AS (
    INSERT INTO article (key, category)
    SELECT DISTINCT key, category FROM given ORDER BY key
    ON CONFLICT (key) DO UPDATE SET category = excluded.category, updated_at = now()
    RETURNING id, key
)
INSERT INTO article_text (article_id, language, title, answer, variants)
SELECT saved.id, given.language, given.title, given.answer,
       ARRAY(SELECT jsonb_array_elements_text(given.variants::jsonb))
FROM given JOIN saved USING (key)
ON CONFLICT (article_id, language) DO UPDATE
SET title = excluded.title, answer = excluded.answer, variants = excluded.variants;

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
