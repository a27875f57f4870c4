"""The command line `veilleuse`: one file a command, the same services as pages and API."""
