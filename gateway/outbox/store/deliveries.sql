-- name: open_endpoints
-- The endpoints among these that may send now.
SELECT id, key, sends_per_second FROM endpoint
WHERE key = ANY(:keys::text[]) AND active AND (paused_until IS NULL OR paused_until <= now());

-- name: claim
-- Take what may start now: per endpoint and lane the first that are due, of each contact only the first in its lane.
-- Opted-out ones are suppressed and expired ones fail instead. The head of a contact's line is a scalar subquery, and
-- what else is many per row is lateral with a limit, so that no planner turns either into a look at a whole table. Gives
-- at least one row, for what was refused.
WITH budget AS MATERIALIZED (
    SELECT b.* FROM unnest(:endpoint_ids::smallint[], :mosts::integer[], :mosts_not_replies::integer[])
        AS b (endpoint_id, most, most_not_replies)
    JOIN endpoint ON endpoint.id = b.endpoint_id
    WHERE endpoint.active AND (endpoint.paused_until IS NULL OR endpoint.paused_until <= now())
), candidate AS MATERIALIZED (
    SELECT due.*, budget.most, address.uri, address.opted_out
    FROM budget
    CROSS JOIN (VALUES (0), (1), (2)) AS lanes (lane)
    CROSS JOIN LATERAL (
        SELECT q.id, q.lane, q.due_at, q.endpoint_id, q.address_id, q.purpose, q.expires_at
        FROM delivery AS q
        WHERE q.status = 'queued' AND q.endpoint_id = budget.endpoint_id AND q.lane = lanes.lane AND q.due_at <= now()
          AND q.id = (SELECT earliest.id FROM delivery AS earliest
                      WHERE earliest.contact_id = q.contact_id AND earliest.lane = q.lane
                        AND earliest.status IN ('queued', 'sending')
                      ORDER BY earliest.id LIMIT 1)
        ORDER BY q.due_at, q.id
        LIMIT CASE lanes.lane WHEN 0 THEN budget.most WHEN 1 THEN budget.most_not_replies
                              ELSE least(budget.most_not_replies, :slots_bulk::integer) END
        FOR UPDATE OF q SKIP LOCKED
    ) AS due
    JOIN address ON address.id = due.address_id
), unwanted AS MATERIALIZED (
    SELECT theirs.id
    FROM (SELECT DISTINCT address_id, opted_out FROM candidate WHERE opted_out <> '{}') AS silent
    CROSS JOIN LATERAL (
        SELECT d.id FROM delivery AS d
        WHERE d.address_id = silent.address_id AND d.status = 'queued' AND d.purpose <> 'confirmation'
          AND silent.opted_out && ARRAY['any', d.purpose]
        FOR UPDATE OF d SKIP LOCKED
    ) AS theirs
), silenced AS (
    UPDATE delivery SET status = 'suppressed', reason = 'opted out', updated_at = now()
    FROM unwanted WHERE delivery.id = unwanted.id
    RETURNING delivery.conversation_id
), willing AS MATERIALIZED (
    SELECT * FROM candidate WHERE purpose = 'confirmation' OR NOT opted_out && ARRAY['any', purpose]
), expired AS (
    UPDATE delivery SET status = 'failed', error_code = 'expired', updated_at = now(),
                        reason = 'it could not be sent before the time it was meant for'
    FROM willing WHERE delivery.id = willing.id AND willing.expires_at <= now()
    RETURNING delivery.conversation_id
), ranked AS (
    SELECT id, lane, most, uri, row_number() OVER (ORDER BY lane, due_at, id) AS place,
           row_number() OVER (PARTITION BY lane = 0 ORDER BY lane, due_at, id) AS place_among_its_kind,
           row_number() OVER (PARTITION BY lane ORDER BY due_at, id) AS place_in_lane,
           row_number() OVER (PARTITION BY endpoint_id ORDER BY lane, due_at, id) AS place_at_endpoint
    FROM willing WHERE expires_at IS NULL OR expires_at > now()
), claimed AS (
    UPDATE delivery
    SET status = 'sending', attempts = attempts + 1, leased_by = :sender, updated_at = now(),
        lease_until = now() + make_interval(secs => :lease_seconds)
    FROM ranked
    WHERE delivery.id = ranked.id AND ranked.place_at_endpoint <= ranked.most
      AND ranked.place <= :slots::integer
      AND (ranked.lane = 0 OR ranked.place_among_its_kind <= :slots_not_replies::integer)
      AND (ranked.lane < 2 OR ranked.place_in_lane <= :slots_bulk::integer)
    RETURNING delivery.*, ranked.uri
)
SELECT ARRAY(SELECT conversation_id FROM silenced UNION SELECT conversation_id FROM expired) AS refused,
       d.id, d.message_id, d.contact_id, d.conversation_id, d.address_id, d.endpoint_id, d.channel, d.lane, d.purpose,
       d.attempts, d.created_at, d.text, e.key AS endpoint_key, e.address AS endpoint_address, e.account, d.uri,
       m.subject, m.author, m.template, m.template_values,
       CASE WHEN m.choices IS NOT NULL
                 AND NOT EXISTS (SELECT FROM delivery AS later
                                 WHERE later.message_id = d.message_id AND later.address_id = d.address_id
                                   AND later.endpoint_id = d.endpoint_id AND later.part > d.part)
            THEN m.choices END AS choices,
       coalesce(conversation.language, contact.language) AS language, contact.file ->> 'zone' AS zone,
       coalesce(w.last_inbound_at > now() - interval '23 hours 59 minutes', false) AS window_is_open,
       quoted.provider_id AS quoted_provider_id,
       thread.last_inbound_provider_id, thread.provider_ids AS references, thread.subject AS thread_subject,
       full_measure.sent_at AS capped_since, NULL::timestamptz AS claimed_at
