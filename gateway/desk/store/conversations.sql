-- name: merged_ids
-- The conversation this one was merged into (or itself) first, then every conversation that is now part of it.
WITH RECURSIVE up AS (
    SELECT id, merged_into, 0 AS depth FROM conversation WHERE id = :conversation_id
    UNION ALL
    SELECT c.id, c.merged_into, up.depth + 1 FROM conversation AS c JOIN up ON c.id = up.merged_into
    WHERE up.depth < 20
), top AS (
    SELECT id FROM up WHERE merged_into IS NULL
), down AS (
    SELECT id, 0 AS depth FROM top
    UNION ALL
    SELECT c.id, down.depth + 1 FROM conversation AS c JOIN down ON c.merged_into = down.id WHERE down.depth < 20
)
SELECT id FROM down ORDER BY depth, id;

-- name: lock^
-- Take a conversation for this transaction, as intake does.
SELECT id, contact_id, newest_case_id, language FROM conversation WHERE id = :conversation_id FOR UPDATE;

-- name: page
-- Conversations by their latest message, found by walking the messages backwards, so that no message has to move its
-- conversation in an index. which is all, open, mine, unassigned, one (by ids) or found (by addresses, a case
-- number or part of a name).
WITH candidate AS (
    (SELECT c.id FROM message AS m JOIN conversation AS c ON c.id = m.conversation_id AND c.last_message_id = m.id
     WHERE :which = 'all' AND c.merged_into IS NULL AND m.id < :before_id::bigint
     ORDER BY m.id DESC LIMIT :count)
    UNION ALL
    (SELECT c.id FROM service_case AS k JOIN conversation AS c ON c.newest_case_id = k.id
     WHERE k.status <> 'resolved' AND c.merged_into IS NULL
       AND (:which = 'open' OR (:which = 'mine' AND k.assignee_id = :agent_id::bigint)
            OR (:which = 'unassigned' AND k.assignee_id IS NULL))
       AND c.last_message_id < :before_id::bigint
     ORDER BY c.last_message_id DESC LIMIT :count)
    UNION ALL
    (SELECT c.id FROM conversation AS c
     WHERE :which = 'one' AND c.id = ANY(:ids::bigint[]))
    UNION ALL
    (SELECT c.id FROM conversation AS c
     WHERE :which = 'found' AND c.merged_into IS NULL
       AND (c.contact_id IN (SELECT contact_id FROM address WHERE uri = ANY(:uris::text[]))
            OR c.id IN (SELECT conversation_id FROM service_case WHERE number = :case_number)
            OR c.contact_id IN (SELECT id FROM contact WHERE name ILIKE :name_pattern LIMIT 200))
       AND c.last_message_id < :before_id::bigint
     ORDER BY c.last_message_id DESC LIMIT :count)
)
SELECT c.id, c.contact_id, contact.name, coalesce(c.language, contact.language) AS language, c.last_channel, c.preview,
       c.preview_direction, c.last_activity_at, c.last_message_id,
       coalesce(spoke.uri, first.uri, '') AS address, coalesce(spoke.proven, first.proven, true) AS proven,
       k.number, k.status, k.severity, k.topic, k.answer_due_at, agent.name AS assignee,
       (SELECT count(*) FROM (SELECT FROM message
                              WHERE conversation_id = c.id AND id > coalesce(seen.message_id, 0)
                                AND direction = 'inbound' LIMIT 10) AS unseen)::integer AS unread
FROM candidate
JOIN conversation AS c ON c.id = candidate.id
JOIN contact ON contact.id = c.contact_id
LEFT JOIN address AS spoke ON spoke.id = c.last_address_id
LEFT JOIN LATERAL (SELECT uri, proven FROM address WHERE contact_id = c.contact_id ORDER BY id LIMIT 1) AS first ON true
LEFT JOIN service_case AS k ON k.id = c.newest_case_id
LEFT JOIN agent ON agent.id = k.assignee_id
LEFT JOIN conversation_seen AS seen ON seen.agent_id = :agent_id::bigint AND seen.conversation_id = c.id
ORDER BY c.last_message_id DESC NULLS LAST
LIMIT :count;

-- name: counts^
-- How many conversations need a person: this agent's, nobody's, all.
SELECT count(*) FILTER (WHERE assignee_id = :agent_id::bigint) AS mine,
       count(*) FILTER (WHERE assignee_id IS NULL) AS unassigned,
       count(*) AS open
FROM service_case WHERE status <> 'resolved';

-- name: newest_entries
-- The newest messages of these conversations before an id, newest first.
SELECT chosen.id FROM unnest(:conversation_ids::bigint[]) AS part (id)
CROSS JOIN LATERAL (
    SELECT id FROM message WHERE conversation_id = part.id AND id < :before::bigint ORDER BY id DESC LIMIT :count
) AS chosen
ORDER BY chosen.id DESC LIMIT :count;

-- name: oldest_entries
-- The oldest messages of these conversations after an id, oldest first.
SELECT chosen.id FROM unnest(:conversation_ids::bigint[]) AS part (id)
CROSS JOIN LATERAL (
    SELECT id FROM message WHERE conversation_id = part.id AND id > :after::bigint ORDER BY id LIMIT :count
) AS chosen
ORDER BY chosen.id LIMIT :count;

