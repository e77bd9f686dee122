-- Each statement looks at some rows in id order, so that nothing locks long, and gives how many were past their time,
-- and the last id looked at that could be: nothing more when that is null. With dry nothing changes. A null time is never.

-- name: raw_payload^
-- Payloads as providers sent them; their messages stay. One with a problem waits longer, until someone has handled it.
WITH looked AS MATERIALIZED (
    SELECT id, CASE WHEN problem IS NOT NULL AND handled_at IS NULL THEN :problem_before::timestamptz
                    WHEN source = 'mail' THEN :mail_before::timestamptz
                    ELSE :raw_before::timestamptz END AS before, received_at
    FROM raw_payload WHERE id > :after ORDER BY id LIMIT :most
), gone AS (
    DELETE FROM raw_payload
    WHERE NOT :dry::boolean AND id IN (SELECT id FROM looked WHERE received_at < before)
)
SELECT (SELECT count(*) FROM looked WHERE received_at < before) AS count,
       (SELECT max(id) FROM looked
        WHERE received_at < greatest(:problem_before::timestamptz, :mail_before::timestamptz, :raw_before::timestamptz))
           AS after;

-- name: message^
-- The words of old messages, with their files; that there was a message, on what channel and why it was answered so by
-- which rule, stays.
WITH looked AS MATERIALIZED (
    SELECT id, created_at FROM message WHERE id > :after ORDER BY id LIMIT :most
), old AS (
    SELECT id FROM looked WHERE created_at < :before::timestamptz
), blanked AS (
    UPDATE message
    SET text = '', full_text = NULL, html = NULL, subject = NULL, choices = NULL, question = NULL,
        template_values = '{}', decision_reason = NULL
    WHERE NOT :dry::boolean AND id IN (SELECT id FROM old)
    RETURNING id, conversation_id
), parts AS (
    UPDATE delivery SET text = ''
    WHERE message_id IN (SELECT id FROM blanked) AND status NOT IN ('queued', 'sending', 'unknown')
), previews AS (
    UPDATE conversation SET preview = '', question = NULL
    FROM blanked WHERE conversation.id = blanked.conversation_id AND conversation.last_message_id = blanked.id
), files AS (
    DELETE FROM attachment WHERE message_id IN (SELECT id FROM blanked) RETURNING sha256
), unwanted AS (
    INSERT INTO unwanted_file (sha256) SELECT DISTINCT sha256 FROM files WHERE sha256 IS NOT NULL
    ON CONFLICT (sha256) DO NOTHING
)
SELECT (SELECT count(*) FROM old) AS count, (SELECT max(id) FROM old) AS after;

-- name: survey_answer^
-- What people wrote beside their marks; the marks stay.
WITH looked AS MATERIALIZED (
    SELECT id, answered_at, words FROM survey_answer WHERE id > :after ORDER BY id LIMIT :most
), blanked AS (
    UPDATE survey_answer SET words = ''
    WHERE NOT :dry::boolean AND id IN (SELECT id FROM looked WHERE answered_at < :before::timestamptz AND words <> '')
)
SELECT (SELECT count(*) FROM looked WHERE answered_at < :before::timestamptz AND words <> '') AS count,
       (SELECT max(id) FROM looked WHERE answered_at < :before::timestamptz) AS after;

-- name: delivery_event^
-- What providers said on the way of a delivery; where it ended stays with the delivery.
WITH looked AS MATERIALIZED (
    SELECT id FROM (SELECT id, received_at FROM delivery_event WHERE id > :after ORDER BY id LIMIT :most) AS first
    WHERE received_at < :before::timestamptz
), gone AS (
    DELETE FROM delivery_event WHERE NOT :dry::boolean AND id IN (SELECT id FROM looked)
)
SELECT (SELECT count(*) FROM looked) AS count, (SELECT max(id) FROM looked) AS after;

-- name: login_attempt^
WITH looked AS MATERIALIZED (
    SELECT id FROM (SELECT id, attempted_at FROM login_attempt WHERE id > :after ORDER BY id LIMIT :most) AS first
    WHERE attempted_at < :before::timestamptz
), gone AS (
    DELETE FROM login_attempt WHERE NOT :dry::boolean AND id IN (SELECT id FROM looked)
)
SELECT (SELECT count(*) FROM looked) AS count, (SELECT max(id) FROM looked) AS after;

-- name: address_proof^
-- Codes that nobody can use any more.
WITH looked AS MATERIALIZED (
    SELECT id FROM (SELECT id, expires_at FROM address_proof WHERE id > :after ORDER BY id LIMIT :most) AS first
    WHERE expires_at < :before::timestamptz
), gone AS (
    DELETE FROM address_proof WHERE NOT :dry::boolean AND id IN (SELECT id FROM looked)
)
SELECT (SELECT count(*) FROM looked) AS count, (SELECT max(id) FROM looked) AS after;

-- name: agent_session^
-- Sessions that have ended by themselves; few enough for one go.
WITH gone AS (
    DELETE FROM agent_session WHERE NOT :dry::boolean AND created_at < :before::timestamptz
)
SELECT (SELECT count(*) FROM agent_session WHERE created_at < :before::timestamptz) AS count, NULL::bigint AS after;

-- name: place$
SELECT reached_id FROM retention_place WHERE kind = :kind;

-- name: save_place!
INSERT INTO retention_place (kind, reached_id) VALUES (:kind, :reached_id)
ON CONFLICT (kind) DO UPDATE SET reached_id = greatest(retention_place.reached_id, excluded.reached_id);

-- name: unwanted_files
SELECT sha256 FROM unwanted_file WHERE sha256 > :after ORDER BY sha256 LIMIT :most;

-- name: files_in_use
-- Which of these files some attachment has, after all or still.
SELECT DISTINCT sha256 FROM attachment WHERE sha256 = ANY(:sha256s::text[]);

-- name: settle_files!
DELETE FROM unwanted_file WHERE sha256 = ANY(:sha256s::text[]);
