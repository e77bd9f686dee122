-- Rows as Eshnav wrote them when its newest migration was 0007_room, fewer and shorter than in earnest.
INSERT INTO endpoint (id, key, channel, provider, address, account, sends_per_second) OVERRIDING SYSTEM VALUE VALUES
    (1, 'twilio:sms:+15005550006', 'sms', 'twilio', '+15005550006', 'AC11111111111111111111111111111111', 200),
    (2, 'twilio:whatsapp:+15005550010', 'whatsapp', 'twilio', '+15005550010', 'AC11111111111111111111111111111111', 200);

-- Dana wrote by SMS and WhatsApp and was merged with whom she wrote as before; Omer said STOP.
INSERT INTO contact (id, name, language, merged_into) VALUES
    (1, 'דנה כהן', 'he', NULL), (2, 'Dana', 'en', 1), (3, '', 'en', NULL);
INSERT INTO address (id, contact_id, uri, opted_out) VALUES
    (1, 1, 'tel:+972501234567', '{}'), (2, 1, 'tel:+972521234567', '{}'), (3, 3, 'tel:+972507654321', '{any}');
INSERT INTO contact_merge (from_contact_id, into_contact_id, addresses, proof, actor) VALUES
    (2, 1, '{2}', 'a code sent to the other address', 'agent:1');
INSERT INTO address_window (endpoint_id, address_id, last_inbound_at) VALUES (2, 1, now() - interval '1 hour');

INSERT INTO conversation (id, contact_id, merged_into, language, question, automatic_at, acknowledged_at, newest_case_id,
                          last_message_id, last_inbound_at, last_channel, last_endpoint_id, last_address_id, preview,
                          preview_direction) VALUES
    (1, 1, NULL, 'he',
     '{"kind": "helpful", "asked": "מתי אתם פתוחים?", "options": [["yes", "כן, תודה"], ["agent", "לא, נציג בבקשה"]], "subject": "opening-hours", "expires_at": "2099-01-01T00:00:00+00:00"}',
     ARRAY[now() - interval '1 hour'], now() - interval '2 hours', 1, 5, now() - interval '1 hour', 'whatsapp', 2, 1,
     'On our way / בדרך', 'outbound'),
    (2, 2, 1, 'en', NULL, '{}', NULL, NULL, 1, now() - interval '3 days', 'sms', 1, 2, 'Hello', 'inbound'),
    (3, 3, NULL, 'en', NULL, '{}', NULL, NULL, 7, now() - interval '1 day', 'sms', 1, 3, 'STOP', 'inbound');

INSERT INTO agent (id, email, name, password_hash, role, language) OVERRIDING SYSTEM VALUE VALUES
    (1, 'noa@example.com', 'Noa Levi',
     '$argon2id$v=19$m=19456,t=2,p=1$1MrUGE9IBKgVi+P4h89bXQ$lKEMnjYq4Fdx6KyZNMgYhTAa609+vHCAXVxcCchqbNc', 'agent', 'en');
INSERT INTO agent_session (token_hash, agent_id, csrf) VALUES
    ('\x1c7ed04d355fb4df505af5ab9ab6a9b8dd42b935d9342155756d5824426c55a0', 1, 'VOPcKdfxXQKEV_1f383VlZXGKo2yh4tvvwzZdr4Tmbs');
INSERT INTO api_token (name, token_hash, scopes) VALUES
    ('test', '\xfd65707c412a0a966f18486c0e546c69ab6eb80ba27ddae22530b39e8576d951', '{conversations:read,messages:write}');

INSERT INTO service_case (id, number, contact_id, conversation_id, topic, severity, queue, language, opened_at,
                          answer_due_at) VALUES
    (1, 'C-10014', 1, 1, 'tv', 3, 'service', 'he', now() - interval '2 hours', now() + interval '1 day');
INSERT INTO case_event (case_id, actor, what) VALUES (1, 'gateway', 'opened');

