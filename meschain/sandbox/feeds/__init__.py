"""The dialects suppliers write, one module each with a `DIALECT`. How feeds are read is the affair of `connectors`."""
