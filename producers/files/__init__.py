"""Reports from another agency's files, CSV or XLSX, through the gateway.

`mapping` and `values` (what a row says, pure), `tables` and `encoding` (rows of a file, whatever wrote it), `checking`
(what would become of a file), `sending` (the gateway's API), `importing` (all of it, resumable).
"""
