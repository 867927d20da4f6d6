"""What may stand in a log and what may not; for both environments, each of which masks its own."""

MASKED = [
    ("no mail to ana@linden-skin.example", "no mail to [address]"),
    ("<Ana@Linden-Skin.EXAMPLE>: refused", "<[address]>: refused"),
    (
        "Key (email)=(ana.lima+x@mail.example) already exists",
        "Key (email)=([address]) already exists",
    ),
    ('{"text": "mail josé@büro.example"}', '{"text": "mail [address]"}'),
    ("call +12025550143 now", "call [number] now"),
    ("call (202) 555-0143", "call [number]"),
    ("call 202.555.0143, or 202‑555‑0143", "call [number], or [number]"),
    ("tel:+44 20 7946 0958", "tel:[number]"),
    ("(1, NP-7KQ4MX, Ana, 2025550143)", "(1, NP-7KQ4MX, Ana, [number])"),
]
KEPT = [
    "2026-11-20 10:00:00 INFO requested of NP-7KQ4MX not delivered (attempt 2): answers with 503",
    "deleted what is older than 2025-11-20: 1 chat messages, 2 events of conversations",
    "listening on 192.168.100.200:50551",
    'File "/srv/needlepoint/booking/requests.py", line 123456, in move_request',
    "delivering 6f1c2a8e-5b7d-4c1a-9e3f-2d4b6a8c0e1f on webhook failed",
    "sqlalchemy 2.1.0, sanic 21.12.2",
]