INSERT INTO message (id, contact_id, conversation_id, direction, channel, endpoint_id, address_id, provider_id, author,
                     text, verification, case_id, decision_action, decision_rule, decision_reason, article_key) VALUES
    (1, 2, 2, 'inbound', 'sms', 1, 2, 'SM1', 'tel:+972521234567', 'Hello', 'aligned', NULL,
     'open_case', 10, '{"code": "case.not_known", "details": {}}', NULL),
    (2, 1, 1, 'inbound', 'sms', 1, 1, 'SM2', 'tel:+972501234567', 'הכלב אכל את השלט', 'aligned', 1,
     'open_case', 10, '{"code": "case.not_known", "details": {}}', NULL),
    (4, 1, 1, 'inbound', 'whatsapp', 2, 1, 'SM4', 'דנה כהן', 'מתי אתם פתוחים?', 'aligned', 1, 'answer', 8,
     '{"code": "answer.known", "details": {"score": "0.91", "article": "opening-hours", "because": "עד מתי אתם פתוחים"}}',
     'opening-hours'),
    (7, 3, 3, 'inbound', 'sms', 1, 3, 'SM7', 'tel:+972507654321', 'STOP', 'aligned', NULL,
     'consent', 2, '{"code": "consent.stop", "details": {"word": "stop"}}', NULL);
INSERT INTO message (id, contact_id, conversation_id, direction, channel, endpoint_id, address_id, author, text, subject,
                     choices, question, template, template_values, purpose, case_id, because_of, answers_id,
                     idempotency_key) VALUES
    (3, 1, 1, 'outbound', 'sms', 1, 1, 'gateway', 'קיבלנו. פנייה C-10014', '', NULL, NULL, 'case.opened',
     '{"case_number": "C-10014", "organisation": "גלים"}', 'reply', 1, 2, 2, NULL),
    (5, 1, 1, 'outbound', 'whatsapp', 2, 1, 'gateway', 'בימים א׳–ה׳ 08:00–18:00. זה עזר?', '',
     '[{"key": "yes", "label": "כן, תודה", "description": ""}, {"key": "agent", "label": "לא, נציג בבקשה", "description": ""}]',
     '{"kind": "helpful", "asked": "מתי אתם פתוחים?", "options": [["yes", "כן, תודה"], ["agent", "לא, נציג בבקשה"]], "subject": "opening-hours", "expires_at": "2099-01-01T00:00:00+00:00"}',
     'answer', '{"title": "שעות פתיחה", "answer": "בימים א׳–ה׳ 08:00–18:00."}', 'reply', 1, 4, 4, NULL),
    (6, 1, 1, 'outbound', 'whatsapp', 2, 1, 'api:test', 'On our way / בדרך', '', NULL, NULL, '', '{}', 'reply', 1,
     NULL, NULL, 'order-1'),
    (8, 3, 3, 'outbound', 'sms', 1, 3, 'api:test', 'Your parcel left', '', NULL, NULL, '', '{}', 'reply', NULL,
     NULL, NULL, 'order-2');
INSERT INTO consent (contact_id, address_id, purpose, state, how, message_id) VALUES
    (3, 3, 'any', 'opted_out', 'word:stop', 7);

-- Sent and not yet reported on; waiting; to somebody who opted out since.
INSERT INTO delivery (id, message_id, contact_id, conversation_id, address_id, endpoint_id, channel, lane, purpose, text,
                      chain, status, attempts, provider_id, sent_at) VALUES
    (1, 3, 1, 1, 1, 1, 'sms', 0, 'reply', 'קיבלנו. פנייה C-10014', '[]', 'sent', 1,
     'SM00000000000000000000000000000028', now() - interval '2 hours'),
    (2, 5, 1, 1, 1, 2, 'whatsapp', 0, 'reply', 'בימים א׳–ה׳ 08:00–18:00. זה עזר?', '[]', 'queued', 0, NULL, NULL),
    (3, 6, 1, 1, 1, 2, 'whatsapp', 0, 'reply', 'On our way / בדרך',
     '[{"channel": "sms", "address_id": 1, "endpoint_id": 1}]', 'queued', 0, NULL, NULL),
    (4, 8, 3, 3, 3, 1, 'sms', 1, 'notice', 'Your parcel left', '[]', 'queued', 0, NULL, NULL);

INSERT INTO policy (document) VALUES
    ('{"organisation": {"he": "גלים", "en": "Galim"}, "help_url": "",
      "queues": [{"name": "service", "zone": "Asia/Jerusalem", "topics": {"tv": ["טלוויזיה", "tv"]}, "languages": ["he"],
                  "weekdays": {"0": ["08:00:00", "18:00:00"], "6": ["08:00:00", "18:00:00"]},
                  "answer_minutes": {"1": 30, "2": 120, "3": 480, "4": 960}}]}');

SELECT setval(pg_get_serial_sequence(name, 'id'), 1000)
FROM unnest(ARRAY['contact', 'address', 'conversation', 'message', 'delivery', 'service_case']) AS name;
