"""From a record to the change it means: rules, values, formats, identity. Pure."""
