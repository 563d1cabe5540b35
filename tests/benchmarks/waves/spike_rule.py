"""Runs ElastAlert 2's SpikeRule over daily counts; for the Python of a virtual environment that has it.

usage: spike_rule.py COUNTS.json THRESHOLD_CUR   (rows of [day, number, reporters], in order of days)
Writes a JSON list of [day, number], one for each alarm.  Like the other detectors, a number that goes on is not
alarmed again for 28 days.
"""

import datetime
import json
import sys
from itertools import groupby
from pathlib import Path

from elastalert.ruletypes import SpikeRule

rule = SpikeRule(
    {
        "timeframe": datetime.timedelta(days=7),
        "spike_height": 3,
        "spike_type": "up",
        "threshold_cur": int(sys.argv[2]),
        "query_key": "number",
        "alert_on_new_data": True,
        "timestamp_field": "@timestamp",
    }
)
found = []
last = {}
for day, rows in groupby(json.loads(Path(sys.argv[1]).read_text()), lambda row: row[0]):
    moment = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC)
    rule.add_terms_data({moment: [{"key": number, "doc_count": count} for _, number, count in rows]})
    rule.garbage_collect(moment)
    for match in rule.matches:
        number = match["number"]
        if number not in last or (moment - last[number]).days > 28:
            found.append([day, number])
        last[number] = moment
    rule.matches.clear()
json.dump(found, sys.stdout)
