"""Kibana's dashboards as code: data views, saved searches, dashboards and a tag, one bundle a language.

`boards/` says what each dashboard shows, `texts.yaml` and `labels.yaml` how it is worded; `python -m deploy.kibana`
writes the bundles, `./saqbol provision --kibana URL` imports them.  Every shape of JSON is one that Kibana 8.12 is
known to accept, and so everything newer: the import checks nothing, our tests do.
"""
