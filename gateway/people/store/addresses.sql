-- name: find_addresses
-- Which of these addresses are known, whose they are, and the conversation they speak in.
SELECT wanted.ord::integer - 1 AS ord, address.id AS address_id, address.contact_id, conversation.id AS conversation_id,
       contact.name
FROM unnest(:uris::text[], :provens::boolean[]) WITH ORDINALITY AS wanted (uri, proven, ord)
JOIN address ON address.uri = wanted.uri AND address.proven = wanted.proven
JOIN contact ON contact.id = address.contact_id
JOIN conversation ON conversation.contact_id = address.contact_id;

-- name: create_people!
-- Add unknown addresses: to the contact given, or else to a new contact with a conversation of its own. An address that
-- another process added meanwhile is left as it is, with nothing created beside it. What a phone opted out of holds for
-- a WhatsApp id that joins it, and what an erased person opted out of holds for the same address when it comes back.
WITH wanted AS (
    SELECT w.uri, w.proven, w.name, w.language, w.contact_id IS NULL AS is_new,
           coalesce(w.contact_id, nextval('contact_id_seq')) AS contact_id
    FROM unnest(:uris::text[], :provens::boolean[], :contact_ids::bigint[], :names::text[], :languages::text[])
        AS w (uri, proven, contact_id, name, language)
), added AS (
    INSERT INTO address (contact_id, uri, proven, opted_out)
    SELECT contact_id, uri, proven,
           ARRAY(SELECT DISTINCT unnest(kin.opted_out) FROM address AS kin
                 WHERE kin.contact_id = wanted.contact_id AND same_hand(kin.uri, wanted.uri)
                 UNION
                 SELECT unnest(gone.opted_out) FROM suppression AS gone
                 WHERE gone.address_hash
                       = sha256(convert_to(current_setting('eshnav.erasure_key', true) || ' ' || wanted.uri, 'UTF8')))
    FROM wanted ORDER BY uri, proven
    ON CONFLICT (uri, proven) DO NOTHING
    RETURNING contact_id, uri, proven
), born AS (
    INSERT INTO contact (id, name, language)
    SELECT wanted.contact_id, wanted.name, wanted.language
    FROM wanted JOIN added USING (uri, proven)
    WHERE wanted.is_new
    RETURNING id, language
)
INSERT INTO conversation (contact_id, language) SELECT id, language FROM born;

-- name: name_contacts!
-- Give contacts that have no name the one their provider tells.
UPDATE contact SET name = told.name
FROM (SELECT DISTINCT ON (id) id, name FROM unnest(:contact_ids::bigint[], :names::text[]) AS t (id, name)) AS told
WHERE contact.id = told.id AND contact.name = '';

-- name: find_and_lock
-- The same, and take their conversations, in id order so that two batches never wait for each other in a ring.
SELECT wanted.ord::integer - 1 AS ord, address.id AS address_id, address.contact_id, conversation.id AS conversation_id,
       contact.name, conversation.merged_into
FROM unnest(:uris::text[], :provens::boolean[]) WITH ORDINALITY AS wanted (uri, proven, ord)
JOIN address ON address.uri = wanted.uri AND address.proven = wanted.proven
JOIN contact ON contact.id = address.contact_id
JOIN conversation ON conversation.contact_id = address.contact_id
ORDER BY conversation.id FOR UPDATE OF conversation;

-- name: lock_conversations
-- Take these conversations, in id order too.
SELECT conversation.id, conversation.merged_into FROM conversation
WHERE id = ANY(:conversation_ids::bigint[]) ORDER BY id FOR UPDATE;
