-- name: lock_pair
-- Take the conversations of two contacts, in id order.
SELECT conversation.id, conversation.contact_id, conversation.merged_into
FROM conversation WHERE contact_id = ANY(:contact_ids::bigint[]) ORDER BY id FOR UPDATE;

-- name: move_addresses
UPDATE address SET contact_id = :into_id WHERE contact_id = :from_id RETURNING id;

-- name: share_opt_outs!
-- What a phone opted out of holds for the WhatsApp ids that now belong to it, and the other way round.
UPDATE address
SET opted_out = ARRAY(SELECT DISTINCT purpose FROM (
        SELECT unnest(address.opted_out) AS purpose
        UNION SELECT unnest(kin.opted_out) FROM address AS kin
        WHERE kin.contact_id = address.contact_id AND same_hand(kin.uri, address.uri)) AS shared ORDER BY 1)
WHERE contact_id = :contact_id AND (starts_with(uri, 'wa:') OR starts_with(uri, 'tel:'));

-- name: return_addresses!
UPDATE address SET contact_id = :from_id WHERE id = ANY(:address_ids::bigint[]) AND contact_id = :into_id;

-- name: point_contact!
-- Contacts merged earlier into the one now merged follow it.
UPDATE contact SET merged_into = :into_id WHERE id = :from_id OR merged_into = :from_id;

-- name: point_conversations!
UPDATE conversation SET merged_into = :into_conversation_id
WHERE id = :from_conversation_id OR merged_into = :from_conversation_id;

-- name: free_contact!
UPDATE contact SET merged_into = NULL WHERE id = :contact_id;

-- name: free_conversation!
UPDATE conversation SET merged_into = NULL WHERE contact_id = :contact_id;

-- name: adopt_case!
-- The surviving conversation goes on with the merged one's open case when it has none of its own.
UPDATE conversation AS into_one SET newest_case_id = from_one.newest_case_id
FROM conversation AS from_one
JOIN service_case AS theirs ON theirs.id = from_one.newest_case_id AND theirs.status <> 'resolved'
WHERE into_one.id = :into_conversation_id AND from_one.id = :from_conversation_id
  AND NOT EXISTS (SELECT FROM service_case AS own
                  WHERE own.id = into_one.newest_case_id AND own.status <> 'resolved');

-- name: log_merge$
INSERT INTO contact_merge (from_contact_id, into_contact_id, addresses, proof, actor)
VALUES (:from_id, :into_id, :addresses::bigint[], :proof, :actor) RETURNING id;

-- name: merge_to_undo^
SELECT * FROM contact_merge WHERE id = :merge_id AND undone_at IS NULL FOR UPDATE;

-- name: later_merge$
-- A merge that builds on this one and is still in force; it must be undone first.
SELECT id FROM contact_merge
WHERE undone_at IS NULL AND id > :merge_id AND from_contact_id = :into_id LIMIT 1;

-- name: log_undo!
UPDATE contact_merge SET undone_at = now(), undone_by = :actor WHERE id = :merge_id;

-- name: merges_of
SELECT * FROM contact_merge
WHERE (into_contact_id = :contact_id OR from_contact_id = :contact_id) AND undone_at IS NULL ORDER BY id;

-- name: recent_proofs$
SELECT count(*) FROM address_proof WHERE address_id = :address_id AND expires_at > now();

-- name: add_proof$
INSERT INTO address_proof (contact_id, address_id, code_hash, expires_at)
VALUES (:contact_id, :address_id, :code_hash, :expires_at) RETURNING id;

-- name: try_proof^
-- Count an attempt at a code that can still be tried, and give it.
UPDATE address_proof SET attempts = attempts + 1
WHERE id = :proof_id AND contact_id = :contact_id AND used_at IS NULL AND expires_at > :now AND attempts < 5
RETURNING id, contact_id, address_id, code_hash, (SELECT address.contact_id FROM address WHERE address.id = address_id)
    AS owner_id;

-- name: use_proof!
UPDATE address_proof SET used_at = now() WHERE id = :proof_id;