FROM (VALUES (1)) AS always
LEFT JOIN claimed AS d ON true
LEFT JOIN message AS m ON m.id = d.message_id
LEFT JOIN endpoint AS e ON e.id = d.endpoint_id
LEFT JOIN contact ON contact.id = d.contact_id
LEFT JOIN conversation ON conversation.id = d.conversation_id
LEFT JOIN LATERAL (
    SELECT theirs.last_inbound_at FROM address_window AS theirs
    WHERE d.channel = 'whatsapp' AND theirs.endpoint_id = d.endpoint_id AND theirs.address_id = d.address_id
    LIMIT 1
) AS w ON true
LEFT JOIN message AS quoted
    ON quoted.id = m.answers_id AND quoted.direction = 'inbound' AND quoted.endpoint_id = d.endpoint_id
LEFT JOIN LATERAL (
    SELECT array_agg(mail.provider_id ORDER BY mail.id) AS provider_ids,
           (array_agg(mail.provider_id ORDER BY mail.id DESC) FILTER (WHERE mail.direction = 'inbound'))[1]
               AS last_inbound_provider_id,
           (array_agg(mail.subject ORDER BY mail.id DESC) FILTER (WHERE mail.subject <> ''))[1] AS subject
    FROM (
        SELECT recent.id, recent.direction, recent.subject, coalesce(recent.provider_id, ours.provider_id) AS provider_id
        FROM (SELECT * FROM message
              WHERE message.conversation_id = d.conversation_id AND message.id < d.message_id AND d.channel = 'email'
              ORDER BY message.id DESC LIMIT 200) AS recent
        LEFT JOIN delivery AS ours ON ours.message_id = recent.id AND recent.direction = 'outbound'
        WHERE recent.channel = 'email' AND recent.address_id = d.address_id
          AND coalesce(recent.provider_id, ours.provider_id) IS NOT NULL
        ORDER BY recent.id DESC LIMIT 10
    ) AS mail
) AS thread ON true
LEFT JOIN LATERAL (
    SELECT earlier.sent_at FROM delivery AS earlier
    WHERE d.purpose IN ('marketing', 'survey') AND d.part = 0 AND earlier.contact_id = d.contact_id
      AND earlier.purpose IN ('marketing', 'survey') AND earlier.part = 0
      AND earlier.sent_at IS NOT NULL AND earlier.sent_at > now() - interval '1 day'
    ORDER BY earlier.sent_at DESC OFFSET :promotions_a_day::integer - 1 LIMIT 1
) AS full_measure ON true
ORDER BY d.lane, d.due_at, d.id;

-- name: withdraw
-- A claim may have looked at consent just before an opt-out was committed. Asked after the claim's own commit, this finds
-- every such delivery: later opt-outs see the delivery as being sent, and wait for it.
-- Looked up one by one, and asked for its state and its address only then (LIMIT and the subquery keep the planner from
-- anything else): the index of all that is being sent looks small to it, and is not before the next vacuum; so do
-- addresses that were counted last when they had just been deleted.
WITH unwanted AS MATERIALIZED (
    SELECT theirs.id FROM unnest(:ids::bigint[]) AS claimed (id)
    CROSS JOIN LATERAL (
        SELECT d.id, d.status, d.leased_by FROM delivery AS d
        WHERE d.id = claimed.id AND d.purpose <> 'confirmation'
            AND (SELECT opted_out FROM address WHERE id = d.address_id) && ARRAY['any', d.purpose]
        LIMIT 1 FOR UPDATE OF d
    ) AS theirs
    WHERE theirs.status = 'sending' AND theirs.leased_by = :sender
)
UPDATE delivery
SET status = 'suppressed', reason = 'opted out', attempts = attempts - 1, lease_until = NULL, updated_at = now()
FROM unwanted
WHERE delivery.id = unwanted.id
RETURNING delivery.id, delivery.conversation_id;

