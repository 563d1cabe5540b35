#!/bin/bash
# Takes over the accounts that deploy/handout.py made, then starts Elasticsearch the way its own image does.
set -euo pipefail

for file in users users_roles; do
  cp --remove-destination "/run/saqbol/$file" "/usr/share/elasticsearch/config/$file"
  chmod 0640 "/usr/share/elasticsearch/config/$file"
done

exec /usr/local/bin/docker-entrypoint.sh "$@"
