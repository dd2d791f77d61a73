"""Salesforce's REST and Bulk 2.0 APIs: logging in, sending, and judging what comes back.

``codes``, ``verdicts``, ``collections`` and ``bulk`` are pure: what to send, what an answer means.
``auth``, ``transport``, ``client`` and ``bulk_jobs`` do the I/O.
"""
