-- name: queue
-- Store outbound messages and their deliveries, one delivery per part; a repeated idempotency key stores nothing.
-- Gives (ord, message_id) of what was stored.
WITH draft AS (
    SELECT d.*, nextval('message_id_seq') AS message_id
    FROM json_to_recordset(:drafts::json)
        AS d (ord integer, contact_id bigint, conversation_id bigint, address_id bigint, endpoint_id smallint,
              channel text, author text, text text, parts json, lane smallint, purpose text, chain jsonb, subject text,
              template text, template_values jsonb, choices jsonb, question jsonb, case_id bigint,
              cause_message_id bigint, reply_to_message_id bigint, idempotency_key text)
), stored AS (
    INSERT INTO message (id, contact_id, conversation_id, direction, channel, endpoint_id, address_id, author, text,
                         subject, template, template_values, purpose, choices, question, case_id, because_of, answers_id,
                         idempotency_key)
    SELECT message_id, contact_id, conversation_id, 'outbound', channel, endpoint_id, address_id, author, text,
           subject, template, template_values, purpose, choices, question, case_id, cause_message_id,
           reply_to_message_id, idempotency_key
    FROM draft ORDER BY ord
    ON CONFLICT (conversation_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
    RETURNING id
), owed AS (
    INSERT INTO delivery (message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose,
                          part, text, chain)
    SELECT message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose,
           part.ord - 1, part.text, chain
    FROM draft
    JOIN stored ON stored.id = draft.message_id
    CROSS JOIN LATERAL json_array_elements_text(draft.parts) WITH ORDINALITY AS part (text, ord)
    ORDER BY draft.ord, part.ord
)
SELECT draft.ord, draft.message_id FROM draft JOIN stored ON stored.id = draft.message_id;

-- name: touch!
-- Show the newest of these outbound messages as the latest word of its conversation.
UPDATE conversation
SET last_message_id = greatest(last_message_id, latest.message_id), last_activity_at = now(),
    preview = latest.preview, preview_direction = 'outbound'
FROM (
    SELECT DISTINCT ON (conversation_id) conversation_id, message_id, preview
    FROM unnest(:conversation_ids::bigint[], :message_ids::bigint[], :previews::text[])
        AS t (conversation_id, message_id, preview)
    ORDER BY conversation_id, message_id DESC
) AS latest
WHERE conversation.id = latest.conversation_id;

-- name: by_idempotency_key$
-- The message this key already stored in this conversation.
SELECT id FROM message WHERE conversation_id = :conversation_id AND idempotency_key = :idempotency_key;
