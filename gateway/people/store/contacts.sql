-- name: survivor$
-- The contact that this one is now part of, or itself.
WITH RECURSIVE up AS (
    SELECT id, merged_into, 0 AS depth FROM contact WHERE id = :contact_id
    UNION ALL
    SELECT c.id, c.merged_into, up.depth + 1 FROM contact AS c JOIN up ON c.id = up.merged_into WHERE up.depth < 20
)
SELECT id FROM up WHERE merged_into IS NULL;

-- name: page
-- Contacts by id, of these addresses or all of them.
SELECT contact.id, contact.name, contact.language, contact.created_at, conversation.id AS conversation_id
FROM contact JOIN conversation ON conversation.contact_id = contact.id
WHERE contact.merged_into IS NULL AND contact.id > :after
  AND (:uris::text[] IS NULL OR contact.id IN (SELECT contact_id FROM address WHERE uri = ANY(:uris)))
ORDER BY contact.id LIMIT :count;

-- name: one^
SELECT contact.id, contact.name, contact.language, contact.created_at, conversation.id AS conversation_id
FROM contact JOIN conversation ON conversation.contact_id = contact.id
WHERE contact.id = :contact_id;

-- name: addresses
-- The addresses of these contacts with the latest choice in the consent ledger.
SELECT address.id, address.contact_id, address.uri, address.proven, address.opted_out, address.unreachable,
       (SELECT state FROM consent WHERE consent.address_id = address.id ORDER BY consent.id DESC LIMIT 1) AS consent
FROM address WHERE address.contact_id = ANY(:contact_ids::bigint[]) ORDER BY address.id;
