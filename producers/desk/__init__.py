"""The desk: pages for the operators of a call-centre and for the people on call, behind a login.

- `settings`, `staff`, `database`, `service`: what the process is told, who may log in, what it keeps, what it talks to
- `sessions`, `lockout`, `access`, `login`: who is there, and what keeps everybody else out
- `page`, `pages/`: the layout, and one module a page; a further page is a module there and a line in `pages.PAGES`

The desk reads Elasticsearch, sends reports through the gateway with an integration's key, and writes decisions and the
audit log to Kafka.  What it must remember for itself is in its own SQLite database.
"""