-- name: release!
-- What a sender claimed and never heard of, because the answer was lost on the way: it holds others only, and never began.
UPDATE delivery SET status = 'queued', attempts = attempts - 1, lease_until = NULL, updated_at = now()
WHERE status = 'sending' AND leased_by = :sender AND id <> ALL(:held::bigint[]);

-- name: is_anything_leaving$
-- Whether anything but a confirmation is being handed over to these contacts.
SELECT EXISTS (SELECT FROM delivery
               WHERE contact_id = ANY(:contact_ids::bigint[]) AND status = 'sending' AND purpose <> 'confirmation');

-- name: record
-- Write down what came of claimed deliveries. A result other than "sent" counts only while the delivery is still ours:
-- a callback that came first, or another sender after our lease ran out, is believed instead. Gives what was written,
-- when asked to tell, and the deliveries for which reports of the provider lie unmatched.
WITH result AS (
    SELECT * FROM unnest(:ids::bigint[], :attempts::smallint[], :statuses::text[], :provider_ids::text[],
                         :due_ats::timestamptz[], :codes::text[], :reasons::text[], :give_backs::smallint[])
        AS r (id, attempt, status, provider_id, due_at, code, reason, give_back)
), locked AS MATERIALIZED (
    SELECT d.id FROM delivery AS d JOIN result ON result.id = d.id ORDER BY d.id FOR UPDATE OF d
), written AS (
    UPDATE delivery AS d
    SET status = result.status,
        provider_id = coalesce(d.provider_id, result.provider_id),
        sent_at = CASE WHEN result.status IN ('sent', 'delivered', 'read') THEN coalesce(d.sent_at, now()) ELSE d.sent_at END,
        due_at = coalesce(result.due_at, d.due_at), attempts = d.attempts - result.give_back,
        error_code = result.code, reason = result.reason, lease_until = NULL, updated_at = now()
    FROM result JOIN locked USING (id)
    WHERE d.id = result.id AND CASE
        WHEN result.provider_id IS NOT NULL THEN status_rank(result.status) > status_rank(d.status)
        WHEN result.status = 'unknown' THEN d.status = 'sending' AND d.leased_by = :sender AND d.attempts = result.attempt
        ELSE d.status IN ('sending', 'unknown') AND d.leased_by = :sender AND d.attempts = result.attempt END
    RETURNING d.id
), named AS (
    UPDATE delivery AS d
    SET provider_id = coalesce(d.provider_id, result.provider_id), sent_at = coalesce(d.sent_at, now()),
        lease_until = NULL
    FROM result JOIN locked USING (id)
    WHERE d.id = result.id AND result.provider_id IS NOT NULL AND status_rank(result.status) <= status_rank(d.status)
)
SELECT id, 'written' AS what FROM written WHERE :tells_written::boolean
UNION ALL
SELECT DISTINCT result.id, 'unmatched' FROM result
JOIN delivery AS d ON d.id = result.id
JOIN delivery_event AS event
    ON event.endpoint_id = d.endpoint_id AND event.provider_id = result.provider_id AND event.delivery_id IS NULL;

-- name: expire_leases
-- What was being sent when its sender vanished may have gone out or not. The lease stays, to tell that a whole one went by.
-- An array, so that no planner joins the few there are, if any, with the whole table.
UPDATE delivery
SET status = 'unknown', updated_at = now(),
    reason = 'the sender stopped while handing it over, so it may or may not have gone out'
WHERE id = ANY(ARRAY(SELECT id FROM delivery WHERE status = 'sending' AND lease_until < now()
                     ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED))
RETURNING conversation_id;

-- name: pause_endpoint!
UPDATE endpoint
SET paused_reason = :reason, paused_until = greatest(paused_until, now() + make_interval(secs => :seconds))
WHERE id = :endpoint_id;

-- name: resume_endpoint!
UPDATE endpoint SET paused_until = NULL, paused_reason = NULL WHERE id = :endpoint_id;

-- name: end_pauses!
-- A send that went through proves that the reason for the last pause is gone.
UPDATE endpoint SET paused_until = NULL, paused_reason = NULL
WHERE id = ANY(:endpoint_ids::smallint[]) AND paused_reason IS NOT NULL AND paused_until <= now();

-- name: mark_unreachable!
UPDATE address
SET unreachable = unreachable || jsonb_build_object(mark.channel, jsonb_build_object('at', now(), 'reason', mark.reason))
FROM (SELECT DISTINCT ON (address_id, channel) address_id, channel, reason
      FROM unnest(:address_ids::bigint[], :channels::text[], :reasons::text[]) AS t (address_id, channel, reason)
      ORDER BY address_id, channel, reason) AS mark
WHERE address.id = mark.address_id;

