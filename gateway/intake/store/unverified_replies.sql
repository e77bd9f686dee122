-- name: replies_to_strangers
-- Each reply of the latest hour to a sender nobody vouches for, and how many seconds ago it was.
SELECT endpoint_id, domain, extract(epoch FROM clock_timestamp() - replied_at)::float8 AS age
FROM stranger_reply WHERE replied_at > clock_timestamp() - interval '1 hour';

-- name: take_turns!
-- One transaction at a time counts and adds; the others wait until it has ended.
SELECT pg_advisory_xact_lock(x'737472616e676572'::bigint);

-- name: note_replies!
-- Note these replies, and forget those of more than an hour ago.
WITH forgotten AS (DELETE FROM stranger_reply WHERE replied_at < clock_timestamp() - interval '1 hour')
INSERT INTO stranger_reply (endpoint_id, domain, replied_at)
SELECT endpoint_id, domain, clock_timestamp()
FROM unnest(:endpoint_ids::smallint[], :domains::text[]) AS t (endpoint_id, domain);
