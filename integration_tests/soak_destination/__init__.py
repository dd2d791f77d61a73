"""Random syncs into a sandbox org, with faults and deaths, judged by an oracle of its own.

``plan`` and ``mappings`` draw a round, ``story`` draws what happens, ``edits`` and ``trouble``
change the org and break things. ``oracle`` (plain Python, nothing of the connector; ``finding``,
``people``, ``belonging`` and ``holdings`` are its parts) says what the ``model`` of the org must
hold, ``session`` checks that at every acknowledgement. ``here`` and ``apart`` run the connector;
``rounds``, ``mirroring`` and ``crossing`` are what is played, with a ``rehearsal`` before and
``replays`` after.
"""
