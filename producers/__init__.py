"""Everything that publishes reports.

The core, pure: `problems` (what is wrong with a submission), `validation` (from bytes to a submission), `reporters`
(who reported, without knowing who), `intake` (from a submission to a report that is safe to publish).

Around it: `kafka` (how every producer talks to Kafka), `client` (`ReportProducer`, for integrators), `integrations`
(who may publish over HTTP), `gateway` (the HTTP API and the web form).  A further channel is a module or package
beside these that makes submissions and hands them to `client` or to the gateway's API.
"""
