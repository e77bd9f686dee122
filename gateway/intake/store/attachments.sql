-- name: waiting
-- Attachments whose bytes are still at the provider, oldest first; of these ids when there are any.
SELECT attachment.id, attachment.remote, attachment.media_type, attachment.sha256, attachment.filename,
       attachment.created_at, message.conversation_id
FROM attachment JOIN message ON message.id = attachment.message_id
WHERE attachment.state = 'waiting' AND (:ids::bigint[] IS NULL OR attachment.id = ANY(:ids::bigint[]))
ORDER BY attachment.id LIMIT :most;

-- name: stored!
UPDATE attachment SET state = 'stored', sha256 = :sha256, media_type = :media_type, size_bytes = :size_bytes, reason = NULL
WHERE id = :id;

-- name: failed!
UPDATE attachment SET state = 'failed', reason = :reason WHERE id = :id AND state = 'waiting';

-- name: due^
-- Whether attachments wait, and whether deliveries have been unknown long enough to ask about: cheap enough for a clock.
SELECT EXISTS (SELECT FROM attachment WHERE state = 'waiting') AS media,
       EXISTS (SELECT FROM attachment WHERE state = 'waiting' AND created_at > now() - interval '2 minutes') AS fresh_media,
       EXISTS (SELECT FROM delivery WHERE status = 'unknown' AND due_at <= now()
                 AND (lease_until < now() OR updated_at < now() - make_interval(secs => :wait_seconds))
                 AND updated_at > now() - interval '1 day' AND held_at IS NULL) AS unknown;
