"""The command line, a module for each group of commands. Thin: parse, call a use case, show what it gives."""
