-- name: owners
-- Whose these addresses are.
SELECT DISTINCT contact_id FROM address WHERE uri = ANY(:uris::text[]);

-- name: merged_contacts
-- These contacts with all that were ever merged into them, or they into.
WITH RECURSIVE family AS (
    SELECT id, merged_into FROM contact WHERE id = ANY(:contact_ids::bigint[])
    UNION
    SELECT contact.id, contact.merged_into
    FROM family JOIN contact ON contact.merged_into = family.id OR contact.id = family.merged_into
)
SELECT family.id AS contact_id, conversation.id AS conversation_id
FROM family LEFT JOIN conversation ON conversation.contact_id = family.id ORDER BY family.id;

-- name: addresses
SELECT id, uri FROM address WHERE contact_id = ANY(:contact_ids::bigint[]) ORDER BY id;

-- name: extent^
-- How much there is of some people.
SELECT (SELECT count(*) FROM message WHERE conversation_id = ANY(:conversation_ids::bigint[])) AS messages,
       (SELECT count(*) FROM message JOIN attachment ON attachment.message_id = message.id
        WHERE message.conversation_id = ANY(:conversation_ids::bigint[])) AS attachments,
       (SELECT count(*) FROM service_case WHERE conversation_id = ANY(:conversation_ids::bigint[])) AS cases;

-- name: lock!
SELECT FROM conversation WHERE id = ANY(:conversation_ids::bigint[]) ORDER BY id FOR UPDATE;

-- name: keep_opt_outs!
-- What these addresses opted out of outlives them as a keyed hash; one that has opted in since is not remembered.
WITH wish AS (
    SELECT sha256(convert_to(current_setting('eshnav.erasure_key') || ' ' || uri, 'UTF8')) AS address_hash,
           array_agg(DISTINCT purpose) FILTER (WHERE purpose IS NOT NULL) AS opted_out
    FROM address LEFT JOIN LATERAL unnest(opted_out) AS purpose ON true
    WHERE contact_id = ANY(:contact_ids::bigint[]) GROUP BY uri
), lifted AS (
    DELETE FROM suppression USING wish
    WHERE suppression.address_hash = wish.address_hash AND wish.opted_out IS NULL
)
INSERT INTO suppression (address_hash, opted_out)
SELECT address_hash, opted_out FROM wish WHERE opted_out IS NOT NULL
ON CONFLICT (address_hash) DO UPDATE SET opted_out = excluded.opted_out;

-- name: raw_payloads$
-- The payloads that messages and statuses of these conversations were read from.
WITH said AS MATERIALIZED (
    SELECT id, raw_id FROM message WHERE conversation_id = ANY(:conversation_ids::bigint[])
), gone AS (
    DELETE FROM raw_payload WHERE id IN (
        SELECT raw_id FROM said
        UNION
        SELECT event.raw_id FROM delivery_event AS event
        JOIN delivery ON delivery.id = event.delivery_id JOIN said ON said.id = delivery.message_id)
    RETURNING 1
)
SELECT count(*) FROM gone;

-- name: raw_payloads_naming^
-- Any other payload that names one of these addresses, some at a time; gives how many, and where to go on.
WITH looked AS MATERIALIZED (
    SELECT id, lower(encode(body, 'escape') || ' ' || target || ' ' || headers::text) AS words
    FROM raw_payload WHERE id > :after ORDER BY id LIMIT :most
), gone AS (
    DELETE FROM raw_payload WHERE id IN (
        SELECT id FROM looked JOIN unnest(:needles::text[]) AS needle ON position(needle IN looked.words) > 0)
    RETURNING 1
)
SELECT (SELECT count(*) FROM gone) AS count, (SELECT max(id) FROM looked) AS after;

-- name: deliveries$
WITH said AS MATERIALIZED (
    SELECT delivery.id, delivery.endpoint_id, delivery.provider_id
    FROM message JOIN delivery ON delivery.message_id = message.id
    WHERE message.conversation_id = ANY(:conversation_ids::bigint[])
), words AS (
    DELETE FROM delivery_event WHERE delivery_id IN (SELECT id FROM said)
), parked AS (
    DELETE FROM delivery_event USING said
    WHERE delivery_event.endpoint_id = said.endpoint_id AND delivery_event.provider_id = said.provider_id
      AND delivery_event.delivery_id IS NULL
), gone AS (
    DELETE FROM delivery WHERE id IN (SELECT id FROM said) RETURNING 1
)
SELECT count(*) FROM gone;

-- name: attachments$
WITH gone AS (
    DELETE FROM attachment USING message
    WHERE attachment.message_id = message.id AND message.conversation_id = ANY(:conversation_ids::bigint[])
    RETURNING attachment.sha256
), unwanted AS (
    INSERT INTO unwanted_file (sha256) SELECT DISTINCT sha256 FROM gone WHERE sha256 IS NOT NULL
    ON CONFLICT (sha256) DO NOTHING
)
SELECT count(*) FROM gone;

-- name: messages$
WITH gone AS (DELETE FROM message WHERE conversation_id = ANY(:conversation_ids::bigint[]) RETURNING 1)
SELECT count(*) FROM gone;

-- name: survey_answers!
DELETE FROM survey_answer WHERE conversation_id = ANY(:conversation_ids::bigint[]);

-- name: let_go_of_cases!
UPDATE conversation SET newest_case_id = NULL WHERE id = ANY(:conversation_ids::bigint[]);

-- name: cases$
WITH gone AS (
    DELETE FROM service_case WHERE conversation_id = ANY(:conversation_ids::bigint[]) RETURNING id
), steps AS (
    DELETE FROM case_event WHERE case_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone;

-- name: conversations!
WITH marks AS (DELETE FROM conversation_seen WHERE conversation_id = ANY(:conversation_ids::bigint[]))
DELETE FROM conversation WHERE id = ANY(:conversation_ids::bigint[]);

-- name: merges!
DELETE FROM contact_merge
WHERE from_contact_id = ANY(:contact_ids::bigint[]) OR into_contact_id = ANY(:contact_ids::bigint[]);

-- name: proofs!
DELETE FROM address_proof WHERE contact_id = ANY(:contact_ids::bigint[]);

-- name: drop_addresses$
-- With their windows.
WITH gone AS (
    DELETE FROM address WHERE contact_id = ANY(:contact_ids::bigint[]) RETURNING id
), windows AS (
    DELETE FROM address_window WHERE address_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone;

-- name: consents!
DELETE FROM consent WHERE contact_id = ANY(:contact_ids::bigint[])
    OR address_id IN (SELECT id FROM address WHERE contact_id = ANY(:contact_ids::bigint[]));

-- name: contacts$
WITH gone AS (DELETE FROM contact WHERE id = ANY(:contact_ids::bigint[]) RETURNING 1)
SELECT count(*) FROM gone;

-- name: note!
INSERT INTO erasure (actor, counts) VALUES (:actor, :counts);
