-- name: page
-- Articles by key; published_only leaves drafts out.
SELECT id, key, category, published, updated_at FROM article
WHERE key > :after AND (published OR NOT :published_only) ORDER BY key LIMIT :count;

-- name: one^
SELECT id, key, category, published, updated_at FROM article WHERE id = :article_id;

-- name: texts
SELECT article_id, language, title, answer, variants FROM article_text
WHERE article_id = ANY(:article_ids::bigint[]) ORDER BY article_id, language DESC;

-- name: add$
-- Add an article and give its id; nothing when the key is taken.
INSERT INTO article (key, category, published) VALUES (:key, :category, :published)
ON CONFLICT (key) DO NOTHING RETURNING id;

-- name: change$
UPDATE article SET key = :key, category = :category, published = :published, updated_at = now()
WHERE id = :article_id RETURNING id;

-- name: remove$
DELETE FROM article WHERE id = :article_id RETURNING id;

-- name: clear_texts!
DELETE FROM article_text WHERE article_id = :article_id;

-- name: add_text!
INSERT INTO article_text (article_id, language, title, answer, variants)
VALUES (:article_id, :language, :title, :answer, :variants::text[]);

-- name: bump!
-- Every process now knows that its index is old.
UPDATE knowledge_version SET version = version + 1;
