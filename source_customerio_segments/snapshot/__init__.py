"""The one interesting data structure of the source: who was in which segment when last told.

``columns`` texts in one buffer; ``people`` everyone once; ``members`` one segment and what changed
in it; ``memory`` what was told and what was read; ``meeting`` brings the two together;
``persons`` turns places back into Python values. ``memory`` opens with the theory of operation.
"""
