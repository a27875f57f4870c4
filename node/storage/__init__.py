"""This node's database: tables, migrations, and the ledger that federation/ writes to."""
