"""Everything that publishes reports, and what partners are told.

The core, pure: `problems` (what is wrong with a submission), `validation` (from bytes to a submission), `reporters`
(who reported, without knowing who), `intake` (from a submission to a report that is safe to publish), `prevention` (the
same of warnings given), `conformance` (which events would be refused).

Around it: `kafka` (how every producer talks to Kafka), `client` (`ReportProducer`, for integrators), `integrations`
(who may do what over HTTP), `gateway` (the HTTP API and the web form), `files` (another agency's CSV and XLSX),
`lookup` and `listing` (what is known of a number, and of all bad ones), `audit` (who asked).  A further channel is a
module or package beside these that makes submissions and hands them to `client` or to the gateway's API.
"""
