"""What two nodes must agree on: identifiers, logs, payloads, roster, lookups. No I/O."""
