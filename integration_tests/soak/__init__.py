"""A soak test of the source: a workspace that changes, an API that breaks, a process that dies.

``python -m integration_tests.soak --seed 7 --syncs 60``; see ``docs/soak.md``. The source runs as a
process, as under Airbyte. What it emits, and nothing else, goes into tables as a warehouse in
``append_dedup`` mode would keep them; these are compared with the sandbox's truth after each sync.

``truth`` and ``warehouse`` are the two sides; ``checks``, ``holds``, ``names`` and ``event_log``
compare them; ``people_changes`` and ``segment_changes`` move the workspace, ``weather`` breaks the
API, ``process`` runs and kills the source, ``connection`` joins settings, states and tables.
``life`` plays a number of ``rounds``; each of the ``variants`` has a life.
"""