-- name: fail_stranded
-- What waits for an endpoint that is no longer configured will never leave from there.
UPDATE delivery
SET status = 'failed', error_code = 'no_endpoint', updated_at = now(),
    reason = 'the number or mailbox it was to leave from is no longer configured'
WHERE id = ANY(ARRAY(
    SELECT stranded.id FROM endpoint AS e
    CROSS JOIN LATERAL (SELECT d.id FROM delivery AS d WHERE d.endpoint_id = e.id AND d.status = 'queued'
                        LIMIT 1000 FOR UPDATE OF d SKIP LOCKED) AS stranded
    WHERE NOT e.active))
RETURNING id;

-- name: waiting_unknown
-- Deliveries that may have gone out, long enough ago that a callback would have come (as it would within a lease that ran
-- out); asked about at growing distances.
UPDATE delivery SET due_at = now() + make_interval(secs => 60 * (2 ^ least(6, extract(epoch FROM now() - updated_at)
                                                                        / 600))::double precision)
WHERE id = ANY(ARRAY(
    SELECT id FROM delivery
    WHERE status = 'unknown' AND due_at <= now()
      AND (lease_until < now() OR updated_at < now() - make_interval(secs => :wait_seconds))
      AND updated_at > now() - interval '1 day' AND held_at IS NULL
    ORDER BY updated_at LIMIT :most FOR UPDATE SKIP LOCKED))
RETURNING id;

-- name: describe
-- What finding these deliveries at the provider takes to know; the window is WhatsApp's as it was when they were tried.
SELECT d.id, d.message_id, d.contact_id, d.conversation_id, d.address_id, d.endpoint_id, d.channel, d.lane, d.purpose,
       d.attempts, d.created_at, d.text, e.key AS endpoint_key, e.address AS endpoint_address, e.account, a.uri,
       m.subject, m.author, m.template, m.template_values,
       CASE WHEN NOT EXISTS (SELECT FROM delivery AS later
                             WHERE later.message_id = d.message_id AND later.address_id = d.address_id
                               AND later.endpoint_id = d.endpoint_id AND later.part > d.part)
            THEN m.choices END AS choices,
       coalesce(conversation.language, contact.language) AS language, contact.file ->> 'zone' AS zone,
       d.updated_at - make_interval(secs => :lease_seconds) AS claimed_at, NULL::timestamptz AS capped_since,
       NULL AS quoted_provider_id, NULL AS last_inbound_provider_id, NULL::text[] AS references, NULL AS thread_subject,
       EXISTS (SELECT FROM message AS earlier
               WHERE earlier.conversation_id = d.conversation_id AND earlier.endpoint_id = d.endpoint_id
                 AND earlier.direction = 'inbound' AND earlier.created_at < d.updated_at
                 AND earlier.created_at > d.updated_at - interval '1 day') AS window_is_open
FROM delivery AS d
JOIN message AS m ON m.id = d.message_id
JOIN endpoint AS e ON e.id = d.endpoint_id
JOIN address AS a ON a.id = d.address_id
JOIN contact ON contact.id = d.contact_id
JOIN conversation ON conversation.id = d.conversation_id
WHERE d.id = ANY(:ids::bigint[]) ORDER BY d.id;

-- name: requeue_absent
-- Proven never to have reached the provider: it may go out now.
UPDATE delivery SET status = 'queued', due_at = now(), reason = NULL, error_code = NULL, updated_at = now()
WHERE id = ANY(:ids::bigint[]) AND status = 'unknown' RETURNING conversation_id;

-- name: adopt_found
-- Found at the provider: it did go out; unless what was found is the twin of it, a message already known.
UPDATE delivery AS d
SET status = 'sent', provider_id = coalesce(d.provider_id, found.provider_id), sent_at = coalesce(d.sent_at, now()),
    reason = NULL, error_code = NULL, updated_at = now()
FROM unnest(:ids::bigint[], :provider_ids::text[]) AS found (id, provider_id)
WHERE d.id = found.id AND d.status = 'unknown'
  AND NOT EXISTS (SELECT FROM delivery AS other
                  WHERE other.endpoint_id = d.endpoint_id AND other.provider_id = found.provider_id AND other.id <> d.id)
RETURNING d.conversation_id;

-- name: depth
-- How much waits in each lane, and since when the longest due one does.
SELECT lane, count(*) AS waiting, extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at <= now())) AS oldest_seconds
FROM delivery WHERE status = 'queued' GROUP BY lane ORDER BY lane;

-- name: unsettled^
-- How many are being sent, may have been sent, or have failed with nothing in their place.
SELECT (SELECT count(*) FROM delivery WHERE status = 'sending') AS sending,
       (SELECT count(*) FROM delivery WHERE status = 'unknown') AS unknown,
       (SELECT count(*) FROM delivery WHERE status = 'failed' AND superseded_by IS NULL) AS dead;