-- name: entries
-- These messages as a thread shows them, oldest first. Of a long text sent in parts, the part that got least far speaks;
-- of a part that was tried on several channels, the latest try.
SELECT m.id, m.conversation_id, m.direction, m.channel, m.kind, m.text, m.created_at, m.full_text, m.subject,
       m.verification, m.purpose, m.html IS NOT NULL AS has_html, m.because_of AS cause_message_id,
       m.author, coalesce(agent.name, m.author) AS author_name, address.uri AS address,
       coalesce(nullif(endpoint.name, ''), endpoint.address) AS endpoint,
       coalesce(sent.provider_id, m.provider_id) AS provider_id,
       sent.status, sent.channel AS sent_channel, sent.reason, sent.attempts,
       coalesce(m.decision_action, cause.decision_action) AS decision_action,
       coalesce(m.decision_rule, cause.decision_rule) AS decision_rule,
       coalesce(m.decision_reason, cause.decision_reason) AS decision_reason
FROM message AS m
LEFT JOIN message AS cause ON cause.id = m.because_of
LEFT JOIN agent ON m.author = 'agent:' || agent.id
LEFT JOIN address ON address.id = m.address_id
LEFT JOIN endpoint ON endpoint.id = m.endpoint_id
LEFT JOIN LATERAL (
    SELECT latest.status, latest.channel, latest.reason, latest.provider_id, latest.attempts
    FROM (SELECT DISTINCT ON (part) * FROM delivery WHERE message_id = m.id ORDER BY part, id DESC) AS latest
    ORDER BY array_position(
        ARRAY['failed', 'suppressed', 'unknown', 'queued', 'sending', 'sent', 'delivered', 'read'], latest.status
    ), latest.part
    LIMIT 1
) AS sent ON m.direction = 'outbound'
WHERE m.id = ANY(:message_ids::bigint[])
ORDER BY m.id;

-- name: attachments
SELECT id, message_id, filename, media_type, state, size_bytes, reason
FROM attachment WHERE message_id = ANY(:message_ids::bigint[]) ORDER BY id;

-- name: attachment^
SELECT filename, media_type, state, size_bytes, sha256 FROM attachment WHERE id = :attachment_id;

-- name: whole_text$
-- All of what a message said, quotes and signature too.
SELECT coalesce(full_text, text) FROM message WHERE id = :message_id;

-- name: reply_channels
-- Every way to write to a contact: each address on each channel it fits, from the endpoint the person last wrote to
-- there, else from the channel's first.
SELECT address.id AS address_id, address.uri, address.proven, address.opted_out,
       address.unreachable ->> fits.channel AS unreachable, fits.channel, endpoint.id AS endpoint_id, endpoint.provider,
       coalesce(nullif(endpoint.name, ''), endpoint.address) AS endpoint, endpoint.address AS endpoint_address,
       spoken.at AS last_inbound_at, spoken.id AS last_inbound_id, spoken.subject AS last_subject,
       address_window.last_inbound_at AS window_opened_at
FROM address
JOIN (VALUES ('tel:', 'sms'), ('tel:', 'whatsapp'), ('wa:', 'whatsapp'), ('mailto:', 'email')) AS fits (scheme, channel)
    ON starts_with(address.uri, fits.scheme)
LEFT JOIN LATERAL (
    SELECT message.id, message.endpoint_id, message.subject, message.created_at AS at
    FROM message JOIN endpoint ON endpoint.id = message.endpoint_id AND endpoint.active
    WHERE message.conversation_id = ANY(:conversation_ids::bigint[]) AND message.address_id = address.id
      AND message.channel = fits.channel AND message.direction = 'inbound'
    ORDER BY message.id DESC LIMIT 1
) AS spoken ON true
JOIN LATERAL (
    SELECT * FROM endpoint
    WHERE endpoint.active AND endpoint.channel = fits.channel
    ORDER BY endpoint.id = spoken.endpoint_id DESC NULLS LAST, endpoint.id LIMIT 1
) AS endpoint ON true
LEFT JOIN address_window
    ON address_window.endpoint_id = endpoint.id AND address_window.address_id = address.id
WHERE address.contact_id = :contact_id
ORDER BY spoken.at DESC NULLS LAST, address.id, fits.channel;

-- name: note$
-- Add an internal note; a repeated idempotency key adds nothing.
INSERT INTO message (contact_id, conversation_id, direction, channel, author, text, case_id, idempotency_key)
VALUES (:contact_id, :conversation_id, 'note', 'note', :author, :text, :case_id, :idempotency_key)
ON CONFLICT (conversation_id, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: saw!
-- The agent has read up to the newest message.
INSERT INTO conversation_seen (agent_id, conversation_id, message_id)
SELECT :agent_id, part.id, coalesce((SELECT max(id) FROM message WHERE conversation_id = part.id), 0)
FROM unnest(:conversation_ids::bigint[]) AS part (id)
ON CONFLICT (agent_id, conversation_id) DO UPDATE SET message_id = greatest(conversation_seen.message_id, excluded.message_id)
WHERE conversation_seen.message_id < excluded.message_id;

-- name: sent_with_key^
-- What the message with this idempotency key said, to tell a repeat from another message.
SELECT id, text, channel, purpose, direction FROM message
WHERE conversation_id = :conversation_id AND idempotency_key = :idempotency_key;

-- name: changed_since
-- Conversations with messages after this one, and the latest message of each.
SELECT conversation_id AS id, max(id) AS latest_id
FROM (SELECT id, conversation_id FROM message WHERE id > :message_id ORDER BY id LIMIT 5000) AS fresh
GROUP BY conversation_id;

-- name: latest_message$
SELECT coalesce(max(id), 0) FROM message;
