"""Who is told what and when, and the life of an alert: pure functions that the notify worker calls.

- `rota`: the people on call, from `deploy/oncall.yaml`;
- `casework`: `step(work, event, now, oncall)`, which decides, and
  `due`, which says what to send now;
- `silences`, `decisions`: what people may decide, and what it teaches;
- `messages`, `excerpts`: what people read;
- `links`: the addresses in a message, and the signed ones that acknowledge with one tap.

No function has a clock: "now" is an argument, so that a night can be played in a test.
"""
