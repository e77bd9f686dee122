-- When automatic replies went to senders nobody vouches for: by the mailbox that answers and the domain answered to.
-- Kept for an hour, so that all processes together stay within their limit.
CREATE TABLE stranger_reply (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id smallint NOT NULL,
    domain text NOT NULL,
    replied_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stranger_reply_latest ON stranger_reply (replied_at, endpoint_id, domain);
