-- name: load_facts
-- Everything routing may know about each message, and a fresh id for it; seen when this provider id is already stored.
-- That is looked up row by row, which LIMIT forces: EXISTS may be planned as one hash of all messages while they are few.
-- context holds the provider ids a message replies to, nearest first.
SELECT e.ord, nextval('message_id_seq') AS message_id, (SELECT version FROM knowledge_version) AS knowledge_version,
       coalesce(known.seen, false) AS seen,
       c.language, c.question, c.automatic_at, c.acknowledged_at, c.last_inbound_at IS NULL AS is_first_message,
       a.opted_out,
       k.id AS case_id, k.number, k.status, k.topic, k.queue, k.severity, k.opened_at, k.answer_due_at,
       k.person_spoke_at IS NOT NULL AS person_spoke, agent.name AS assignee,
       replied.message_id AS reply_to_message_id, replied.question AS context_question
FROM json_to_recordset(:wanted::json)
    AS e (ord integer, conversation_id bigint, address_id bigint, endpoint_id smallint, provider_id text, context text[])
JOIN conversation AS c ON c.id = e.conversation_id
JOIN address AS a ON a.id = e.address_id
LEFT JOIN LATERAL (
    SELECT true AS seen FROM message
    WHERE message.endpoint_id = e.endpoint_id AND message.provider_id = e.provider_id AND message.direction = 'inbound'
    LIMIT 1
) AS known ON true
LEFT JOIN service_case AS k ON k.id = c.newest_case_id
LEFT JOIN agent ON agent.id = k.assignee_id
LEFT JOIN LATERAL (
    SELECT delivery.message_id, message.question
    FROM unnest(e.context) WITH ORDINALITY AS named (provider_id, nearness)
    JOIN delivery ON delivery.provider_id = named.provider_id
    JOIN message ON message.id = delivery.message_id
    WHERE delivery.conversation_id = e.conversation_id
    ORDER BY named.nearness LIMIT 1
) AS replied ON e.context IS NOT NULL
ORDER BY e.ord;

-- name: new_case_ids
SELECT nextval('service_case_id_seq') AS id FROM generate_series(1, :count::integer);

-- name: raise_cases!
-- A more urgent message makes its open case as urgent.
UPDATE service_case SET severity = raised.severity
FROM unnest(:ids::bigint[], :severities::smallint[]) AS raised (id, severity)
WHERE service_case.id = raised.id AND service_case.severity > raised.severity;

-- name: take_in!
-- Store raw payloads, the inbound messages read from them, the cases these open, and what each message and its decision
-- change in its conversation, of which each has one message here. payload is the 1-based place of a message's raw
-- payload; a case opens where opens_number is set; null leaves a value of the conversation as it was, except question.
WITH payload AS (
    SELECT p.*, nextval('raw_payload_id_seq') AS id
    FROM unnest(:sources::text[], :targets::text[], :headers::text[], :bodies::bytea[], :received_ats::timestamptz[])
        WITH ORDINALITY AS p (source, target, headers, body, received_at, ord)
), kept AS (
    INSERT INTO raw_payload (id, source, target, headers, body, received_at)
    SELECT id, source, target, headers::jsonb, body, received_at FROM payload
), m AS MATERIALIZED (
    SELECT * FROM json_to_recordset(:messages::json)
        AS m (id bigint, contact_id bigint, conversation_id bigint, channel text, endpoint_id smallint,
              address_id bigint, provider_id text, kind text, author text, text text, full_text text, html text,
              subject text, verification text, case_id bigint, reply_to_message_id bigint, payload integer, action text,
              rule smallint, reason jsonb, article_key text, occurred_at timestamptz,
              opens_number text, opens_topic text, opens_severity smallint, opens_queue text, opens_language text,
              opens_due_at timestamptz,
              keeps_question boolean, question jsonb, automatic integer, acknowledged boolean, language text,
              last_message_id bigint, preview text, preview_direction text)
), opened AS (
    INSERT INTO service_case (id, number, contact_id, conversation_id, topic, severity, queue, language, answer_due_at)
    SELECT case_id, opens_number, contact_id, conversation_id, opens_topic, opens_severity, opens_queue, opens_language,
           opens_due_at
    FROM m WHERE opens_number IS NOT NULL
    RETURNING id
), entered AS (
    INSERT INTO case_event (case_id, actor, what) SELECT id, 'gateway', 'opened' FROM opened
), changed AS (
    UPDATE conversation AS c
    SET question = CASE WHEN m.keeps_question THEN c.question ELSE m.question END,
        automatic_at = CASE WHEN m.automatic = 0 THEN c.automatic_at
                            ELSE (array_fill(:now::timestamptz, ARRAY[m.automatic]) || c.automatic_at)[1 : 20] END,
        acknowledged_at = CASE WHEN m.acknowledged THEN :now::timestamptz ELSE c.acknowledged_at END,
        newest_case_id = CASE WHEN m.opens_number IS NULL THEN c.newest_case_id ELSE m.case_id END,
        language = coalesce(m.language, c.language),
        last_message_id = m.last_message_id, last_activity_at = :now::timestamptz, last_inbound_at = :now::timestamptz,
        last_channel = m.channel, last_endpoint_id = m.endpoint_id, last_address_id = m.address_id,
        preview = m.preview, preview_direction = m.preview_direction
    FROM m WHERE c.id = m.conversation_id
)
INSERT INTO message (id, contact_id, conversation_id, direction, channel, endpoint_id, address_id, provider_id, kind,
                     author, text, full_text, html, subject, verification, case_id, answers_id, raw_id,
                     decision_action, decision_rule, decision_reason, article_key, occurred_at)
