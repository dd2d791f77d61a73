"""Which segments are read, how, and when their exits are believed."""
