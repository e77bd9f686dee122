-- name: page
-- Cases, newest first; a null filter lets all through.
SELECT k.id, k.number, k.conversation_id, contact.name AS contact_name, k.topic, k.severity, k.status, k.queue,
       k.opened_at, k.assignee_id, agent.email AS assignee, agent.name AS assignee_name, k.answer_due_at, k.answered_at,
       k.resolved_at
FROM service_case AS k JOIN contact ON contact.id = k.contact_id LEFT JOIN agent ON agent.id = k.assignee_id
WHERE (:status::text IS NULL OR k.status = :status)
  AND (:conversation_ids::bigint[] IS NULL OR k.conversation_id = ANY(:conversation_ids))
  AND (k.opened_at, k.id) < (:before_at::timestamptz, :before_id::bigint)
ORDER BY k.opened_at DESC, k.id DESC LIMIT :count;

-- name: one^
SELECT k.id, k.number, k.conversation_id, contact.name AS contact_name, k.topic, k.severity, k.status, k.queue,
       k.opened_at, k.assignee_id, agent.email AS assignee, agent.name AS assignee_name, k.answer_due_at, k.answered_at,
       k.resolved_at
FROM service_case AS k JOIN contact ON contact.id = k.contact_id LEFT JOIN agent ON agent.id = k.assignee_id
WHERE k.id = :case_id;

-- name: open_of^
-- The newest case of these conversations that is not resolved.
SELECT id, assignee_id FROM service_case
WHERE conversation_id = ANY(:conversation_ids::bigint[]) AND status <> 'resolved' ORDER BY id DESC LIMIT 1;

-- name: newest_of^
SELECT id, status, topic, queue, severity FROM service_case
WHERE conversation_id = ANY(:conversation_ids::bigint[]) ORDER BY id DESC LIMIT 1;

-- name: new_id$
SELECT nextval('service_case_id_seq');

-- name: open!
-- Open a case that a person takes on from the start, and make it the conversation's newest.
WITH opened AS (
    INSERT INTO service_case (id, number, contact_id, conversation_id, topic, severity, queue, language)
    VALUES (:case_id, :number, :contact_id, :conversation_id, :topic, :severity, :queue, :language)
)
UPDATE conversation SET newest_case_id = :case_id WHERE id = :conversation_id;

-- name: person_spoke!
-- A person took or answered the case: the bot steps aside, and the case is theirs unless it already is somebody's.
UPDATE service_case
SET person_spoke_at = coalesce(person_spoke_at, now()), assignee_id = coalesce(assignee_id, :agent_id::bigint),
    answered_at = CASE WHEN :answered THEN coalesce(answered_at, now()) ELSE answered_at END
WHERE id = :case_id;

-- name: assign!
UPDATE service_case
SET assignee_id = :agent_id::bigint,
    person_spoke_at = CASE WHEN :agent_id::bigint IS NULL THEN person_spoke_at ELSE coalesce(person_spoke_at, now()) END
WHERE id = :case_id;

-- name: set_status!
-- Change where a case stands. A case that is open again becomes the conversation's newest unless that one is open.
WITH changed AS (
    UPDATE service_case SET status = :status, resolved_at = CASE WHEN :status = 'resolved' THEN now() END
    WHERE id = :case_id RETURNING id, conversation_id, status
)
UPDATE conversation AS c SET newest_case_id = changed.id
FROM changed
WHERE c.id = :conversation_id AND changed.status <> 'resolved'
  AND NOT EXISTS (SELECT FROM service_case AS newest
                  WHERE newest.id = c.newest_case_id AND newest.status <> 'resolved' AND newest.id <> changed.id);

-- name: happened!
INSERT INTO case_event (case_id, actor, what, details) VALUES (:case_id, :actor, :what, :details);