SELECT m.id, m.contact_id, m.conversation_id, 'inbound', m.channel, m.endpoint_id, m.address_id, m.provider_id, m.kind,
       m.author, m.text, m.full_text, m.html, m.subject, m.verification, m.case_id, m.reply_to_message_id, payload.id,
       m.action, m.rule, m.reason, m.article_key, m.occurred_at
FROM m JOIN payload ON payload.ord = m.payload;

-- name: open_windows!
-- These people wrote to these WhatsApp endpoints now.
INSERT INTO address_window (endpoint_id, address_id, last_inbound_at)
SELECT endpoint_id, address_id, max(at)
FROM unnest(:endpoint_ids::smallint[], :address_ids::bigint[], :ats::timestamptz[]) AS t (endpoint_id, address_id, at)
GROUP BY endpoint_id, address_id ORDER BY endpoint_id, address_id
ON CONFLICT (endpoint_id, address_id) DO UPDATE
SET last_inbound_at = greatest(address_window.last_inbound_at, excluded.last_inbound_at);

-- name: insert_attachments!
INSERT INTO attachment (message_id, contact_id, filename, media_type, size_bytes, sha256, content_id, remote, state,
                        reason)
SELECT message_id, contact_id, filename, media_type, size_bytes, sha256, content_id, remote::jsonb, state, reason
FROM unnest(:message_ids::bigint[], :contact_ids::bigint[], :filenames::text[], :media_types::text[], :sizes::bigint[],
            :sha256s::text[], :content_ids::text[], :remotes::text[], :states::text[], :reasons::text[])
    AS t (message_id, contact_id, filename, media_type, size_bytes, sha256, content_id, remote, state, reason);

-- name: insert_survey_answers!
INSERT INTO survey_answer (contact_id, conversation_id, message_id, subject, score, words)
SELECT * FROM unnest(:contact_ids::bigint[], :conversation_ids::bigint[], :message_ids::bigint[], :subjects::text[],
                     :scores::integer[], :words::text[]);

-- name: keep_raw!
-- Keep a payload of which nothing, or not everything, could be made, for operations to see: once, with all its problems.
INSERT INTO raw_payload (source, target, headers, body, received_at, problem)
SELECT source, target, headers::jsonb, body, min(received_at), string_agg(DISTINCT problem, '; ')
FROM unnest(:sources::text[], :targets::text[], :headers::text[], :bodies::bytea[], :received_ats::timestamptz[],
            :problems::text[]) AS t (source, target, headers, body, received_at, problem)
GROUP BY source, target, headers, body
ON CONFLICT (source, sha256(body)) WHERE problem IS NOT NULL DO NOTHING;
