-- name: add$
-- Add an agent and give their id; nothing when the email is taken.
INSERT INTO agent (email, name, password_hash, role, language)
VALUES (:email, :name, :password_hash, :role, :language)
ON CONFLICT (email) DO NOTHING
RETURNING id;

-- name: by_email^
SELECT id, email, name, role, language, active, password_hash FROM agent WHERE email = :email;

-- name: all_active
SELECT id, email, name, role, language FROM agent WHERE active ORDER BY name, id;

-- name: set_password$
-- Change a password and end every session, so that whoever knew the old one is out at once.
WITH changed AS (
    UPDATE agent SET password_hash = :password_hash WHERE email = :email RETURNING id
), ended AS (
    DELETE FROM agent_session USING changed WHERE agent_session.agent_id = changed.id
)
SELECT id FROM changed;

-- name: set_language!
UPDATE agent SET language = :language WHERE id = :agent_id;

-- name: begin_attempt$
-- Enter a login attempt as failed, unless too many failed lately: per mailbox and peer, and per peer.
INSERT INTO login_attempt (email, peer, succeeded)
SELECT :email, :peer, false
WHERE (SELECT count(*) FROM login_attempt
       WHERE email = :email AND peer = :peer AND NOT succeeded
         AND attempted_at > now() - interval '15 minutes') < :most_together
  AND (SELECT count(*) FROM login_attempt
       WHERE peer = :peer AND NOT succeeded AND attempted_at > now() - interval '1 hour') < :most_from_peer
RETURNING id;

-- name: wait_for_turn
-- Let attempts with one mailbox from one peer pass one at a time, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended(:email || ' ' || :peer, 0));

-- name: attempt_succeeded!
UPDATE login_attempt SET succeeded = true WHERE id = :attempt_id;

-- name: open_session!
INSERT INTO agent_session (token_hash, agent_id, csrf) VALUES (:token_hash, :agent_id, :csrf);

-- name: session^
-- The session of this token while it is neither idle nor old; being seen is written at most once a minute.
WITH seen AS (
    UPDATE agent_session SET seen_at = now()
    WHERE token_hash = :token_hash AND seen_at < now() - interval '1 minute'
      AND seen_at > now() - :idle::interval AND created_at > now() - :longest::interval
)
SELECT agent.id, agent.email, agent.name, agent.role, agent.language, s.csrf
FROM agent_session AS s JOIN agent ON agent.id = s.agent_id
WHERE s.token_hash = :token_hash AND agent.active
  AND s.seen_at > now() - :idle::interval AND s.created_at > now() - :longest::interval;

-- name: close_session!
DELETE FROM agent_session WHERE token_hash = :token_hash;

-- name: add_token$
INSERT INTO api_token (name, token_hash, scopes, expires_at)
VALUES (:name, :token_hash, :scopes::text[], :expires_at) RETURNING id;

-- name: token^
-- The token with this hash while it is valid; its use is noted at most once a minute.
WITH used AS (
    UPDATE api_token SET last_used_at = now()
    WHERE token_hash = :token_hash AND coalesce(last_used_at, '-infinity') < now() - interval '1 minute'
)
SELECT id, name, scopes FROM api_token
WHERE token_hash = :token_hash AND revoked_at IS NULL AND coalesce(expires_at, 'infinity') > now();

-- name: revoke_token!
UPDATE api_token SET revoked_at = now() WHERE name = :name AND revoked_at IS NULL;

-- name: is_anybody_known$
SELECT EXISTS (SELECT FROM agent);
